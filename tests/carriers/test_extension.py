"""Each adapter has every part that tracking/carriers/README.md lists; failures say what is missing and where."""

from __future__ import annotations

import json
import sys
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import pytest

from tests.carriers.expected_requests import (
    FETCHES,
    LOOKUP_BEFORE_REGISTRATION,
    PROBES,
    REGISTRATIONS,
    TOKEN_REQUESTS,
)
from tests.carriers.numbers.test_detection import NUMBERS
from tests.carriers.numbers.test_links import LINKS
from tests.carriers.test_mutations import TEXT_KEYS, all_paths, key_of, part_at
from tests.carriers.test_samples import ANSWERS, SAMPLES
from tests.carriers.test_webhook_signatures import SIGNERS
from tracking.carriers.adapter import Adapter
from tracking.carriers.adapters import __path__ as adapter_directories
from tracking.carriers.code_tables import TABLES_DIRECTORY
from tracking.carriers.directory import CARRIER_NAMES
from tracking.carriers.numbers.formats import FORMATS
from tracking.carriers.numbers.ranking import POST_BY_COUNTRY
from tracking.carriers.numbers.tracking_sites import SITES
from tracking.carriers.oauth import TokenEndpoint
from tracking.carriers.parsing.json_access import clean_text
from tracking.carriers.registry import ADAPTERS

GATEWAYS = frozenset({"mydhl", "s10"})
"""Adapters of many posts at once, or another API of a listed carrier: no name and no tracking page of their own."""
NEVER_BEST_MATCH = frozenset({"asendia"})
"""Carriers whose numbers always match another carrier as well or better."""
WITHOUT_OWN_NUMBERS: frozenset[str] = frozenset({"mydhl"})
"""Carriers that track other carriers' numbers only."""

RECEIVED_AT = datetime(2026, 12, 1, tzinfo=UTC)
ADAPTER_FILES = sorted(path for folder in adapter_directories for path in Path(folder).glob("[!_]*.py"))
# Numbers, names and tracking pages belong to carriers: an adapter says itself that it is an aggregator.
CARRIERS = sorted(slug for slug, adapter in ADAPTERS.items() if not adapter.is_aggregator)
NAMED_CARRIERS = sorted(set(CARRIERS) - GATEWAYS)
CARRIERS_WITH_NUMBERS = sorted(set(CARRIERS) - WITHOUT_OWN_NUMBERS)

every_adapter = pytest.mark.parametrize("slug", sorted(ADAPTERS))


def require(condition: object, missing: str, instruction: str) -> None:
    """Fail with one plain sentence unless the condition holds."""
    if not condition:
        pytest.fail(f"{missing}: {instruction}, see tracking/carriers/README.md", pytrace=False)


def module_of(slug: str) -> ModuleType:
    """Return the module of an adapter."""
    return sys.modules[type(ADAPTERS[slug]).__module__]


def file_name_of(slug: str) -> str:
    """Return the name of an adapter's file without its suffix, such as `dhl_de`."""
    return module_of(slug).__name__.rpartition(".")[2]


def samples_of(slug: str) -> list[Path]:
    """Return an adapter's raw answers."""
    return [path for path in ANSWERS if path.parent.name == slug]


def fetches_tokens(slug: str) -> bool:
    """Return whether an adapter gets OAuth2 tokens: then its module has a `TokenEndpoint`."""
    return any(isinstance(value, TokenEndpoint) for value in vars(module_of(slug)).values())


def receives_webhooks(slug: str) -> bool:
    """Return whether an adapter verifies signatures of its own."""
    return type(ADAPTERS[slug]).verify_signature is not Adapter.verify_signature


def text_keys_in_samples(slug: str) -> set[str]:
    """Return the keys whose value is the text of a scan; none for XML, or where the text is put together."""
    keys = set()
    for sample in samples_of(slug):
        if sample.suffix == ".json":
            body = sample.read_bytes()
            shipments = ADAPTERS[slug].parse(body, received_at=RECEIVED_AT).shipments
            texts = {scan.text for shipment in shipments for scan in shipment.scans} - {""}
            value = json.loads(body)
            keys |= {key_of(path) for path in all_paths(value) if clean_text(part_at(value, path)) in texts}
    return keys


@every_adapter
def test_step_1_every_adapter_has_a_sample(slug: str) -> None:
    require(
        samples_of(slug),
        f"{slug} has no sample",
        f"add tests/carriers/samples/{slug}/NAME.json (or .xml) and its expected files",
    )


@every_adapter
def test_step_1_every_sample_is_described(slug: str) -> None:
    table = (SAMPLES / "README.md").read_text(encoding="utf-8")
    for sample in samples_of(slug):
        name = f"{slug}/{sample.stem}"
        require(f"| {name} |" in table, f"{name} is not described", "add its row in tests/carriers/samples/README.md")


@every_adapter
def test_step_2_every_adapter_has_a_code_table(slug: str) -> None:
    path = TABLES_DIRECTORY / f"{slug}.toml"
    require(path.exists(), f"{slug} has no code table", f"add tracking/carriers/tables/{slug}.toml")
    require(
        tomllib.loads(path.read_text(encoding="utf-8"))["version"] == ADAPTERS[slug].version,
        f"{slug} has another version than its code table",
        "set `version = CODE_TABLE.version` in its class",
    )


