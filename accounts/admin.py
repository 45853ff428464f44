"""Users in the admin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth import admin as auth
from django.contrib.auth.forms import AdminUserCreationForm
from django.utils.translation import gettext_lazy as _

from accounts.models import User


class UserAddForm(AdminUserCreationForm):
    """The form for a new user, who has an e-mail address and no user name."""

    class Meta:
        model = User
        fields = ("email",)


# django-stubs makes the class generic; Django's own class cannot be subscripted.
if TYPE_CHECKING:
    DjangoUserAdmin = auth.UserAdmin[Any]
else:
    DjangoUserAdmin = auth.UserAdmin


@admin.register(User)
class UserAdmin(DjangoUserAdmin):
    """Django's user admin without user name and personal names."""

    add_form = UserAddForm
    ordering = ("email",)
    list_display = ("email", "is_staff", "is_active", "joined_at", "last_login")
    list_filter = ("is_staff", "is_active")
    search_fields = ("email",)
    readonly_fields = ("joined_at", "last_login")
    fieldsets = (
        (None, {"fields": ("email", "password")}),
        (_("Rights"), {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")}),
        (_("Dates"), {"fields": ("joined_at", "last_login")}),
    )
    add_fieldsets = ((None, {"classes": ("wide",), "fields": ("email", "usable_password", "password1", "password2")}),)
