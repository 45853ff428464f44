"""Webhooks are accepted with the carrier's own signature over the raw body, and with no other."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable

import pytest

from tests.carriers.fake_carrier import fake_credentials_of
from tracking.carriers.registry import ADAPTERS

BODY = '{"event": "TRACKING_UPDATED", "data": {"number": "单号"}}'.encode()
Signer = Callable[[bytes, str], str]


def sign_17track(body: bytes, key: str) -> str:
    """Return a signature as 17TRACK documents it: hex SHA-256 of body, slash and key."""
    return hashlib.sha256(body + b"/" + key.encode()).hexdigest()


def sign_aftership(body: bytes, key: str) -> str:
    """Return a signature as AfterShip documents it: base64 HMAC-SHA256 of the body."""
    return base64.b64encode(hmac.digest(key.encode(), body, "sha256")).decode()


def sign_shippo(body: bytes, key: str) -> str:
    """Return a signature as Shippo documents it: hex HMAC-SHA256 of time, dot and body."""
    signature = hmac.new(key.encode(), b"1789000000." + body, hashlib.sha256).hexdigest()
    return f"t=1789000000,v1={signature}"


SIGNERS: dict[str, tuple[str, str, Signer]] = {
    "17track": ("sign", "key", sign_17track),
    "aftership": ("aftership-hmac-sha256", "webhook_secret", sign_aftership),
    "shippo": ("shippo-auth-signature", "webhook_secret", sign_shippo),
}
"""The header, the credential and the signing function of each carrier that signs its webhooks."""

each_signing_carrier = pytest.mark.parametrize("slug", sorted(SIGNERS))


def verifies(slug: str, body: bytes, signature: str, **changed: str) -> bool:
    """Return whether an adapter accepts a webhook with this signature."""
    return ADAPTERS[slug].verify_signature(
        body, {SIGNERS[slug][0]: signature}, fake_credentials_of(ADAPTERS[slug]) | changed
    )


def signature_for(slug: str, key: str = "") -> str:
    """Return the right signature, or one made with the given key."""
    _, name, sign = SIGNERS[slug]
    return sign(BODY, key or fake_credentials_of(ADAPTERS[slug])[name])


@each_signing_carrier
def test_the_carriers_own_signature_is_accepted(slug: str) -> None:
    assert verifies(slug, BODY, signature_for(slug))


@each_signing_carrier
def test_a_signature_with_another_key_is_rejected(slug: str) -> None:
    assert not verifies(slug, BODY, signature_for(slug, "another key"))


@each_signing_carrier
@pytest.mark.parametrize("signature", ["", "0", "é", "null", "0" * 64])
def test_an_invalid_signature_is_rejected(slug: str, signature: str) -> None:
    assert not verifies(slug, BODY, signature)


@each_signing_carrier
def test_a_webhook_without_a_signature_is_rejected(slug: str) -> None:
    assert not ADAPTERS[slug].verify_signature(BODY, {}, fake_credentials_of(ADAPTERS[slug]))


@each_signing_carrier
@pytest.mark.parametrize("body", [BODY + b" ", BODY.replace(b"UPDATED", b"STOPPED"), b""])
def test_a_changed_body_is_rejected(slug: str, body: bytes) -> None:
    assert not verifies(slug, body, signature_for(slug))


@each_signing_carrier
def test_without_our_secret_nothing_is_accepted(slug: str) -> None:
    _, name, sign = SIGNERS[slug]

    assert not verifies(slug, BODY, sign(BODY, ""), **{name: ""})


@pytest.mark.parametrize("slug", sorted(ADAPTERS.keys() - SIGNERS.keys()))
def test_an_adapter_without_these_webhooks_accepts_no_signature(slug: str) -> None:
    for header, _, sign in SIGNERS.values():
        for key in ("", *fake_credentials_of(ADAPTERS[slug]).values()):
            assert not ADAPTERS[slug].verify_signature(
                BODY, {header: sign(BODY, key)}, fake_credentials_of(ADAPTERS[slug])
            )
