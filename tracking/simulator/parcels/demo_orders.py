"""The demo orders: orders that a visitor can look up, each written to show one thing.

Plain data. E-mail addresses belong to nobody; telephone numbers are from the range reserved for fiction where a country
has one. The shop knows only the order's own `numbers`; carriers report the rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from . import normal_parcels, problem_parcels
from .places import PLACES, SimulatedPlace
from .scripted_journeys import ScriptedParcel


class DemoOrderLine(NamedTuple):
    """One order line: `value` (a decimal) and `grams` are those of one piece; HS code of six digits with a dot."""

    title: str
    quantity: int
    sku: str
    hs_code: str
    value: str
    currency: str
    grams: int


class DemoOrder(NamedTuple):
    """One order and its parcels.

    `title` says in one sentence what a visitor will see; `placed_days_ago` counts back from the demo's start.
    """

    slug: str
    title: str
    order_number: str
    email: str
    phone: str
    postal_code: str
    city: str
    placed_days_ago: int
    lines: tuple[DemoOrderLine, ...]
    parcels: tuple[ScriptedParcel, ...]

    @property
    def destination(self) -> SimulatedPlace:
        """Return the city to which the order goes."""
        return PLACES[self.city]

    @property
    def numbers(self) -> tuple[str, ...]:
        """Return the tracking numbers that the shop knows: those of the first carriers."""
        return tuple(parcel.number for parcel in self.parcels)


DEMO_ORDERS: Final[tuple[DemoOrder, ...]] = (
    DemoOrder(
        "live",
        "A parcel crosses the United States while you watch: something moves every half minute until it is delivered.",
        "LF-1001",
        "mira@example.com",
        "+1 202 555 0111",
        "60614",
        "Chicago",
        10,
        (
            DemoOrderLine("Trail running shoes", 1, "SHOE-TR-42", "6404.11", "64.00", "USD", 780),
            DemoOrderLine("Merino socks", 3, "SOCK-ME-M", "6115.94", "9.50", "USD", 60),
        ),
        (normal_parcels.LIVE_DELIVERY,),
    ),
    DemoOrder(
        "customs-papers",
        "German customs hold the parcel and ask for an invoice: the page says what to send, and by when.",
        "LF-1002",
        "jonas@example.com",
        "+49 30 23125 002",
        "10115",
        "Berlin",
        15,
        (DemoOrderLine("Mechanical keyboard", 1, "KEYB-75-BL", "8471.60", "118.00", "EUR", 1150),),
        (problem_parcels.PAPERS_MISSING,),
    ),
    DemoOrder(
        "customs-inspected",
        "French customs opened the parcel for inspection and released it after three days.",
        "LF-1003",
        "camille@example.com",
        "+33 1 99 00 10 03",
        "69003",
        "Lyon",
        14,
        (DemoOrderLine("Ceramic pour-over set", 1, "COFF-PO-02", "6912.00", "46.00", "EUR", 1320),),
        (problem_parcels.INSPECTED,),
    ),
    DemoOrder(
        "new-number",
        "At the British border the parcel gets a new carrier and a new number, and the page follows it by itself.",
        "LF-1004",
        "amara@example.com",
        "+44 161 496 0104",
        "M4 1HN",
        "Manchester",
        9,
        (DemoOrderLine("Desk lamp", 1, "LAMP-DK-WH", "9405.21", "39.00", "GBP", 1480),),
        (normal_parcels.RENUMBERED,),
    ),
    DemoOrder(
        "missed-delivery",
        "Nobody was at home in Valencia, so the parcel waits at the post office.",
        "LF-1005",
        "lucia@example.com",
        "+34 960 555 105",
        "46001",
        "Valencia",
        17,
        (DemoOrderLine("Linen shirt", 2, "SHRT-LN-M", "6205.90", "28.00", "EUR", 240),),
        (problem_parcels.MISSED_DELIVERY,),
    ),
    DemoOrder(
        "returned",
        "The delivery was refused in Perth and the parcel travels back to its sender.",
        "LF-1006",
        "noah@example.com",
        "+61 8 5550 1006",
        "6000",
        "Perth",
        29,
        (DemoOrderLine("Folding camp chair", 1, "CAMP-CH-GR", "9401.79", "54.00", "AUD", 2900),),
        (problem_parcels.RETURNING,),
    ),
    DemoOrder(
        "lost",
        "After weeks of silence the carrier gives the parcel up, and the page says so plainly.",
        "LF-1007",
        "owen@example.com",
        "+1 403 555 0107",
        "T2P 1J9",
        "Calgary",
        38,
        (DemoOrderLine("Wool beanie", 1, "HAT-WB-NV", "6505.00", "22.00", "CAD", 110),),
        (problem_parcels.LOST,),
    ),
    DemoOrder(
        "dawn",
        "Delivered in Auckland at six in the morning, on what was still the day before in most of the world.",
        "LF-1008",
        "aroha@example.com",
        "+64 9 555 0108",
        "1010",
        "Auckland",
        12,
        (DemoOrderLine("Bluetooth earphones", 1, "EAR-BT-BK", "8518.30", "49.00", "NZD", 95),),
        (normal_parcels.DAWN_DELIVERY,),
    ),
    DemoOrder(
        "three-parcels",
        "One order in three parcels by three carriers: one has come, one is at customs, one has only just left.",
        "LF-1009",
        "priya@example.com",
        "+1 617 555 0109",
        "02116",
        "Boston",
        11,
        (
            DemoOrderLine("Travel backpack", 1, "PACK-30-OL", "4202.92", "89.00", "USD", 1250),
            DemoOrderLine("Packing cubes", 1, "PACK-CB-4", "4202.92", "24.00", "USD", 310),
            DemoOrderLine("Rain cover", 2, "PACK-RC-30", "6307.90", "11.00", "USD", 120),
        ),
        (normal_parcels.FIRST_OF_THREE, normal_parcels.SECOND_OF_THREE, normal_parcels.THIRD_OF_THREE),
    ),
    DemoOrder(
        "label-only",
        "The label is made and no carrier has seen the parcel yet.",
        "LF-1010",
        "haruto@example.com",
        "+81 6 5555 0110",
        "530-0001",
        "Osaka",
        3,
        (DemoOrderLine("Fountain pen", 1, "PEN-FP-EF", "9608.30", "3800", "JPY", 60),),
        (normal_parcels.LABEL_ONLY,),
    ),
    DemoOrder(
        "told-twice",
        "Two carriers tell of one parcel, and what both have seen stands on the page once.",
        "LF-1011",
        "lena@example.com",
        "+49 221 4710 111",
        "50667",
        "Köln",
        12,
        (DemoOrderLine("Chess clock", 1, "CLCK-CH-01", "9106.90", "33.00", "EUR", 420),),
        (normal_parcels.REPORTED_BY_TWO_CARRIERS,),
    ),
    DemoOrder(
        "out-today",
        "Out for delivery in Edinburgh today.",
        "LF-1012",
        "isla@example.com",
        "+44 131 496 0112",
        "EH1 1YZ",
        "Edinburgh",
        4,
        (DemoOrderLine("Oatcake tin", 2, "OATC-TN-05", "1905.90", "8.50", "GBP", 500),),
        (normal_parcels.OUT_FOR_DELIVERY,),
    ),
    DemoOrder(
        "no-zones",
        "Delivered in Manaus by a carrier that never says which of Brazil's clocks it reads.",
        "LF-1013",
        "rafael@example.com",
        "+55 92 5555 0113",
        "69005-040",
        "Manaus",
        16,
        (DemoOrderLine("Hammock", 1, "HAMM-CT-XL", "6306.90", "210.00", "BRL", 1600),),
        (normal_parcels.WITHOUT_TIME_ZONES,),
    ),
    DemoOrder(
        "duties-due",
        "Egyptian customs wait for the duties to be paid.",
        "LF-1014",
        "salma@example.com",
        "+20 2 5555 0114",
        "11511",
        "Cairo",
        17,
        (DemoOrderLine("Sewing machine foot set", 1, "SEW-FT-32", "8452.90", "1450.00", "EGP", 380),),
        (problem_parcels.DUTIES_DUE,),
    ),
    DemoOrder(
        "before-it-left",
        "It left Tokyo in the evening and came to Honolulu on the morning of that same day: so the date line has it.",
        "LF-1015",
        "kai@example.com",
        "+1 808 555 0115",
        "96813",
        "Honolulu",
        7,
        (DemoOrderLine("Matcha whisk set", 1, "MATC-WS-01", "4602.19", "31.00", "USD", 260),),
        (normal_parcels.ARRIVES_BEFORE_DEPARTURE,),
    ),
    DemoOrder(
        "one-clock",
        "China Post writes scans made in Australia in China's clock, and the page still shows the right moment.",
        "LF-1016",
        "ruby@example.com",
        "+61 3 5550 0116",
        "3000",
        "Melbourne",
        13,
        (DemoOrderLine("Puzzle, 1000 pieces", 1, "PUZZ-1K-03", "9503.00", "27.00", "AUD", 840),),
        (normal_parcels.ON_ORIGIN_CLOCK,),
    ),
    DemoOrder(
        "late-news",
        "The carriers tell late and in the wrong order, and the parcel never moves backwards.",
        "LF-1017",
        "chloe@example.com",
        "+1 416 555 0117",
        "M5V 2T6",
        "Toronto",
        9,
        (DemoOrderLine("Yoga mat", 1, "YOGA-MT-6", "9506.91", "42.00", "CAD", 1900),),
        (normal_parcels.LATE_SCAN,),
    ),
)


def demo_parcels_by_number() -> dict[str, ScriptedParcel]:
    """Return every parcel of the demo orders by its first number."""
    return {parcel.number: parcel for parcel in _all_parcels()}


def _all_parcels() -> Iterator[ScriptedParcel]:
    for order in DEMO_ORDERS:
        yield from order.parcels
