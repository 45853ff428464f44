"""The requests that each carrier's documentation describes: one row for every adapter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple
from unittest.mock import ANY
from urllib.parse import quote
from xml.sax.saxutils import quoteattr

from tests.carriers.fake_carrier import CarrierRequest, basic_auth_header

ExpectedCall = Callable[[Sequence[str]], CarrierRequest]


class ExpectedProbe(NamedTuple):
    """The path of the connection test, the carrier's answer to it, and the message that results."""

    path: str
    answer: bytes | None = None
    """None: the same answer as to `fetch`."""
    message: str = "connected"


def secret(name: str) -> str:
    """Return a credential as `fake_credentials_of` makes it up."""
    return f"{name}-hush/&+%"


def path_segment(numbers: Sequence[str], separator: str = ",") -> str:
    """Return numbers as one percent-encoded segment of a path."""
    return separator.join(quote(number, safe="") for number in numbers)


def dhl_xml_query(numbers: Sequence[str]) -> str:
    """Return the XML that DHL Paket expects in its query."""
    attributes = {
        "appname": secret("appname"),
        "password": secret("password"),
        "request": "d-get-piece-detail",
        "language-code": "en",
        "piece-code": ";".join(numbers),
    }
    fields = " ".join(f"{name}={quoteattr(value)}" for name, value in attributes.items())
    return f'<?xml version="1.0" encoding="UTF-8" standalone="no"?><data {fields}/>'


FORM_CONTENT_TYPE = "application/x-www-form-urlencoded"
BEARER_HEADER = {"Authorization": "Bearer token-1-hush"}

REQUIRED_NUMBERS: dict[str, list[str]] = {"shippo": ["9200 1900 0000 0000 0000 23"]}
"""Numbers for adapters that do not accept just any: Shippo needs to recognise the carrier."""

