"""Demo orders that hold their state: one for each row of the decision table, and more for what can lie over it.

Plain data. Everything is dated from the day on which an order starts; after `hold_hours` it starts again.
"""

from __future__ import annotations

from typing import Final

from .held_order import HeldOrder, hold
from .held_parcels import (
    AT_CUSTOMS,
    CAME_BACK_AND_LEFT_AGAIN,
    CLEARED,
    DELIVERY_TRIED,
    EARLIER_PARCEL,
    EXPORTED,
    IN_MANCHESTER,
    STALLED,
    TWO_PARCELS,
    WITHOUT_NUMBER,
    build_many,
    build_parcel,
)

HELD_ORDERS: Final = (
    HeldOrder(
        "no-number",
        "The shop has not given a number yet.",
        "LF-2001",
        "HAT-WB-NV",
        (WITHOUT_NUMBER,),
        placed_days_ago=1,
    ),
    hold("number-unknown", 2002, "SOCK-ME-M", "The carrier does not know the number yet.", "")._replace(
        placed_days_ago=1
    ),
    hold(
        "only-earlier-use", 2003, "CAMP-CH-GR", "All scans are of an earlier parcel with this number.", EARLIER_PARCEL
    )._replace(placed_days_ago=2),
    hold(
        "label-only",
        2004,
        "KEYB-75-BL",
        "There is a label, and no carrier has the parcel.",
        "\n    China Post\n",
        "-1 17:30   label             Hangzhou",
    )._replace(placed_days_ago=2),
    HeldOrder(
        "untracked",
        "Sent by a service without tracking.",
        "LF-2005",
        "PACK-CB-4",
        (WITHOUT_NUMBER,),
        placed_days_ago=5,
        statement="untracked",
    ),
    hold("on-the-way", 2006, "SHOE-TR-42", "On its way, with a narrow window.", CLEARED, estimate_days=(4.0, 8.0)),
    hold("no-date", 2007, "HAMM-CT-XL", "On its way, but nobody can say when it comes.", EXPORTED)._replace(
        is_country_known=False
    ),
    hold(
        "at-customs",
        2008,
        "PACK-30-OL",
        "At customs, as usual: ten dots say how many are through by now.",
        AT_CUSTOMS,
        estimate_days=(6.0, 10.0),
    ),
    hold(
        "out-for-delivery",
        2009,
        "EAR-BT-BK",
        "Out for delivery today, between two hours.",
        IN_MANCHESTER,
        "-1.5h      out               Manchester  Item out for delivery",
    )._replace(hold_hours=6),
    hold(
        "ready-to-collect",
        2010,
        "SHRT-LN-M",
        "Waits at a post office for ten days.",
        DELIVERY_TRIED,
        "-1 14:10   pickup            Manchester  Ready to collect at the post office until {+10}",
    ),
    hold(
        "ready-to-collect",
        2011,
        "EAR-BT-BK",
        "Waits in a parcel locker that opens with a code.",
        DELIVERY_TRIED,
        "-1 14:10   pickup  Manchester  Ready to collect from Parcel Locker 118 until {+6}; pick-up code 482913",
    )._replace(slug="locker"),
    hold(
        "sent-again",
        2012,
        "YOGA-MT-6",
        "Came back, and the shop sent it again.",
        CAME_BACK_AND_LEFT_AGAIN,
        estimate_days=(4.0, 8.0),
    )._replace(placed_days_ago=50),
    hold("two-parcels", 2013, "PACK-RC-30", "Two parcels seem to have one number.", TWO_PARCELS)._replace(
        placed_days_ago=40
    ),
    hold("lost", 2014, "HAT-WB-NV", "Lost.", CLEARED, "-1 10:04   lost              London"),
    hold(
        "delivery-withdrawn",
        2015,
        "SOCK-ME-M",
        "Reported as delivered, then taken back.",
        DELIVERY_TRIED,
        "-1 11:50   delivered  Manchester  Delivered\n      -3h  out  Manchester  Item out for delivery",
    ),
    hold("damaged", 2016, "KEYB-75-BL", "Damaged on the way.", CLEARED, "-1 10:04   damaged           London"),
    hold(
        "returning",
        2017,
        "SHRT-LN-M",
        "On its way back to the shop.",
        DELIVERY_TRIED,
        "-1 12:40   refused           Manchester\n      -12h       returning         Manchester",
    ),
    hold(
        "customs-asks",
        2018,
        "KEYB-75-BL",
        "Customs ask for an invoice.",
        AT_CUSTOMS,
        "-12h  papers  London  Customs asks for documents: commercial invoice and proof of payment required",
    ),
    hold(
        "duties-due",
        2019,
        "SHOE-TR-42",
        "Import duties are to be paid, with the carrier's own link.",
        AT_CUSTOMS,
        "-12h  duties  London  Held: import duties of GBP 18.40 must be paid at https://pay.royalmail.example/2019",
    ),
    hold(
        "address-problem",
        2020,
        "CAMP-CH-GR",
        "The carrier cannot find the address.",
        DELIVERY_TRIED,
        "-1 12:40   bad_address       Manchester",
    ),
    hold(
        "attempt-failed",
        2021,
        "YOGA-MT-6",
        "Nobody was at home.",
        DELIVERY_TRIED,
        "-1 12:40   absent            Manchester",
    ),
    hold(
        "pickup-expiring",
        2022,
        "PACK-CB-4",
        "Must be collected by tomorrow.",
        DELIVERY_TRIED,
        "-1 14:10   pickup            Manchester  Ready to collect at the post office until {+1}",
    ),
    hold(
        "pickup-expired",
        2023,
        "PACK-RC-30",
        "The days to collect it are over.",
        f"{IN_MANCHESTER}      -2 14:10   pickup            Manchester  Ready to collect at the post office\n",
        "-1 14:10   not_collected     Manchester",
    ),
    hold(
        "held-at-export",
        2024,
        "EAR-BT-BK",
        "Held by customs where it comes from.",
        "\n    China Post\n      -5 15:20   picked_up         Hangzhou\n      -4 08:30   export_presented  Shanghai\n",
        "-3 09:20   inspected         Shanghai",
    )._replace(placed_days_ago=7),
    hold(
        "customs-inspection",
        2025,
        "HAMM-CT-XL",
        "Customs have opened it.",
        AT_CUSTOMS,
        "-12h        inspected         London",
    ),
    hold("held-up", 2026, "PACK-30-OL", "Customs refused it.", AT_CUSTOMS, "-12h        stopped           London"),
    hold("delayed", 2027, "SHOE-TR-42", "The carrier reports a delay.", CLEARED, "-1 16:02   delayed           London"),
    hold("delayed", 2028, "SOCK-ME-M", "Comes after the day that the shop promised.", CLEARED)._replace(
        slug="late-promise", promised_days=-1
    ),
    hold("stalled", 2029, "HAT-WB-NV", "Nothing has moved for weeks.", STALLED)._replace(placed_days_ago=48),
    hold(
        "delivered",
        2030,
        "EAR-BT-BK",
        "Delivered.",
        DELIVERY_TRIED,
        "-1 11:50   delivered         Manchester  Delivered; signed for by J. Marsh",
    ),
    hold(
        "with-neighbour",
        2031,
        "YOGA-MT-6",
        "Left with a neighbour.",
        DELIVERY_TRIED,
        "-1 11:50   delivered         Manchester  Delivered to your neighbour at number 14",
    ),
    hold(
        "in-safe-place",
        2032,
        "CAMP-CH-GR",
        "Left in a safe place.",
        DELIVERY_TRIED,
        "-1 11:50   delivered         Manchester  Delivered, left in the garage; photo taken",
    ),
    hold(
        "collected",
        2033,
        "SHRT-LN-M",
        "Collected at the post office.",
        IN_MANCHESTER,
        "-1 16:20   collected         Manchester",
    ),
    hold(
        "not-received",
        2034,
        "KEYB-75-BL",
        "Delivered, says the carrier; not received, says the buyer.",
        IN_MANCHESTER,
        "-2 11:50   delivered         Manchester  Delivered",
    )._replace(is_reported_missing=True),
    hold(
        "returned",
        2035,
        "HAMM-CT-XL",
        "Back at the shop.",
        CAME_BACK_AND_LEFT_AGAIN.partition("      -12 ")[0],
    )._replace(placed_days_ago=50),
    hold(
        "sent-back",
        2036,
        "PACK-30-OL",
        "The buyer sends it back.",
        IN_MANCHESTER.replace("-2 05:40", "-3 23:50"),
        "-2 11:50   delivered         Manchester  Delivered\n      -4h        returning         Manchester",
    ),
    HeldOrder(
        "cancelled",
        "Cancelled by the shop.",
        "LF-2037",
        "PACK-CB-4",
        (build_parcel(50_202_037, ""),),
        placed_days_ago=2,
        statement="cancelled",
    ),
    hold(
        "on-the-way",
        2038,
        "PACK-RC-30",
        "On its way, while its carrier's service does not answer.",
        CLEARED,
        estimate_days=(4.0, 8.0),
    )._replace(slug="feed-down", is_feed_down=True),
    HeldOrder(
        "on-the-way", "One order in fourteen parcels.", "LF-2039", "SOCK-ME-M", build_many(50_203_901, 14), slug="many"
    ),
)
