"""What a buyer can do about a parcel: be asked, answer, hand in papers; and what becomes of the answer."""

from tracking.asks.answers import open_ask as open

__all__ = ["open"]
