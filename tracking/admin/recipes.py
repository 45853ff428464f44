"""The form of a carrier without code: its recipe field by field, and the pasted answer that it must be able to read."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from django import forms
from django.utils.functional import lazy
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tracking.admin.credentials import CarrierForm
from tracking.admin.readings import SAMPLE, check_reading, marks
from tracking.carriers.configurable import adapter
from tracking.carriers.configurable.config import BadRecipe, Method, Order, Recipe
from tracking.carriers.configurable.timestamps import Clock
from tracking.models import Carrier
from tracking.vocabulary import Scan

RECIPE: Final = "recipe_"
MOST_SAMPLE: Final = 50_000
NEEDED: Final = ("base_url", "recipe_path", "recipe_test_number", "recipe_events", "recipe_time", "recipe_sample")
ASKING: Final = ("recipe_method", "recipe_path", "recipe_headers", "recipe_body", "recipe_test_number")
READING: Final = (
    "recipe_sample",
    ("recipe_events", "recipe_order"),
    ("recipe_time", "recipe_pattern"),
    ("recipe_clock", "recipe_home", "recipe_zone"),
    "recipe_code",
    "recipe_codes",
    "recipe_words",
    "recipe_place",
    ("recipe_city", "recipe_region"),
    ("recipe_country", "recipe_home_country"),
    "recipe_number",
    ("recipe_missing", "recipe_missing_values"),
    "reading",
)


class Lines(forms.CharField):
    """Lines of text, with the same line ends whatever browser sent them."""

    widget = forms.Textarea(attrs={"rows": 4, "cols": 80, "class": "recipe", "spellcheck": "false"})

    def to_python(self, value: Any) -> str:
        return "\n".join((super().to_python(value) or "").splitlines())


def scan_names() -> SafeString:
    """Return the form of a code table, and all scans to choose from, folded away."""
    form = gettext("CODE = scan, one a line. A code that is not listed is shown in the carrier's own words.")
    scans = ((scan.value, scan.label) for scan in Scan if scan is not Scan.UNMAPPED)
    rows = format_html_join("", "<li><code>{}</code> {}</li>", scans)
    return format_html("{}<details><summary>{}</summary><ul>{}</ul></details>", form, gettext("All scans"), rows)


def line(label: Any, help_text: Any = "", size: int = 34) -> forms.CharField:
    """Return an input for one line."""
    attrs = {"class": "recipe", "spellcheck": "false", "size": size}
    return forms.CharField(
        label=label, help_text=help_text, required=False, max_length=300, widget=forms.TextInput(attrs=attrs)
    )


def lines(label: Any, help_text: Any = "", most: int = 20_000) -> Lines:
    """Return an input for several lines."""
    return Lines(label=label, help_text=help_text, required=False, max_length=most)


def recipe_sheets() -> list[tuple[Any, dict[str, Any]]]:
    """Return the parts of the page that describe a carrier without code."""
    paths = _(
        "A path is the keys on the way, with dots between them: data.events. [0] takes the first of a list, [-1] the "
        'last, [*] each; ["a.b"] is a key with a dot in it; a + b joins two texts. What is left empty is not read.'
    )
    return [
        (_("How it is asked"), {"fields": ASKING}),
        (_("Passing answers on"), {"fields": ("recipe_answers_path",)}),
        (_("Reading of its answers"), {"fields": READING, "description": paths}),
    ]


class RecipeForm(CarrierForm):
    """A carrier with its recipe. It is saved when it reads the pasted answer, and not before."""

    recipe_method = forms.ChoiceField(label=_("Method"), choices=Method.choices, required=False)
    recipe_path = line(
        _("Path of the question"),
        _("What follows the address of the API, with {number} where the number stands: /v1/track?number={number}"),
        80,
    )
    recipe_headers = lines(
        _("Headers"),
        _("Name: value, one a line. {key} and {secret} stand for the credentials, {basic} for both as HTTP Basic."),
    )
    recipe_body = lines(_("Body"), _('JSON, for POST alone: {"numbers": ["{number}"]}'))
    recipe_test_number = line(_("Test number"), _("A number that “Test the connection” may ask about."))
    recipe_answers_path = line(
        _("Path for buyers' answers"),
        _("Empty: answers stay at the shop. Else JSON is sent there by POST, with these headers: number, ask, values."),
        80,
    )
    recipe_events = line(_("List of events"), _("Where the list lies in the answer: data.shipments[*].events"))
    recipe_order = forms.ChoiceField(label=_("Order of the list"), choices=Order.choices, required=False)
    recipe_time = line(_("Time"), _("From here on a path starts at one event. A date and a time of day: date + time"))
    recipe_pattern = line(
        _("How the time is written"),
        _("Empty for ISO 8601, like 2026-09-01T10:30. Else a pattern of strptime: %d.%m.%Y %H:%M"),
    )
    recipe_clock = forms.ChoiceField(label=_("Whose clock"), choices=Clock.choices, required=False)
    recipe_home = line(
        _("Home zone"), _("For one clock everywhere: Asia/Shanghai. It is shown as assumed, not as told.")
    )
    recipe_zone = line(_("Zone of the time"), _("Where each event tells it: +08:00, 8 or Asia/Shanghai."))
    recipe_code = line(_("Code"), _("Two that belong together: type + reason. They are joined by a dot."))
    recipe_codes = lines(_("Code table"))
    recipe_words = line(_("Words"), _("The carrier's own sentence. Words never make a parcel delivered."))
    recipe_place = line(_("Place"), _("The place as one text. Empty: the city."))
    recipe_city = line(_("City"))
    recipe_region = line(_("Region"))
    recipe_country = line(_("Country"), _("Letters or an English name."))
    recipe_home_country = line(
        _("Country where none is told"), _("For a carrier that never leaves it: DE. Empty: unknown.")
    )
    recipe_number = line(_("Number in the answer"), _("Empty: the answer is about the number that was asked."))
    recipe_missing = line(
        _("Where “not found” stands"), _("Filled in, an answer with status 404 is read too, and an empty one means it.")
    )
    recipe_missing_values = lines(
        _("Values that mean “not found”"), _("One a line, like 404, NOT_FOUND, false or null.")
    )
    recipe_sample = lines(
        _("A pasted answer"),
        _("The answer to one number, as it came. Take out names, streets and signatures first: it is kept here."),
        MOST_SAMPLE,
    )

    reads_anew = False
    """Whether the recipe or the pasted answer is another than before."""
    told_anew = False
    """Whether its events are known by something else than before: told again they stand twice."""
    recipes: ClassVar = {RECIPE + name: name for name in Recipe._fields}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stored, chosen = self.instance.recipe, self.data.get("adapter") if self.is_bound else adapter.SLUG
        for name in NEEDED:
            self.fields[name].required = chosen == adapter.SLUG
        self.fields["base_url"].help_text = _("Up to its host, or as far as all questions share it.")
        self.initial.update({field: stored[name] for field, name in self.recipes.items() if stored.get(name)})
        self.initial[RECIPE + SAMPLE] = self.instance.sample_answer
        self.fields["recipe_codes"].help_text = lazy(scan_names, str)()
        self.fields["recipe_codes"].widget.attrs["rows"] = self.fields[RECIPE + SAMPLE].widget.attrs["rows"] = 12

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("adapter") == adapter.SLUG and not any(
            name in self.errors for name in (*self.recipes, RECIPE + SAMPLE)
        ):
            self.check_reading(cleaned.get(RECIPE + SAMPLE, ""))
        return cleaned

    def recipe(self) -> dict[str, str]:
        """Return the recipe as it was entered, without what is empty."""
        entered = {name: self.cleaned_data.get(field, "") for field, name in self.recipes.items()}
        return {name: value for name, value in entered.items() if value}

    def check_reading(self, sample: str) -> None:
        """Put on the right field what is wrong with the recipe, or with its reading of the pasted answer."""
        try:
            check_reading(Recipe.read(self.recipe()), sample)
        except BadRecipe as trouble:
            for name, fault in trouble.faults.items():
                self.add_error(RECIPE + name, fault)

    def save(self, commit: bool = True) -> Carrier:
        if self.cleaned_data.get("adapter") == adapter.SLUG:
            sample, before = self.cleaned_data[RECIPE + SAMPLE], self.instance.recipe
            self.instance.recipe = self.recipe()
            self.reads_anew = (before, self.instance.sample_answer) != (self.instance.recipe, sample)
            self.told_anew = bool(marks(before, sample) - marks(self.instance.recipe, sample))
            self.instance.sample_answer = sample
        return super().save(commit)
