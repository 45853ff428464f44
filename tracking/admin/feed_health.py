"""How a feed is doing, in one word with a sign."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from tracking.models import Carrier


class HealthBadge(NamedTuple):
    """A sign for the eye and the word that says the same."""

    symbol: str
    text: str

    def as_html(self) -> SafeString:
        """Return both as HTML; the sign is not read out."""
        return format_html('<span aria-hidden="true">{}</span> {}', self.symbol, self.text)


def feed_health_of(carrier: Carrier, now: datetime) -> HealthBadge:
    """Return how a carrier's feed is doing at `now`. Whether it is switched on is another question."""
    if not carrier.adapter:
        return HealthBadge("-", _("only a name"))
    if carrier.circuit_open_until and carrier.circuit_open_until > now:
        return HealthBadge("⏸", _("resting until %(time)s") % {"time": format_datetime(carrier.circuit_open_until)})
    if carrier.webhooks_silent_since:
        return HealthBadge(
            "!",
            _("pushes nothing since %(time)s, asked instead")
            % {"time": format_datetime(carrier.webhooks_silent_since)},
        )
    if carrier.consecutive_failures or carrier.last_error:
        return HealthBadge("✗", _("failing"))
    if carrier.last_success_at is None and carrier.last_webhook_at is None:
        return HealthBadge("…", _("never asked"))
    return HealthBadge("✓", _("healthy"))


def format_datetime(value: datetime) -> str:
    """Return a moment on the desk's clock."""
    return formats.date_format(timezone.localtime(value), "SHORT_DATETIME_FORMAT")


def describe_rate_limit(carrier: Carrier) -> str:
    """Say how many calls a second are made at most, and who decided that."""
    number = f"{carrier.max_calls_per_second:g}"
    if carrier.calls_per_second:
        return _("%(number)s a second, set here") % {"number": number}
    return _("%(number)s a second, what the carrier's terms allow") % {"number": number}


def describe_pacing(factor: float) -> str:
    """Say what a factor on the time between two checks means."""
    if factor == 1:
        return _("as often as usual")
    if factor > 1:
        return _("%(times)s times less often than usual") % {"times": f"{factor:g}"}
    times = 1 / factor
    return _("%(times)s times as often as usual") % {"times": f"{times:.0f}" if times >= 100 else f"{times:.3g}"}


def describe_answer(answer: str) -> str:
    """Say that a test went well and what came back."""
    return _("It works. The answer: %(words)s") % {"words": answer}
