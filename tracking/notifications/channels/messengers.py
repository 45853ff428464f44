"""SMS, WhatsApp, Telegram, WeCom and the like, each through a provider that the operator names in MESSENGERS.

Apprise speaks with more than a hundred of them, and says of a failure only that it was one. What it writes to its log
tells the HTTP status and whether a line broke; how long to wait, and what a provider answers under a good status, it
does not tell.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import phonenumbers
from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tracking.localization.numbers import telephone
from tracking.notifications.channels.channel import (
    BadAddress,
    Doubtful,
    Gone,
    Later,
    Message,
    Receipt,
    Refused,
    Trouble,
)
from tracking.notifications.channels.lazy_import import heavy

if TYPE_CHECKING:
    import apprise
else:
    apprise = heavy("apprise")

Clean = Callable[[str], str]
PLACE: Final = "{to}"
CODE: Final = re.compile(r"\berror=(\d{3})\b")
BROKE: Final = "Socket Exception: "
ANSWERED: Final = "Response Details:"
BEFORE: Final = re.compile(
    r"NewConnectionError|ConnectTimeout|NameResolution|SSLError|getaddrinfo|refused", re.IGNORECASE
)
"""How `requests` words a line that was never open, so that nothing can have been taken."""
OURS_TO_MEND: Final = (401, 402)
LONG_NUMBER: Final = re.compile(r"\d{7,}")
SMS_SIGNS: Final = 306
SMS_WIDE_SIGNS: Final = 134
"""Two text messages: signs beyond the Latin alphabet take more than double the room."""


@dataclass(slots=True, eq=False)
class Messenger:
    """One messenger: how its addresses are read, one of them as a sample, and how many signs a message may have."""

    name: str
    label: Promise
    clean: Clean
    sample: str
    signs: int = 1_000
    knows_copies: bool = False
    at_once: int = 1

    def ready(self) -> bool:
        """Tell whether the operator has named a provider, with the place for an address."""
        return PLACE in settings.MESSENGERS.get(self.name, "")

    def shown(self, address: str) -> str:
        """Return a telephone number; of a robot's key or a chat's number the last signs only."""
        return telephone(address) if address.startswith("+") else f"…{address[-4:]}"

    def send(self, message: Message, address: str) -> Receipt:
        """Carry a message as text. A status of 2xx is all that is known of success."""
        service = provider(settings.MESSENGERS.get(self.name, ""), address)
        if service is None:
            raise Later(f"MESSENGERS: the address for {self.name} is not understood")
        box = apprise.Apprise(service)
        result = box.notify(body=text(message, self.signs), body_format="text", log_level=logging.DEBUG)
        if not result:
            raise trouble_of([entry.message for entry in result.logs()], address)
        return Receipt(str(service.service_name))


def provider(template: str, address: str) -> Any | None:
    """Return Apprise's service for one reader; None where the operator's address is not understood."""
    asset = apprise.AppriseAsset(async_mode=False, http_redirects=False, storage_mode="memory")
    return apprise.Apprise.instantiate(template.replace(PLACE, quote(address, safe="/")), asset=asset)


def text(message: Message, signs: int) -> str:
    """Return a message as plain text with its link last: of the facts and lines as many as there is room for."""
    head, link = f"{message.sender}: {message.headline}", message.action.address
    room = signs - len(link) - 1
    found = head if len(head) <= room else head[: max(0, room - 1)].rstrip() + "…"
    for piece in [*(f"{label}: {value}" for label, value in message.facts), *message.lines]:
        longer = f"{found}\n{piece}"
        if len(longer) <= min(room, SMS_WIDE_SIGNS - len(link) - 1 if wide(longer, signs) else room):
            found = longer
    return f"{found}\n{link}"


def wide(words: str, signs: int) -> bool:
    """Tell whether words, in a text message, take the room of wide signs."""
    return signs == SMS_SIGNS and not words.isascii()


def trouble_of(said: list[str], address: str) -> Trouble:
    """Return what a failure means, as far as Apprise's log tells: by HTTP status, else by where the line broke."""
    words = hidden(next(found_after(said, ANSWERED), ""), address)
    code = next((int(found.group(1)) for line in said if (found := CODE.search(line))), 0)
    broke = next(found_after(said, BROKE), None)
    if code:
        return of_status(code, f"{code}: {words}"[:300])
    if broke is None:
        return Later("the provider did not take it and did not say why")
    return Later("no connection to the provider") if BEFORE.search(broke) else Doubtful("no answer from the provider")


