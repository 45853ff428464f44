"""How a feed is doing, in one word with a sign."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from tracking.models import Carrier


class Health(NamedTuple):
    """A sign for the eye and the word that says the same."""

    sign: str
    words: str

    def shown(self) -> SafeString:
        """Return both as HTML; the sign is not read out."""
        return format_html('<span aria-hidden="true">{}</span> {}', self.sign, self.words)


def health_of(carrier: Carrier, now: datetime) -> Health:
    """Return how a carrier's feed is doing at `now`. Whether it is switched on is another question."""
    if not carrier.adapter:
        return Health("-", _("only a name"))
    if carrier.closed_until and carrier.closed_until > now:
        return Health("⏸", _("resting until %(time)s") % {"time": clock(carrier.closed_until)})
    if carrier.silent_since:
        return Health("!", _("pushes nothing since %(time)s, asked instead") % {"time": clock(carrier.silent_since)})
    if carrier.failures or carrier.last_error:
        return Health("✗", _("failing"))
    if carrier.last_success_at is None and carrier.last_webhook_at is None:
        return Health("…", _("never asked"))
    return Health("✓", _("healthy"))


def clock(moment: datetime) -> str:
    """Return a moment on the desk's clock."""
    return formats.date_format(timezone.localtime(moment), "SHORT_DATETIME_FORMAT")


def rate_in_words(carrier: Carrier) -> str:
    """Say how many calls a second are made at most, and who decided that."""
    number = f"{carrier.rate:g}"
    if carrier.calls_per_second:
        return _("%(number)s a second, set here") % {"number": number}
    return _("%(number)s a second, what the carrier's terms allow") % {"number": number}


def pacing_in_words(factor: float) -> str:
    """Say what a factor on the time between two checks means."""
    if factor == 1:
        return _("as often as usual")
    if factor > 1:
        return _("%(times)s times less often than usual") % {"times": f"{factor:g}"}
    times = 1 / factor
    return _("%(times)s times as often as usual") % {"times": f"{times:.0f}" if times >= 100 else f"{times:.3g}"}


def answered_in_words(found: str) -> str:
    """Say that a test went well and what came back."""
    return _("It works. The answer: %(words)s") % {"words": found}
