"""Model fields and values: page tokens, comparable numbers, countries, encrypted secrets."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.db import models
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from tracking.carriers.numbers.typed_numbers import comparable_number, read_tracking_numbers
from tracking.typed_input.countries import find_country

SITE_LANGUAGES: Final = tuple(tag for tag, _name in settings.LANGUAGES)


def generate_token() -> str:
    """Return a random token for a page's URL: 24 characters, 144 bits."""
    return secrets.token_urlsafe(18)


def number_key(number: str) -> str:
    """Return a number as it is compared: its letters and digits, in capitals (`No. lf-1001` becomes `LF1001`)."""
    return comparable_number(number)


def clean_number(number: str) -> str:
    """Return the only tracking number in a text with a label, a link or characters beyond ASCII.

    Other numbers, which a carrier may write with spaces and dashes, and texts with several are returned as they are.
    """
    if number.isascii() and ":" not in number:
        return number
    numbers = read_tracking_numbers(number)
    return numbers[0] if len(numbers) == 1 else number


def read_country(text: str) -> str:
    """Return the country that a text means as two letters, or ''; raise `ValidationError` for anything else."""
    if not text.strip():
        return ""
    code = find_country(text, SITE_LANGUAGES)
    if code is None:
        raise ValidationError(_("No country is called so. Two letters do, like DE."), code="invalid")
    return code


@lru_cache(maxsize=4)
def cipher_for_keys(keys: tuple[str, ...]) -> MultiFernet:
    """Return a cipher that encrypts with the first key and decrypts with any."""
    return MultiFernet([Fernet(derive_key(key)) for key in keys])


def derive_key(secret: str, purpose: bytes = b"landfall stored credentials v1") -> bytes:
    """Derive a Fernet key for one purpose from a secret, independent of the secret's other uses (HKDF, RFC 5869)."""
    kdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose)
    return base64.urlsafe_b64encode(kdf.derive(secret.encode()))


class LazySecrets(Mapping[str, str]):
    """Names and secrets from the database, decrypted on first access.

    With a lost key that access raises `ImproperlyConfigured`; it never looks like an empty mapping, and rows whose
    secrets nobody reads still load.
    """

    def __init__(self, ciphertext: bytes) -> None:
        self.ciphertext = ciphertext

    @cached_property
    def decrypted(self) -> dict[str, str]:
        """Return the decrypted names and secrets."""
        try:
            secrets_by_name: dict[str, str] = (
                json.loads(current_cipher().decrypt(self.ciphertext)) if self.ciphertext else {}
            )
        except InvalidToken as error:
            raise ImproperlyConfigured(
                "Stored credentials cannot be read with this SECRET_KEY. Put the old key in SECRET_KEY_FALLBACKS."
            ) from error
        return secrets_by_name

    def __getitem__(self, name: str) -> str:
        return self.decrypted[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.decrypted)

    def __len__(self) -> int:
        return len(self.decrypted)


def current_cipher() -> MultiFernet:
    """Return the cipher of the current SECRET_KEY and its fallbacks."""
    return cipher_for_keys((settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))


# django-stubs makes the field generic; Django's own class cannot be subscripted.
if TYPE_CHECKING:
    BinaryField = models.BinaryField[Any, Any]
else:
    BinaryField = models.BinaryField


class SecretsField(BinaryField):
    """A mapping of names to secrets, encrypted at rest with a key derived from SECRET_KEY."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("default", dict)
        kwargs.setdefault("blank", True)
        super().__init__(*args, **kwargs)

    def from_db_value(self, value: bytes | memoryview | None, *_: Any) -> LazySecrets:
        return LazySecrets(bytes(value or b""))

    def get_prep_value(self, value: Any) -> bytes:
        if isinstance(value, LazySecrets):
            return value.ciphertext
        return current_cipher().encrypt(json.dumps(dict(value), sort_keys=True).encode()) if value else b""

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        return super().get_db_prep_value(value if prepared else self.get_prep_value(value), connection, prepared=True)

    def get_default(self) -> dict[str, str]:
        return {}

    def value_to_string(self, obj: models.Model) -> str:
        return ""
