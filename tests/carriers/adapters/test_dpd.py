"""DPD's SOAP answers: a fault, nothing told, and a parcel that the answer does not name."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tracking.carriers.adapters.dpd import Dpd
from tracking.carriers.parsing.json_access import RejectionAnswerError, UnreadableAnswerError

DPD = Dpd()
RECEIVED_AT = datetime(2026, 11, 1, tzinfo=UTC)
SAMPLE = Path(__file__).parent.parent / "samples" / "dpd" / "soap_tracking_data.xml"


def envelope(inner: str) -> bytes:
    return f'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>{inner}</s:Body></s:Envelope>'.encode()


def test_soap_answer_is_about_the_requested_parcel_and_leaves_out_what_is_to_come() -> None:
    (shipment,) = DPD.parse(SAMPLE.read_bytes(), received_at=RECEIVED_AT).shipments

    assert shipment.number == ""
    assert [leg.number for leg in shipment.with_number("1").legs] == ["1"]
    assert [scan.code for scan in shipment.scans] == ["ACCEPTED", "BETWEENDEPOTS", "AT_DELIVERY_DEPOT"]


@pytest.mark.parametrize(
    ("inner", "message"),
    [
        (
            "<s:Fault><faultstring>Fault occured</faultstring><detail><authenticationFault>"
            "<errorCode>LOGIN_5</errorCode>"
            "<errorMessage>The authtoken is invalid</errorMessage></authenticationFault></detail></s:Fault>",
            "The authtoken is invalid",
        ),
        ("<s:Fault><faultstring>Fault occured</faultstring></s:Fault>", "Fault occured"),
        ("<getTrackingDataResponse><trackingresult/></getTrackingDataResponse>", "DPD tells nothing"),
    ],
)
def test_soap_answer_without_steps_is_a_rejection(inner: str, message: str) -> None:
    with pytest.raises(RejectionAnswerError, match=message):
        DPD.parse(envelope(inner), received_at=RECEIVED_AT)


def test_page_instead_of_an_answer_is_unreadable() -> None:
    with pytest.raises(UnreadableAnswerError, match="the answer is <html> where <Envelope> was expected"):
        DPD.parse(b"<html><body>Bad gateway</body></html>", received_at=RECEIVED_AT)
