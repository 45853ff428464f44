"""All adapters by slug. Adding a carrier = one file and one line here."""

from __future__ import annotations

from typing import Final

from tracking.carriers.adapter import Adapter
from tracking.carriers.aftership import AfterShip
from tracking.carriers.aramex import Aramex
from tracking.carriers.asendia import Asendia
from tracking.carriers.auspost import AusPost
from tracking.carriers.cainiao import Cainiao
from tracking.carriers.canadapost import CanadaPost
from tracking.carriers.chinapost import ChinaPost
from tracking.carriers.dhl import DHL
from tracking.carriers.dhl_de import DhlPaket
from tracking.carriers.dpd import Dpd
from tracking.carriers.easypost import EasyPost
from tracking.carriers.fedex import FedEx
from tracking.carriers.fourpx import FourPx
from tracking.carriers.gls import Gls
from tracking.carriers.landmark import Landmark
from tracking.carriers.laposte import LaPoste
from tracking.carriers.postnl import PostNl
from tracking.carriers.royalmail import RoyalMail
from tracking.carriers.s10 import PostalItem
from tracking.carriers.seventeentrack import SeventeenTrack
from tracking.carriers.sf import SfExpress
from tracking.carriers.ship24 import Ship24
from tracking.carriers.shippo import Shippo
from tracking.carriers.trackingmore import TrackingMore
from tracking.carriers.ups import UPS
from tracking.carriers.usps import USPS
from tracking.carriers.yunexpress import YunExpress

ADAPTERS: Final[dict[str, Adapter]] = {
    adapter.slug: adapter
    for adapter in (
        SeventeenTrack(),
        AfterShip(),
        EasyPost(),
        Ship24(),
        Shippo(),
        TrackingMore(),
        Cainiao(),
        ChinaPost(),
        DhlPaket(),
        Dpd(),
        FourPx(),
        Gls(),
        PostNl(),
        PostalItem(),
        SfExpress(),
        Aramex(),
        Asendia(),
        AusPost(),
        CanadaPost(),
        DHL(),
        FedEx(),
        Landmark(),
        LaPoste(),
        RoyalMail(),
        UPS(),
        USPS(),
        YunExpress(),
    )
}
