"""What each carrier's documents want a call to be: one row for every adapter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple
from unittest.mock import ANY
from urllib.parse import quote
from xml.sax.saxutils import quoteattr

from tests.carriers.counter import Asked, basic

Call = Callable[[Sequence[str]], Asked]


class Probed(NamedTuple):
    """Where "Test the connection" asks, what a carrier answers there, and what is said of it."""

    path: str
    answer: bytes | None = None
    """None: the same as to `fetch`."""
    says: str = "connected"


def secret(name: str) -> str:
    """Return a credential as `counter.secrets_of` makes it up."""
    return f"{name}-hush/&+%"


def joined(numbers: Sequence[str], sign: str = ",") -> str:
    """Return numbers as one segment of a path."""
    return sign.join(quote(number, safe="") for number in numbers)


def dhl_question(numbers: Sequence[str]) -> str:
    """Return the XML that DHL Paket wants in the address."""
    told = {
        "appname": secret("appname"),
        "password": secret("password"),
        "request": "d-get-piece-detail",
        "language-code": "en",
        "piece-code": ";".join(numbers),
    }
    fields = " ".join(f"{name}={quoteattr(value)}" for name, value in told.items())
    return f'<?xml version="1.0" encoding="UTF-8" standalone="no"?><data {fields}/>'


FORM = "application/x-www-form-urlencoded"
BEARER = {"Authorization": "Bearer token-1-hush"}

NUMBERS: dict[str, list[str]] = {"shippo": ["9200 1900 0000 0000 0000 23"]}
"""Numbers to ask for where not any will do: Shippo must be told whose it is."""

CALLS: dict[str, Call] = {
    "17track": lambda numbers: Asked(
        "POST",
        "/track/v2.4/gettrackinfo",
        headers={"17token": secret("key")},
        json=[{"number": number} for number in numbers],
    ),
    "4px": lambda numbers: Asked(
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
    "aftership": lambda numbers: Asked(
        "GET",
        "/tracking/2026-07/trackings",
        {"tracking_numbers": ",".join(numbers), "limit": "200"},
        {"as-api-key": secret("key")},
    ),
    "aramex": lambda numbers: Asked(
        "POST",
        "/ShippingAPI.V2/Tracking/Service_1_0.svc/json/TrackShipments",
        headers={"Accept": "application/json"},
        json={"ClientInfo": ANY, "GetLastTrackingUpdateOnly": False, "Shipments": list(numbers)},
    ),
    "asendia": lambda numbers: Asked(
        "GET",
        "/api/A1/v2.0/Tracking/Detail",
        {"trackingNumberVendor": numbers[0]},
        {"Authorization": basic(secret("username"), secret("password")), "X-AsendiaOne-ApiKey": secret("api_key")},
    ),
    "auspost": lambda numbers: Asked(
        "GET",
        "/shipping/v1/track",
        {"tracking_ids": ",".join(numbers)},
        {"Authorization": basic(secret("key"), secret("password")), "Account-Number": secret("account")},
    ),
    "cainiao": lambda numbers: Asked(
        "GET", "/global/detail.json", {"mailNos": ",".join(numbers), "lang": "en-US", "language": "en-US"}
    ),
    "canadapost": lambda numbers: Asked(
        "GET",
        f"/vis/track/pin/{joined(numbers)}/detail",
        headers={
            "Authorization": basic(secret("username"), secret("password")),
            "Accept": "application/vnd.cpc.track-v2+xml",
            "Accept-Language": "en-CA",
        },
    ),
    "chinapost": lambda numbers: Asked(
        "POST",
        "/amp-prod-api/f/amp/api/open",
        headers={"Content-Type": FORM},
        form={
            "apiCode": "040001",
            "senderNo": secret("sender"),
            "authorization": secret("authorization"),
            "timeStamp": ANY,
            "logitcsInterface": ANY,
        },
    ),
    "dhl": lambda numbers: Asked(
        "GET", "/track/shipments", {"trackingNumber": numbers[0], "language": "en"}, {"DHL-API-Key": secret("key")}
    ),
    "dhl-de": lambda numbers: Asked(
        "GET",
        "/parcel/de/tracking/v0/shipments",
        {"xml": dhl_question(numbers)},
        {"Authorization": basic(secret("key"), secret("secret"))},
    ),
    "dpd": lambda numbers: Asked("GET", f"/rest/plc/de_DE/{joined(numbers)}", headers={"Accept": "application/json"}),
    "easypost": lambda numbers: Asked(
        "GET",
        "/v2/trackers",
        {"tracking_code": numbers[0], "page_size": "1"},
        {"Authorization": basic(secret("key"), "")},
    ),
    "fedex": lambda numbers: Asked(
        "POST",
        "/track/v1/trackingnumbers",
        headers={**BEARER, "Content-Type": "application/json", "X-locale": "en_US"},
        json={
            "includeDetailedScans": True,
            "trackingInfo": [{"trackingNumberInfo": {"trackingNumber": number}} for number in numbers],
        },
    ),
    "gls": lambda numbers: Asked(
        "GET", f"/track-and-trace-v1/tracking/simple/trackids/{joined(numbers)}", {"showEvents": "true"}, BEARER
    ),
    "landmark": lambda numbers: Asked("POST", "/v2/Track.php", headers={"Content-Type": "application/xml"}),
    "laposte": lambda numbers: Asked(
        "GET",
        f"/suivi/v2/idships/{joined(numbers)}",
        {"lang": "fr_FR"},
        {"X-Okapi-Key": secret("key"), "Accept": "application/json"},
    ),
    "postnl": lambda numbers: Asked(
        "GET",
        f"/shipment/v2/status/barcode/{joined(numbers)}",
        {"detail": "true", "language": "EN"},
        {"apikey": secret("key")},
    ),
    "royalmail": lambda numbers: Asked(
        "GET",
        f"/mailpieces/v2/{joined(numbers)}/events",
        headers={
            "X-IBM-Client-Id": secret("client_id"),
            "X-IBM-Client-Secret": secret("client_secret"),
            "X-Accept-RMG-Terms": "yes",
        },
    ),
    "s10": lambda numbers: Asked(
        "GET", f"/items/{joined(numbers)}", headers={"Authorization": f"Bearer {secret('key')}"}
    ),
    "sf": lambda numbers: Asked(
        "POST",
        "/std/service",
        headers={"Content-Type": FORM},
        form={
            "partnerID": secret("partner"),
            "requestID": ANY,
            "serviceCode": "EXP_RECE_SEARCH_ROUTES",
            "timestamp": ANY,
            "msgDigest": ANY,
            "msgData": ANY,
        },
    ),
    "ship24": lambda numbers: Asked(
        "GET",
        f"/public/v1/trackers/search/{joined(numbers)}/results",
        headers={"Authorization": f"Bearer {secret('key')}"},
    ),
    "shippo": lambda numbers: Asked(
        "GET",
        f"/tracks/usps/{quote(numbers[0], safe='')}",
        headers={"Authorization": f"ShippoToken {secret('token')}", "Shippo-API-Version": "2018-02-08"},
    ),
    "trackingmore": lambda numbers: Asked(
        "GET",
        "/v4/trackings/get",
        {"tracking_numbers": ",".join(numbers)},
        {"Tracking-Api-Key": secret("key")},
    ),
    "ups": lambda numbers: Asked(
        "GET",
        f"/api/track/v1/details/{joined(numbers)}",
        {"locale": "en_US"},
        {**BEARER, "transactionSrc": "landfall"},
    ),
    "usps": lambda numbers: Asked("GET", f"/tracking/v3/tracking/{joined(numbers)}", {"expand": "DETAIL"}, BEARER),
    "yunexpress": lambda numbers: Asked(
        "GET",
        "/api/Tracking/GetTrackInfo",
        {"OrderNumber": numbers[0]},
        {"Authorization": basic(secret("customer"), secret("secret"), between="&")},
    ),
}

IN_THE_FORM = Asked(
    "POST",
    "",
    headers={"Content-Type": FORM},
    form={
        "grant_type": "client_credentials",
        "client_id": secret("client_id"),
        "client_secret": secret("client_secret"),
    },
)
TOKENS: dict[str, Asked] = {
    "fedex": IN_THE_FORM._replace(path="/oauth/token"),
    "gls": IN_THE_FORM._replace(path="/oauth2/v2/token"),
    "ups": Asked(
        "POST",
        "/security/v1/oauth/token",
        headers={"Content-Type": FORM, "Authorization": basic(secret("client_id"), secret("client_secret"))},
        form={"grant_type": "client_credentials"},
    ),
    "usps": IN_THE_FORM._replace(path="/oauth2/v3/token"),
}

REGISTRATIONS: dict[str, Call] = {
    "17track": lambda numbers: Asked(
        "POST",
        "/track/v2.4/register",
        headers={"17token": secret("key")},
        json=[{"number": number} for number in numbers],
    ),
    "aftership": lambda numbers: Asked(
        "POST",
        "/tracking/2026-07/trackings",
        headers={"as-api-key": secret("key")},
        json={"tracking_number": numbers[0]},
    ),
    "easypost": lambda numbers: Asked(
        "POST",
        "/v2/trackers",
        headers={"Authorization": basic(secret("key"), "")},
        json={"tracker": {"tracking_code": numbers[0]}},
    ),
    "ship24": lambda numbers: Asked(
        "POST",
        "/public/v1/trackers/bulk",
        headers={"Authorization": f"Bearer {secret('key')}"},
        json=[{"trackingNumber": number} for number in numbers],
    ),
    "shippo": lambda numbers: Asked(
        "POST",
        "/tracks/",
        headers={"Authorization": f"ShippoToken {secret('token')}"},
        json={"carrier": "usps", "tracking_number": numbers[0]},
    ),
}
ASK_BEFORE_THEY_REGISTER = frozenset({"trackingmore"})
"""Adapters that first ask for the courier of each number; their own tests say how."""

PROBES: dict[str, Probed] = {
    "17track": Probed(
        "/track/v2.4/getquota",
        b'{"code": 0, "data": {"quota_total": 500, "quota_remain": 312}}',
        "connected; 312 registrations left",
    ),
    "4px": Probed("/router/api/service"),
    "aftership": Probed("/tracking/2026-07/trackings"),
    "aramex": Probed("/ShippingAPI.V2/Tracking/Service_1_0.svc/json/TrackShipments"),
    "asendia": Probed("/api/A1/v2.0/Tracking/Detail"),
    "auspost": Probed("/shipping/v1/track"),
    "cainiao": Probed("/global/detail.json", says="it answers; no credentials are needed"),
    "canadapost": Probed("/vis/track/pin/0000000000000000/detail"),
    "chinapost": Probed(
        "/amp-prod-api/f/amp/api/open", b'{"retCode": "B00001", "retMsg": "no such item"}', "it answers: no such item"
    ),
    "dhl": Probed("/track/shipments"),
    "dhl-de": Probed("/parcel/de/tracking/v0/shipments"),
    "dpd": Probed("/rest/plc/de_DE/00000000000000", says="it answers; no credentials are needed"),
    "easypost": Probed("/v2/trackers"),
    "fedex": Probed("/track/v1/trackingnumbers"),
    "gls": Probed("/track-and-trace-v1/tracking/events/codes", b'{"eventsCodes": []}'),
    "landmark": Probed("/v2/Track.php"),
    "laposte": Probed("/suivi/v2/idships/XX000000005FR"),
    "postnl": Probed("/shipment/v2/status/barcode/3SXXXX000000000"),
    "royalmail": Probed("/mailpieces/v2/XX000000005GB/events"),
    "s10": Probed("/items/RR000000005XX", says="the gateway answers"),
    "sf": Probed("/std/service"),
    "ship24": Probed("/public/v1/trackers"),
    "shippo": Probed("/carrier_accounts", b'{"results": []}'),
    "trackingmore": Probed("/v4/trackings/get", b'{"meta": {"code": 200}, "data": []}'),
    "ups": Probed("/api/track/v1/details/1Z0000000000000000"),
    "usps": Probed("/tracking/v3/tracking/9400100000000000000000"),
    "yunexpress": Probed("/api/Common/GetCountry", b'{"Code": "0000", "Items": []}'),
}

NOT_KNOWN: dict[str, bytes] = {
    "canadapost": b"<messages><message><code>004</code><description>No Pin History</description></message></messages>",
    "dhl": b'{"title": "No result found", "detail": "No shipment with given tracking number found.", "status": 404}',
    "dpd": b'{"parcellifecycleResponse": {"parcelLifeCycleData": null}}',
    "laposte": b'{"returnCode": 404, "returnMessage": "Inconnu", "lang": "fr_FR", "idShip": "A/B 1"}',
    "postnl": b'{"CurrentStatus": {}, "Warnings": [{"Code": "2", "Message": "No shipment found"}]}',
    "royalmail": b'{"httpCode": "404", "httpMessage": "Not Found", "errors": []}',
    "s10": b'{"items": []}',
    "ship24": b'{"errors": [{"code": "tracker_not_found", "message": "no tracker"}]}',
    "ups": b'{"response": {"errors": [{"code": "TW0001", "message": "Tracking Information Not Found"}]}}',
    "usps": b'{"apiVersion": "v3", "error": {"code": "404", "message": "Tracking is not available for this item."}}',
    "shippo": b'{"detail": "Not found."}',
}
"""What carriers that use 404 for it say of a number that they do not know (yet)."""
