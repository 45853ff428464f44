"""Every step of adding a channel, checked for every channel: what fails here says what is missing and where it goes.

`tracking/notifications/README.md` describes the steps. A class in `channels/` whose name ends in `Channel` counts as a
channel even before it is listed, so that a new one fails here step by step.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import pytest
from babel.messages.catalog import Catalog
from django.conf import settings as site
from django.utils import translation

from tests.notifications.channels.channel_samples import (
    CHANNEL_SAMPLES,
    SMTP_REPLIES,
    ChannelSample,
    Outcome,
)
from tests.notifications.channels.sample_messages import ENGLISH
from tracking.localization.catalogues import catalogue_path, read_catalogue
from tracking.models import Contact
from tracking.notifications import channels
from tracking.notifications.channels import CHANNELS
from tracking.notifications.channels.channel import (
    Channel,
    DeliveryError,
    DeliveryReceipt,
    InvalidContactAddressError,
)
from tracking.notifications.channels.messengers import MessengerChannel

PROJECT_ROOT: Final = Path(site.BASE_DIR)
PACKAGE_README: Final = PROJECT_ROOT / "tracking/notifications/README.md"
SAMPLES_FILE: Final = "tests/notifications/channels/channel_samples.py"
OUTCOMES: Final = tuple(SMTP_REPLIES)
OTHER_LANGUAGES: Final = [code for code, _name in site.LANGUAGES if code != "en"]
TABLES: Final = ("The channels", "What each answer means")


def channel_classes() -> Iterator[type[Any]]:
    """Yield the classes in `channels/` that are named like a channel."""
    for info in pkgutil.iter_modules(channels.__path__):
        module = import_module(f"{channels.__name__}.{info.name}")
        for value in vars(module).values():
            is_own_class = isinstance(value, type) and value.__module__ == module.__name__
            if is_own_class and value is not Channel and value.__name__.endswith("Channel"):
                yield value


def every_channel() -> list[Channel]:
    """Return all channels, listed or not."""
    listed = list(CHANNELS.values())
    return listed + [cls() for cls in channel_classes() if not any(isinstance(channel, cls) for channel in listed)]


def name_of(channel: Channel) -> str:
    """Return a channel's name, or its class where it has none yet."""
    return str(getattr(channel, "name", type(channel).__name__))


def file_of(channel: Channel) -> str:
    """Return the path of a channel's source file."""
    return type(channel).__module__.replace(".", "/") + ".py"


def sample_of(channel: Channel) -> ChannelSample:
    """Return a channel's sample; fail with the place where it goes if there is none."""
    name = name_of(channel)
    table = "MESSENGER_PROVIDERS" if isinstance(channel, MessengerChannel) else "CHANNEL_SAMPLES"
    assert name in CHANNEL_SAMPLES, f"The channel '{name}' has no sample: add '{name}' to {table} in {SAMPLES_FILE}."
    return CHANNEL_SAMPLES[name]


@cache
def cached_catalogue(path: Path) -> Catalog:
    """Return a catalogue, read once for all channels."""
    return read_catalogue(path)


def readme_section(title: str) -> str:
    """Return a section of the package's README."""
    return PACKAGE_README.read_text(encoding="utf-8").partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def table_rows(text: str, name: str) -> list[str]:
    """Return the table rows whose first cell contains `name` in backticks."""
    return [line for line in text.splitlines() if line.startswith("|") and f"`{name}`" in line.split("|")[1]]


for_every_channel = pytest.mark.parametrize("channel", every_channel(), ids=name_of)


@for_every_channel
def test_channel_is_listed(channel: Channel) -> None:
    assert CHANNELS.get(name_of(channel)) is channel, (
        f"{type(channel).__name__} is not listed: add it to CHANNELS in tracking/notifications/channels/__init__.py."
    )


@for_every_channel
@pytest.mark.parametrize(
    "attribute",
    [
        *("name", "label", "is_idempotent", "max_concurrent"),
        *("is_configured", "clean_address", "display_address", "send"),
    ],
)
def test_channel_has_every_attribute(channel: Channel, attribute: str) -> None:
    assert hasattr(channel, attribute), (
        f"{type(channel).__name__} in {file_of(channel)} has no `{attribute}`: "
        "`Channel` in tracking/notifications/channels/channel.py says what it must be."
    )


@for_every_channel
def test_channel_name_fits_its_column(channel: Channel) -> None:
    longest = Contact._meta.get_field("channel").max_length
    assert longest is not None
    assert name_of(channel).isidentifier() and name_of(channel).islower() and len(name_of(channel)) <= longest, (
        f"`name` in {file_of(channel)} must be one lower-case word of at most {longest} characters."
    )


@for_every_channel
def test_channel_sends_one_message_at_a_time_where_readers_would_see_a_copy(channel: Channel) -> None:
    assert channel.is_idempotent or channel.max_concurrent == 1, (
        f"{file_of(channel)}: a channel whose `is_idempotent` is False must have `max_concurrent = 1`, "
        "or a killed worker sends several messages twice."
    )


