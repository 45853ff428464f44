"""Numbers are found in tracking links of carriers and aggregators, also behind redirects."""

from __future__ import annotations

import pytest

from tracking.carriers.numbers import Certainty, MatchReason, NumberSource, find_numbers

UPS, USPS, PAKET = "1Z5R89390357567127", "9400111201080805483016", "00340434161094042557"
LP = "LP00000000000001"
LINKS = [
    (f"https://www.ups.com/track?loc=en_US&tracknum={UPS}&requester=ST/trackdetails", "ups", UPS),
    (f"http://wwwapps.ups.com/WebTracking/track?track=yes&trackNums={UPS}", "ups", UPS),
    (f"https://www.ups.com/track?track=yes&InquiryNumber1={UPS}", "ups", UPS),
    ("https://www.fedex.com/fedextrack/?trknbr=986578788855", "fedex", "986578788855"),
    ("https://www.fedex.com/apps/fedextrack/?tracknumbers=041441760228964", "fedex", "041441760228964"),
    (f"https://tools.usps.com/go/TrackConfirmAction?qtc_tLabels1={USPS}", "usps", USPS),
    ("https://tools.usps.com/go/TrackConfirmAction_input?tLabels=9400%201112%200108%200805%204830%2016", "usps", USPS),
    ("https://www.dhl.com/en/express/tracking.html?AWB=3318810025&brand=DHL", "dhl", "3318810025"),
    (f"https://www.dhl.com/de-de/home/tracking.html?tracking-id={PAKET}&submit=1", "dhl-de", PAKET),
    (f"https://www.dhl.de/de/privatkunden/pakete-empfangen/verfolgen.html?piececode={PAKET}", "dhl-de", PAKET),
    (f"http://nolp.dhl.de/nextt-online-public/set_identcodes.do?lang=de&idc={PAKET}", "dhl-de", PAKET),
    ("https://tracking.dpd.de/status/en_US/parcel/01005000000000", "dpd", "01005000000000"),
    ("https://track.dpd.co.uk/parcels/15501234567890", "dpd", "15501234567890"),
    ("https://www.dpdlocal.co.uk/apps/tracking/?reference=15501234567890", "dpd", "15501234567890"),
    ("https://gls-group.eu/EU/en/parcel-tracking?match=12345678900", "gls", "12345678900"),
    ("https://gls-group.com/track/ABCD12EF", "gls", "ABCD12EF"),
    ("https://www.royalmail.com/track-your-item#/tracking-results/RB123456785GB", "royalmail", "RB123456785GB"),
    ("https://www.royalmail.com/portal/rm/track?trackNumber=RB123456785GB", "royalmail", "RB123456785GB"),
    ("https://www.evri.com/track/parcel/H00AA10000000012/details", "evri", "H00AA10000000012"),
    ("https://www.evri.com/track#/parcel/H00AA10000000012/details", "evri", "H00AA10000000012"),
    ("https://www.yodel.co.uk/tracking/JD0002242617644732", "yodel", "JD0002242617644732"),
    (
        "https://www.canadapost-postescanada.ca/track-reperage/en#/search?searchFor=0073938000549297",
        "canadapost",
        "0073938000549297",
    ),
    (
        "https://www.canadapost-postescanada.ca/track-reperage/en#/details/0073938000549297",
        "canadapost",
        "0073938000549297",
    ),
    ("https://www.purolator.com/en/shipping/tracker?pin=320000000002", "purolator", "320000000002"),
    ("https://auspost.com.au/mypost/track/#/details/ABC123456701000930304", "auspost", "ABC123456701000930304"),
    ("https://www.laposte.fr/outils/suivre-vos-envois?code=8L41392078260", "laposte", "8L41392078260"),
    (
        "https://www.chronopost.fr/tracking-no-cms/suivi-page?listeNumerosLT=XW000000120JB",
        "chronopost",
        "XW000000120JB",
    ),
    ("https://jouw.postnl.nl/track-and-trace/3SABCD123456789-NL-1234AB", "postnl", "3SABCD123456789"),
    ("https://postnl.nl/tracktrace/?B=3SABCD1234567&P=1234AB&D=NL&T=C", "postnl", "3SABCD1234567"),
    ("https://rastreamento.correios.com.br/app/index.php?objetos=RB876543216BR", "correios", "RB876543216BR"),
    (
        "https://trackings.post.japanpost.jp/services/srv/search/direct?reqCodeNo1=EJ314159268JP&locale=en",
        "japanpost",
        "EJ314159268JP",
    ),
    ("https://www.ems.com.cn/queryList?mailNum=LX000000014CN", "chinapost", "LX000000014CN"),
    ("https://global.cainiao.com/newDetail.htm?mailNoList=LP00000000000001&lang=zh", "cainiao", "LP00000000000001"),
    ("https://www.yuntrack.com/parcelTracking?id=YT2229521272164446", "yunexpress", "YT2229521272164446"),
    ("https://track.4px.com/#/result/0/4PX3000000000000CN", "4px", "4PX3000000000000CN"),
    (
        "https://htm.sf-express.com/tw/en/dynamic_function/waybill/#search/bill-number/SF1234567890123",
        "sf",
        "SF1234567890123",
    ),
    ("https://www.aramex.com/track/results?ShipmentNumber=4700000000", "aramex", "4700000000"),
    ("https://track.landmarkglobal.com/?search=LTN74207623N1", "landmark", "LTN74207623N1"),
    ("https://tracking.asendia.com/tracking/LA444444445CH", "asendia", "LA444444445CH"),
    ("https://www.canpar.com/en/tracking/track.htm?barcode=D000000000000000000001", "canpar", "D000000000000000000001"),
    ("https://www.odfl.com/Trace/standardResult.faces?pro=07200000011", "old-dominion", "07200000011"),
    ("https://speedeedelivery.com/track/?tracking=SP000000000000000001", "spee-dee", "SP000000000000000001"),
    ("https://www.ontrac.com/tracking/?number=C11031500001879", "ontrac", "C11031500001879"),
    ("https://www.uniuni.com/tracking/?no=UUSC000000000001", "uniuni", "UUSC000000000001"),
    ("https://www.gofoexpress.com/tracking.html?searchID=GFUS01011884214464", "gofo", "GFUS01011884214464"),
    ("https://track.amazon.com/tracking/TBA502887274000", "amazon", "TBA502887274000"),
]


