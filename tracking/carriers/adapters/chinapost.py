"""China Post and EMS, the open platform for contract customers: traces as Chinese offices write them.

Source: public clients of `https://api.ems.com.cn/amp-prod-api/f/amp/api/open`, which agree on the call: a form with
`apiCode` 040001, `senderNo`, `authorization`, `timeStamp` and `logitcsInterface` (China Post's spelling), which is
`|$4|` and the base64 of the query and the sign key, encrypted with SM4-ECB under that key. `retCode` 00000 is success
and `retBody` a JSON *string*. Its rows, and those that China Post pushes as `traces[]`, hold `waybillNo` or `traceNo`,
`opTime`, `opCode`, `opName`, `opOrgProvName`, `opOrgCity`, `opOrgName`. Couriers' names and telephone numbers stand in
`opDesc` and `operatorName`: the second is never read, and the first only decides what a code means ("delivered" into a
parcel station is not delivered), so `opName` is the only text that is kept.

`opTime` is China's time for a scan in China: the instant is certain, that the place shows the same time is assumed.
Whose time a scan abroad shows (`codes_abroad` in the table) no public source says: it keeps its local time and gives no
instant.

Unconfirmed: under which name `retBody` holds its rows (so: a list, `responseItems` or `traces`), their order (so:
decided by the first and the last time), how rows from abroad are marked (so: no country is guessed), codes beyond those
of the table (so: unmapped), and how a push is signed and whether it is encrypted (so: no push is accepted).
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from tracking.carriers.adapter import Adapter, CarrierClient, Credential, RequestRejectedError
from tracking.carriers.border_sides import BorderSide
from tracking.carriers.code_tables import TABLES_DIRECTORY, CodeTable
from tracking.carriers.parsed import ParsedAnswer, ParsedLeg, ParsedPlace, ParsedScan, ParsedShipment
from tracking.carriers.parsing import timestamps
from tracking.carriers.parsing.event_times import order_oldest_first, parse_with_assumed_clock
from tracking.carriers.parsing.json_access import (
    RejectionAnswerError,
    UnreadableAnswerError,
    clean_text,
    expect_list,
    expect_object,
    load_json_object,
    require_text,
)
from tracking.carriers.parsing.rejections import rejected_call

CODE_TABLE: Final = CodeTable.load("chinapost")
CODES_ABROAD: Final = frozenset(
    tomllib.loads((TABLES_DIRECTORY / "chinapost.toml").read_text(encoding="utf-8"))["codes_abroad"]
)
SUCCESS_CODE: Final = "00000"
S10_NUMBER: Final = re.compile(r"[A-Z]{2}\d{9}([A-Z]{2})")
EXCHANGE_OFFICE: Final = re.compile(r"国际(互换局|交换站|邮件处理中心)")


class ChinaPost(Adapter):
    slug = "chinapost"
    name = "China Post"
    version = CODE_TABLE.version
    base_url = "https://api.ems.com.cn"
    homepage = "https://www.ems.com.cn"
    credentials = (
        Credential("sender", "Contract customer number (senderNo)"),
        Credential("authorization", "Authorization code"),
        Credential("sign_key", "Sign key (base64)"),
    )

    def parse(self, body: bytes, *, received_at: datetime) -> ParsedAnswer:
        answer = load_json_object(body)
        if "retCode" in answer and clean_text(answer["retCode"]) != SUCCESS_CODE:
            raise rejected_answer(answer)
        content = load_inner_json(answer["retBody"]) if "retBody" in answer else answer
        if not content.keys() & {"responseItems", "traces"} and "retBody" not in answer:
            raise UnreadableAnswerError("the answer has neither retBody nor traces")
        rows: dict[str, list[dict[str, Any]]] = {}
        for item in expect_list(content.get("responseItems", content.get("traces")), "the traces"):
            row = expect_object(item, "a trace")
            rows.setdefault(number_of(row), []).append(row)
        return ParsedAnswer(
            tuple(parse_shipment(number, number_rows, received_at) for number, number_rows in rows.items())
        )

    async def fetch(self, client: CarrierClient, numbers: Sequence[str]) -> bytes:
        return await fetch_tracking(client, numbers[0])

    async def probe(self, client: CarrierClient) -> str:
        answer = load_json_object(await fetch_tracking(client, "0000000000000"))
        if not clean_text(answer.get("retCode")):
            raise rejected_answer(answer)
        return f"it answers: {clean_text(answer.get('retMsg')) or clean_text(answer['retCode'])}"


async def fetch_tracking(client: CarrierClient, number: str) -> bytes:
    """Fetch the traces of one number."""
    query = json.dumps({"waybillNo": number}, separators=(",", ":"))
    form = {
        "apiCode": "040001",
        "senderNo": client.credentials.get("sender", ""),
        "authorization": client.credentials.get("authorization", ""),
        "timeStamp": (datetime.now(UTC) + timedelta(hours=8)).strftime("%Y-%m-%d %H:%M:%S"),
        "logitcsInterface": sign_request(query, client.credentials.get("sign_key", "")),
    }
    return await client.send("POST", "/amp-prod-api/f/amp/api/open", form=form)


def sign_request(payload: str, sign_key: str) -> str:
    """Return the query and the sign key encrypted with SM4, which China Post takes as the signature."""
    # China Post prescribes ECB mode.
    try:
        encryptor = Cipher(algorithms.SM4(base64.b64decode(sign_key)), modes.ECB()).encryptor()  # noqa: S305
    except (ValueError, binascii.Error, UnsupportedAlgorithm) as error:
        raise RequestRejectedError("the sign key is not 16 bytes in base64, or this machine has no SM4") from error
    padder = PKCS7(128).padder()
    padded = padder.update(f"{payload}{sign_key}".encode()) + padder.finalize()
    return f"|$4|{base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()}"


def rejected_answer(answer: Mapping[str, Any]) -> RejectionAnswerError:
    """Return the error for an answer that rejects the whole call."""
    return rejected_call("China Post", answer.get("retCode"), answer.get("retMsg"))


def load_inner_json(value: Any) -> dict[str, Any]:
    """Return the inner answer, which is a JSON string, a bare list or the object itself."""
    if isinstance(value, str):
        value = load_json_object(b'{"inner":' + value.encode("utf-8", "replace") + b"}").get("inner") if value else None
    return {"traces": value} if isinstance(value, list) else expect_object(value, "retBody")


def number_of(row: Mapping[str, Any]) -> str:
    """Return the tracking number of a row."""
    return require_text(row.get("waybillNo") or row.get("traceNo"), "waybillNo")


def parse_shipment(number: str, rows: list[dict[str, Any]], received_at: datetime) -> ParsedShipment:
    """Parse the rows of one number."""
    scans = tuple(parse_event(row, received_at) for row in order_oldest_first(rows, clock_of))
    return ParsedShipment(number, (ParsedLeg("chinapost", "China Post", number),), scans)


def clock_of(row: Mapping[str, Any]) -> str:
    """Return a row's time as written."""
    return clean_text(row.get("opTime"))


