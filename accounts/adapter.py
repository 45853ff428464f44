"""How allauth meets this site: its name in mails, and where its pages lie."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Mails name the site as its pages do."""

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send one of the account's mails, in the language of the request."""
        super().send_mail(template_prefix, email, {"site_name": settings.SITE_NAME, **context})