@pytest.mark.parametrize(("link", "carrier", "number"), LINKS, ids=[link.split("/")[2] for link, *_ in LINKS])
def test_a_carriers_own_link_names_the_carrier(link: str, carrier: str, number: str) -> None:
    (found,) = find_numbers(f"Follow it here: {link}.")

    best = found.candidates[0]
    assert (found.number, found.source, best.carrier) == (number, NumberSource.LINK, carrier)
    assert (best.certainty, MatchReason.LINK in best.reasons) == (Certainty.CHECKED, True)


def test_a_link_needs_no_scheme() -> None:
    (found,) = find_numbers("Follow it on track.dpd.co.uk/parcels/15501234567890 (any time)")

    assert (found.number, found.source, found.candidates[0].carrier) == ("15501234567890", NumberSource.LINK, "dpd")


@pytest.mark.parametrize(
    ("link", "numbers"),
    [
        ("https://t.17track.net/en#nums=RB123456785GB,YT2229521272164446", ["RB123456785GB", "YT2229521272164446"]),
        ("https://www.17track.net/en/track?nums=RB123456785GB%2CLP00000000000001", ["RB123456785GB", LP]),
        (f"https://tools.usps.com/go/TrackConfirmAction?tLabels={USPS}%2CLV112233447US", [USPS, "LV112233447US"]),
        (f"https://www.ups.com/track?tracknum={UPS}%0D%0A1Z999AA10123456784", [UPS, "1Z999AA10123456784"]),
        ("https://www.dhl.com/en/express/tracking.html?AWB=3318810025+3318810036", ["3318810025", "3318810036"]),
    ],
)
def test_several_numbers_in_one_link_are_found_in_order(link: str, numbers: list[str]) -> None:
    assert [found.number for found in find_numbers(link)] == numbers


