"""SMS, WhatsApp, Telegram, WeCom and other messengers, each through a provider named in the setting MESSENGERS.

Apprise supports more than a hundred providers, but reports a failure only as False. Its log has the HTTP status and
whether the connection broke; it has neither `Retry-After` nor the body of a response with a good status.
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

from tracking.localization.numbers import format_phone
from tracking.notifications.channels.channel import (
    DeadAddressError,
    DeliveryError,
    DeliveryReceipt,
    InvalidContactAddressError,
    MessageRejectedError,
    NotificationMessage,
    TemporaryDeliveryError,
    UnconfirmedDeliveryError,
)
from tracking.notifications.channels.lazy_import import lazy_import

if TYPE_CHECKING:
    import apprise
else:
    apprise = lazy_import("apprise")

AddressCleaner = Callable[[str], str]
ADDRESS_PLACEHOLDER: Final = "{to}"
STATUS_PATTERN: Final = re.compile(r"\berror=(\d{3})\b")
CONNECTION_ERROR_PREFIX: Final = "Socket Exception: "
RESPONSE_PREFIX: Final = "Response Details:"
NOT_CONNECTED_PATTERN: Final = re.compile(
    r"NewConnectionError|ConnectTimeout|NameResolution|SSLError|getaddrinfo|refused", re.IGNORECASE
)
"""How `requests` reports a connection that was never open, so that nothing can have been accepted."""
OPERATOR_FAULT_STATUSES: Final = (401, 402)
LONG_NUMBER_PATTERN: Final = re.compile(r"\d{7,}")
SMS_MAX_CHARACTERS: Final = 306
SMS_MAX_UNICODE_CHARACTERS: Final = 134
"""Two text messages joined: 2 × 153 characters in the GSM alphabet, 2 × 67 in UCS-2 for all other scripts."""


@dataclass(slots=True, eq=False)
class MessengerChannel:
    """One messenger: how its addresses are cleaned, a sample address, and the maximum length of a message."""

    name: str
    label: Promise
    clean_address: AddressCleaner
    sample_address: str
    max_characters: int = 1_000
    is_idempotent: bool = False
    max_concurrent: int = 1

    def is_configured(self) -> bool:
        """Return whether MESSENGERS has a provider with a place for the address."""
        return ADDRESS_PLACEHOLDER in settings.MESSENGERS.get(self.name, "")

    def display_address(self, address: str) -> str:
        """Return a telephone number in full, of a bot key or chat id only the last four characters."""
        return format_phone(address) if address.startswith("+") else f"…{address[-4:]}"

    def send(self, message: NotificationMessage, address: str) -> DeliveryReceipt:
        """Send a message as plain text. A 2xx status is all that Apprise knows about success."""
        service = apprise_service(settings.MESSENGERS.get(self.name, ""), address)
        if service is None:
            raise TemporaryDeliveryError(f"MESSENGERS: the address for {self.name} is not understood")
        result = apprise.Apprise(service).notify(
            body=build_plain_text(message, self.max_characters), body_format="text", log_level=logging.DEBUG
        )
        if not result:
            raise error_from_log([entry.message for entry in result.logs()], address)
        return DeliveryReceipt(str(service.service_name))


def apprise_service(template: str, address: str) -> Any | None:
    """Return Apprise's service for one reader; None where the operator's address is not understood."""
    asset = apprise.AppriseAsset(async_mode=False, http_redirects=False, storage_mode="memory")
    return apprise.Apprise.instantiate(template.replace(ADDRESS_PLACEHOLDER, quote(address, safe="/")), asset=asset)


def build_plain_text(message: NotificationMessage, max_characters: int) -> str:
    """Return a message as plain text that ends with its link; facts and lines are added as long as they fit."""
    head, link = f"{message.sender}: {message.headline}", message.action.url
    available = max_characters - len(link) - 1
    text = head if len(head) <= available else head[: max(0, available - 1)].rstrip() + "…"
    for piece in [*(f"{label}: {value}" for label, value in message.facts), *message.lines]:
        longer = f"{text}\n{piece}"
        limit = SMS_MAX_UNICODE_CHARACTERS - len(link) - 1 if is_unicode_sms(longer, max_characters) else available
        if len(longer) <= min(available, limit):
            text = longer
    return f"{text}\n{link}"


def is_unicode_sms(text: str, max_characters: int) -> bool:
    """Return whether a text message must be sent as UCS-2, which halves its length."""
    return max_characters == SMS_MAX_CHARACTERS and not text.isascii()


def error_from_log(log_lines: list[str], address: str) -> DeliveryError:
    """Return the delivery error for a failure, from Apprise's log: by HTTP status, else by how the connection broke."""
    response_text = redact_address(next(lines_after_prefix(log_lines, RESPONSE_PREFIX), ""), address)
    code = next((int(match.group(1)) for line in log_lines if (match := STATUS_PATTERN.search(line))), 0)
    connection_error = next(lines_after_prefix(log_lines, CONNECTION_ERROR_PREFIX), None)
    if code:
        return error_from_status(code, f"{code}: {response_text}"[:300])
    if connection_error is None:
        return TemporaryDeliveryError("the provider did not take it and did not say why")
    return (
        TemporaryDeliveryError("no connection to the provider")
        if NOT_CONNECTED_PATTERN.search(connection_error)
        else UnconfirmedDeliveryError("no answer from the provider")
    )


