"""All tracking tables. Rooms own behaviour; the rows are where they meet."""

from tracking.models.asks import Ask, AskAnswer, AskNote, Paper
from tracking.models.carriers import Carrier, UnmappedCode
from tracking.models.orders import Order, OrderLine
from tracking.models.payloads import Payload, PayloadNumber
from tracking.models.rhythms import LearnedRhythm
from tracking.models.shipments import Event, Leg, Shipment
from tracking.models.shops import Shop

__all__ = [
    "Ask",
    "AskAnswer",
    "AskNote",
    "Carrier",
    "Event",
    "LearnedRhythm",
    "Leg",
    "Order",
    "OrderLine",
    "Paper",
    "Payload",
    "PayloadNumber",
    "Shipment",
    "Shop",
    "UnmappedCode",
]
