"""The form of a configurable carrier: its adapter configuration, and a sample answer that it must parse."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from django import forms
from django.utils.functional import lazy
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tracking.admin.credentials import CarrierForm
from tracking.admin.sample_parsing import loses_events, validate_sample
from tracking.carriers.configurable import adapter
from tracking.carriers.configurable.config import AdapterConfig, EventOrder, HttpMethod, InvalidConfigError
from tracking.carriers.configurable.timestamps import ClockSource
from tracking.models import Carrier
from tracking.vocabulary import Scan

CONFIG_PREFIX: Final = "config_"
MAX_SAMPLE_LENGTH: Final = 50_000
REQUIRED_FIELDS: Final = (
    "base_url",
    "config_path",
    "config_test_number",
    "config_events",
    "config_time",
    "config_sample",
)
REQUEST_FIELDS: Final = ("config_method", "config_path", "config_headers", "config_body", "config_test_number")
PARSING_FIELDS: Final = (
    "config_sample",
    ("config_events", "config_order"),
    ("config_time", "config_time_format"),
    ("config_clock_source", "config_home_zone", "config_zone"),
    "config_code",
    "config_codes",
    "config_text",
    "config_place",
    ("config_city", "config_region"),
    ("config_country", "config_home_country"),
    "config_number",
    ("config_not_found", "config_not_found_values"),
    "parsed_sample",
)


class MultilineField(forms.CharField):
    """Text of several lines. Line ends are normalized to LF; browsers send CRLF."""

    widget = forms.Textarea(attrs={"rows": 4, "cols": 80, "class": "config-input", "spellcheck": "false"})

    def to_python(self, value: Any) -> str:
        return "\n".join((super().to_python(value) or "").splitlines())


def code_table_help() -> SafeString:
    """Return how to write a code table, and a collapsed list of all scans."""
    syntax = gettext("CODE = scan, one a line. A code that is not listed is shown in the carrier's own words.")
    scans = ((scan.value, scan.label) for scan in Scan if scan is not Scan.UNMAPPED)
    rows = format_html_join("", "<li><code>{}</code> {}</li>", scans)
    return format_html("{}<details><summary>{}</summary><ul>{}</ul></details>", syntax, gettext("All scans"), rows)


def line_field(label: Any, help_text: Any = "", size: int = 34) -> forms.CharField:
    """Return an optional field of one line."""
    attrs = {"class": "config-input", "spellcheck": "false", "size": size}
    return forms.CharField(
        label=label, help_text=help_text, required=False, max_length=300, widget=forms.TextInput(attrs=attrs)
    )


def multiline_field(label: Any, help_text: Any = "", max_length: int = 20_000) -> MultilineField:
    """Return an optional field of several lines."""
    return MultilineField(label=label, help_text=help_text, required=False, max_length=max_length)


def config_fieldsets() -> list[tuple[Any, dict[str, Any]]]:
    """Return the fieldsets that describe a configurable carrier."""
    paths = _(
        "A path is the keys on the way, with dots between them: data.events. [0] takes the first of a list, [-1] the "
        'last, [*] each; ["a.b"] is a key with a dot in it; a + b joins two texts. What is left empty is not read.'
    )
    return [
        (_("How it is asked"), {"fields": REQUEST_FIELDS}),
        (_("Passing answers on"), {"fields": ("config_answers_path",)}),
        (_("Reading of its answers"), {"fields": PARSING_FIELDS, "description": paths}),
    ]


class ConfigurableCarrierForm(CarrierForm):
    """A carrier with its adapter configuration, which is valid only if it parses the sample answer."""

    config_method = forms.ChoiceField(label=_("Method"), choices=HttpMethod.choices, required=False)
    config_path = line_field(
        _("Path of the question"),
        _("What follows the address of the API, with {number} where the number stands: /v1/track?number={number}"),
        80,
    )
    config_headers = multiline_field(
        _("Headers"),
        _("Name: value, one a line. {key} and {secret} stand for the credentials, {basic} for both as HTTP Basic."),
    )
    config_body = multiline_field(_("Body"), _('JSON, for POST alone: {"numbers": ["{number}"]}'))
    config_test_number = line_field(_("Test number"), _("A number that “Test the connection” may ask about."))
    config_answers_path = line_field(
        _("Path for buyers' answers"),
        _("Empty: answers stay at the shop. Else JSON is sent there by POST, with these headers: number, ask, values."),
        80,
    )
    config_events = line_field(_("List of events"), _("Where the list lies in the answer: data.shipments[*].events"))
    config_order = forms.ChoiceField(label=_("Order of the list"), choices=EventOrder.choices, required=False)
    config_time = line_field(
        _("Time"), _("From here on a path starts at one event. A date and a time of day: date + time")
    )
    config_time_format = line_field(
        _("How the time is written"),
        _("Empty for ISO 8601, like 2026-09-01T10:30. Else a pattern of strptime: %d.%m.%Y %H:%M"),
    )
    config_clock_source = forms.ChoiceField(label=_("Whose clock"), choices=ClockSource.choices, required=False)
    config_home_zone = line_field(
        _("Home zone"), _("For one clock everywhere: Asia/Shanghai. It is shown as assumed, not as told.")
    )
    config_zone = line_field(_("Zone of the time"), _("Where each event tells it: +08:00, 8 or Asia/Shanghai."))
    config_code = line_field(_("Code"), _("Two that belong together: type + reason. They are joined by a dot."))
    config_codes = multiline_field(_("Code table"))
    config_text = line_field(_("Words"), _("The carrier's own sentence. Words never make a parcel delivered."))
    config_place = line_field(_("Place"), _("The place as one text. Empty: the city."))
    config_city = line_field(_("City"))
    config_region = line_field(_("Region"))
    config_country = line_field(_("Country"), _("Letters or an English name."))
    config_home_country = line_field(
        _("Country where none is told"), _("For a carrier that never leaves it: DE. Empty: unknown.")
    )
    config_number = line_field(_("Number in the answer"), _("Empty: the answer is about the number that was asked."))
    config_not_found = line_field(
        _("Where “not found” stands"), _("Filled in, an answer with status 404 is read too, and an empty one means it.")
    )
    config_not_found_values = multiline_field(
        _("Values that mean “not found”"), _("One a line, like 404, NOT_FOUND, false or null.")
    )
    config_sample = multiline_field(
        _("A pasted answer"),
        _("The answer to one number, as it came. Take out names, streets and signatures first: it is kept here."),
        MAX_SAMPLE_LENGTH,
    )

    config_or_sample_changed = False
    """Whether the configuration or the sample answer differs from the stored one."""
    loses_events = False
    """Whether events of the sample are not recognized any more: stored events would then be duplicated."""
    config_keys_by_field: ClassVar = {CONFIG_PREFIX + name: name for name in AdapterConfig._fields}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # An operator who switches to another adapter must be able to save without these fields.
        selected = self.data.get("adapter") if self.is_bound else adapter.SLUG
        for name in REQUIRED_FIELDS:
            self.fields[name].required = selected == adapter.SLUG
        self.fields["base_url"].help_text = _("Up to its host, or as far as all questions share it.")
        stored = self.instance.adapter_config
        self.initial.update(
            {field: stored[name] for field, name in self.config_keys_by_field.items() if stored.get(name)}
        )
        self.initial["config_sample"] = self.instance.sample_answer
        self.fields["config_codes"].help_text = lazy(code_table_help, str)()
        for name in ("config_codes", "config_sample"):
            self.fields[name].widget.attrs["rows"] = 12

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        fields = (*self.config_keys_by_field, "config_sample")
        if cleaned.get("adapter") == adapter.SLUG and not any(name in self.errors for name in fields):
            self.validate_sample(cleaned.get("config_sample", ""))
        return cleaned

    def config_to_store(self) -> dict[str, str]:
        """Return the entered configuration without empty values."""
        entered = {name: self.cleaned_data.get(field, "") for field, name in self.config_keys_by_field.items()}
        return {name: value for name, value in entered.items() if value}

    def validate_sample(self, sample: str) -> None:
        """Add each error of the configuration, or of parsing the sample, to the field that caused it."""
        try:
            validate_sample(AdapterConfig.parse(self.config_to_store()), sample)
        except InvalidConfigError as error:
            for name, message in error.errors.items():
                self.add_error(CONFIG_PREFIX + name, message)

    def save(self, commit: bool = True) -> Carrier:
        if self.cleaned_data.get("adapter") == adapter.SLUG:
            config, sample = self.config_to_store(), self.cleaned_data["config_sample"]
            old_config, old_sample = self.instance.adapter_config, self.instance.sample_answer
            self.config_or_sample_changed = (old_config, old_sample) != (config, sample)
            self.loses_events = loses_events(old_config, config, sample)
            self.instance.adapter_config, self.instance.sample_answer = config, sample
        return super().save(commit)