@every_adapter
def test_step_3_every_adapter_names_its_source(slug: str) -> None:
    require(
        "\n\n" in (module_of(slug).__doc__ or ""),
        f"{slug} names no source",
        f"say in the docstring of tracking/carriers/adapters/{file_name_of(slug)}.py where its facts come from",
    )


@pytest.mark.parametrize("file_name", [path.stem for path in ADAPTER_FILES])
def test_step_4_every_adapter_file_is_registered(file_name: str) -> None:
    require(
        file_name in map(file_name_of, ADAPTERS),
        f"adapters/{file_name}.py is not registered",
        "import its class in tracking/carriers/registry.py and add it to ADAPTERS",
    )


@every_adapter
def test_step_5_every_sample_has_its_expected_files(slug: str) -> None:
    for sample in samples_of(slug):
        for kind, option in (("scans", ""), ("shipments", "--shipments ")):
            expected = f"{sample.stem}.{kind}.jsonl"
            require(
                sample.with_name(expected).exists(),
                f"{slug}/{sample.name} has no expected {kind}",
                f"save what `manage.py decode {option}{slug} FILE` prints as tests/carriers/samples/{slug}/{expected}",
            )


@every_adapter
def test_step_6_every_adapter_has_expected_requests(slug: str) -> None:
    where = "in tests/carriers/expected_requests.py"
    require(slug in FETCHES, f"{slug} has no expected request", f"add its row to FETCHES {where}")
    require(slug in PROBES, f"{slug} has no expected connection test", f"add its row to PROBES {where}")


@pytest.mark.parametrize("slug", sorted(slug for slug, adapter in ADAPTERS.items() if adapter.requires_registration))
def test_step_6_every_registering_adapter_has_an_expected_registration(slug: str) -> None:
    require(
        slug in {*REGISTRATIONS, *LOOKUP_BEFORE_REGISTRATION},
        f"{slug} has no expected registration",
        "add its row to REGISTRATIONS in tests/carriers/expected_requests.py",
    )


@pytest.mark.parametrize("slug", sorted(filter(fetches_tokens, ADAPTERS)))
def test_step_6_every_adapter_with_tokens_has_an_expected_token_request(slug: str) -> None:
    require(
        slug in TOKEN_REQUESTS,
        f"{slug} has no expected token request",
        "add its row to TOKEN_REQUESTS in tests/carriers/expected_requests.py",
    )


@every_adapter
def test_step_7_the_text_of_every_adapter_is_mutated(slug: str) -> None:
    keys = text_keys_in_samples(slug)
    require(
        not keys or keys & TEXT_KEYS,
        f"{slug} has no text key",
        f"add one of {', '.join(sorted(keys))} to TEXT_KEYS in tests/carriers/test_mutations.py",
    )


@pytest.mark.parametrize("slug", sorted(filter(receives_webhooks, ADAPTERS)))
def test_step_8_every_webhook_signature_is_tested(slug: str) -> None:
    own_tests = Path(__file__).parent / "adapters" / f"test_{file_name_of(slug)}.py"
    require(
        slug in SIGNERS or (own_tests.exists() and ".verify_signature(" in own_tests.read_text(encoding="utf-8")),
        f"{slug} has no signature test",
        "add its row to SIGNERS in tests/carriers/test_webhook_signatures.py, "
        f"or test `verify_signature` in tests/carriers/adapters/{own_tests.name}",
    )


@pytest.mark.parametrize("slug", NAMED_CARRIERS)
def test_step_9_every_carrier_has_a_display_name(slug: str) -> None:
    require(
        slug in CARRIER_NAMES,
        f"{slug} has no display name",
        "add its row to CARRIER_NAMES in tracking/carriers/directory.py",
    )


@pytest.mark.parametrize("slug", CARRIERS_WITH_NUMBERS)
def test_step_10_every_carrier_has_a_number_format(slug: str) -> None:
    require(
        slug in {row.carrier for row in FORMATS} | set(POST_BY_COUNTRY.values()),
        f"{slug} has no number format",
        "add a row to FORMATS in tracking/carriers/numbers/formats.py (a post with S10 numbers only: to "
        "POST_BY_COUNTRY in ranking.py; a carrier without numbers of its own: to WITHOUT_OWN_NUMBERS in "
        "tests/carriers/test_extension.py)",
    )


@pytest.mark.parametrize("slug", sorted(set(CARRIERS_WITH_NUMBERS) - NEVER_BEST_MATCH))
def test_step_10_every_carrier_has_an_example_number(slug: str) -> None:
    require(
        slug in {carrier for _number, carrier, _format, _certainty in NUMBERS},
        f"{slug} has no example number",
        "add an example to NUMBERS in tests/carriers/numbers/test_detection.py (numbers that always match another "
        "carrier as well or better: add the slug to NEVER_BEST_MATCH in tests/carriers/test_extension.py)",
    )


@pytest.mark.parametrize("slug", NAMED_CARRIERS)
def test_step_11_every_carrier_has_a_tracking_site(slug: str) -> None:
    require(
        slug in {carrier for site in SITES for carrier in site.carriers},
        f"{slug} has no public tracking site",
        "add its row to SITES in tracking/carriers/numbers/tracking_sites.py",
    )
    require(
        slug in {carrier for _link, carrier, _number in LINKS},
        f"{slug} has no tracking link",
        "add an example to LINKS in tests/carriers/numbers/test_links.py",
    )