def of_status(code: int, told: str) -> Trouble:
    """Return what a provider's HTTP status means."""
    if code == 410:
        return Gone(told)
    if code >= 500 or code in (408, 425, 429) or code in OURS_TO_MEND:
        return Later(told)
    return Refused(told)


def found_after(said: list[str], mark: str) -> Iterator[str]:
    """Yield what follows a mark, in the lines that begin with it."""
    yield from (line.removeprefix(mark).strip() for line in said if line.startswith(mark))


def hidden(words: str, address: str) -> str:
    """Return words without the address, however it is written in them."""
    return LONG_NUMBER.sub("…", words.replace(address, "…").replace(quote(address, safe=""), "…"))


def phone(typed: str) -> str:
    """Return a telephone number in E.164. It must be typed with its country code; raise `BadAddress`."""
    try:
        number = phonenumbers.parse(typed, None)
    except phonenumbers.NumberParseException as trouble:
        raise BadAddress(_("This is no telephone number. Write it with the country code, like +49 151 …")) from trouble
    if not phonenumbers.is_valid_number(number):
        raise BadAddress(_("No telephone there has such a number. Please check its length and its first digits."))
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def like(pattern: str, sample: str) -> Clean:
    """Return what reads addresses of one form. The first group is the address, the rest may be typed around it."""

    def clean(typed: str) -> str:
        found = re.fullmatch(pattern, typed.strip())
        if found is None:
            raise BadAddress(_("This address is not understood. It looks like %(sample)s.") % {"sample": sample})
        return found.group(1)

    return clean


def messenger(name: str, label: Promise, pattern: str, sample: str) -> Messenger:
    """Return a messenger whose addresses have one form."""
    return Messenger(name, label, like(pattern, sample), sample)


UUID: Final = "0b16b1a5-4c66-4f3a-9d0e-6a2f8c1d7e90"
PHONE: Final = "+4915112345678"
SLACK: Final = "T01ABCD2EFG/B01ABCD2EFG/abcdefghijklmnopqrstuvwx"
MESSENGERS: Final = (
    Messenger("sms", gettext_lazy("SMS"), phone, PHONE, SMS_SIGNS),
    Messenger("whatsapp", gettext_lazy("WhatsApp"), phone, PHONE),
    Messenger("signal", gettext_lazy("Signal"), phone, PHONE),
    messenger("telegram", gettext_lazy("Telegram"), r"(-?[1-9]\d{4,18})", "123456789"),
    messenger("line", gettext_lazy("LINE"), r"(U[0-9a-f]{32})", "U" + "0123456789abcdef" * 2),
    messenger(
        "wecom",
        gettext_lazy("WeCom"),
        r"(?:https://qyapi\.weixin\.qq\.com/cgi-bin/webhook/send\?key=)?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})",
        UUID,
    ),
    messenger(
        "feishu",
        gettext_lazy("Feishu"),
        r"(?:https://open\.(?:feishu\.cn|larksuite\.com)/open-apis/bot/v2/hook/)?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})",
        UUID,
    ),
    messenger(
        "slack",
        gettext_lazy("Slack"),
        r"(?:https://hooks\.slack\.com/services/)?(T[A-Z0-9]{8,12}/B[A-Z0-9]{8,12}/[A-Za-z0-9]{24})",
        SLACK,
    ),
)
