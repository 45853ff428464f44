"""The merchant's desk: what buyers are asked, what they answered, and the papers that came with it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Final, cast
from urllib.parse import quote

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from accounts.models import User
from tracking.admin.health import clock
from tracking.buyer_tasks import answers, vault
from tracking.buyer_tasks.answers import WrongState
from tracking.buyer_tasks.values import in_words
from tracking.live import publish
from tracking.models import Ask, AskAnswer, Paper
from tracking.models.buyer_tasks import ENDED, WAITING_FOR_BUYER, WAITING_FOR_DESK, Actor, Deed
from tracking.models.texts import PaperKind, Refusal
from tracking.notifications.outbox import owe
from tracking.notifications.triggers import Happening
from tracking.vocabulary import AskKind, AskState, NoticeKind

if TYPE_CHECKING:
    AskDesk = admin.ModelAdmin[Ask]
else:
    AskDesk = admin.ModelAdmin

STEPS: Final = ("see", "accept", "refuse", "forward", "close")
SOON: Final = timedelta(days=1)
PAPER_PERMISSION: Final = "tracking.view_paper"


class TurnFilter(admin.SimpleListFilter):
    """Asks by whose turn it is; unless another is chosen, those that have not ended."""

    title = _("whose turn")
    parameter_name = "turn"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("desk", _("ours")), ("buyer", _("the buyer's")), ("ended", _("ended")), ("all", _("all"))]

    def choices(self, changelist: Any) -> Any:
        first, *others = super().choices(changelist)
        return [{**first, "display": _("open")}, *others]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        states = {"desk": WAITING_FOR_DESK, "buyer": WAITING_FOR_BUYER, "ended": ENDED}.get(self.value() or "")
        if states:
            return queryset.filter(state__in=states)
        return queryset if self.value() == "all" else queryset.exclude(state__in=ENDED)


@admin.register(Ask)
class AskAdmin(AskDesk):
    """Tasks of buyers, the most urgent first. They are asked on the parcel's page and decided here."""

    list_display = ("task", "state", "due", "round", "shop", "opened_at")
    list_filter = (TurnFilter, "kind", "shipment__order__shop")
    ordering = (F("deadline_at").asc(nulls_last=True), "pk")  # type: ignore[assignment]  # the stubs know names only
    search_fields = ("shipment__order__number_key", "answers__receipt")
    search_help_text = _("Order number, or the code of a receipt")
    show_full_result_count = False
    change_form_template = "admin/tracking/ask/change_form.html"
    fields = readonly_fields = (
        "parcel",
        "kind",
        "state",
        "round",
        "asked_because",
        "papers_wanted",
        "due",
        "opened_at",
        "closed_at",
    )

    class Media:
        css: ClassVar = {"all": ("css/admin.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Ask]:
        return super().get_queryset(request).select_related("shipment__order__shop")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Ask | None = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        step = self.admin_site.admin_view(require_POST(self.take_step))
        paper = self.admin_site.admin_view(require_POST(self.paper))
        return [
            path("<int:pk>/paper/<int:paper>/", paper, name="tracking_ask_paper"),
            path("<int:pk>/step/<slug:step>/", step, name="tracking_ask_step"),
            *super().get_urls(),
        ]

    def take_step(self, request: HttpRequest, pk: int, step: str) -> HttpResponse:
        """Open, accept, refuse or pass on an answer, or end an ask; the buyer's open page hears of it."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        if step not in STEPS:
            raise Http404
        ask = get_object_or_404(Ask.objects.select_related("shipment__order"), pk=pk)
        try:
            with transaction.atomic():
                said = HANDS[step](ask, cast(User, request.user), reason_in(request))
                publish.ring_after_commit([ask.shipment])
            self.message_user(request, said)
        except WrongState:
            words = gettext("Somebody was quicker, or there is no answer: nothing was changed.")
            self.message_user(request, words, messages.WARNING)
        except NoReason:
            self.message_user(request, gettext("Say why: the buyer reads it and answers again."), messages.ERROR)
        return redirect("admin:tracking_ask_change", pk)

    def paper(self, request: HttpRequest, pk: int, paper: int) -> HttpResponse:
        """Hand out a paper to be saved, never to be shown by the browser; who took it stands in the record."""
        if not (self.has_view_permission(request) and request.user.has_perm(PAPER_PERMISSION)):
            raise PermissionDenied
        found = get_object_or_404(Paper.objects.select_related("answer__ask"), pk=paper, answer__ask=pk, erased_at=None)
        try:
            content = vault.fetch(found.stored_name)
        except vault.LostPaper as trouble:
            raise Http404 from trouble
        detail = f"{found.get_kind_display()} {found.digest[:12]}"
        answers.note(
            found.answer.ask, timezone.now(), Deed.DOWNLOADED, Actor.OPERATOR, cast(User, request.user), detail
        )
        headers = {
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(found.name)}",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store, private",
        }
        return HttpResponse(content, content_type=found.media_type, headers=headers)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        ask = context.get("original")
        if isinstance(ask, Ask):
            may = self.has_change_permission(request, ask)
            context |= {"answers": answers_of(ask, may), "notes": ask.notes.select_related("user"), "may_decide": may}
            context["ready"] = Refusal.choices
            context["may_load"] = request.user.has_perm(PAPER_PERMISSION)
        context |= {"show_save": False, "show_save_and_continue": False, "show_save_and_add_another": False}
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description=_("task"), ordering="kind")
    def task(self, ask: Ask) -> str:
        """Return what is asked about which parcel."""
        return str(ask)

    @admin.display(description=_("parcel"))
    def parcel(self, ask: Ask) -> SafeString:
        """Return a link to the parcel on the desk."""
        address = reverse("admin:tracking_shipment_change", args=[ask.shipment_id])
        return format_html('<a href="{}">{}</a>', address, ask.shipment)

    @admin.display(description=_("reason"))
    def asked_because(self, ask: Ask) -> str:
        """Return why it is asked."""
        return ask.asked_because

    @admin.display(description=_("papers wanted"))
    def papers_wanted(self, ask: Ask) -> str:
        """Return the names of the papers that are wanted."""
        return ", ".join(str(PaperKind(name).label) for name in ask.wants)

    @admin.display(description=_("shop"), ordering="shipment__order__shop")
    def shop(self, ask: Ask) -> str:
        """Return whose buyer it is."""
        return str(ask.shipment.order.shop)

    @admin.display(description=_("deadline"), ordering="deadline_at")
    def due(self, ask: Ask) -> str | SafeString:
        """Return the deadline, with a badge where it is near or over."""
        if ask.deadline_at is None:
            return "-"
        badge = badge_for(ask)
        return (
            format_html('{} <span class="badge {}">{}</span>', clock(ask.deadline_at), *badge)
            if badge
            else clock(ask.deadline_at)
        )


def reason_in(request: HttpRequest) -> str:
    """Return the reason that was chosen, that was typed, or both, a line each."""
    ready, typed = request.POST.get("ready", ""), request.POST.get("reason", "").strip()
    return "\n".join(filter(None, [ready if ready in Refusal.values else "", typed]))


class NoReason(Exception):
    """A refusal without a reason."""


def see(ask: Ask, user: User, reason: str) -> str:
    """Open the answer."""
    if not ask.answers.exists():
        raise WrongState("no answer")
    answers.see(ask, user, timezone.now())
    return gettext("The buyer sees that the answer was opened.")


def accept(ask: Ask, user: User, reason: str) -> str:
    """Accept the answer."""
    answers.accept(ask, user, timezone.now())
    return gettext("Accepted. The buyer sees it on the parcel's page.")


def refuse(ask: Ask, user: User, reason: str) -> str:
    """Refuse the answer and ask again."""
    if not reason:
        raise NoReason
    now = timezone.now()
    answers.refuse(ask, user, reason, now)
    again = Happening(ask.shipment_id, ask.shipment.order_id, NoticeKind.ASKED, f"ask {ask.pk} {ask.round + 1}", {})
    owe([again], now)
    return gettext("Refused and asked again. The buyer reads your reason.")


def forward(ask: Ask, user: User, reason: str) -> str:
    """Have the carrier's API take the answer, or note that it was passed on by hand."""
    given = ask.answers.first()
    if given is None:
        raise WrongState("no answer")
    if answers.send_again(given, user, timezone.now()):
        return gettext("It is sent to the carrier within a minute.")
    answers.forwarded(given, timezone.now(), reason or "by hand", Actor.OPERATOR, user)
    return gettext("Noted as passed on. The buyer sees it on the parcel's page.")


def close(ask: Ask, user: User, reason: str) -> str:
    """End the ask."""
    answers.close(ask, timezone.now(), reason, Actor.OPERATOR, user)
    return gettext("Ended. The buyer is no longer asked.")


HANDS: Final[dict[str, Callable[[Ask, User, str], str]]] = {
    "see": see,
    "accept": accept,
    "refuse": refuse,
    "forward": forward,
    "close": close,
}


def badge_for(ask: Ask) -> tuple[str, str] | None:
    """Return class and words of a deadline's badge; None for one that is far off or no longer matters."""
    if ask.ended or ask.deadline_at is None:
        return None
    left = ask.deadline_at - timezone.now()
    if left < timedelta():
        return "late", gettext("overdue")
    return ("soon", gettext("soon")) if left < SOON else None


def answers_of(ask: Ask, may: bool) -> list[tuple[AskAnswer, list[tuple[str, str]] | None]]:
    """Return the answers, newest first, with their values; None where one is closed to this hand."""
    rows = ask.answers.select_related("decided_by").prefetch_related("papers")
    closed = ask.state == AskState.SENT
    return [
        (given, None if not may or (closed and given.round == ask.round) else in_words(AskKind(ask.kind), given.values))
        for given in rows
    ]