FETCHES: dict[str, ExpectedCall] = {
    "17track": lambda numbers: CarrierRequest(
        "POST",
        "/track/v2.4/gettrackinfo",
        headers={"17token": secret("key")},
        json=[{"number": number} for number in numbers],
    ),
    "4px": lambda numbers: CarrierRequest(
        "POST",
        "/router/api/service",
        {
            "app_key": secret("key"),
            "format": "json",
            "language": "en",
            "method": "tr.order.tracking.get",
            "sign": ANY,
            "timestamp": ANY,
            "v": "1.0.0",
        },
        {"Content-Type": "application/json"},
        {"deliveryOrderNo": numbers[0]},
    ),
    "aftership": lambda numbers: CarrierRequest(
        "GET",
        "/tracking/2026-07/trackings",
        {"tracking_numbers": ",".join(numbers), "limit": "200"},
        {"as-api-key": secret("key")},
    ),
    "aramex": lambda numbers: CarrierRequest(
        "POST",
        "/ShippingAPI.V2/Tracking/Service_1_0.svc/json/TrackShipments",
        headers={"Accept": "application/json"},
        json={"ClientInfo": ANY, "GetLastTrackingUpdateOnly": False, "Shipments": list(numbers)},
    ),
    "asendia": lambda numbers: CarrierRequest(
        "GET",
        "/api/A1/v2.0/Tracking/Detail",
        {"trackingNumberVendor": numbers[0]},
        {
            "Authorization": basic_auth_header(secret("username"), secret("password")),
            "X-AsendiaOne-ApiKey": secret("api_key"),
        },
    ),
    "auspost": lambda numbers: CarrierRequest(
        "GET",
        "/shipping/v1/track",
        {"tracking_ids": ",".join(numbers)},
        {"Authorization": basic_auth_header(secret("key"), secret("password")), "Account-Number": secret("account")},
    ),
    "cainiao": lambda numbers: CarrierRequest(
        "GET", "/global/detail.json", {"mailNos": ",".join(numbers), "lang": "en-US", "language": "en-US"}
    ),
    "canadapost": lambda numbers: CarrierRequest(
        "GET",
        f"/vis/track/pin/{path_segment(numbers)}/detail",
        headers={
            "Authorization": basic_auth_header(secret("username"), secret("password")),
            "Accept": "application/vnd.cpc.track-v2+xml",
            "Accept-Language": "en-CA",
        },
    ),
    "chinapost": lambda numbers: CarrierRequest(
        "POST",
        "/amp-prod-api/f/amp/api/open",
        headers={"Content-Type": FORM_CONTENT_TYPE},
        form={
            "apiCode": "040001",
            "senderNo": secret("sender"),
            "authorization": secret("authorization"),
            "timeStamp": ANY,
            "logitcsInterface": ANY,
        },
    ),
    "dhl": lambda numbers: CarrierRequest(
        "GET", "/track/shipments", {"trackingNumber": numbers[0], "language": "en"}, {"DHL-API-Key": secret("key")}
    ),
    "dhl-de": lambda numbers: CarrierRequest(
        "GET",
        "/parcel/de/tracking/v0/shipments",
        {"xml": dhl_xml_query(numbers)},
        {"Authorization": basic_auth_header(secret("key"), secret("secret"))},
    ),
    "dpd": lambda numbers: CarrierRequest(
        "GET", f"/rest/plc/de_DE/{path_segment(numbers)}", headers={"Accept": "application/json"}
    ),
    "easypost": lambda numbers: CarrierRequest(
        "GET",
        "/v2/trackers",
        {"tracking_code": numbers[0], "page_size": "1"},
        {"Authorization": basic_auth_header(secret("key"), "")},
    ),
    "fedex": lambda numbers: CarrierRequest(
        "POST",
        "/track/v1/trackingnumbers",
        headers={**BEARER_HEADER, "Content-Type": "application/json", "X-locale": "en_US"},
        json={
            "includeDetailedScans": True,
            "trackingInfo": [{"trackingNumberInfo": {"trackingNumber": number}} for number in numbers],
        },
    ),
    "gls": lambda numbers: CarrierRequest(
        "GET",
        f"/track-and-trace-v1/tracking/simple/trackids/{path_segment(numbers)}",
        {"showEvents": "true"},
        BEARER_HEADER,
    ),
    "landmark": lambda numbers: CarrierRequest("POST", "/v2/Track.php", headers={"Content-Type": "application/xml"}),
    "laposte": lambda numbers: CarrierRequest(
        "GET",
        f"/suivi/v2/idships/{path_segment(numbers)}",
        {"lang": "fr_FR"},
        {"X-Okapi-Key": secret("key"), "Accept": "application/json"},
    ),
    "mydhl": lambda numbers: CarrierRequest(
        "GET",
        f"/mydhlapi/shipments/{path_segment(numbers)}/tracking",
        {"trackingView": "all-checkpoints", "levelOfDetail": "shipment"},
        {"Authorization": basic_auth_header(secret("username"), secret("password"))},
    ),
    "postnl": lambda numbers: CarrierRequest(
        "GET",
        f"/shipment/v2/status/barcode/{path_segment(numbers)}",
        {"detail": "true", "language": "EN"},
        {"apikey": secret("key")},
    ),
    "royalmail": lambda numbers: CarrierRequest(
        "GET",
        f"/mailpieces/v2/{path_segment(numbers)}/events",
        headers={
            "X-IBM-Client-Id": secret("client_id"),
            "X-IBM-Client-Secret": secret("client_secret"),
            "X-Accept-RMG-Terms": "yes",
        },
    ),
    "s10": lambda numbers: CarrierRequest(
        "GET", f"/items/{path_segment(numbers)}", headers={"Authorization": f"Bearer {secret('key')}"}
    ),
    "sf": lambda numbers: CarrierRequest(
        "POST",
        "/std/service",
        headers={"Content-Type": FORM_CONTENT_TYPE},
        form={
            "partnerID": secret("partner"),
            "requestID": ANY,
            "serviceCode": "EXP_RECE_SEARCH_ROUTES",
            "timestamp": ANY,
            "msgDigest": ANY,
            "msgData": ANY,
        },
    ),
    "ship24": lambda numbers: CarrierRequest(
        "GET",
        f"/public/v1/trackers/search/{path_segment(numbers)}/results",
        headers={"Authorization": f"Bearer {secret('key')}"},
    ),
    "shippo": lambda numbers: CarrierRequest(
        "GET",
        f"/tracks/usps/{quote(numbers[0], safe='')}",
        headers={"Authorization": f"ShippoToken {secret('token')}", "Shippo-API-Version": "2018-02-08"},
    ),
    "trackingmore": lambda numbers: CarrierRequest(
        "GET",
        "/v4/trackings/get",
        {"tracking_numbers": ",".join(numbers)},
        {"Tracking-Api-Key": secret("key")},
    ),
    "ups": lambda numbers: CarrierRequest(
        "GET",
        f"/api/track/v1/details/{path_segment(numbers)}",
        {"locale": "en_US"},
        {**BEARER_HEADER, "transactionSrc": "landfall"},
    ),
    "usps": lambda numbers: CarrierRequest(
        "GET", f"/tracking/v3/tracking/{path_segment(numbers)}", {"expand": "DETAIL"}, BEARER_HEADER
    ),
    "yunexpress": lambda numbers: CarrierRequest(
        "GET",
        "/api/Tracking/GetTrackInfo",
        {"OrderNumber": numbers[0]},
        {"Authorization": basic_auth_header(secret("customer"), secret("secret"), between="&")},
    ),
}

