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
from tracking.carriers.adapter import Adapter, Credential, Line, Refused
from tracking.carriers.json_access import (
    RefusedAnswer,
    UnreadableAnswer,
    listing,
    load_json,
    mapping,
    required_text,
    text,
)
from tracking.carriers.mapping import Table
from tracking.carriers.parsed import Moment, Place, Reading, ToldLeg, ToldParcel, ToldScan
from tracking.vocabulary import ZoneSource

TABLE: Final = Table.load("chinapost")
SUCCESS: Final = "00000"


class ChinaPost(Adapter):
    slug = "chinapost"
    name = "China Post"
    version = TABLE.version
    base_url = "https://api.ems.com.cn"
    homepage = "https://www.ems.com.cn"
    credentials = (
        Credential("sender", "Contract customer number (senderNo)"),
        Credential("authorization", "Authorization code"),
        Credential("sign_key", "Sign key (base64)"),
    )

    def parse(self, body: bytes, *, heard_at: datetime) -> Reading:
        answer = load_json(body)
        if "retCode" in answer and text(answer["retCode"]) != SUCCESS:
            raise RefusedAnswer(refusal_words(answer))
        told = unwrap(answer["retBody"]) if "retBody" in answer else answer
        if not told.keys() & {"responseItems", "traces"} and "retBody" not in answer:
            raise UnreadableAnswer("the answer has neither retBody nor traces")
        rows: dict[str, list[dict[str, Any]]] = {}
        for item in listing(told.get("responseItems", told.get("traces")), "the traces"):
            row = mapping(item, "a trace")
            rows.setdefault(number_of(row), []).append(row)
        return Reading(tuple(read_parcel(number, own, heard_at) for number, own in rows.items()))

    async def fetch(self, line: Line, numbers: Sequence[str]) -> bytes:
        return await call(line, numbers[0])

    async def probe(self, line: Line) -> str:
        answer = load_json(await call(line, "0000000000000"))
        if not text(answer.get("retCode")):
            raise RefusedAnswer(refusal_words(answer))
        return f"it answers: {text(answer.get('retMsg')) or text(answer['retCode'])}"


async def call(line: Line, number: str) -> bytes:
    """Ask for the traces of one number."""
    question = json.dumps({"waybillNo": number}, separators=(",", ":"))
    form = {
        "apiCode": "040001",
        "senderNo": line.credentials.get("sender", ""),
        "authorization": line.credentials.get("authorization", ""),
        "timeStamp": (datetime.now(UTC) + timedelta(hours=8)).strftime("%Y-%m-%d %H:%M:%S"),
        "logitcsInterface": sealed(question, line.credentials.get("sign_key", "")),
    }
    return await line.send("POST", "/amp-prod-api/f/amp/api/open", form=form)


def sealed(question: str, sign_key: str) -> str:
    """Return the question under SM4, which serves China Post as the signature."""
    try:
        lock = Cipher(algorithms.SM4(base64.b64decode(sign_key)), modes.ECB()).encryptor()  # noqa: S305
    except (ValueError, binascii.Error, UnsupportedAlgorithm) as trouble:
        raise Refused("the sign key is not 16 bytes in base64, or this machine has no SM4") from trouble
    padder = PKCS7(128).padder()
    plain = padder.update(f"{question}{sign_key}".encode()) + padder.finalize()
    return f"|$4|{base64.b64encode(lock.update(plain) + lock.finalize()).decode()}"


def refusal_words(answer: Mapping[str, Any]) -> str:
    """Say in one line why the call was refused."""
    code, message = text(answer.get("retCode")) or "no code", text(answer.get("retMsg")) or "no reason given"
    return f"China Post refused the call ({code}): {message}"


def unwrap(value: Any) -> dict[str, Any]:
    """Return the inner answer: a JSON string as China Post sends it, a bare list, or the object itself."""
    if isinstance(value, str):
        value = load_json(b'{"inner":' + value.encode("utf-8", "replace") + b"}").get("inner") if value else None
    return {"traces": value} if isinstance(value, list) else mapping(value, "retBody")


def number_of(row: Mapping[str, Any]) -> str:
    """Return the number that a row is about."""
    return required_text(row.get("waybillNo") or row.get("traceNo"), "waybillNo")


def read_parcel(number: str, rows: list[dict[str, Any]], heard_at: datetime) -> ToldParcel:
    """Read the rows about one number."""
    scans = tuple(read_row(row, heard_at) for row in oldest_first(rows))
    return ToldParcel(number, (ToldLeg("chinapost", "China Post", number),), scans)


def oldest_first(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows by their clock, which is one and the same: as they are, or turned round."""
    return rows[::-1] if rows and text(rows[0].get("opTime")) > text(rows[-1].get("opTime")) else rows


def read_row(row: Mapping[str, Any], heard_at: datetime) -> ToldScan:
    """Read one row; the office is the place and the name of the operation the words."""
    code, words = text(row.get("opCode")), text(row.get("opName"))
    region, city = text(row.get("opOrgProvName")), text(row.get("opOrgCity"))
    place = Place(text(row.get("opOrgName")) or city, None, region or None, city or None)
    return ToldScan(0, TABLE.read(code, "else", words), read_moment(row, heard_at), place, code, words, "zh")


def read_moment(row: Mapping[str, Any], heard_at: datetime) -> Moment:
    """Read China's clock. That the place keeps it too is an assumption, and shown as one."""
    moment = timestamps.read(text(row.get("opTime")), country="CN", heard_at=heard_at)
    return moment._replace(zone_source=ZoneSource.ASSUMED) if moment.zone_source is ZoneSource.PLACE else moment
