"""Settings of the site, read from the environment; with nothing set it runs on this machine alone.

DATABASE_URL, REDIS_URL and EMAIL_URL each connect one external service. PRODUCTION=1, or a host in ALLOWED_HOSTS other
than this machine, makes it a production site, which needs a SECRET_KEY.
"""

from pathlib import Path
from typing import Any

from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from tracking.settings.connections import *  # noqa: F403
from tracking.settings.environment import BASE_DIR, DATA_DIR, env, load_or_create_secret
from tracking.settings.logs import *  # noqa: F403

# -- Site -------------------------------------------------------------------------------------------------------------

LOCAL_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=LOCAL_HOSTS)
PRODUCTION = env.bool("PRODUCTION", default=not set(ALLOWED_HOSTS) <= set(LOCAL_HOSTS))
DEBUG = env.bool("DEBUG", default=False)
SITE_NAME = env.str("SITE_NAME", default="Landfall")
DEMO = env.bool("DEMO", default=False)
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

# -- Static files -----------------------------------------------------------------------------------------------------

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
CSRF_FAILURE_VIEW = "tracking.pages.errors.refuse_untrusted_form"
CSRF_TRUSTED_ORIGINS = [SITE_URL] if SECURE else []
if env.bool("BEHIND_TLS_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
TRUSTED_PROXIES = ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXIES", default=0)
LIVE_STREAMS_PER_CLIENT = env.int("LIVE_STREAMS_PER_CLIENT", default=20)
MAX_CONCURRENT_REQUESTS = env.int("MAX_CONCURRENT_REQUESTS", default=32)
MAX_CONCURRENT_WEBHOOKS = env.int("MAX_CONCURRENT_WEBHOOKS", default=32)
LIVE_STREAMS_PER_PROCESS = env.int("LIVE_STREAMS_PER_PROCESS", default=0)  # 0: as many as leave room for pages
# A request body may take this long, and one second more for each BODY_BYTES_PER_SECOND that have arrived.
BODY_SECONDS = env.float("BODY_SECONDS", default=10.0)
BODY_BYTES_PER_SECOND = env.int("BODY_BYTES_PER_SECOND", default=8192)
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
PAPERS_DIR = Path(env.str("PAPERS_DIR", default=str(DATA_DIR / "papers"))).absolute()
PAPERS_DAYS = env.int("PAPERS_DAYS", default=90)
