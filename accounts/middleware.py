"""Two-factor authentication for operators who open the admin, where the site requires it."""

from __future__ import annotations

from collections.abc import Callable

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _


class TwoFactorMiddleware:
    """Redirect operators without two-factor authentication to its set-up; sign-in asks those who have it for a code."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.OPERATORS_NEED_SECOND_FACTOR and self.requires_two_factor_setup(request):
            messages.warning(request, _("The desk needs a second factor: an authenticator app or a passkey."))
            return redirect("mfa_index")
        return self.get_response(request)

    def requires_two_factor_setup(self, request: HttpRequest) -> bool:
        """Return whether an operator without two-factor authentication opens the admin."""
        if not request.path.startswith(reverse("admin:index")) or not request.user.is_authenticated:
            return False
        return request.user.is_staff and not is_mfa_enabled(request.user)
