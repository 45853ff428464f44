"""Settings of the site, read from the environment; with nothing set it runs on this machine alone.

DATABASE_URL, REDIS_URL and EMAIL_URL each connect one external service. PRODUCTION=1, or a host in ALLOWED_HOSTS other
than this machine, makes it a production site, which needs a SECRET_KEY.
"""

import hashlib
import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import environ
import structlog
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / "var"))).absolute()
DATA_DIR.mkdir(parents=True, exist_ok=True)


def load_or_create_secret(name: str, size: int = 48) -> str:
    """Return the secret in DATA_DIR/`name`; on first use create it from `size` random bytes, with mode 0600."""
    path = DATA_DIR / name
    with suppress(FileExistsError), open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_urlsafe(size))
    return path.read_text().strip()


def socket_path(name: str) -> Path:
    """Return a path for a unix socket: in DATA_DIR, or in the temporary folder where that path would be too long."""
    path = DATA_DIR / name
    if len(str(path)) < 100:  # Linux allows 107 bytes, macOS 103 (sun_path in unix(7))
        return path
    digest = hashlib.sha256(str(DATA_DIR).encode()).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"landfall-{os.getuid()}-{digest}"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder / name


# -- Site -------------------------------------------------------------------------------------------------------------

LOCAL_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=LOCAL_HOSTS)
PRODUCTION = env.bool("PRODUCTION", default=not set(ALLOWED_HOSTS) <= set(LOCAL_HOSTS))
DEBUG = env.bool("DEBUG", default=False)
SITE_NAME = env.str("SITE_NAME", default="Landfall")
SITE_URL = env.str("SITE_URL", default="http://localhost:8000").rstrip("/")
SECURE = SITE_URL.startswith("https://")

SECRET_KEY = env.str("SECRET_KEY", default="")
if not SECRET_KEY:
    if PRODUCTION:
        raise ImproperlyConfigured(
            "SECRET_KEY is not set. A site in production (ALLOWED_HOSTS or PRODUCTION is set) needs one of its own: "
            'python -c "import secrets; print(secrets.token_urlsafe(48))" makes one.'
        )
    SECRET_KEY = load_or_create_secret("secret-key")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])

# -- Applications -----------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "csp",
    "django_htmx",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django.contrib.humanize",
    "accounts",
    "tracking",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "tracking.pages.reader.ReaderMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.TwoFactorMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "tracking.urls"
WSGI_APPLICATION = "tracking.wsgi.application"
ASGI_APPLICATION = "tracking.asgi.application"
AUTH_USER_MODEL = "accounts.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
# Sign-in: a code by mail is enough; a password, passkeys and two-factor authentication are optional.
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "account_orders"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1"]
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 15 * 60
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_MAX_EMAIL_ADDRESSES = 5
ACCOUNT_EMAIL_NOTIFICATIONS = ACCOUNT_REAUTHENTICATION_REQUIRED = ACCOUNT_SESSION_REMEMBER = True
# By client only: allauth's limit by address would let strangers lock an operator out with five wrong passwords.
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,30/h/ip"}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = SITE_NAME
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION
OPERATORS_NEED_SECOND_FACTOR = env.bool("OPERATORS_NEED_SECOND_FACTOR", default=PRODUCTION)

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "tracking.pages.context_processors.site",
            ],
            "builtins": ["tracking.templatetags.localized"],
        },
    }
]

# -- Services ---------------------------------------------------------------------------------------------------------

DATABASE: dict[str, Any] = env.db_url("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'landfall.sqlite3'}")
DATABASES = {"default": DATABASE}
if DATABASE["ENGINE"] == "django.db.backends.sqlite3":
    # IMMEDIATE: a deferred transaction that reads first can fail when it writes, whatever the timeout
    # (https://sqlite.org/lang_transaction.html).
    DATABASE["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=30000;",
    }
    # A file: tests with several threads fail on the shared in-memory database that Django would choose.
    DATABASE["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}
else:
    DATABASE |= {"CONN_MAX_AGE": env.int("DATABASE_CONN_MAX_AGE", default=60), "CONN_HEALTH_CHECKS": True}
    DATABASE.setdefault("OPTIONS", {}).setdefault("connect_timeout", 5)

BROKER_SOCKET = socket_path("broker.sock")
REDIS_URL = env.str("REDIS_URL", default="")
EMBEDDED_BROKER = not REDIS_URL
REDIS_URL = REDIS_URL or f"unix://{BROKER_SOCKET}"
# For a unix socket Celery (kombu) reads the database number from `virtual_host` and ignores `db`.
BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1).replace("?db=", "?virtual_host=")
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}

