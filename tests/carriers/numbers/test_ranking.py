"""Collisions are marked, and destination and shop history decide between equal candidates."""

from __future__ import annotations

import pytest

from tracking.carriers.numbers import CarrierCandidate, Certainty, MatchReason, detect_carriers


def carrier_slugs(candidates: list[CarrierCandidate]) -> list[str]:
    """Return the candidates' carriers, in order."""
    return [candidate.carrier for candidate in candidates]


def reasons_for(candidates: list[CarrierCandidate], carrier: str) -> tuple[MatchReason, ...]:
    """Return the reasons of a carrier's candidate."""
    return next(candidate.reasons for candidate in candidates if candidate.carrier == carrier)


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("YT1234567890123", ["yto", "yunexpress"]),
        ("9261290000000000000014", ["usps", "fedex", "ups-mi"]),
        ("9261292700768711948021", ["usps", "fedex", "ups-mi"]),
        ("XY000000120FR", ["laposte", "chronopost"]),
        ("JJD0002257639032011", ["yodel", "dhl-de"]),
        ("3SABCD123456789", ["postnl", "dhlparcel-nl"]),
        ("12345678900", ["gls", "aramex"]),
        ("218025809066", ["fedex", "dhl-de"]),
    ],
)
def test_a_collision_is_marked_on_every_equal_candidate(number: str, expected: list[str]) -> None:
    candidates = [candidate for candidate in detect_carriers(number) if not candidate.has_wrong_check_digit]

    assert carrier_slugs(candidates)[: len(expected)] == expected
    assert all(MatchReason.COLLISION in candidate.reasons for candidate in candidates[: len(expected)])


def test_sixteen_digits_after_yt_are_yunexpress_alone() -> None:
    (only,) = detect_carriers("YT2229521272164446")

    assert only.carrier == "yunexpress"
    assert MatchReason.COLLISION not in only.reasons


def test_a_checked_number_does_not_collide_with_a_weak_one() -> None:
    candidates = detect_carriers("3318810025")

    assert carrier_slugs(candidates) == ["dhl", "aramex"]
    assert all(MatchReason.COLLISION not in candidate.reasons for candidate in candidates)


def test_a_mistyped_number_collides_with_nothing() -> None:
    assert all(
        MatchReason.COLLISION not in candidate.reasons
        for candidate in detect_carriers("12345678900")
        if candidate.has_wrong_check_digit
    )


def test_the_shops_history_decides_between_equals() -> None:
    candidates = detect_carriers("YT1234567890123", history={"yunexpress": 40, "dhl": 2})

    assert carrier_slugs(candidates) == ["yunexpress", "yto"]
    assert MatchReason.SHOP_HISTORY in reasons_for(candidates, "yunexpress")
    assert MatchReason.COLLISION in reasons_for(candidates, "yunexpress")


def test_the_destination_outweighs_the_shops_history() -> None:
    candidates = detect_carriers("YT1234567890123", destination="CN", history={"yunexpress": 4000})

    assert carrier_slugs(candidates) == ["yto", "yunexpress"]
    assert MatchReason.DESTINATION in reasons_for(candidates, "yto")


def test_certainty_outweighs_destination_and_history() -> None:
    candidates = detect_carriers("3318810025", destination="AE", history={"aramex": 500})

    assert carrier_slugs(candidates) == ["dhl", "aramex"]
    assert {MatchReason.DESTINATION, MatchReason.SHOP_HISTORY} <= set(reasons_for(candidates, "aramex"))


@pytest.mark.parametrize(("destination", "carrier"), [("CA", "purolator"), ("US", "fedex"), ("DE", "dhl-de")])
def test_the_destination_decides_between_checked_digits(destination: str, carrier: str) -> None:
    number = "100000001709"

    assert detect_carriers(number, destination=destination)[0].carrier == carrier
    assert {candidate.carrier for candidate in detect_carriers(number)} >= {"purolator", "fedex", "dhl-de"}


@pytest.mark.parametrize("destination", ["US", "us", "USA", "United States"])
def test_the_destinations_post_delivers_an_s10_item(destination: str) -> None:
    issuer, last = detect_carriers("LX000000014CN", destination=destination)

    assert (issuer.carrier, issuer.country) == ("chinapost", "CN")
    assert (last.carrier, last.country, last.certainty) == ("usps", "CN", Certainty.CHECKED)
    assert MatchReason.ORIGIN_COUNTRY in issuer.reasons
    assert MatchReason.DESTINATION in last.reasons
    assert MatchReason.COLLISION not in (*issuer.reasons, *last.reasons)


def test_a_domestic_item_or_one_for_a_post_without_a_slug_has_one_candidate() -> None:
    assert carrier_slugs(detect_carriers("LX000000014CN", destination="CN")) == ["chinapost"]
    assert carrier_slugs(detect_carriers("LX000000014CN", destination="FI")) == ["chinapost"]
    assert carrier_slugs(detect_carriers("LX000000014CN", destination="nowhere")) == ["chinapost"]
    assert carrier_slugs(detect_carriers("LX000000024CN", destination="US")) == ["chinapost"]


def test_an_empty_history_changes_nothing() -> None:
    assert detect_carriers("YT1234567890123", history={"yunexpress": 0, "yto": -3}) == detect_carriers(
        "YT1234567890123"
    )