def error_from_status(code: int, response_text: str) -> DeliveryError:
    """Return the delivery error for a provider's HTTP status."""
    if code == 410:
        return DeadAddressError(response_text)
    if code >= 500 or code in (408, 425, 429) or code in OPERATOR_FAULT_STATUSES:
        return TemporaryDeliveryError(response_text)
    return MessageRejectedError(response_text)


def lines_after_prefix(log_lines: list[str], prefix: str) -> Iterator[str]:
    """Yield the rest of each line that starts with a prefix."""
    yield from (line.removeprefix(prefix).strip() for line in log_lines if line.startswith(prefix))


def redact_address(text: str, address: str) -> str:
    """Return text without the address in any spelling: as it is, URL-encoded, or as digits."""
    return LONG_NUMBER_PATTERN.sub("…", text.replace(address, "…").replace(quote(address, safe=""), "…"))


def clean_phone(typed: str) -> str:
    """Return a telephone number typed with its country code in E.164; raise `InvalidContactAddressError`."""
    try:
        number = phonenumbers.parse(typed, None)
    except phonenumbers.NumberParseException as error:
        raise InvalidContactAddressError(
            _("This is not a phone number. Write it with the country code, like +49 151 …")
        ) from error
    if not phonenumbers.is_valid_number(number):
        raise InvalidContactAddressError(
            _("No phone there has such a number. Please check its length and its first digits.")
        )
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def pattern_cleaner(pattern: str, sample_address: str) -> AddressCleaner:
    """Return a cleaner for addresses of one format: group 1 of the pattern is kept, the rest is optional decoration."""

    def clean(typed: str) -> str:
        match = re.fullmatch(pattern, typed.strip())
        if match is None:
            raise InvalidContactAddressError(
                _("This address is not understood. It looks like %(sample)s.") % {"sample": sample_address}
            )
        return match.group(1)

    return clean


def pattern_messenger(name: str, label: Promise, pattern: str, sample_address: str) -> MessengerChannel:
    """Return a messenger whose addresses match a pattern."""
    return MessengerChannel(name, label, pattern_cleaner(pattern, sample_address), sample_address)


SAMPLE_UUID: Final = "0b16b1a5-4c66-4f3a-9d0e-6a2f8c1d7e90"
SAMPLE_PHONE: Final = "+4915112345678"
SAMPLE_SLACK_PATH: Final = "T01ABCD2EFG/B01ABCD2EFG/abcdefghijklmnopqrstuvwx"
MESSENGER_CHANNELS: Final = (
    MessengerChannel("sms", gettext_lazy("SMS"), clean_phone, SAMPLE_PHONE, SMS_MAX_CHARACTERS),
    MessengerChannel("whatsapp", gettext_lazy("WhatsApp"), clean_phone, SAMPLE_PHONE),
    MessengerChannel("signal", gettext_lazy("Signal"), clean_phone, SAMPLE_PHONE),
    pattern_messenger("telegram", gettext_lazy("Telegram"), r"(-?[1-9]\d{4,18})", "123456789"),
    pattern_messenger("line", gettext_lazy("LINE"), r"(U[0-9a-f]{32})", "U" + "0123456789abcdef" * 2),
    pattern_messenger(
        "wecom",
        gettext_lazy("WeCom"),
        r"(?:https://qyapi\.weixin\.qq\.com/cgi-bin/webhook/send\?key=)?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})",
        SAMPLE_UUID,
    ),
    pattern_messenger(
        "feishu",
        gettext_lazy("Feishu"),
        r"(?:https://open\.(?:feishu\.cn|larksuite\.com)/open-apis/bot/v2/hook/)?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})",
        SAMPLE_UUID,
    ),
    pattern_messenger(
        "slack",
        gettext_lazy("Slack"),
        r"(?:https://hooks\.slack\.com/services/)?(T[A-Z0-9]{8,12}/B[A-Z0-9]{8,12}/[A-Za-z0-9]{24})",
        SAMPLE_SLACK_PATH,
    ),
)