@for_every_channel
@pytest.mark.parametrize("language", OTHER_LANGUAGES)
def test_label_is_translated(channel: Channel, language: str) -> None:
    path = catalogue_path(PROJECT_ROOT / "locale", translation.to_locale(language))
    label = str(getattr(channel, "label", ""))

    message = cached_catalogue(path).get(label) if label else None

    assert message is not None and message.string and not message.fuzzy, (
        f"The label '{label}' of the channel '{name_of(channel)}' is not translated into {language}: "
        f'run `make messages`, then fill in msgid "{label}" in {path.relative_to(PROJECT_ROOT)}.'
    )


@for_every_channel
def test_channel_has_a_sample(channel: Channel) -> None:
    sample = sample_of(channel)

    missing = [outcome.__name__ for outcome in OUTCOMES if outcome not in sample.responses]
    assert not missing, f"`responses` of '{name_of(channel)}' in {SAMPLES_FILE} lacks {', '.join(missing)}."


@for_every_channel
def test_channel_has_tests_of_its_own(channel: Channel) -> None:
    path = f"tests/notifications/channels/test_{Path(file_of(channel)).stem}.py"

    assert (PROJECT_ROOT / path).exists(), f"The channel '{name_of(channel)}' has no tests: write {path}."


@for_every_channel
@pytest.mark.parametrize("title", TABLES)
def test_readme_of_the_package_has_a_row(channel: Channel, title: str) -> None:
    name = name_of(channel)

    assert table_rows(readme_section(title), name), (
        f"The channel '{name}' is missing in tracking/notifications/README.md: add a row that starts with | `{name}` | "
        f'to the table "{title}"; for a messenger, add `{name}` to the first cell of the messengers\' row.'
    )


@for_every_channel
def test_environment_variable_is_documented(channel: Channel) -> None:
    variable = sample_of(channel).variable

    assert table_rows((PROJECT_ROOT / "docs/configuration.md").read_text(encoding="utf-8"), variable), (
        f"The variable {variable} of the channel '{name_of(channel)}' is missing: add a row for it to the table of "
        "variables in docs/configuration.md (it is read in tracking/settings/)."
    )
    (row, *_others) = table_rows(readme_section(TABLES[0]), name_of(channel)) or [""]
    assert f"`{variable}" in row, (
        f"The row of '{name_of(channel)}' in tracking/notifications/README.md must say that {variable} switches it on."
    )


@for_every_channel
def test_setting_is_read_in_the_settings_module(channel: Channel) -> None:
    sample = sample_of(channel)

    missing = [name for name in {**sample.settings(""), **sample.settings_off} if not hasattr(site, name)]

    assert not missing, (
        f"The channel '{name_of(channel)}' needs {', '.join(missing)}: read it in tracking/settings/, "
        f"from the environment variable {sample.variable}."
    )


@for_every_channel
def test_channel_is_hidden_without_its_setting(channel: Channel, settings: Any) -> None:
    sample = sample_of(channel)
    for name, value in sample.settings("http://127.0.0.1:9").items():
        setattr(settings, name, value)
    assert channel.is_configured(), f"is_configured() in {file_of(channel)} is False with the settings of its sample."

    for name, value in sample.settings_off.items():
        setattr(settings, name, value)
    assert not channel.is_configured(), (
        f"is_configured() in {file_of(channel)} must be False with {sample.settings_off}."
    )


@for_every_channel
def test_address_is_cleaned_once_and_nonsense_is_refused(channel: Channel) -> None:
    address = channel.clean_address(sample_of(channel).address("http://127.0.0.1:9"))

    assert channel.clean_address(address) == address, f"clean_address() in {file_of(channel)} changes a clean address."
    with pytest.raises(InvalidContactAddressError) as caught:
        channel.clean_address("not an address")
    assert str(caught.value), f"clean_address() in {file_of(channel)} must tell the reader what is wrong."


@for_every_channel
def test_page_shows_no_secret_of_an_address(channel: Channel) -> None:
    sample = sample_of(channel)
    shown = channel.display_address(channel.clean_address(sample.address("http://127.0.0.1:9")))

    assert shown, f"display_address() in {file_of(channel)} shows nothing: readers must recognise their address."
    assert not sample.secret or sample.secret not in shown, f"display_address() in {file_of(channel)} shows a secret."


@for_every_channel
@pytest.mark.parametrize("outcome", OUTCOMES, ids=lambda outcome: outcome.__name__)
def test_each_answer_has_its_outcome(
    channel: Channel, outcome: Outcome, settings: Any, request: pytest.FixtureRequest
) -> None:
    sample = sample_of(channel)
    server = request.getfixturevalue(sample.server)
    url = getattr(server, "url", "")
    for name, value in sample.settings(url).items():
        setattr(settings, name, value)
    setattr(server, "responses" if sample.server == "receiver" else "replies", [sample.responses[outcome]])
    address = channel.clean_address(sample.address(url))

    try:
        result: DeliveryReceipt | DeliveryError = channel.send(ENGLISH, address)
    except DeliveryError as error:
        result = error

    assert type(result) is outcome, (
        f"send() in {file_of(channel)} turned the answer {sample.responses[outcome]!r} into {type(result).__name__} "
        f"({result}); it must be {outcome.__name__}."
    )
    assert address not in str(result) and (not sample.secret or sample.secret not in str(result)), (
        f"The text of {outcome.__name__} from {file_of(channel)} contains the address: operators would read it."
    )
