"""The parcels of demo orders that hold their state: their scripts, all of them in the past. Their numbers are invented.

`{+3}` in a text is the date three days after the day on which the parcel starts.
"""

from __future__ import annotations

from typing import Final

from .carriers import check_digit
from .scripted_journeys import ScriptedParcel

EXPORTED: Final = """
    China Post
      -12 15:20  picked_up         Hangzhou
      -11 10:02  origin_departed   Hangzhou
      -10 08:30  export_presented  Shanghai
      -10 21:15  export_released   Shanghai
      -9 13:40   departed          Shanghai
"""
AT_CUSTOMS: Final = f"""{EXPORTED}
      -2 05:32   arrived           London
    Royal Mail
      -1 08:12   import_presented  London  Item presented to customs
"""
CLEARED: Final = f"""{EXPORTED}
      -7 05:32   arrived           London
    Royal Mail
      -6 19:05   import_presented  London  Item presented to customs
      -5 11:10   import_released   London  Item released by customs
      -4 08:05   accepted          London  Accepted at our national hub
      -3 06:20   local_arrived     London  Item received at our mail centre
"""
IN_MANCHESTER: Final = f"""{CLEARED}
      -3 21:44   local_departed    London  Item leaving our mail centre
      -2 05:40   depot             Manchester  Item received at the delivery office
"""
DELIVERY_TRIED: Final = f"""{IN_MANCHESTER}
      -1 07:35   out               Manchester  Item out for delivery
"""
EARLIER_PARCEL: Final = """
    Royal Mail
      -75 10:20  picked_up         Edinburgh  Accepted at post office
      -74 06:10  local_arrived     London  Item received at our mail centre
      -73 07:40  out               London  Item out for delivery
      -73 12:05  delivered         London  Delivered
"""
CAME_BACK_AND_LEFT_AGAIN: Final = """
    China Post
      -48 15:20  picked_up         Hangzhou
      -46 21:15  export_released   Shanghai
      -45 13:40  departed          Shanghai
      -43 05:32  arrived           London
    Royal Mail
      -42 11:10  import_presented  London  Item presented to customs
      -36 10:11  returning         London  Return to sender in progress
    China Post
      -20 10:00  returned          Hangzhou
      -12 15:20  picked_up         Hangzhou
      -10 21:15  export_released   Shanghai
      -9 13:40   departed          Shanghai
      -7 05:32   arrived           London
    Royal Mail
      -5 11:10   import_released   London  Item released by customs
      -3 06:20   local_arrived     London  Item received at our mail centre
"""
TWO_PARCELS: Final = """
    China Post
      -38 15:20  picked_up         Hangzhou
      -36 21:15  export_released   Shanghai
      -35 13:40  departed          Shanghai
      -33 05:32  arrived           London
      -28 12:10  delivered         London  已妥投 = Delivered
      -6 15:20   picked_up         Hangzhou
      -5 10:02   origin_departed   Hangzhou
"""
STALLED: Final = """
    China Post
      -46 15:20  picked_up         Hangzhou
      -45 10:02  origin_departed   Hangzhou
      -44 08:30  export_presented  Shanghai
      -44 21:15  export_released   Shanghai
      -43 13:40  departed          Shanghai
"""
STAGES_OF_MANY: Final = (
    CLEARED,
    IN_MANCHESTER,
    AT_CUSTOMS,
    EXPORTED,
    f"{DELIVERY_TRIED}      -1 11:50   delivered         Manchester  Delivered\n",
)
"""How far the parcels of a large order are, in turn."""


def build_parcel(serial: int, script: str, estimate_days: tuple[float, float] | None = None) -> ScriptedParcel:
    """Return a parcel from Hangzhou to Manchester with the S10 number of a serial of up to eight digits."""
    digits = f"{serial:08d}"
    return ScriptedParcel(
        f"LH{digits}{check_digit(digits)}CN", "Hangzhou", "Manchester", script=script, estimate_days=estimate_days
    )


def build_many(first_serial: int, count: int) -> tuple[ScriptedParcel, ...]:
    """Return the parcels of a large order."""
    return tuple(
        build_parcel(first_serial + index, STAGES_OF_MANY[index % len(STAGES_OF_MANY)], (6.0, 10.0))
        for index in range(count)
    )


WITHOUT_NUMBER: Final = ScriptedParcel("", "Hangzhou", "Manchester", script="")