vars().update(env.email_url("EMAIL_URL", default="consolemail://"))
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Landfall <parcels@localhost>")
EMAIL_TIMEOUT = env.int("EMAIL_TIMEOUT", default=10)

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# -- Notices ----------------------------------------------------------------------------------------------------------

# Mailbox for List-Unsubscribe, for mail programs without one-click POST (RFC 8058). Empty: mails do not name it.
UNSUBSCRIBE_MAILBOX = env.str("UNSUBSCRIBE_MAILBOX", default="")
# The key that signs web pushes (RFC 8292). Browsers subscribe to this key: a new one ends every subscription.
VAPID_KEY_FILE = DATA_DIR / "vapid-key"
VAPID_PRIVATE_KEY = env.str("VAPID_PRIVATE_KEY", default="")
if not VAPID_PRIVATE_KEY and (VAPID_KEY_FILE.exists() or not PRODUCTION):
    VAPID_PRIVATE_KEY = load_or_create_secret(VAPID_KEY_FILE.name, 32)
# Whether pushes and webhooks may go to http:// and private addresses: for development only.
PUSH_LOCAL = env.bool("PUSH_LOCAL", default=not PRODUCTION)
# One Apprise URL per messenger, {to} stands for the recipient: {"sms": "twilio://sid:token@from/{to}"}
MESSENGERS: dict[str, str] = env.json("MESSENGERS", default={})
NOTICE_WEBHOOKS = env.bool("NOTICE_WEBHOOKS", default=False)

# -- Languages and time -----------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
# Each by its name in its own language, as the language menu shows it.
LANGUAGES = [
    *[("en", "English"), ("ar", "العربية"), ("de", "Deutsch"), ("es", "Español"), ("fr", "Français")],
    *[("it", "Italiano"), ("ja", "日本語"), ("ko", "한국어"), ("pt-br", "Português (Brasil)"), ("ru", "Русский")],
    *[("zh-hans", "简体中文"), ("zh-hant", "繁體中文")],
]
TRANSLATE_URL, TRANSLATE_KEY = env.str("TRANSLATE_URL", default=""), env.str("TRANSLATE_KEY", default="")
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGE_COOKIE_NAME = "language"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
USE_I18N = USE_TZ = True
TIME_ZONE = "UTC"

# -- Security ---------------------------------------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "manifest-src": [SELF],
    }
}
# Not "no-referrer": browsers then send `Origin: null` with each form, which the CSRF check refuses.
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=False)
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=365 * 24 * 3600 if SECURE else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = env.bool("SECURE_HSTS_WHOLE_DOMAIN", default=False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
CSRF_TRUSTED_ORIGINS = [SITE_URL] if SECURE else []
if env.bool("BEHIND_TLS_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
TRUSTED_PROXIES = ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXIES", default=0)
LIVE_STREAMS_PER_CLIENT = env.int("LIVE_STREAMS_PER_CLIENT", default=20)
LIVE_STREAMS_PER_PROCESS = env.int("LIVE_STREAMS_PER_PROCESS", default=0)  # 0: as many as leave room for pages
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
PAPERS_DIR = Path(env.str("PAPERS_DIR", default=str(DATA_DIR / "papers"))).absolute()
PAPERS_DAYS = env.int("PAPERS_DAYS", default=90)

# -- Logs: one JSON object a line, or plain text (LOG_FORMAT=text) ----------------------------------------------------

LOG_FORMAT = env.str("LOG_FORMAT", default="json")
LOG_PROCESSORS: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
]
WRAP_FOR_FORMATTER = structlog.stdlib.ProcessorFormatter.wrap_for_formatter
structlog.configure(
    processors=[structlog.stdlib.filter_by_level, *LOG_PROCESSORS, WRAP_FOR_FORMATTER],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
    cache_logger_on_first_use=True,
)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "structured": {
            "()": structlog.stdlib.ProcessorFormatter,
            "foreign_pre_chain": [*LOG_PROCESSORS, structlog.stdlib.PositionalArgumentsFormatter()],
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.dev.ConsoleRenderer(colors=False)
                if LOG_FORMAT == "text"
                else structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        }
    },
    "filters": {
        # /readyz answers 503 several times a second while a site starts: that is no error to log.
        "exclude_readyz": {
            "()": "django.utils.log.CallbackFilter",
            "callback": lambda record: getattr(getattr(record, "request", None), "path", "") != "/readyz",
        }
    },
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "structured", "filters": ["exclude_readyz"]},
        "null": {"class": "logging.NullHandler"},
    },
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        "django.server": {"handlers": [], "propagate": True},
        "celery": {"propagate": True},
        # Its log messages hold telephone numbers and texts: `channels.messengers` reads them, no log keeps them.
        "apprise": {"handlers": ["null"], "propagate": False, "level": "DEBUG"},
    },
}
