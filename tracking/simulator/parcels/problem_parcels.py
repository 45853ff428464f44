"""The demo's parcels with problems: customs, a missed delivery, a refusal, a loss. Their numbers are invented."""

from __future__ import annotations

from typing import Final

from .scripted_journeys import ScriptedParcel

PAPERS_MISSING: Final = ScriptedParcel(
    "LX604182733CN",
    "Hangzhou",
    "Berlin",
    measurements=(1420, 38, 16, 6),
    script="""
    China Post
      -13 15:20  picked_up         Hangzhou
      -12 10:02  origin_departed   Hangzhou
      -11 08:30  export_presented  Shanghai
      -11 21:15  export_released   Shanghai
      -9 13:40   departed          Shanghai
      -7 06:55   arrived           Frankfurt
    DHL Paket
      -6 09:12   import_presented  Frankfurt
      -5 14:36   papers            Frankfurt
      +75h       import_presented  Frankfurt  Unterlagen eingegangen, die Verzollung wird fortgesetzt = Documents \
received, customs clearance continues
      +150h      import_released   Frankfurt
      +156h      local_departed    Frankfurt
      +167h      local_arrived     Leipzig
      +184h      local_departed    Leipzig
      +192h      depot             Berlin
      +201h      out               Berlin
      +209h      delivered         Berlin
""",
)
INSPECTED: Final = ScriptedParcel(
    "4PX3004718265093CN",
    "Shenzhen",
    "Lyon",
    service="Priority",
    estimate_days=(2.0, 4.0),
    measurements=(1760, 28, 28, 20),
    script="""
    4PX
      -12 18:20  picked_up         Shenzhen
      -11 02:10  origin_arrived    Shenzhen
      -10 20:41  export_released   Shenzhen
      -9 23:30   departed          Hong Kong
      -8 07:12   transit_arrived   Liège
      -8 19:03   transit_departed  Liège
      -7 05:50   arrived           Paris
    Colissimo
      -6 10:21   import_presented  Paris
      -5 16:02   inspected         Paris
      -2 11:47   import_released   Paris
      -6h        accepted          Paris
      +3.5h      local_departed    Paris
      +19h       local_arrived     Lyon
      +37h       depot             Lyon
      +55h       out               Lyon
      +67h       delivered         Lyon
""",
)
DUTIES_DUE: Final = ScriptedParcel(
    "EA448109232EG",
    "Yiwu",
    "Cairo",
    script="""
    Yanwen
      -15 13:00  picked_up         Yiwu
      -13 18:27  export_released   Shanghai
      -12 04:10  departed          Shanghai
      -10 12:42  arrived           Cairo
    Egypt Post
      -9 10:05   import_presented  Cairo
      -7 11:30   duties            Cairo
      +117h      import_presented  Cairo  Duties paid, customs clearance continues
      +171h      import_released   Cairo
      +205h      local_departed    Cairo
      +242h      depot             Cairo
      +261h      out               Cairo
      +267h      delivered         Cairo
""",
)
MISSED_DELIVERY: Final = ScriptedParcel(
    "LK381204755CN",
    "Yiwu",
    "Valencia",
    script="""
    China Post
      -16 11:12  picked_up         Yiwu
      -15 20:50  origin_departed   Yiwu
      -14 09:17  export_released   Shanghai
      -12 17:23  departed          Shanghai
      -10 05:36  arrived           Madrid
    Correos
      -9 08:12   import_presented  Madrid
      -7 13:55   import_released   Madrid
      -6 10:30   accepted          Madrid
      -4 12:03   local_arrived     Valencia
      -3 07:44   depot             Valencia
      -2 09:05   out               Valencia
      -2 13:20   absent            Valencia
      +4.5h      pickup            Valencia  El envío está disponible para su recogida en la oficina hasta dentro de \
15 días = The parcel can be collected at the post office for 15 days
      +144h      collected         Valencia
""",
)
RETURNING: Final = ScriptedParcel(
    "UG529017482YP",
    "Guangzhou",
    "Perth",
    script="""
    Yanwen
      -27 10:45  picked_up         Guangzhou
      -25 16:20  export_released   Guangzhou
      -24 01:35  departed          Guangzhou
      -22 14:50  arrived           Sydney
    Australia Post
      -21 09:30  import_released   Sydney
      -20 11:14  accepted          Sydney  Received by Australia Post
      -18 06:40  local_arrived     Perth   Arrived at facility
      -16 08:02  out               Perth   Onboard for delivery
      -16 15:27  refused           Perth   Delivery attempted, refused by the recipient
      -12 10:11  returning         Perth   Return to sender in progress
      +25h       local_departed    Sydney  Returning parcel departed facility
      +111h      arrived           Guangzhou  Returning parcel arrived in country of origin
    Yanwen
      +161h      returned          Guangzhou
""",
)
LOST: Final = ScriptedParcel(
    "RB539201470CN",
    "Shanghai",
    "Calgary",
    script="""
    China Post
      -36 13:05  picked_up         Shanghai
      -35 19:42  origin_departed   Shanghai
      -34 08:15  export_released   Shanghai
      -33 14:30  departed          Shanghai
      -31 12:20  arrived           Vancouver
    Canada Post
      -29 09:36  import_released   Vancouver  International item released by customs
      -28 17:08  local_departed    Vancouver  Item departed
      -2 10:04   lost              Vancouver  Item could not be located and is considered lost
""",
)
