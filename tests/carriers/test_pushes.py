"""Who may push: each carrier's own signature, over the bytes as they came, and nobody else's."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable

import pytest

from tests.carriers.counter import secrets_of
from tracking.carriers.registry import ADAPTERS

BODY = '{"event": "TRACKING_UPDATED", "data": {"number": "单号"}}'.encode()
Sign = Callable[[bytes, str], str]


def by_17track(body: bytes, key: str) -> str:
    """Return the signature that 17TRACK's documents describe: hex SHA-256 of body, slash and key."""
    return hashlib.sha256(body + b"/" + key.encode()).hexdigest()


def by_aftership(body: bytes, key: str) -> str:
    """Return the signature that AfterShip's documents describe: base64 HMAC-SHA256 of the body."""
    return base64.b64encode(hmac.digest(key.encode(), body, "sha256")).decode()


def by_shippo(body: bytes, key: str) -> str:
    signature = hmac.new(key.encode(), b"1789000000." + body, hashlib.sha256).hexdigest()
    return f"t=1789000000,v1={signature}"


SIGNED: dict[str, tuple[str, str, Sign]] = {
    "17track": ("sign", "key", by_17track),
    "aftership": ("aftership-hmac-sha256", "webhook_secret", by_aftership),
    "shippo": ("shippo-auth-signature", "webhook_secret", by_shippo),
}
"""The header, the credential and the signature of each carrier that pushes."""

pushing = pytest.mark.parametrize("slug", sorted(SIGNED))


def accepts(slug: str, body: bytes, signature: str, **changed: str) -> bool:
    """Tell whether an adapter takes a pushed body with this signature for its carrier's own."""
    return ADAPTERS[slug].verify(body, {SIGNED[slug][0]: signature}, secrets_of(ADAPTERS[slug]) | changed)


def signed(slug: str, key: str = "") -> str:
    """Return the right signature, or one made with another key."""
    _, name, sign = SIGNED[slug]
    return sign(BODY, key or secrets_of(ADAPTERS[slug])[name])


@pushing
def test_the_carriers_own_signature_is_accepted(slug: str) -> None:
    assert accepts(slug, BODY, signed(slug))


@pushing
def test_another_keys_signature_is_not(slug: str) -> None:
    assert not accepts(slug, BODY, signed(slug, "another key"))


@pushing
@pytest.mark.parametrize("signature", ["", "0", "é", "null", "0" * 64])
def test_neither_is_one_that_is_none(slug: str, signature: str) -> None:
    assert not accepts(slug, BODY, signature)


@pushing
def test_nor_a_push_without_one(slug: str) -> None:
    assert not ADAPTERS[slug].verify(BODY, {}, secrets_of(ADAPTERS[slug]))


@pushing
@pytest.mark.parametrize("body", [BODY + b" ", BODY.replace(b"UPDATED", b"STOPPED"), b""])
def test_a_changed_body_is_not_the_carriers_own(slug: str, body: bytes) -> None:
    assert not accepts(slug, body, signed(slug))


@pushing
def test_without_a_secret_of_ours_nothing_is_accepted(slug: str) -> None:
    _, name, sign = SIGNED[slug]

    assert not accepts(slug, BODY, sign(BODY, ""), **{name: ""})


@pytest.mark.parametrize("slug", sorted(ADAPTERS.keys() - SIGNED.keys()))
def test_a_carrier_that_does_not_push_is_never_believed(slug: str) -> None:
    for header, _, sign in SIGNED.values():
        for key in ("", *secrets_of(ADAPTERS[slug]).values()):
            assert not ADAPTERS[slug].verify(BODY, {header: sign(BODY, key)}, secrets_of(ADAPTERS[slug]))
