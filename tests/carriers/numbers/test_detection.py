"""Carriers are detected from documented test numbers, and from invented ones with independently computed digits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.carriers.numbers import CarrierCandidate, Certainty, MatchReason, detect_carriers

CHECKED, DISTINCTIVE, WEAK = Certainty.CHECKED, Certainty.DISTINCTIVE, Certainty.WEAK
NUMBERS: list[tuple[str, str, str, Certainty]] = [
    ("RB123456785GB", "royalmail", "S10", CHECKED),
    ("RB123456785US", "usps", "S10", CHECKED),
    ("LV112233447US", "usps", "S10", CHECKED),
    ("CA000000354GB", "royalmail", "S10", CHECKED),
    ("LX000000014CN", "chinapost", "S10", CHECKED),
    ("RR473124829FR", "laposte", "S10", CHECKED),
    ("CP000007777CA", "canadapost", "S10", CHECKED),
    ("EE121212122AU", "auspost", "S10", CHECKED),
    ("LX999999995NL", "postnl", "S10", CHECKED),
    ("CY000012349DE", "dhl-de", "S10", CHECKED),
    ("RB876543216BR", "correios", "S10", CHECKED),
    ("EJ314159268JP", "japanpost", "S10", CHECKED),
    ("RS271828189SE", "s10", "S10", CHECKED),
    ("UA555555555HK", "s10", "S10", CHECKED),
    ("LA444444445CH", "s10", "S10", CHECKED),
    ("RB123456785CV", "s10", "S10", CHECKED),
    ("XW000000120JB", "chronopost", "Chronopost", CHECKED),
    ("1Z999AA10123456784", "ups", "UPS 1Z", CHECKED),
    ("1Z5R89390357567127", "ups", "UPS 1Z", CHECKED),
    ("1Z879E930346834440", "ups", "UPS 1Z", CHECKED),
    ("1Z410E7W0392751591", "ups", "UPS 1Z", CHECKED),
    ("1ZXX3150YW44070023", "ups", "UPS 1Z", CHECKED),
    ("T1234567890", "ups", "UPS T", DISTINCTIVE),
    ("K0000000171", "ups", "UPS waybill", CHECKED),
    ("A1231231234", "ups", "UPS waybill", CHECKED),
    ("T1231231234", "ups", "UPS waybill", CHECKED),
    ("9400111201080805483016", "usps", "IMpb 22", CHECKED),
    ("9505511069605048600624", "usps", "IMpb 22", CHECKED),
    ("9101123456789000000013", "usps", "IMpb 22", CHECKED),
    ("9361289878700317633795", "usps", "IMpb 22", CHECKED),
    ("92748931507708513018050063", "usps", "IMpb 26", CHECKED),
    ("93612898787003176337900128", "usps", "IMpb 26", CHECKED),
    ("03071790000523483741", "usps", "USPS 20", CHECKED),
    ("71123456789123456787", "usps", "USPS 20", CHECKED),
    ("71969010756003077385", "usps", "USPS 20 after 91", CHECKED),
    ("986578788855", "fedex", "FedEx Express 12", CHECKED),
    ("799531274483", "fedex", "FedEx Express 12", CHECKED),
    ("790535312317", "fedex", "FedEx Express 12", CHECKED),
    ("041441760228964", "fedex", "FedEx Ground 15", CHECKED),
    ("568283610012734", "fedex", "FedEx Ground 15", CHECKED),
    ("61299998820821171811", "fedex", "FedEx SmartPost 20", CHECKED),
    ("000123450000000027", "fedex", "FedEx Ground SSCC", CHECKED),
    ("3318810025", "dhl", "DHL Express 10", CHECKED),
    ("8487135506", "dhl", "DHL Express 10", CHECKED),
    ("1000000013", "dhl", "DHL Express 10", CHECKED),
    ("73891051146", "dhl", "DHL Express 11", CHECKED),
    ("JJD0011223344", "dhl", "DHL piece ID", DISTINCTIVE),
    ("JVGL000111222", "dhl", "DHL piece ID", DISTINCTIVE),
    ("00340434161094042557", "dhl-de", "DHL Paket 20", CHECKED),
    ("00340434000000000017", "dhl-de", "DHL Paket 20", CHECKED),
    ("210000000025", "dhl-de", "DHL Identcode", CHECKED),
    ("JJD000390000000000012", "dhl-de", "DHL JJD", DISTINCTIVE),
    ("JD014600000000000012", "dhl-de", "DHL JD", DISTINCTIVE),
    ("GM0000000000000001", "dhl-ecommerce", "DHL GM", DISTINCTIVE),
    ("GM0000000000000A0B1C2D", "dhl-ecommerce", "DHL GM", DISTINCTIVE),
    ("HK0000000001", "dhl-ecommerce", "DHL eCommerce", WEAK),
    ("JVGL06000000000000000001", "dhlparcel-nl", "DHL JVGL", DISTINCTIVE),
    ("15502210000000", "dpd", "DPD 14", WEAK),
    ("01005000000000", "dpd", "DPD 14", WEAK),
    ("123456789011", "gls", "GLS 12", CHECKED),
    ("400000000014", "gls", "GLS 12", CHECKED),
    ("12345678900", "gls", "GLS 11", WEAK),
    ("ABCD12EF", "gls", "GLS Track-ID", WEAK),
    ("00000000000123", "hermes-de", "Hermes 14", CHECKED),
    ("H1000000000000000001", "hermes-de", "Hermes H", DISTINCTIVE),
    ("JJD0002257639032011", "yodel", "Yodel", DISTINCTIVE),
    ("JD0002242617644732", "yodel", "Yodel", DISTINCTIVE),
    ("H00AA10000000012", "evri", "Evri 16", DISTINCTIVE),
    ("C00AB12345678901", "evri", "Evri 16", DISTINCTIVE),
    ("T11ZZ90000000013", "evri", "Evri 16", DISTINCTIVE),
    ("P12AB34CD56EF781", "evri", "Evri 16 characters", WEAK),
    ("A1B2C30000000014", "evri", "Evri 16 characters", WEAK),
    ("320019254000221BB4EFC", "royalmail", "Royal Mail 2D", DISTINCTIVE),
    ("021115C902CF0C99", "royalmail", "Royal Mail 16", WEAK),
    ("0073938000549297", "canadapost", "Canada Post 16", CHECKED),
    ("1000000000000014", "canadapost", "Canada Post 16", CHECKED),
    ("320000000002", "purolator", "Purolator 12", CHECKED),
    ("TLR000083964", "purolator", "Purolator", WEAK),
    ("ABC123456701000930304", "auspost", "Australia Post", CHECKED),
    ("33XYZ000000101000965108", "auspost", "Australia Post", CHECKED),
    ("997000000000000001", "auspost", "Australia Post 997", DISTINCTIVE),
    ("8L41392078260", "laposte", "Colissimo 13", CHECKED),
    ("6A00000000017", "laposte", "Colissimo 13", CHECKED),
    ("7A53894390160", "laposte", "Colissimo 13", CHECKED),
    ("3SABCD1234567", "postnl", "PostNL 3S", DISTINCTIVE),
    ("323200000000000000000001", "bpost", "bpost 24", DISTINCTIVE),
    ("373000000000000012", "postnord", "PostNord SSCC", CHECKED),
    ("370000000000000011", "bring", "Bring SSCC", CHECKED),
    ("PK6Q1D0000000000000000H", "correos", "Correos", DISTINCTIVE),
    ("Z1234567890", "packeta", "Packeta", DISTINCTIVE),
    ("YT2229521272164446", "yunexpress", "YunExpress", DISTINCTIVE),
    ("YT1234567890123", "yto", "YTO", DISTINCTIVE),
    ("4PX3000000000000CN", "4px", "4PX", DISTINCTIVE),
    ("4PX3000000000000", "4px", "4PX", DISTINCTIVE),
    ("LP00000000000001", "cainiao", "Cainiao LP", DISTINCTIVE),
    ("CNFR0000000000001HD", "cainiao", "Cainiao CN", DISTINCTIVE),
    ("CNG00000000000001", "cainiao", "Cainiao CN", DISTINCTIVE),
    ("CAINIAO0000000001YQ", "cainiao", "Cainiao", DISTINCTIVE),
    ("SF123456789012", "sf", "SF Express", DISTINCTIVE),
    ("SF1234567890123", "sf", "SF Express", DISTINCTIVE),
    ("JDVA12345678901", "jd", "JD Logistics", DISTINCTIVE),
    ("JT1234567890123", "jt-express", "J&T Express", DISTINCTIVE),
    ("4700000000", "aramex", "Aramex", WEAK),
    ("LTN74207623N1", "landmark", "Landmark LTN", DISTINCTIVE),
    ("C11031500001879", "ontrac", "OnTrac", CHECKED),
    ("D10011354453707", "ontrac", "OnTrac", CHECKED),
    ("LX17635036", "lasership", "LaserShip", DISTINCTIVE),
    ("1LS717793482164", "lasership", "LaserShip", DISTINCTIVE),
    ("1LS71000110000011", "lasership", "LaserShip", DISTINCTIVE),
    ("1LSCXABC0000001", "lasership", "LaserShip", DISTINCTIVE),
    ("LE10000001", "lasership", "LaserShip L", WEAK),
    ("SP000000000000000001", "spee-dee", "Spee-Dee", DISTINCTIVE),
    ("07200000011", "old-dominion", "Old Dominion", CHECKED),
    ("77700000027", "old-dominion", "Old Dominion", CHECKED),
    ("78000000030", "old-dominion", "Old Dominion", CHECKED),
    ("D000000000000000000001", "canpar", "Canpar", DISTINCTIVE),
    ("UUSC000000000001", "uniuni", "UniUni", DISTINCTIVE),
    ("GFUS01011884214464", "gofo", "GOFO", DISTINCTIVE),
    ("TBA502887274000", "amazon", "Amazon Logistics", DISTINCTIVE),
    ("C0000000001", "amazon", "Amazon International", WEAK),
]


def best_candidate(number: str) -> CarrierCandidate:
    """Return the best candidate of a number."""
    return detect_carriers(number)[0]


def carrier_slugs(candidates: list[CarrierCandidate]) -> list[str]:
    """Return the candidates' carriers, in order."""
    return [candidate.carrier for candidate in candidates]


