"""Settings of the logs: one JSON object a line, or plain text (LOG_FORMAT=text)."""

from typing import Any

import structlog

from tracking.settings.environment import env

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
