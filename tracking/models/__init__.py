"""All tracking tables. Rooms own behaviour; the rows are where they meet."""

from tracking.models.alerts import Alert, ClearanceCurve, StageLimit
from tracking.models.buyer_tasks import Ask, AskAnswer, AskNote, Paper
from tracking.models.carriers import Carrier, Phrase, UnmappedCode
from tracking.models.forecasts import Forecast, Predictor, PredictorPart, Score
from tracking.models.hazard import LearnedRhythm
from tracking.models.notices import Contact, Follow, Mute, Notice, Subscriber, Wish
from tracking.models.orders import Order, OrderLine
from tracking.models.payloads import Payload, PayloadNumber
from tracking.models.shipments import Event, Leg, Shipment
from tracking.models.shops import Shop
from tracking.models.translations import Translation

__all__ = [
    "Alert",
    "Ask",
    "AskAnswer",
    "AskNote",
    "Carrier",
    "ClearanceCurve",
    "Contact",
    "Event",
    "Follow",
    "Forecast",
    "LearnedRhythm",
    "Leg",
    "Mute",
    "Notice",
    "Order",
    "OrderLine",
    "Paper",
    "Payload",
    "PayloadNumber",
    "Phrase",
    "Predictor",
    "PredictorPart",
    "Score",
    "Shipment",
    "Shop",
    "StageLimit",
    "Subscriber",
    "Translation",
    "UnmappedCode",
    "Wish",
]
