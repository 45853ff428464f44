"""The mail by which a reader proves that an address is theirs, before anything else is ever sent to it."""

from __future__ import annotations

from django.conf import settings
from django.core.signing import BadSignature, TimestampSigner
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from tracking.localization.reader import text_direction_of
from tracking.models import Contact, Follow
from tracking.notifications.channels import CHANNELS
from tracking.notifications.channels.channel import Link, NotificationMessage
from tracking.notifications.texts import language_for, unsubscribe_token

CONFIRMATION_SALT = "confirm an address"
LINK_VALID_SECONDS = 3 * 24 * 3600


class InvalidConfirmationLinkError(Exception):
    """A link to confirm by that is too old or not ours."""


def make_token(follow: Follow, contact: Contact) -> str:
    """Return what a link to confirm by holds."""
    return TimestampSigner(salt=CONFIRMATION_SALT).sign(f"{follow.pk}:{contact.pk}")


def read_token(token: str) -> tuple[Follow, Contact]:
    """Return what a link confirms. Raise `StaleLink`."""
    try:
        follow, contact = TimestampSigner(salt=CONFIRMATION_SALT).unsign(token, max_age=LINK_VALID_SECONDS).split(":")
        return (
            Follow.objects.select_related("order__shop", "subscriber").get(pk=follow),
            Contact.objects.select_related("subscriber").get(pk=contact),
        )
    except (BadSignature, Follow.DoesNotExist, Contact.DoesNotExist) as trouble:
        raise InvalidConfirmationLinkError from trouble


def send_confirmation(follow_id: int, contact_id: int) -> None:
    """Send the mail; raise `Later`, `Gone` or `Refused` as the channel does."""
    follow = Follow.objects.select_related("order__shop", "subscriber").get(pk=follow_id)
    contact = Contact.objects.get(pk=contact_id)
    language = language_for(follow.subscriber, follow.order)
    with translation.override(language):
        message = build_message(follow, contact, language)
    CHANNELS[contact.channel].send(message, contact.address)


def build_message(follow: Follow, contact: Contact, language: str) -> NotificationMessage:
    """Return the message that asks for the proof."""
    order, site, token = follow.order, settings.SITE_URL, make_token(follow, contact)
    return NotificationMessage(
        kind="confirm",
        language=language,
        direction=text_direction_of(language),
        sender=order.shop.name,
        subject=_("Please confirm: news of order %(number)s") % {"number": order.number},
        headline=_("Shall we tell you where your parcel is?"),
        lines=(
            _("Somebody, most likely you, asked for news of order %(number)s at this address.")
            % {"number": order.number},
            _("If it was not you, do nothing: you will hear no more of it."),
        ),
        facts=(),
        action=Link(_("Yes, tell me"), site + reverse("confirm_follow", args=[token])),
        secondary_links=(),
        footer=(_("The link works for three days."),),
        unsubscribe_url=site + reverse("unsubscribe", args=[unsubscribe_token(contact.pk)]),
        thread_key=f"order {order.token}",
        idempotency_key=f"confirm {token}",
    )
