"""Pictures of articles in the admin, and the form field of every picture that an operator uploads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from tracking.buyer_tasks.papers import file_too_large_message
from tracking.models import ShopPicture
from tracking.models.texts import PaperRefusal
from tracking.paper_check.formats import MAX_FILE_BYTES, PaperRefusedError, detect_format
from tracking.paper_check.images import MAX_PIXELS_BY_FORMAT
from tracking.shops.pictures import EncodedPicture, encode_picture, picture_links, remove_pictures, store_picture

if TYPE_CHECKING:
    ShopPictureModelAdmin = admin.ModelAdmin[ShopPicture]
    ShopPictureModelForm = forms.ModelForm[ShopPicture]
else:
    ShopPictureModelAdmin = admin.ModelAdmin
    ShopPictureModelForm = forms.ModelForm

PREVIEW_SIDE: Final = 56


class UploadedPictureField(forms.FileField):
    """A picture that is checked and encoded again; its value is an `EncodedPicture`, or None without an upload."""

    widget = forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp"})

    def __init__(self, **kwargs: Any) -> None:
        help_text = _("JPEG, PNG or WebP, at least 208 pixels wide; a square fits best.")
        super().__init__(help_text=help_text, **kwargs)

    def clean(self, data: Any, initial: Any = None) -> EncodedPicture | None:
        """Return the picture; raise `ValidationError` with what is wrong with the file."""
        upload = super().clean(data, initial)
        if not upload:
            return None
        if (upload.size or 0) > MAX_FILE_BYTES:
            raise ValidationError(file_too_large_message())
        content = upload.read()
        if detect_format(content) not in MAX_PIXELS_BY_FORMAT:
            raise ValidationError(_("Choose a picture as JPEG, PNG or WebP."))
        try:
            return encode_picture(content)
        except PaperRefusedError as error:
            raise ValidationError(PaperRefusal(error.refusal.value).label) from error


class ArticlePictureForm(ShopPictureModelForm):
    """The picture of an article, in place of the one that it has.

    Under its own name `sku` would be refused where the article has a picture (`one_picture_per_article`).
    """

    article = forms.CharField(label=_("article number"), max_length=64)
    picture = UploadedPictureField(label=_("picture"))


def picture_preview(token: str) -> SafeString:
    """Return a small image of a stored picture."""
    return format_html(
        '<img src="{}" width="{}" height="{}" alt="">', picture_links(token).small, PREVIEW_SIDE, PREVIEW_SIDE
    )


@admin.register(ShopPicture)
class ShopPictureAdmin(ShopPictureModelAdmin):
    """List the pictures of articles. They are added, which replaces an older one, and deleted, never changed."""

    form = ArticlePictureForm
    fields = ("shop", "article", "picture")
    list_display = ("sku", "shop", "preview", "created_at")
    list_filter = ("shop",)
    list_select_related = ("shop",)
    search_fields = ("sku",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ShopPicture]:
        return ShopPicture.objects.of_articles()

    def get_fields(self, request: HttpRequest, obj: ShopPicture | None = None) -> Any:
        return ("shop", "sku", "preview", "created_at") if obj else self.fields

    def get_readonly_fields(self, request: HttpRequest, obj: ShopPicture | None = None) -> Any:
        return ("preview", "created_at") if obj else ()

    def has_change_permission(self, request: HttpRequest, obj: ShopPicture | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: ShopPicture, form: Any, change: bool) -> None:
        obj.sku = form.cleaned_data["article"]
        obj.pk = store_picture(obj.shop, obj.sku, form.cleaned_data["picture"]).pk

    def delete_model(self, request: HttpRequest, obj: ShopPicture) -> None:
        remove_pictures(ShopPicture.objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[ShopPicture]) -> None:
        remove_pictures(queryset)

    @admin.display(description=_("picture"))
    def preview(self, picture: ShopPicture) -> SafeString:
        """Return the picture in small."""
        return picture_preview(picture.pk)
