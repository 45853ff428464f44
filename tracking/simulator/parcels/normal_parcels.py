"""The demo's parcels without problems, each reported in its carriers' own way. Their numbers are invented."""

from __future__ import annotations

from typing import Final

from .scripted_journeys import ScriptedParcel

LIVE_DELIVERY: Final = ScriptedParcel(
    "UG471203869YP",
    "Shenzhen",
    "Chicago",
    service="Standard",
    estimate_days=(2.0, 5.0),
    measurements=(1180, 34, 22, 13),
    script="""
    Yanwen
      -9 09:40   label             Shenzhen
      -8 16:12   picked_up         Shenzhen
      -8 21:05   origin_arrived    Dongguan
      -7 11:30   origin_departed   Dongguan
      -6 09:18   export_presented  Guangzhou
      -6 19:44   export_released   Guangzhou
      -5 06:10   airline           Guangzhou
      -5 23:55   departed          Guangzhou
      -3 04:20   arrived           Los Angeles
      -5.5h      import_presented  Los Angeles
      +2.5h      import_released   Los Angeles
      +7h        handed_over       Los Angeles  已转交 USPS 派送 = Handed over to USPS
    USPS
      -2.5h      label             Los Angeles  Shipping label created, USPS awaiting item
      +12h       accepted          Los Angeles  Accepted at USPS origin facility
      +17h       local_arrived     Los Angeles  Arrived at USPS regional facility
      +22h       local_departed    Los Angeles  Departed USPS regional facility
      +28h       local_arrived     Denver       Arrived at USPS regional facility
      +34h       local_departed    Denver       Departed USPS regional facility
      +40h       local_arrived     Des Moines   Arrived at USPS regional facility
      +46h       local_departed    Des Moines   Departed USPS regional facility
      +52h       local_arrived     Chicago      Arrived at USPS regional destination facility
      +58h       local_departed    Chicago      Departed USPS regional destination facility
      +64h       depot             Chicago      Arrived at post office
      +71h       out               Chicago      Out for delivery
      +88h       delivered         Chicago      Delivered, in or at mailbox
""",
)
RENUMBERED: Final = ScriptedParcel(
    "YT2632800417259036",
    "Dongguan",
    "Manchester",
    measurements=(1990, 46, 24, 20),
    script="""
    YunExpress
      -8 14:05   label             Dongguan
      -7 17:26   picked_up         Dongguan
      -6 09:31   origin_departed   Dongguan
      -5 12:48   export_released   Guangzhou
      -4 22:14   departed          Guangzhou
      -2 15:32   arrived           London
      -4h        import_presented  London
      +5h        import_released   London
      +10h       handed_over       London  Handed over to Royal Mail, new tracking number RX715029340GB
""",
    next_parcel=ScriptedParcel(
        "RX715029340GB",
        "Dongguan",
        "Manchester",
        script="""
    Royal Mail
      +14h       accepted          London      We've got it
      +31h       local_arrived     London      Item received at our mail centre
      +49h       local_departed    London      Item leaving our mail centre
      +69h       depot             Manchester  Item received at the delivery office
      +85h       out               Manchester  Item out for delivery
      +103h      delivered         Manchester  Delivered
""",
    ),
)
DAWN_DELIVERY: Final = ScriptedParcel(
    "UG601374955YP",
    "Shenzhen",
    "Auckland",
    script="""
    Yanwen
      -11 10:31  picked_up         Shenzhen
      -9 15:12   export_released   Guangzhou
      -8 23:40   departed          Guangzhou
      -6 05:25   arrived           Auckland
    NZ Post
      -5 09:17   import_released   Auckland  Cleared by border agencies
      -4 08:45   accepted          Auckland  Picked up by NZ Post
      -3 20:10   depot             Auckland  Arrived at depot
      -2 05:20   out               Auckland  With courier for delivery
      -2 06:05   delivered         Auckland  Delivered
""",
)
FIRST_OF_THREE: Final = ScriptedParcel(
    "SF1384720569312",
    "Shenzhen",
    "Boston",
    service="Express",
    script="""
    SF Express
      -9 16:40   picked_up         Shenzhen  顺丰速运 已收取快件 = SF Express has picked up the parcel
      -8 23:15   export_released   Shenzhen
      -7 02:50   departed          Shenzhen
      -6 11:22   arrived           New York
      -5 09:38   import_released   New York
    USPS
      -4 08:16   accepted          New York  Accepted at USPS facility
      -3 07:32   out               Boston    Out for delivery
      -3 15:48   delivered         Boston    Delivered, left with individual
""",
)
SECOND_OF_THREE: Final = ScriptedParcel(
    "4PX3009264170835CN",
    "Hangzhou",
    "Boston",
    script="""
    4PX
      -8 14:10   picked_up         Hangzhou
      -6 19:53   export_released   Shanghai
      -5 21:06   departed          Shanghai
      -3 10:32   arrived           Los Angeles
      -7h        import_presented  Los Angeles
      +43h       import_released   Los Angeles
    USPS
      +61h       accepted          Los Angeles  Accepted at USPS facility
      +78h       local_departed    Los Angeles  Departed USPS regional facility
      +107h      local_arrived     Boston       Arrived at USPS regional destination facility
      +126h      depot             Boston       Arrived at post office
      +141h      out               Boston       Out for delivery
      +153h      delivered         Boston       Delivered, left with individual
""",
)
THIRD_OF_THREE: Final = ScriptedParcel(
    "YT2632700982416357",
    "Guangzhou",
    "Boston",
    service="Economy",
    script="""
    YunExpress
      -3 09:20   label             Guangzhou
      -2 18:44   picked_up         Guangzhou
      +1.2h      origin_arrived    Guangzhou
      +16h       origin_departed   Guangzhou
      +57h       export_presented  Guangzhou
      +81h       export_released   Guangzhou
      +98h       airline           Guangzhou
      +131h      departed          Guangzhou
      +147h      transit_arrived   Hong Kong
      +176h      transit_departed  Hong Kong
      +198h      transit_arrived   Narita
      +232h      transit_departed  Narita
      +362h      arrived           Los Angeles
      +396h      import_presented  Los Angeles
      +432h      import_released   Los Angeles
    USPS
      +456h      accepted          Los Angeles  Accepted at USPS facility
      +513h      local_arrived     Boston       Arrived at USPS regional destination facility
      +537h      out               Boston       Out for delivery
      +545h      delivered         Boston       Delivered, in or at mailbox
""",
)
LABEL_ONLY: Final = ScriptedParcel(
    "UG755301843YP",
    "Yiwu",
    "Osaka",
    script="""
    Yanwen
      -2 17:30   label             Yiwu
      +188h      picked_up         Yiwu
      +222h      origin_arrived    Yiwu
      +252h      origin_departed   Yiwu
      +278h      export_presented  Shanghai
      +302h      export_released   Shanghai
      +331h      departed          Shanghai
      +376h      arrived           Narita
    Japan Post
      +414h      import_presented  Kawasaki  通関手続中 = In customs clearance
      +474h      import_released   Kawasaki  税関から受領 = Received from customs
      +527h      local_departed    Kawasaki  国際交換局から発送 = Dispatched from the office of exchange
      +575h      depot             Osaka     到着 = Arrived at the delivery office
      +603h      out               Osaka     持ち出し中 = Out for delivery
      +609h      delivered         Osaka     お届け済み = Delivered
""",
)
REPORTED_BY_TWO_CARRIERS: Final = ScriptedParcel(
    "LV917502641CN",
    "Guangzhou",
    "Köln",
    script="""
    China Post
      -10 10:15  picked_up         Guangzhou
      -9 14:36   origin_departed   Guangzhou
      -8 09:42   export_presented  Guangzhou
      -8 20:18   export_released   Guangzhou
      -7 16:55   departed          Guangzhou
      -5 07:30   arrived           Frankfurt
      -4 08:00   import_presented  Frankfurt
      +8.5h      import_released   Frankfurt
      +91h       delivered         Köln  已妥投 = Delivered
    DHL Paket
      -5 07:34   arrived           Frankfurt
      -4 08:06   import_presented  Frankfurt
      +8.6h      import_released   Frankfurt
      +21h       accepted          Frankfurt
      +39h       local_arrived     Köln
      +63h       depot             Köln
      +79h       out               Köln
      +91h       delivered         Köln
""",
)
OUT_FOR_DELIVERY: Final = ScriptedParcel(
    "RR192837461GB",
    "Manchester",
    "Edinburgh",
    service="Tracked 48",
    estimate_days=(0.0, 0.0),
    script="""
    Royal Mail
      -3 16:25   picked_up         Manchester  Accepted at post office
      -3 20:50   local_arrived     Manchester  Item received at our mail centre
      -2 04:12   local_departed    Manchester  Item leaving our mail centre
      -9h        depot             Edinburgh   Item received at the delivery office
      -1.5h      out               Edinburgh   Item out for delivery
      +122h      delivered         Edinburgh   Delivered to your neighbour
""",
)
WITHOUT_TIME_ZONES: Final = ScriptedParcel(
    "NL831047265BR",
    "São Paulo",
    "Manaus",
    service="PAC",
    carriers_without_zone=("Correios",),
    script="""
    Correios
      -14 10:12  picked_up         São Paulo  Objeto postado = Object posted
      -13 19:40  local_departed    São Paulo
      -11 06:25  local_arrived     Recife
      -10 21:33  local_departed    Recife
      -6 08:54   local_arrived     Manaus
      -5 09:20   out               Manaus
      -5 14:23   delivered         Manaus
""",
)
ARRIVES_BEFORE_DEPARTURE: Final = ScriptedParcel(
    "RN304175822JP",
    "Tokyo",
    "Honolulu",
    script="""
    Japan Post
      -6 10:20   picked_up         Tokyo     引受 = Posted
      -5 09:00   export_presented  Kawasaki  国際交換局に到着 = Arrived at the office of exchange
      -3 21:40   departed          Narita    国際交換局から発送 = Dispatched from the office of exchange
    USPS
      -3 10:05   arrived           Honolulu  Arrived in the United States
      -2 08:30   import_presented  Honolulu  Inbound into customs
      +33h       import_released   Honolulu  Inbound out of customs
      +46h       accepted          Honolulu  Processed through USPS facility
      +73h       depot             Honolulu  Arrived at post office
      +95h       out               Honolulu  Out for delivery
      +114h      delivered         Honolulu  Delivered, front desk or reception
""",
)
ON_ORIGIN_CLOCK: Final = ScriptedParcel(
    "LZ274019588CN",
    "Guangzhou",
    "Melbourne",
    carriers_on_origin_clock=("China Post",),
    script="""
    China Post
      -12 09:30  picked_up         Guangzhou
      -10 17:45  export_released   Guangzhou
      -9 22:20   departed          Guangzhou
      -7 08:15   arrived           Sydney
      -3 12:10   import_released   Sydney
      -8h        accepted          Sydney  已交澳大利亚邮政 = Received by Australia Post
      +26h       local_departed    Sydney  离开悉尼处理中心 = Departed from Sydney facility
      +66h       local_arrived     Melbourne  到达墨尔本处理中心 = Arrived at Melbourne facility
      +100h      depot             Melbourne  到达投递局 = Arrived at the delivery office
      +128h      out               Melbourne  正在投递 = Out for delivery
      +136h      delivered         Melbourne  已妥投 = Delivered
""",
)
LATE_SCAN: Final = ScriptedParcel(
    "RY830192748CN",
    "Dongguan",
    "Toronto",
    script="""
    China Post
      -8 11:20   picked_up         Dongguan
      -6 15:42   export_released   Guangzhou
      -5 20:36 reported -2 09:00   departed  Guangzhou
      -3 08:10 reported +6h        arrived   Vancouver
    Canada Post
      -7h reported +15h            import_presented  Vancouver  International item being reviewed by customs
      +11h reported +32h           import_released   Vancouver  International item released by customs
      +27h reported +29.5h         local_arrived     Vancouver  Item processed
      +50h reported +59.5h         local_departed    Vancouver  Item departed
      +83h       local_arrived     Toronto  Item processed
      +105h      depot             Toronto  Item arrived at delivery office
      +119h      out               Toronto  Item out for delivery
      +134h      delivered         Toronto  Delivered
""",
)