@pytest.mark.parametrize(
    ("link", "carrier", "number"),
    [
        ("https://parcelsapp.com/en/tracking/RB123456785GB", "royalmail", "RB123456785GB"),
        ("https://a-shop.aftership.com/LP00000000000001", "cainiao", "LP00000000000001"),
        (f"https://track.aftership.com/ups/{UPS}", "ups", UPS),
        ("https://a-shop.aftership.com/yunexpress/YT1234567890123", "yunexpress", "YT1234567890123"),
        ("https://track24.net/?code=RB123456785GB", "royalmail", "RB123456785GB"),
    ],
)
def test_an_aggregators_link_gives_the_carrier_by_number_or_path(link: str, carrier: str, number: str) -> None:
    (found,) = find_numbers(link)

    assert (found.number, found.source, found.candidates[0].carrier) == (number, NumberSource.LINK, carrier)


@pytest.mark.parametrize(
    "link",
    [
        "https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fwww.ups.com%2Ftrack%3Ftracknum%3D1Z5R89390357567127&data=05%7C1234567890",
        "https://www.google.com/url?q=https://www.ups.com/track?tracknum%3D1Z5R89390357567127&sa=D",
        "https://click.shop.example/CL0/https:%2F%2Fwww.ups.com%2Ftrack%3Ftracknum=1Z5R89390357567127/1/0100018f",
        "https://a.example/r?u=https%3A%2F%2Fb.example%2F%3Furl%3Dhttps%253A%252F%252Fwww.ups.com%252Ftrack%253Ftracknum%253D1Z5R89390357567127",
    ],
)
def test_a_link_behind_redirects_is_found(link: str) -> None:
    (found,) = find_numbers(link)

    assert found.number == "1Z5R89390357567127"
    assert MatchReason.LINK in found.candidates[0].reasons


def test_a_known_site_with_a_new_parameter_is_searched_for_a_fitting_number() -> None:
    (found,) = find_numbers("https://www.ups.com/mobile?lang=en&sid=1234567890&newname=1Z5R89390357567127")

    assert (found.number, found.candidates[0].carrier) == ("1Z5R89390357567127", "ups")


def test_an_unknown_site_gives_only_distinctive_checked_numbers() -> None:
    found = find_numbers("https://shop.example/orders/3318810025?t=1Z5R89390357567127&sf=SF1234567890123")

    assert [(each.number, MatchReason.LINK in each.candidates[0].reasons) for each in found] == [(UPS, False)]


def test_a_number_of_an_unknown_format_is_accepted_in_its_carriers_link() -> None:
    (found,) = find_numbers("https://www.evri.com/track/parcel/9X9X9X9X9X/details")

    assert found.candidates[0][:4] == ("evri", "9X9X9X9X9X", "link", Certainty.CHECKED)


def test_a_distinctive_number_with_a_wrong_digit_stays_mistyped_in_a_link() -> None:
    (found,) = find_numbers("https://www.ups.com/track?tracknum=1Z5R89390357567128")

    best = found.candidates[0]
    assert (best.carrier, best.certainty, best.has_wrong_check_digit) == ("ups", Certainty.WEAK, True)


def test_plain_digits_with_a_wrong_check_digit_are_accepted_in_a_carriers_link() -> None:
    (found,) = find_numbers("https://www.fedex.com/fedextrack/?trknbr=986578788854")

    assert found.candidates[0][:4] == ("fedex", "986578788854", "link", Certainty.CHECKED)


def test_another_posts_item_in_a_posts_link_is_carried_by_that_post() -> None:
    (found,) = find_numbers("https://tools.usps.com/go/TrackConfirmAction?tLabels=LX000000014CN")

    assert [candidate.carrier for candidate in found.candidates] == ["usps", "chinapost"]


@pytest.mark.parametrize(
    "link", ["https://[broken", "https://", "https://www.ups.com/", "http://%", "https://ups.com/#%"]
)
def test_a_broken_or_empty_link_gives_nothing(link: str) -> None:
    assert find_numbers(link) == []
