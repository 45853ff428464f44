"""The health of a feed, its rate limit and its polling pace, as short texts."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from django.urls import reverse
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tracking.models import Carrier, Payload
from tracking.models.payloads import UNUSABLE

REFUSED_ANSWERS_SHOWN_FOR: Final = timedelta(days=7)


class HealthBadge(NamedTuple):
    """A symbol and the text that says the same."""

    symbol: str
    text: str

    def as_html(self) -> SafeString:
        """Return both as HTML; screen readers skip the symbol."""
        return format_html('<span aria-hidden="true">{}</span> {}', self.symbol, self.text)


def feed_health_of(carrier: Carrier, now: datetime) -> HealthBadge:
    """Return the health of a carrier's feed at `now`, whether or not the feed is enabled."""
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


def describe_refused_answers(carrier: Carrier, now: datetime) -> SafeString | str:
    """Describe the answers of the last week that could not be read or were refused, with a link to the latest."""
    since = now - REFUSED_ANSWERS_SHOWN_FOR
    refused = Payload.objects.filter(carrier=carrier, status__in=UNUSABLE, last_received_at__gte=since)
    latest = refused.order_by("-last_received_at").only("last_received_at", "error").first()
    if latest is None:
        return "-"
    count = refused.count()
    return format_html(
        '{} · <a href="{}">{}</a> {}',
        ngettext("%(count)d in a week", "%(count)d in a week", count) % {"count": count},
        reverse("admin:tracking_payload_change", args=[latest.pk]),
        format_datetime(latest.last_received_at),
        latest.error,
    )


def format_datetime(value: datetime) -> str:
    """Format a time in the admin's time zone."""
    return formats.date_format(timezone.localtime(value), "SHORT_DATETIME_FORMAT")


def describe_rate_limit(carrier: Carrier) -> str:
    """Describe the maximum calls per second, and whether an operator or the carrier's terms set it."""
    number = f"{carrier.max_calls_per_second:g}"
    if carrier.calls_per_second:
        return _("%(number)s a second, set here") % {"number": number}
    return _("%(number)s a second, what the carrier's terms allow") % {"number": number}


def describe_pacing(factor: float) -> str:
    """Describe a factor on the polling interval: 2 is half as often as usual, 0.5 twice as often."""
    if factor == 1:
        return _("as often as usual")
    if factor > 1:
        return _("%(times)s times less often than usual") % {"times": f"{factor:g}"}
    times = 1 / factor
    return _("%(times)s times as often as usual") % {"times": f"{times:.0f}" if times >= 100 else f"{times:.3g}"}


def describe_test_result(answer: str) -> str:
    """Describe a successful connection test by the carrier's answer."""
    return _("It works. The answer: %(words)s") % {"words": answer}
