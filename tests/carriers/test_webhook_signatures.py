"""Who may push: each carrier's own signature, over the bytes as they came, and nobody else's."""

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
    """Return the signature that 17TRACK's documents describe: hex SHA-256 of body, slash and key."""
    return hashlib.sha256(body + b"/" + key.encode()).hexdigest()


def sign_aftership(body: bytes, key: str) -> str:
    """Return the signature that AfterShip's documents describe: base64 HMAC-SHA256 of the body."""
    return base64.b64encode(hmac.digest(key.encode(), body, "sha256")).decode()


def sign_shippo(body: bytes, key: str) -> str:
    signature = hmac.new(key.encode(), b"1789000000." + body, hashlib.sha256).hexdigest()
    return f"t=1789000000,v1={signature}"


SIGNERS: dict[str, tuple[str, str, Signer]] = {
    "17track": ("sign", "key", sign_17track),
    "aftership": ("aftership-hmac-sha256", "webhook_secret", sign_aftership),
    "shippo": ("shippo-auth-signature", "webhook_secret", sign_shippo),
}
"""The header, the credential and the signature of each carrier that pushes."""

each_signing_carrier = pytest.mark.parametrize("slug", sorted(SIGNERS))


def verifies(slug: str, body: bytes, signature: str, **changed: str) -> bool:
    """Tell whether an adapter takes a pushed body with this signature for its carrier's own."""
    return ADAPTERS[slug].verify_signature(
        body, {SIGNERS[slug][0]: signature}, fake_credentials_of(ADAPTERS[slug]) | changed
    )


def signature_for(slug: str, key: str = "") -> str:
    """Return the right signature, or one made with another key."""
    _, name, sign = SIGNERS[slug]
    return sign(BODY, key or fake_credentials_of(ADAPTERS[slug])[name])


@each_signing_carrier
def test_the_carriers_own_signature_is_accepted(slug: str) -> None:
    assert verifies(slug, BODY, signature_for(slug))


@each_signing_carrier
def test_another_keys_signature_is_not(slug: str) -> None:
    assert not verifies(slug, BODY, signature_for(slug, "another key"))


@each_signing_carrier
@pytest.mark.parametrize("signature", ["", "0", "é", "null", "0" * 64])
def test_neither_is_one_that_is_none(slug: str, signature: str) -> None:
    assert not verifies(slug, BODY, signature)


@each_signing_carrier
def test_nor_a_push_without_one(slug: str) -> None:
    assert not ADAPTERS[slug].verify_signature(BODY, {}, fake_credentials_of(ADAPTERS[slug]))


@each_signing_carrier
@pytest.mark.parametrize("body", [BODY + b" ", BODY.replace(b"UPDATED", b"STOPPED"), b""])
def test_a_changed_body_is_not_the_carriers_own(slug: str, body: bytes) -> None:
    assert not verifies(slug, body, signature_for(slug))


@each_signing_carrier
def test_without_a_secret_of_ours_nothing_is_accepted(slug: str) -> None:
    _, name, sign = SIGNERS[slug]

    assert not verifies(slug, BODY, sign(BODY, ""), **{name: ""})


@pytest.mark.parametrize("slug", sorted(ADAPTERS.keys() - SIGNERS.keys()))
def test_a_carrier_that_does_not_push_is_never_believed(slug: str) -> None:
    for header, _, sign in SIGNERS.values():
        for key in ("", *fake_credentials_of(ADAPTERS[slug]).values()):
            assert not ADAPTERS[slug].verify_signature(
                BODY, {header: sign(BODY, key)}, fake_credentials_of(ADAPTERS[slug])
            )