FORM_TOKEN_REQUEST = CarrierRequest(
    "POST",
    "",
    headers={"Content-Type": FORM_CONTENT_TYPE},
    form={
        "grant_type": "client_credentials",
        "client_id": secret("client_id"),
        "client_secret": secret("client_secret"),
    },
)
TOKEN_REQUESTS: dict[str, CarrierRequest] = {
    "fedex": FORM_TOKEN_REQUEST._replace(path="/oauth/token"),
    "gls": FORM_TOKEN_REQUEST._replace(path="/oauth2/v2/token"),
    "ups": CarrierRequest(
        "POST",
        "/security/v1/oauth/token",
        headers={
            "Content-Type": FORM_CONTENT_TYPE,
            "Authorization": basic_auth_header(secret("client_id"), secret("client_secret")),
        },
        form={"grant_type": "client_credentials"},
    ),
    "usps": FORM_TOKEN_REQUEST._replace(path="/oauth2/v3/token"),
}

REGISTRATIONS: dict[str, ExpectedCall] = {
    "17track": lambda numbers: CarrierRequest(
        "POST",
        "/track/v2.4/register",
        headers={"17token": secret("key")},
        json=[{"number": number} for number in numbers],
    ),
    "aftership": lambda numbers: CarrierRequest(
        "POST",
        "/tracking/2026-07/trackings",
        headers={"as-api-key": secret("key")},
        json={"tracking_number": numbers[0]},
    ),
    "easypost": lambda numbers: CarrierRequest(
        "POST",
        "/v2/trackers",
        headers={"Authorization": basic_auth_header(secret("key"), "")},
        json={"tracker": {"tracking_code": numbers[0]}},
    ),
    "ship24": lambda numbers: CarrierRequest(
        "POST",
        "/public/v1/trackers/bulk",
        headers={"Authorization": f"Bearer {secret('key')}"},
        json=[{"trackingNumber": number} for number in numbers],
    ),
    "shippo": lambda numbers: CarrierRequest(
        "POST",
        "/tracks/",
        headers={"Authorization": f"ShippoToken {secret('token')}"},
        json={"carrier": "usps", "tracking_number": numbers[0]},
    ),
}
LOOKUP_BEFORE_REGISTRATION = frozenset({"trackingmore"})
"""Adapters that look up the courier of each number first; their own tests cover registration."""

