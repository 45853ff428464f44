"""Every format names a right number of its own, and neither one with a wrong check digit nor one of another length."""

from __future__ import annotations

import pytest

from tests.carriers.numbers.test_detection import NUMBERS
from tracking.carriers.numbers import Certainty, detect_carriers
from tracking.carriers.numbers.detection import match_formats
from tracking.carriers.numbers.formats import FORMATS, NumberFormat

NEVER_FIRST = {
    "Asendia S10": "LX000000014FR",
    "UPS Mail Innovations": "9261290000000000000137",
    "FedEx SmartPost 22": "9261290000000000000120",
    "FedEx Ground 96": "9611020000000700000010",
    "FedEx 34": "1199999999999999999900700000000010",
    "FedEx ASTRA 32": "30000000000000007000000000322014",
    "DHL piece ID of another agency": "JAB012345678",
    "DHL eCommerce 14": "60000000000001",
    "DHL 3S": "3SABCD123456789",
    "DPD label 28": "008182709980000020033350276C",
    "DPD 15": "15502210105647Q",
    "Evri 16 digits": "1000000000000001",
    "Parcelforce": "ABCD0123456789",
    "La Poste 15": "870000000000001",
    "Swiss Post 18": "990000000000000001",
    "InPost 24": "600000000000000000000001",
    "YunExpress 13": "YT1234567890123",
    "SF Express 12": "300000000001",
    "Asendia 18": "210000000000000001",
}
"""An example of each format that shares its shape with a better one, or whose barcode holds more than the number."""
EXAMPLES = {name: number for number, _, name, _ in reversed(NUMBERS)} | NEVER_FIRST
LENGTHS_VARY = frozenset(
    {
        "DHL piece ID",
        "DHL piece ID of another agency",
        "DHL GM",
        "DHL eCommerce",
        "DHL JJD",
        "DHL JVGL",
        "PostNL 3S",
        "Cainiao",
        "Cainiao CN",
        "SF Express",
        "JD Logistics",
        "Aramex",
        "Landmark LTN",
        "UniUni",
    }
)
every_format = pytest.mark.parametrize("name", sorted({row.name for row in FORMATS}))


def rows_named(name: str) -> list[NumberFormat]:
    """Return the rows of a format's name: one, or two of different weight."""
    return [row for row in FORMATS if row.name == name]


def certainties(number: str, name: str) -> set[Certainty]:
    """Return the certainties with which a number has a format; empty if it does not have it."""
    return {candidate.certainty for candidate in match_formats(number) if candidate.format == name}


def with_last_checked_digit_changed(row: NumberFormat, number: str) -> list[str]:
    """Return the number with each other character in the place of its check digit."""
    match = row.pattern.fullmatch(number)
    assert match
    groups = match.groupdict()
    end = match.end("checked" if groups.get("checked") else "number" if groups.get("number") else 0)
    characters = "0123456789" + ("ABCDEFGHIJKLMNOPQRSTUVWXYZ" if number[end - 1].isalpha() else "")
    return [number[: end - 1] + other + number[end:] for other in characters if other != number[end - 1]]


def test_each_format_has_an_example() -> None:
    assert set(EXAMPLES) == {row.name for row in FORMATS}


@every_format
def test_a_right_number_is_named_with_the_certainty_of_its_format(name: str) -> None:
    row = rows_named(name)[0]
    unchecked = Certainty.DISTINCTIVE if row.is_distinctive else Certainty.WEAK

    assert certainties(EXAMPLES[name], name) == {Certainty.CHECKED if row.check else unchecked}


@pytest.mark.parametrize("name", sorted({row.name for row in FORMATS if row.check}))
def test_a_wrong_check_digit_is_never_named_as_right(name: str) -> None:
    for row in rows_named(name):
        for wrong in with_last_checked_digit_changed(row, EXAMPLES[name]):
            assert certainties(wrong, name) <= {Certainty.WEAK}, wrong
            assert all(
                candidate.has_wrong_check_digit for candidate in match_formats(wrong) if candidate.format == name
            )


@pytest.mark.parametrize("name", sorted({row.name for row in FORMATS} - LENGTHS_VARY))
def test_one_character_more_or_less_is_another_format(name: str) -> None:
    number = EXAMPLES[name]

    assert not certainties(number + "1", name)
    assert not certainties(number[:-1], name)
    assert not certainties("1" + number, name)


@pytest.mark.parametrize("name", sorted(LENGTHS_VARY))
def test_a_format_of_several_lengths_has_a_shortest_and_a_longest(name: str) -> None:
    number = EXAMPLES[name]

    assert not certainties(number[:7], name)
    assert not certainties(number + "1" * (50 - len(number)), name)


@pytest.mark.parametrize("length", [12, 13, 14, 15, 16])
def test_only_fourteen_digits_follow_the_first_twenty_of_a_fedex_barcode(length: int) -> None:
    tail = "0" * (length - 12) + "700000000010"

    assert bool(certainties("11999999999999999999" + tail, "FedEx 34")) is (length == 14)


def test_a_usps_barcode_of_thirty_four_digits_is_not_offered_as_fedex() -> None:
    candidates = detect_carriers("420100010000" + "9400100000000000000013")

    assert [candidate.carrier for candidate in candidates] == ["usps"]


@pytest.mark.parametrize(
    "number",
    [
        "SX000000000000000001",
        "M000000000000000000001",
        "GS0000000000000001",
        "GM000000000000000G0000",
        "AAAAAAAAAAAAAAAAAA",
        "LB10000001",
        "LE40000001",
        "1LSCXABCDEFGHIJ",
        "TBB000000000000",
    ],
)
def test_a_neighbouring_prefix_or_letter_names_nobody(number: str) -> None:
    assert detect_carriers(number) == []


def test_a_waybill_with_a_wrong_digit_is_offered_as_mistyped() -> None:
    (mistyped,) = detect_carriers("K0000000172")

    assert (mistyped.carrier, mistyped.has_wrong_check_digit) == ("ups", True)


def test_a_british_mobile_number_is_not_offered_as_old_dominion() -> None:
    carriers = {candidate.carrier for first in "1345789" for candidate in detect_carriers(f"07{first}00000001")}

    assert "old-dominion" not in carriers
