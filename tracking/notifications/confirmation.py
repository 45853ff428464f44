"""The mail by which a reader proves that an address is theirs, before anything else is ever sent to it."""

from __future__ import annotations

from django.conf import settings
from django.core.signing import BadSignature, TimestampSigner
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from tracking.localization.reader import direction_of
from tracking.models import Contact, Follow
from tracking.notifications.channels import CHANNELS
from tracking.notifications.channels.channel import Link, Message
from tracking.notifications.texts import language_for, stop_token

SALT = "confirm an address"
VALID_SECONDS = 3 * 24 * 3600


class StaleLink(Exception):
    """A link to confirm by that is too old or not ours."""


def token_of(follow: Follow, contact: Contact) -> str:
    """Return what a link to confirm by holds."""
    return TimestampSigner(salt=SALT).sign(f"{follow.pk}:{contact.pk}")


def read_token(token: str) -> tuple[Follow, Contact]:
    """Return what a link confirms. Raise `StaleLink`."""
    try:
        follow, contact = TimestampSigner(salt=SALT).unsign(token, max_age=VALID_SECONDS).split(":")
        return (
            Follow.objects.select_related("order__shop", "subscriber").get(pk=follow),
            Contact.objects.select_related("subscriber").get(pk=contact),
        )
    except (BadSignature, Follow.DoesNotExist, Contact.DoesNotExist) as trouble:
        raise StaleLink from trouble


def send(follow_id: int, contact_id: int) -> None:
    """Send the mail; raise `Later`, `Gone` or `Refused` as the channel does."""
    follow = Follow.objects.select_related("order__shop", "subscriber").get(pk=follow_id)
    contact = Contact.objects.get(pk=contact_id)
    language = language_for(follow.subscriber, follow.order)
    with translation.override(language):
        message = message_of(follow, contact, language)
    CHANNELS[contact.channel].send(message, contact.address)


def message_of(follow: Follow, contact: Contact, language: str) -> Message:
    """Return the message that asks for the proof."""
    order, site, token = follow.order, settings.SITE_URL, token_of(follow, contact)
    return Message(
        kind="confirm",
        language=language,
        direction=direction_of(language),
        sender=order.shop.name,
        subject=_("Please confirm: news of order %(number)s") % {"number": order.number},
        headline=_("Shall we tell you where your parcel is?"),
        lines=(
            _("Somebody, most likely you, asked for news of order %(number)s at this address.")
            % {"number": order.number},
            _("If it was not you, do nothing: you will hear no more of it."),
        ),
        facts=(),
        action=Link(_("Yes, tell me"), site + reverse("confirm", args=[token])),
        more=(),
        footer=(_("The link works for three days."),),
        unsubscribe=site + reverse("stop", args=[stop_token(contact.pk)]),
        thread=f"order {order.token}",
        identity=f"confirm {token}",
    )
