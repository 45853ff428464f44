"""Confirm an address: send a signed link to it before any other message is sent there."""

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
    """The confirmation link has expired or is not signed by us."""


def make_token(follow: Follow, contact: Contact) -> str:
    """Return the signed token of a confirmation link."""
    return TimestampSigner(salt=CONFIRMATION_SALT).sign(f"{follow.pk}:{contact.pk}")


def read_token(token: str) -> tuple[Follow, Contact]:
    """Return the follow and the contact that a token confirms; raise `InvalidConfirmationLinkError`."""
    try:
        value = TimestampSigner(salt=CONFIRMATION_SALT).unsign(token, max_age=LINK_VALID_SECONDS)
        follow_id, contact_id = value.split(":")
        return (
            Follow.objects.select_related("order__shop", "subscriber").get(pk=follow_id),
            Contact.objects.select_related("subscriber").get(pk=contact_id),
        )
    except (BadSignature, Follow.DoesNotExist, Contact.DoesNotExist) as error:
        raise InvalidConfirmationLinkError from error


def send_confirmation(follow_id: int, contact_id: int) -> None:
    """Send the confirmation message through the contact's channel; raise its `DeliveryError`."""
    follow = Follow.objects.select_related("order__shop", "subscriber").get(pk=follow_id)
    contact = Contact.objects.get(pk=contact_id)
    language = language_for(follow.subscriber, follow.order)
    with translation.override(language):
        message = build_message(follow, contact, language)
    CHANNELS[contact.channel].send(message, contact.address)


def build_message(follow: Follow, contact: Contact, language: str) -> NotificationMessage:
    """Return the message that asks the reader to confirm the address."""
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
