"""A configured carrier sends and parses what its configuration says, and wrong configurations name their fields."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.carriers.stub_carrier import StubCarrier
from tests.carriers.test_mutations import DELIVERED_TEXTS, JUNK, count_delivered
from tests.examples import scale_examples
from tracking.carriers.adapter import RequestRejectedError
from tracking.carriers.configurable.adapter import ConfigurableAdapter, IncompleteAdapter, adapter_for
from tracking.carriers.configurable.config import AdapterConfig, InvalidConfigError
from tracking.carriers.configurable.json_paths import PathNotFoundError
from tracking.carriers.configurable.timestamps import ClockSource, TimestampFormat
from tracking.carriers.parsed import NO_EVENTS_YET, ParsedScan, ParsedShipment, ParsedTime
from tracking.carriers.parsing.json_access import UnreadableAnswerError
from tracking.vocabulary import DELIVERED_SCANS, Precision, Scan, ZoneSource

RECEIVED_AT = datetime(2026, 9, 20, 12, tzinfo=UTC)
MINIMAL_CONFIG = {"path": "/track/{number}", "test_number": "T1", "events": "events", "time": "at"}
CODES = "DLV = delivery.delivered\nOUT = delivery.out_for_delivery"


def make_adapter(**config: str) -> ConfigurableAdapter:
    """Return the adapter of the minimal configuration with some fields changed."""
    adapter = adapter_for(json.dumps({**MINIMAL_CONFIG, **config}), "pigeon", "Pigeon Post")
    assert isinstance(adapter, ConfigurableAdapter), adapter.message
    return adapter


def parse_shipment(answer: Any, **config: str) -> ParsedShipment:
    """Return the only shipment of an answer."""
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    [shipment] = make_adapter(**config).parse(body, received_at=RECEIVED_AT).shipments
    return shipment


def parse_scan(event: Mapping[str, Any], **config: str) -> ParsedScan:
    """Return the parsed scan of one event."""
    [scan] = parse_shipment({"events": [event]}, **config).scans
    return scan


def parse_time(raw_time: Any, country: str = "", **config: str) -> ParsedTime:
    """Return the parsed time of an event at a place."""
    return parse_scan({"at": raw_time, "cc": country}, country="cc", **config).time


def config_errors(**config: str) -> Mapping[str, str]:
    """Return the errors of the minimal configuration with some fields changed, by field."""
    with pytest.raises(InvalidConfigError) as error:
        AdapterConfig.parse({**MINIMAL_CONFIG, **config})
    return error.value.errors


def test_an_event_is_parsed_as_the_config_says() -> None:
    event = {
        "at": "2026-09-01T10:30:00+02:00",
        "status": {"type": "DLV"},
        "text": "Delivered to the recipient",
        "where": {"town": "Delft", "area": "Zuid-Holland", "land": "Netherlands"},
    }
    paths = {"city": "where.town", "region": "where.area", "country": "where.land"}

    scan = parse_scan(event, code="status.type", text="text", codes=CODES, **paths)

    assert (scan.scan, scan.code, scan.text) == (Scan.DELIVERY_DELIVERED, "DLV", "Delivered to the recipient")
    assert scan.place[:4] == ("Delft", "NL", "Zuid-Holland", "Delft")
    assert scan.time.occurred_at == datetime(2026, 9, 1, 8, 30, tzinfo=UTC)
    assert (scan.time.zone_source, scan.time.zone) == (ZoneSource.CARRIER_OFFSET, "Europe/Amsterdam")


@pytest.mark.parametrize(
    ("raw_time", "config", "at", "source"),
    [
        (1788251400, {"clock_source": "seconds"}, "2026-09-01T08:30:00", ZoneSource.CARRIER_EPOCH),
        ("1788251400000", {"clock_source": "milliseconds"}, "2026-09-01T08:30:00", ZoneSource.CARRIER_EPOCH),
        (1788251400000.0, {"clock_source": "milliseconds"}, "2026-09-01T08:30:00", ZoneSource.CARRIER_EPOCH),
        ("2026-09-01T10:30:00+02:00", {}, "2026-09-01T08:30:00", ZoneSource.CARRIER_OFFSET),
        ("2026-09-01 10:30:00 +0200", {}, "2026-09-01T08:30:00", ZoneSource.CARRIER_OFFSET),
        ("2026-09-01T08:30:00Z", {}, "2026-09-01T08:30:00", ZoneSource.CARRIER_UTC),
        ("2026-09-01T08:30:00", {"clock_source": "utc"}, "2026-09-01T08:30:00", ZoneSource.CARRIER_UTC),
        ("01.09.2026 10:30", {"time_format": "%d.%m.%Y %H:%M"}, None, ZoneSource.UNKNOWN),
        (
            "01.09.2026 08:30",
            {"time_format": "%d.%m.%Y %H:%M", "clock_source": "utc"},
            "2026-09-01T08:30",
            ZoneSource.CARRIER_UTC,
        ),
        (
            "2026-09-01 16:30",
            {"clock_source": "home", "home_zone": "Asia/Shanghai"},
            "2026-09-01T08:30",
            ZoneSource.ASSUMED,
        ),
        ("2026-09-01T10:30:00Z", {"clock_source": "place", "home_country": "NL"}, "2026-09-01T08:30", ZoneSource.PLACE),
        ("2026-09-01T10:30:00", {"home_country": "NL"}, "2026-09-01T08:30", ZoneSource.PLACE),
        ("2026-09-01T10:30:00", {}, None, ZoneSource.UNKNOWN),
        ("2026-09-01T10:30:00", {"home_country": "US"}, None, ZoneSource.UNKNOWN),
        ("1999-09-01T10:30:00Z", {}, None, ZoneSource.UNKNOWN),
        ("yesterday", {}, None, ZoneSource.UNKNOWN),
        ("", {"clock_source": "seconds"}, None, ZoneSource.UNKNOWN),
        ("nan", {"clock_source": "seconds"}, None, ZoneSource.UNKNOWN),
        ("9" * 400, {"clock_source": "seconds"}, None, ZoneSource.UNKNOWN),
    ],
)
def test_a_time_is_read_from_the_clock_that_the_operator_names(
    raw_time: Any, config: dict[str, str], at: str | None, source: ZoneSource
) -> None:
    moment = parse_time(raw_time, **config)

    assert moment.occurred_at == (datetime.fromisoformat(at).replace(tzinfo=UTC) if at else None)
    assert moment.zone_source is source
    assert moment.raw_time == str(raw_time).removesuffix(".0")


@pytest.mark.parametrize(
    ("zone", "at", "source"),
    [
        ("+08:00", "02:30", ZoneSource.CARRIER_OFFSET),
        (8, "02:30", ZoneSource.CARRIER_OFFSET),
        ("GMT+8", "02:30", ZoneSource.CARRIER_OFFSET),
        ("-0330", "14:00", ZoneSource.CARRIER_OFFSET),
        ("Asia/Shanghai", "02:30", ZoneSource.CARRIER_OFFSET),
        ("UTC", "10:30", ZoneSource.CARRIER_UTC),
        ("CST", None, ZoneSource.UNKNOWN),
        (28800, None, ZoneSource.UNKNOWN),
        ("", None, ZoneSource.UNKNOWN),
    ],
)
def test_a_zone_reported_beside_the_time_is_the_carriers(zone: Any, at: str | None, source: ZoneSource) -> None:
    moment = parse_scan({"at": "2026-09-01 10:30:00", "tz": zone}, zone="tz").time

    assert (moment.occurred_at and f"{moment.occurred_at:%H:%M}", moment.zone_source) == (at, source)
    assert (
        moment.occurred_at is None
        or moment.zone_source is ZoneSource.CARRIER_UTC
        or moment.local_time == datetime(2026, 9, 1, 10, 30)
    )


def test_a_zone_that_the_place_never_has_is_marked_as_inferred() -> None:
    event = {"at": "2026-09-01 16:30:00", "cc": "NL"}

    moment = parse_scan(event, country="cc", clock_source="home", home_zone="Asia/Shanghai").time

    assert moment.occurred_at == datetime(2026, 9, 1, 8, 30, tzinfo=UTC)
    assert moment.zone_source is ZoneSource.PROVIDER_INFERRED


@pytest.mark.parametrize(
    "config", [{}, {"clock_source": "utc"}, {"clock_source": "home", "home_zone": "Asia/Shanghai"}, {"zone": "tz"}]
)
@pytest.mark.parametrize("raw_time", ["2026-09-01", "2026-09-01 00:00:00"])
def test_a_date_stays_a_date_whatever_the_clock(raw_time: str, config: dict[str, str]) -> None:
    moment = parse_scan({"at": raw_time, "tz": "+08:00", "cc": "CN"}, country="cc", **config).time

    assert (moment.occurred_at, moment.local_time, moment.precision) == (None, datetime(2026, 9, 1), Precision.DATE)


@pytest.mark.parametrize("hour", ["2026-03-29 02:30", "2025-10-26 02:30"])
def test_an_hour_that_the_home_zone_skips_or_repeats_has_no_instant(hour: str) -> None:
    moment = parse_scan({"at": hour, "cc": "GB"}, country="cc", clock_source="home", home_zone="Europe/Berlin").time

    assert (moment.occurred_at, f"{moment.local_time:%H:%M}") == (None, "02:30")


def test_a_date_and_a_time_of_day_are_joined() -> None:
    moment = parse_scan({"d": "20260901", "t": "10:30:05", "z": "+02:00"}, time="d + t + z").time

    assert (moment.occurred_at, moment.precision) == (datetime(2026, 9, 1, 8, 30, 5, tzinfo=UTC), Precision.SECOND)


def test_two_codes_are_joined_by_a_dot() -> None:
    scan = parse_scan({"at": "", "a": "D", "b": 4}, code="a + b", codes="D.4 = delivery.collected")

    assert (scan.code, scan.scan) == ("D.4", Scan.DELIVERY_COLLECTED)


def test_lists_in_lists_are_one_list() -> None:
    answer = {"data": [{"legs": [{"events": [{"at": "2026-09-01T10:00Z"}]}, {"events": None}]}, {"legs": []}]}

    assert len(parse_shipment(answer, events="data[*].legs[*].events").scans) == 1


@pytest.mark.parametrize(
    ("answer", "path"),
    [
        ([{"at": "2026-09-01"}], "$"),
        ({"a.b": {"0": {"x": {"at": "2026-09-01"}}}}, '["a.b"].0[*]'),
        ({"a": [{}, {"e": [{"at": "2026-09-01"}]}]}, "$.a[-1].e"),
        ({"a": {"at": "2026-09-01"}}, "a"),
    ],
)
def test_a_path_leads_to_a_list_an_object_or_the_whole_answer(answer: Any, path: str) -> None:
    assert [scan.time.raw_time for scan in parse_shipment(answer, events=path).scans] == ["2026-09-01"]


@pytest.mark.parametrize("times", [["01", "02", "03"], ["03", "02", "01"], ["03", "03", "01"]])
@pytest.mark.parametrize("zone", ["", "Z"])
def test_events_are_put_oldest_first_as_their_times_say(times: list[str], zone: str) -> None:
    scans = parse_shipment({"events": [{"at": f"2026-09-{day}T10:00{zone}"} for day in times]}).scans

    assert [scan.time.raw_time[8:10] for scan in scans] == sorted(times)


def test_an_order_that_the_operator_knows_needs_no_times() -> None:
    answer = {"events": [{"w": "last"}, {"w": "first"}]}

    assert [scan.text for scan in parse_shipment(answer, text="w", order="newest").scans] == ["first", "last"]
    assert [scan.text for scan in parse_shipment(answer, text="w", order="oldest").scans] == ["last", "first"]


def test_a_code_that_is_not_in_the_table_stays_unmapped() -> None:
    assert parse_scan({"at": "", "c": "NEW", "w": "Delivered"}, code="c", text="w", codes=CODES).scan is Scan.UNMAPPED


def test_text_can_undo_a_delivery() -> None:
    scan = parse_scan({"c": "DLV", "w": "Could not be delivered"}, code="c", text="w", codes=CODES)

    assert scan.scan is Scan.DELIVERY_ATTEMPT_FAILED_OTHER


def test_a_number_in_the_answer_is_used_and_else_the_requested_one() -> None:
    assert parse_shipment({"events": [], "no": "AB1"}, number="no").number == "AB1"
    assert parse_shipment({"events": []}).number == ""
    assert parse_shipment({"events": []}).with_number("AB1").legs[0] == ("pigeon", "Pigeon Post", "AB1", None)


@pytest.mark.parametrize("answer", [b'{"error": {"code": 404}}', b'{"error": {"code": "NONE"}}', b"", b" \n"])
def test_not_found_is_a_rejection_without_events_and_no_error(answer: bytes) -> None:
    parsed = make_adapter(not_found="error.code", not_found_values="404\nNONE").parse(answer, received_at=RECEIVED_AT)

    assert not parsed.shipments
    assert [(rejected.number, rejected.reason) for rejected in parsed.rejected_numbers] == [("", NO_EVENTS_YET)]


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (b"", "not JSON"),
        (b"<html>", "not JSON"),
        (b'{"data": []}', "the answer has no events; there it has: data"),
        (b"[1, 2]", "the answer has no events; there it has: [2]"),
        (b'{"events": "none"}', "an event at events is text"),
        (b'{"events": [["a"]]}', "an event at events is a list"),
        (b"{}", "there it has: {}"),
        (b"[" * 100_000, "not JSON"),
    ],
)
def test_a_changed_structure_is_an_error_and_no_empty_answer(answer: bytes, says: str) -> None:
    with pytest.raises(UnreadableAnswerError, match=r".") as error:
        make_adapter().parse(answer, received_at=RECEIVED_AT)

    assert says in str(error.value)


def test_a_path_that_leads_nowhere_names_its_missing_step() -> None:
    with pytest.raises(PathNotFoundError) as error:
        parse_shipment({"data": {"items": [], "a b": 1}}, events="data.events[0].list")

    assert (error.value.path, error.value.available) == ("data.events", "items, a b")


@pytest.mark.parametrize(
    ("field", "entered", "says"),
    [
        ("path", "track/{number}", "starts with /"),
        ("path", "/track", "The number must stand somewhere"),
        ("path", "/track/{number}?key={key}", "{key} is none of: {number}."),
        ("headers", "Authorization Bearer", "Line 1"),
        ("headers", "A: b\n\nX-Key: {token}", "{token} is none of"),
        ("body", '{"n": {number}}', "not JSON"),
        ("body", '{"n": "{number}"}', "Only a POST"),
        ("test_number", "", "Needed"),
        ("events", "data..events", "Not a path from here on: ..events"),
        ("events", "data + events", "Not a path"),
        ("events", "", "Needed"),
        ("text", "text + ", "Not a path"),
        ("time", "", "Needed"),
        ("time", 'a["b', 'from here on: ["b'),
        ("time_format", "%H:%M", "day, month and year"),
        ("time_format", "%d %d %q", "day, month and year"),
        ("clock_source", "sundial", "Choose one"),
        ("home_zone", "Asia/Beijing", "Nearest: "),
        ("home_country", "Nowhere", "No country"),
        ("not_found_values", "404", ""),
        ("not_found", "error", ""),
        ("codes", "DLV delivered", "Line 1 is not of the form"),
        (
            "codes",
            "A = delivery.delivered\nB = delivered",
            "Line 2: no scan is called delivered. Nearest: delivery.delivered.",
        ),
        ("codes", "A = unmapped", "no scan is called unmapped"),
        ("codes", "A = delivery.delivered\nA = exception.lost", "a second meaning"),
    ],
)
def test_an_invalid_value_is_reported_at_its_field(field: str, entered: str, says: str) -> None:
    errors = config_errors(**{field: entered})

    assert set(errors) == ({"not_found": {"not_found_values"}, "not_found_values": {"not_found"}}.get(field, {field}))
    assert says in "".join(errors.values())


def test_all_errors_are_reported_at_once() -> None:
    assert set(config_errors(path="x", time="", clock_source="home", codes="?")) == {
        "path",
        "time",
        "home_zone",
        "codes",
    }


def test_a_code_may_hold_an_equals_sign() -> None:
    assert AdapterConfig.parse({**MINIMAL_CONFIG, "codes": "a=b = exception.lost\n\n"}).codes == {
        "a=b": Scan.EXCEPTION_LOST
    }


def test_an_incomplete_config_fetches_and_parses_nothing() -> None:
    unfinished = adapter_for("{}", "pigeon", "Pigeon Post")
    carrier = StubCarrier()

    assert isinstance(unfinished, IncompleteAdapter)
    with pytest.raises(UnreadableAnswerError, match="path, test_number, events, time"):
        unfinished.parse(b"{}", received_at=RECEIVED_AT)
    with pytest.raises(RequestRejectedError):
        carrier.run(lambda client: unfinished.fetch(client, ["A"]), {})
    assert carrier.requests == []


def test_the_version_depends_on_the_config() -> None:
    assert make_adapter().version == make_adapter().version != make_adapter(text="w").version
    assert len(make_adapter().version) <= 32


def test_a_request_is_sent_as_configured() -> None:
    carrier = StubCarrier(b"{}")
    adapter = make_adapter(path="/v1/{number}/events?lang=en", headers="X-Api-Key: {key}\nAuthorization: {basic}")

    body = carrier.run(lambda client: adapter.fetch(client, ["A/1 ü"]), {"key": "us", "secret": "hush"})

    [request] = carrier.requests
    assert body == b"{}"
    assert (request.method, request.path, request.query) == ("GET", "/v1/A/1 ü/events", {"lang": "en"})
    assert request.headers["X-Api-Key"] == "us"
    assert request.headers["Authorization"] == f"Basic {base64.b64encode(b'us:hush').decode()}"


def test_a_body_holds_the_number_in_its_texts_and_no_placeholder_inside_a_number() -> None:
    carrier = StubCarrier(b"{}")
    adapter = make_adapter(method="POST", path="/q", body='{"a": [{"n": "{number}"}], "k": "{key}", "x": {}, "y": 1}')

    carrier.run(lambda client: adapter.fetch(client, ['{key}"']), {"key": "us"})

    assert json.loads(carrier.requests[0].body) == {"a": [{"n": '{key}"'}], "k": "us", "x": {}, "y": 1}


def test_a_key_that_is_invalid_in_a_header_is_rejected_and_not_sent() -> None:
    carrier = StubCarrier()

    with pytest.raises(RequestRejectedError, match="API key"):
        carrier.run(lambda client: make_adapter(headers="X: {key}").fetch(client, ["A"]), {"key": "a\r\nX: y"})
    assert carrier.requests == []


@pytest.mark.parametrize(("headers", "names"), [("A: b", []), ("A: {key}", ["key"]), ("A: {basic}", ["key", "secret"])])
def test_a_credential_is_required_where_the_config_uses_it(headers: str, names: list[str]) -> None:
    assert [field.name for field in make_adapter(headers=headers).credentials if field.required] == names


@pytest.mark.parametrize(
    ("status", "answer", "says"),
    [
        (200, b'{"events": [{}, {}]}', "connected; 2 events"),
        (404, b'{"error": "NONE"}', "the test number is not known"),
        (404, b"", "the test number is not known"),
    ],
)
def test_a_connection_test_fetches_and_parses_the_test_number(status: int, answer: bytes, says: str) -> None:
    carrier = StubCarrier(answer, status)
    adapter = make_adapter(not_found="error", not_found_values="NONE")

    assert says in carrier.run(adapter.probe, {})
    assert carrier.requests[0].path == "/track/T1"


def test_404_without_a_not_found_value_is_an_error() -> None:
    with pytest.raises(RequestRejectedError, match="404"):
        StubCarrier(b"{}", 404).run(make_adapter().probe, {})


KEYS = ("a", "b", "events", "at", "w", "c")
PATHS = st.sampled_from(
    ["", "$", "a", "a.b", "events", "events[*]", "a[*].events", "[0]", "[-1].a", '["a"]', "c", "w", "at"]
)
JOINED_PATHS = st.lists(PATHS, min_size=1, max_size=3).map(" + ".join)
SCANS = st.sampled_from(sorted(Scan.values))
TABLES = st.lists(st.tuples(st.sampled_from(["x", "Delivered", "1", "true"]), SCANS), max_size=3)
CONFIGS = st.fixed_dictionaries(
    {"path": st.just("/{number}"), "test_number": st.just("T"), "events": PATHS, "time": JOINED_PATHS},
    optional={
        **dict.fromkeys(
            ("zone", "code", "text", "place", "city", "region", "country", "number", "not_found"), JOINED_PATHS
        ),
        "time_format": st.sampled_from(
            ["%d.%m.%Y %H:%M", "%Y%m%d%H%M%S", "%x", "%d.%m.%y", "%c", "%Y-%m-%dT%H:%M:%S%z"]
        ),
        "clock_source": st.sampled_from(ClockSource.values),
        "home_zone": st.sampled_from(["Asia/Shanghai", "America/New_York", "UTC", "Africa/Monrovia"]),
        "order": st.sampled_from(["auto", "newest", "oldest"]),
        "home_country": st.sampled_from(["US", "CN", "NL", "BR"]),
        "not_found_values": st.sampled_from(["x", "null", "true\nfalse"]),
        "codes": TABLES.map(lambda rows: "\n".join(f"{code} = {name}" for code, name in rows)),
    },
)
TIMES = st.one_of(
    st.datetimes().map(str),
    st.datetimes(timezones=st.timezones()).map(lambda moment: moment.isoformat()),
    st.sampled_from(["0001-01-01T00:00:01", "9999-12-31T23:59:59-14:00", "+14:00", "Asia/Shanghai", "1.1.2026 10:00"]),
    st.integers(-(10**15), 10**15),
)
ANSWERS = st.recursive(
    JUNK | TIMES | st.sampled_from(["x", "Delivered", 1, True]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=25,
)


def assert_scan_follows_table(scan: ParsedScan, mapped: Scan | None) -> None:
    """Check that a scan is the mapped one or weaker, with an aware instant and printable texts."""
    assert scan.scan is Scan.UNMAPPED if mapped is None else scan.scan not in DELIVERED_SCANS or scan.scan is mapped
    assert scan.time.occurred_at is None or scan.time.occurred_at.utcoffset() is not None
    assert (scan.text + scan.code + scan.time.raw_time).isprintable()


@settings(max_examples=scale_examples(600), suppress_health_check=[HealthCheck.too_slow])
@given(config=CONFIGS, answer=ANSWERS)
@example({**MINIMAL_CONFIG, "home_country": "US"}, {"events": [{"at": "0001-01-01T00:00:01"}]})
def test_any_config_parses_any_answer_or_says_why_not(config: dict[str, str], answer: Any) -> None:
    adapter = adapter_for(json.dumps(config), "pigeon", "Pigeon Post")
    try:
        parsed = adapter.parse(json.dumps(answer).encode("utf-8", "surrogatepass"), received_at=RECEIVED_AT)
    except UnreadableAnswerError as error:
        assert str(error)
        assert "\n" not in str(error)
        return

    assert isinstance(adapter, ConfigurableAdapter)
    for scan in (scan for shipment in parsed.shipments for scan in shipment.scans):
        assert_scan_follows_table(scan, adapter.config.codes.get(scan.code))


@settings(max_examples=scale_examples(300))
@given(entered_fields=st.dictionaries(st.sampled_from(AdapterConfig._fields), st.text(max_size=30) | JUNK))
def test_whatever_is_entered_is_a_config_or_named_errors(entered_fields: dict[str, Any]) -> None:
    try:
        AdapterConfig.parse(entered_fields)
    except InvalidConfigError as error:
        assert error.errors
        assert set(error.errors) <= set(AdapterConfig._fields)


@settings(max_examples=scale_examples(100))
@given(text=st.text(max_size=30), delivered_text=DELIVERED_TEXTS, code=st.sampled_from(["OUT", "NEW", "", "DLV "]))
def test_no_text_makes_a_scan_delivered(text: str, delivered_text: str, code: str) -> None:
    answer = json.dumps({"events": [{"c": code, "w": f"{delivered_text} {text}"}]}).encode("utf-8", "surrogatepass")

    parsed = make_adapter(code="c", text="w", codes=CODES.replace("DLV", "DELIVERED")).parse(
        answer, received_at=RECEIVED_AT
    )

    assert count_delivered(parsed) == 0


@settings(max_examples=scale_examples(300))
@given(
    raw_time=TIMES.map(str), zone=st.text(max_size=8) | st.sampled_from(["Africa/Monrovia", "+8", "Z"]), data=st.data()
)
def test_any_time_can_be_parsed_in_any_zone(raw_time: str, zone: str, data: st.DataObject) -> None:
    timestamp_format = TimestampFormat(data.draw(st.sampled_from(ClockSource)), "", "America/Sao_Paulo")

    assert timestamp_format.parse(raw_time, zone, "BR", "SP", RECEIVED_AT).raw_time == raw_time
