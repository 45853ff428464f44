"""What a buyer can do about a parcel: be asked, answer, hand in papers; and what becomes of the answer."""

from tracking.buyer_tasks.answers import open_ask as open

__all__ = ["open"]