@pytest.mark.parametrize(("number", "carrier", "name", "certainty"), NUMBERS, ids=lambda value: str(value))
def test_the_first_candidate_is_the_carrier_of_the_format(
    number: str, carrier: str, name: str, certainty: Certainty
) -> None:
    best = best_candidate(number)

    assert (best.carrier, best.format, best.certainty, best.number) == (carrier, name, certainty, number)


@pytest.mark.parametrize(
    ("scanned", "carrier", "tracked"),
    [
        ("420221539101026837331000039521", "usps", "9101026837331000039521"),
        ("4201002334249200190132607600833457", "usps", "9200190132607600833457"),
        ("4201028200009261290113185417468510", "usps", "9261290113185417468510"),
        ("9611020987654312345672", "fedex", "987654312345672"),
        ("1001921334250001000300779017972697", "fedex", "779017972697"),
        ("9622001900000000000000776632517510", "fedex", "776632517510"),
        ("1199999999999999999900700000000010", "fedex", "700000000010"),
        ("30000000000000007000000000322014", "fedex", "700000000032"),
        ("008182709980000020033350276C", "dpd", "09980000020033"),
        ("15502210105647Q", "dpd", "15502210105647"),
        ("(00)373000000000000012", "postnord", "373000000000000012"),
        ("019931265099999891ABC123456701000930304", "auspost", "ABC123456701000930304"),
    ],
)
def test_a_scanned_barcode_gives_the_number_that_the_carrier_tracks_by(
    scanned: str, carrier: str, tracked: str
) -> None:
    best = best_candidate(scanned)

    assert (best.carrier, best.number, best.certainty) == (carrier, tracked, CHECKED)


