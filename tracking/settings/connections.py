"""Settings of the services that the site uses: database, broker, cache and mail server."""

from typing import Any

from tracking.settings.environment import DATA_DIR, env, socket_path

DATABASE: dict[str, Any] = env.db_url("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'landfall.sqlite3'}")
DATABASES = {"default": DATABASE}
# The most connections to PostgreSQL of each process. Web processes have as many threads, whatever the database is.
DATABASE_POOL_SIZE = env.int("DATABASE_POOL_SIZE", default=8)
DATABASE_POOL_OPTIONS: dict[str, Any] = {
    "min_size": 0,
    "max_size": DATABASE_POOL_SIZE,
    "timeout": 2.0,
    "max_idle": 60.0,
    "num_workers": 1,
    # No retries in the background, whose growing delays would outlast the outage: the next request tries again.
    "reconnect_timeout": 0.0,
}
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
    # Connections belong to the pool: Django gives each back at the end of a request or task, and our backend checks it.
    DATABASE |= {"ENGINE": "tracking.postgresql", "CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": False}
    DATABASE.setdefault("OPTIONS", {}).setdefault("connect_timeout", 5)
    DATABASE["OPTIONS"]["pool"] = DATABASE_POOL_OPTIONS

BROKER_SOCKET = socket_path("broker.sock")
REDIS_URL = env.str("REDIS_URL", default="")
EMBEDDED_BROKER = not REDIS_URL
REDIS_URL = REDIS_URL or f"unix://{BROKER_SOCKET}"
# For a unix socket Celery (kombu) reads the database number from `virtual_host` and ignores `db`.
BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1).replace("?db=", "?virtual_host=")
OPTIONAL_CACHE: dict[str, Any] = {
    "BACKEND": "tracking.optional_cache.OptionalRedisCache",
    "LOCATION": REDIS_URL,
    "OPTIONS": {"socket_timeout": 0.5, "socket_connect_timeout": 0.5},
}
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL},
    # For minutes: a session that was ended while Redis was away must not come back with it for long.
    "sessions": {**OPTIONAL_CACHE, "KEY_PREFIX": "session", "TIMEOUT": 300},
    "pages": {**OPTIONAL_CACHE, "KEY_PREFIX": "page", "TIMEOUT": 90},
}
# How long a rendered page may be shown again while nothing has changed; 0 renders each page anew.
PAGE_CACHE_SECONDS = env.int("PAGE_CACHE_SECONDS", default=90)
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
SESSION_CACHE_ALIAS = "sessions"

vars().update(env.email_url("EMAIL_URL", default="consolemail://"))
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Landfall <parcels@localhost>")
EMAIL_TIMEOUT = env.int("EMAIL_TIMEOUT", default=10)
