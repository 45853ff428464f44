"""The tables of tracking. The other packages hold behaviour and no tables."""

from tracking.models.alerts import Alert, ClearanceCurve, MilestoneDwellLimit
from tracking.models.buyer_tasks import BuyerTask, BuyerTaskAnswer, BuyerTaskLogEntry, Paper
from tracking.models.carriers import Carrier, TextMapping, UnmappedCode
from tracking.models.events import Event
from tracking.models.forecasts import Forecast, ForecastAccuracy, PredictionModel, PredictionModelPart
from tracking.models.hazard import CorrectionHorizon, EventHazard
from tracking.models.notices import Contact, Follow, Mute, Notice, NoticePreference, Subscriber
from tracking.models.operator_decisions import NumberChange, OperatorStatement
from tracking.models.orders import Order, OrderLine
from tracking.models.payloads import Payload, PayloadNumber
from tracking.models.revisions import raise_revisions
from tracking.models.shipments import Leg, Shipment
from tracking.models.shop_pictures import ShopPicture
from tracking.models.shops import Shop
from tracking.models.translations import MachineTranslation

__all__ = [
    "Alert",
    "BuyerTask",
    "BuyerTaskAnswer",
    "BuyerTaskLogEntry",
    "Carrier",
    "ClearanceCurve",
    "Contact",
    "CorrectionHorizon",
    "Event",
    "EventHazard",
    "Follow",
    "Forecast",
    "ForecastAccuracy",
    "Leg",
    "MachineTranslation",
    "MilestoneDwellLimit",
    "Mute",
    "Notice",
    "NoticePreference",
    "NumberChange",
    "OperatorStatement",
    "Order",
    "OrderLine",
    "Paper",
    "Payload",
    "PayloadNumber",
    "PredictionModel",
    "PredictionModelPart",
    "Shipment",
    "Shop",
    "ShopPicture",
    "Subscriber",
    "TextMapping",
    "UnmappedCode",
    "raise_revisions",
]
