"""Buyer tasks: what a buyer has to do or can ask for about a parcel, the answers, and what is done with them."""

from tracking.buyer_tasks.transitions import open_buyer_task

__all__ = ["open_buyer_task"]