PROBES: dict[str, ExpectedProbe] = {
    "17track": ExpectedProbe(
        "/track/v2.4/getquota",
        b'{"code": 0, "data": {"quota_total": 500, "quota_remain": 312}}',
        "connected; 312 registrations left",
    ),
    "4px": ExpectedProbe("/router/api/service"),
    "aftership": ExpectedProbe("/tracking/2026-07/trackings"),
    "aramex": ExpectedProbe("/ShippingAPI.V2/Tracking/Service_1_0.svc/json/TrackShipments"),
    "asendia": ExpectedProbe("/api/A1/v2.0/Tracking/Detail"),
    "auspost": ExpectedProbe("/shipping/v1/track"),
    "cainiao": ExpectedProbe("/global/detail.json", message="it answers; no credentials are needed"),
    "canadapost": ExpectedProbe("/vis/track/pin/0000000000000000/detail"),
    "chinapost": ExpectedProbe(
        "/amp-prod-api/f/amp/api/open", b'{"retCode": "B00001", "retMsg": "no such item"}', "it answers: no such item"
    ),
    "dhl": ExpectedProbe("/track/shipments"),
    "dhl-de": ExpectedProbe("/parcel/de/tracking/v0/shipments"),
    "dpd": ExpectedProbe("/rest/plc/de_DE/00000000000000", message="it answers; no credentials are needed"),
    "easypost": ExpectedProbe("/v2/trackers"),
    "fedex": ExpectedProbe("/track/v1/trackingnumbers"),
    "gls": ExpectedProbe("/track-and-trace-v1/tracking/events/codes", b'{"eventsCodes": []}'),
    "landmark": ExpectedProbe("/v2/Track.php"),
    "laposte": ExpectedProbe("/suivi/v2/idships/XX000000005FR"),
    "mydhl": ExpectedProbe("/mydhlapi/shipments/0000000000/tracking"),
    "postnl": ExpectedProbe("/shipment/v2/status/barcode/3SXXXX000000000"),
    "royalmail": ExpectedProbe("/mailpieces/v2/XX000000005GB/events"),
    "s10": ExpectedProbe("/items/RR000000005XX", message="the gateway answers"),
    "sf": ExpectedProbe("/std/service"),
    "ship24": ExpectedProbe("/public/v1/trackers"),
    "shippo": ExpectedProbe("/carrier_accounts", b'{"results": []}'),
    "trackingmore": ExpectedProbe("/v4/trackings/get", b'{"meta": {"code": 200}, "data": []}'),
    "ups": ExpectedProbe("/api/track/v1/details/1Z0000000000000000"),
    "usps": ExpectedProbe("/tracking/v3/tracking/9400100000000000000000"),
    "yunexpress": ExpectedProbe("/api/Common/GetCountry", b'{"Code": "0000", "Items": []}'),
}

UNKNOWN_NUMBER_ANSWERS: dict[str, bytes] = {
    "canadapost": b"<messages><message><code>004</code><description>No Pin History</description></message></messages>",
    "dhl": b'{"title": "No result found", "detail": "No shipment with given tracking number found.", "status": 404}',
    "dpd": b'{"parcellifecycleResponse": {"parcelLifeCycleData": null}}',
    "laposte": b'{"returnCode": 404, "returnMessage": "Inconnu", "lang": "fr_FR", "idShip": "A/B 1"}',
    "mydhl": b'{"title": "No data found", "detail": "No shipment was found for the number.", "status": "404"}',
    "postnl": b'{"CurrentStatus": {}, "Warnings": [{"Code": "2", "Message": "No shipment found"}]}',
    "royalmail": b'{"httpCode": "404", "httpMessage": "Not Found", "errors": []}',
    "s10": b'{"items": []}',
    "ship24": b'{"errors": [{"code": "tracker_not_found", "message": "no tracker"}]}',
    "ups": b'{"response": {"errors": [{"code": "TW0001", "message": "Tracking Information Not Found"}]}}',
    "usps": b'{"apiVersion": "v3", "error": {"code": "404", "message": "Tracking is not available for this item."}}',
    "shippo": b'{"detail": "Not found."}',
}
"""The answers of carriers that send 404 for a number that they do not know (yet)."""