@pytest.mark.parametrize(
    ("number", "carrier"),
    [
        ("RB123456786US", "usps"),
        ("1Z5R89390357567128", "ups"),
        ("9400111201080805483017", "usps"),
        ("00340434161094042558", "dhl-de"),
        ("C11031500001889", "ontrac"),
        ("8L41392078261", "laposte"),
        ("ABC123456701000930305", "auspost"),
        ("15502210105647P", "dpd"),
        ("3318810010", "dhl"),
    ],
)
def test_a_wrong_check_digit_is_offered_as_mistyped_and_never_as_checked(number: str, carrier: str) -> None:
    (mistyped,) = [candidate for candidate in detect_carriers(number) if candidate.carrier == carrier]

    assert mistyped.has_wrong_check_digit
    assert mistyped.certainty is WEAK
    assert MatchReason.CHECK_DIGIT not in mistyped.reasons
    assert mistyped.score < min(
        (other.score for other in detect_carriers(number) if not other.has_wrong_check_digit), default=1000
    )


def test_plain_digits_are_not_offered_as_mistyped_if_another_carriers_check_digit_is_right() -> None:
    assert not any(candidate.has_wrong_check_digit for candidate in detect_carriers("986578788855"))


@pytest.mark.parametrize(
    "number",
    ["", "RB123456785XX", "RB123456785ZZ", "2Z5R89390357567127", "HELLO", "12345", "1Z", "A" * 60, "٠", "\x00"],
)
def test_a_text_that_matches_no_format_has_no_candidate(number: str) -> None:
    assert detect_carriers(number) == []


@pytest.mark.parametrize(
    "written",
    [
        "1z5r89390357567127",
        " 1Z 5R8 939 03 5756 7127 ",
        "1Z-5R8-939-03-5756-7127",
        "１Ｚ５Ｒ８９３９０３５７５６７１２７",
        "\u202a1Z5R89390\u200b357567127\u202c",
        "1Z5R8939\u00a0\u20110357567127",
        "١Z٥R٨٩٣٩٠٣٥٧٥٦٧١٢٧",
    ],
)
def test_spaces_dashes_case_and_scripts_do_not_matter(written: str) -> None:
    assert detect_carriers(written) == detect_carriers("1Z5R89390357567127")


@given(st.sampled_from([number for number, *_ in NUMBERS]), st.integers(1, 6), st.sampled_from(" -"))
def test_grouping_a_number_changes_nothing(number: str, size: int, separator: str) -> None:
    grouped = separator.join(number[start : start + size] for start in range(0, len(number), size))

    assert detect_carriers(grouped.lower()) == detect_carriers(number)


@given(st.text())
def test_any_text_can_be_detected(text: str) -> None:
    assert all(candidate.number for candidate in detect_carriers(text))


@given(st.from_regex(r"[A-Z0-9]{8,34}", fullmatch=True))
def test_each_carrier_is_listed_once_best_first_and_with_a_reason(number: str) -> None:
    candidates = detect_carriers(number, destination="US", history={"usps": 3})

    scores = [candidate.score for candidate in candidates]
    assert len(set(carrier_slugs(candidates))) == len(candidates)
    assert scores == sorted(scores, reverse=True)
    assert all(candidate.reasons for candidate in candidates)
