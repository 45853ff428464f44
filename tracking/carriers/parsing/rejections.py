"""The error for a call that a carrier rejects, worded alike for every carrier."""

from __future__ import annotations

from typing import Any

from tracking.carriers.parsing.json_access import RejectionAnswerError, clean_text


def rejected_call(carrier: str, code: Any, message: Any) -> RejectionAnswerError:
    """Return the error for an answer that rejects the whole call, such as a wrong key or a spent quota.

    `code` and `message` are the carrier's own, as they stand in its answer; operators read the text.
    """
    code_text, message_text = clean_text(code) or "no code", clean_text(message) or "no reason given"
    return RejectionAnswerError(f"{carrier} refused the call ({code_text}): {message_text}")