def border_side_of_number(number: str) -> BorderSide:
    """Return on which side of the border a Chinese office handles a number: only S10 numbers cross it."""
    match = S10_NUMBER.fullmatch(number.upper())
    if match is None:
        return "else"
    return "origin" if match.group(1) == "CN" else "destination"


def parse_event(row: Mapping[str, Any], received_at: datetime) -> ParsedScan:
    """Parse one row. The office is the place and the name of the operation is the text."""
    code, text = clean_text(row.get("opCode")).upper(), clean_text(row.get("opName"))
    region, city, office = (clean_text(row.get(key)) for key in ("opOrgProvName", "opOrgCity", "opOrgName"))
    place = ParsedPlace(office or city, None, region or None, city or None)
    exchange_code = f"{code}/exchange"
    is_exchange = EXCHANGE_OFFICE.search(office) is not None and (exchange_code, "else") in CODE_TABLE.codes
    words = f"{text} {clean_text(row.get('opDesc'))}".strip()
    scan = CODE_TABLE.scan_for(exchange_code if is_exchange else code, border_side_of_number(number_of(row)), words)
    is_abroad = code in CODES_ABROAD and not number_of(row).isdigit()
    event_time = (
        timestamps.parse_timestamp(clock_of(row), country=None, received_at=received_at)
        if is_abroad
        else parse_with_assumed_clock(clock_of(row), "CN", received_at)
    )
    return ParsedScan(0, scan, event_time, place, code, text, "zh")
