"""What a buyer can do about a parcel: be asked, answer, hand in papers; and what becomes of the answer."""

from tracking.buyer_tasks.transitions import open_buyer_task as open

__all__ = ["open"]
