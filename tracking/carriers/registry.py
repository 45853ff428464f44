"""All adapters by slug. A new adapter is listed here; README.md has the other steps of adding a carrier."""

from __future__ import annotations

from typing import Final

from tracking.carriers.adapter import Adapter
from tracking.carriers.adapters.aftership import AfterShip
from tracking.carriers.adapters.aramex import Aramex
from tracking.carriers.adapters.asendia import Asendia
from tracking.carriers.adapters.auspost import AusPost
from tracking.carriers.adapters.cainiao import Cainiao
from tracking.carriers.adapters.canadapost import CanadaPost
from tracking.carriers.adapters.chinapost import ChinaPost
from tracking.carriers.adapters.dhl import DHL
from tracking.carriers.adapters.dhl_de import DhlPaket
from tracking.carriers.adapters.dpd import Dpd
from tracking.carriers.adapters.easypost import EasyPost
from tracking.carriers.adapters.fedex import FedEx
from tracking.carriers.adapters.fourpx import FourPx
from tracking.carriers.adapters.gls import Gls
from tracking.carriers.adapters.landmark import Landmark
from tracking.carriers.adapters.laposte import LaPoste
from tracking.carriers.adapters.mydhl import MyDhl
from tracking.carriers.adapters.postnl import PostNl
from tracking.carriers.adapters.royalmail import RoyalMail
from tracking.carriers.adapters.s10 import UpuGateway
from tracking.carriers.adapters.seventeentrack import SeventeenTrack
from tracking.carriers.adapters.sf import SfExpress
from tracking.carriers.adapters.ship24 import Ship24
from tracking.carriers.adapters.shippo import Shippo
from tracking.carriers.adapters.trackingmore import TrackingMore
from tracking.carriers.adapters.ups import UPS
from tracking.carriers.adapters.usps import USPS
from tracking.carriers.adapters.yunexpress import YunExpress

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
        UpuGateway(),
        SfExpress(),
        Aramex(),
        Asendia(),
        AusPost(),
        CanadaPost(),
        DHL(),
        FedEx(),
        Landmark(),
        LaPoste(),
        MyDhl(),
        RoyalMail(),
        UPS(),
        USPS(),
        YunExpress(),
    )
}
