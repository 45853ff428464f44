"""China Post and EMS, the open platform for contract customers: traces as Chinese offices write them.

Source: public clients of `https://api.ems.com.cn/amp-prod-api/f/amp/api/open`, which agree on the call: a form with
`apiCode` 040001, `senderNo`, `authorization`, `timeStamp` and `logitcsInterface` (China Post's spelling), which is
`|$4|` and base64 of SM4-ECB over the question and the sign key, under the key itself. `retCode` 00000 is success and
`retBody` a JSON *string*. Its rows, and those that China Post pushes as `traces[]`, hold `waybillNo` or `traceNo`,
`opTime`, `opCode`, `opName`, `opOrgProvName`, `opOrgCity`, `opOrgName`; couriers' names and telephone numbers stand
in `opDesc` and `operatorName`, so those are never read and `opName` alone is the words.

`opTime` is China's clock: the instant is told, that the place keeps it too is assumed. Not settled: under what name
`retBody` holds its rows (so: a list, `responseItems` or `traces`), the order (so: by the first and the last clock),
how rows from abroad are told (so: no country is guessed), codes beyond those seen with their names (so: unmapped),
and how a push is signed and whether it comes encrypted (so: no push is accepted).
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from tracking.carriers import timestamps
from tracking.carriers.adapter import Adapter, CarrierClient, Credential, RequestRejectedError
from tracking.carriers.code_tables import CodeTable
from tracking.carriers.json_access import (
    RejectionAnswerError,
    UnreadableAnswerError,
    clean_text,
    expect_list,
    expect_object,
    load_json_object,
    require_text,
)
from tracking.carriers.parsed import ParsedAnswer, ParsedLeg, ParsedPlace, ParsedScan, ParsedShipment, ParsedTime
from tracking.vocabulary import ZoneSource

CODE_TABLE: Final = CodeTable.load("chinapost")
SUCCESS_CODE: Final = "00000"


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
            raise RejectionAnswerError(error_message(answer))
        told = load_inner_json(answer["retBody"]) if "retBody" in answer else answer
        if not told.keys() & {"responseItems", "traces"} and "retBody" not in answer:
            raise UnreadableAnswerError("the answer has neither retBody nor traces")
        rows: dict[str, list[dict[str, Any]]] = {}
        for item in expect_list(told.get("responseItems", told.get("traces")), "the traces"):
            row = expect_object(item, "a trace")
            rows.setdefault(number_of(row), []).append(row)
        return ParsedAnswer(tuple(parse_shipment(number, own, received_at) for number, own in rows.items()))

    async def fetch(self, client: CarrierClient, numbers: Sequence[str]) -> bytes:
        return await fetch_tracking(client, numbers[0])

    async def probe(self, client: CarrierClient) -> str:
        answer = load_json_object(await fetch_tracking(client, "0000000000000"))
        if not clean_text(answer.get("retCode")):
            raise RejectionAnswerError(error_message(answer))
        return f"it answers: {clean_text(answer.get('retMsg')) or clean_text(answer['retCode'])}"


async def fetch_tracking(client: CarrierClient, number: str) -> bytes:
    """Ask for the traces of one number."""
    question = json.dumps({"waybillNo": number}, separators=(",", ":"))
    form = {
        "apiCode": "040001",
        "senderNo": client.credentials.get("sender", ""),
        "authorization": client.credentials.get("authorization", ""),
        "timeStamp": (datetime.now(UTC) + timedelta(hours=8)).strftime("%Y-%m-%d %H:%M:%S"),
        "logitcsInterface": sign_request(question, client.credentials.get("sign_key", "")),
    }
    return await client.send("POST", "/amp-prod-api/f/amp/api/open", form=form)


def sign_request(payload: str, sign_key: str) -> str:
    """Return the question under SM4, which serves China Post as the signature."""
    try:
        lock = Cipher(algorithms.SM4(base64.b64decode(sign_key)), modes.ECB()).encryptor()  # noqa: S305
    except (ValueError, binascii.Error, UnsupportedAlgorithm) as trouble:
        raise RequestRejectedError("the sign key is not 16 bytes in base64, or this machine has no SM4") from trouble
    padder = PKCS7(128).padder()
    plain = padder.update(f"{payload}{sign_key}".encode()) + padder.finalize()
    return f"|$4|{base64.b64encode(lock.update(plain) + lock.finalize()).decode()}"


def error_message(answer: Mapping[str, Any]) -> str:
    """Say in one line why the call was refused."""
    code, message = (
        clean_text(answer.get("retCode")) or "no code",
        clean_text(answer.get("retMsg")) or "no reason given",
    )
    return f"China Post refused the call ({code}): {message}"


def load_inner_json(value: Any) -> dict[str, Any]:
    """Return the inner answer: a JSON string as China Post sends it, a bare list, or the object itself."""
    if isinstance(value, str):
        value = load_json_object(b'{"inner":' + value.encode("utf-8", "replace") + b"}").get("inner") if value else None
    return {"traces": value} if isinstance(value, list) else expect_object(value, "retBody")


def number_of(row: Mapping[str, Any]) -> str:
    """Return the number that a row is about."""
    return require_text(row.get("waybillNo") or row.get("traceNo"), "waybillNo")


def parse_shipment(number: str, rows: list[dict[str, Any]], received_at: datetime) -> ParsedShipment:
    """Read the rows about one number."""
    scans = tuple(parse_event(row, received_at) for row in order_oldest_first(rows))
    return ParsedShipment(number, (ParsedLeg("chinapost", "China Post", number),), scans)


def order_oldest_first(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows by their clock, which is one and the same: as they are, or turned round."""
    return rows[::-1] if rows and clean_text(rows[0].get("opTime")) > clean_text(rows[-1].get("opTime")) else rows


def parse_event(row: Mapping[str, Any], received_at: datetime) -> ParsedScan:
    """Read one row; the office is the place and the name of the operation the words."""
    code, words = clean_text(row.get("opCode")), clean_text(row.get("opName"))
    region, city = clean_text(row.get("opOrgProvName")), clean_text(row.get("opOrgCity"))
    place = ParsedPlace(clean_text(row.get("opOrgName")) or city, None, region or None, city or None)
    return ParsedScan(
        0, CODE_TABLE.scan_for(code, "else", words), parse_time(row, received_at), place, code, words, "zh"
    )


def parse_time(row: Mapping[str, Any], received_at: datetime) -> ParsedTime:
    """Read China's clock. That the place keeps it too is an assumption, and shown as one."""
    moment = timestamps.parse_timestamp(clean_text(row.get("opTime")), country="CN", received_at=received_at)
    return moment._replace(zone_source=ZoneSource.ASSUMED) if moment.zone_source is ZoneSource.PLACE else moment
