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
from tracking.admin.feed_health import format_datetime
from tracking.buyer_tasks import encrypted_store, transitions
from tracking.buyer_tasks.answer_values import describe_answer
from tracking.buyer_tasks.transitions import InvalidTransitionError
from tracking.live import publish
from tracking.models import BuyerTask, BuyerTaskAnswer, Paper
from tracking.models.buyer_tasks import (
    FINAL_STATES,
    WAITING_FOR_BUYER_STATES,
    WAITING_FOR_SHOP_STATES,
    Actor,
    BuyerTaskAction,
)
from tracking.models.texts import PaperKind, RejectionReason
from tracking.notifications.outbox import enqueue_notices
from tracking.notifications.triggers import NoticeTrigger
from tracking.vocabulary import BuyerTaskKind, BuyerTaskState, NoticeKind

if TYPE_CHECKING:
    BuyerTaskModelAdmin = admin.ModelAdmin[BuyerTask]
else:
    BuyerTaskModelAdmin = admin.ModelAdmin

TRANSITIONS: Final = ("see", "accept", "refuse", "forward", "close")
DUE_SOON_WITHIN: Final = timedelta(days=1)
VIEW_PAPER_PERMISSION: Final = "tracking.view_paper"


class WaitingForFilter(admin.SimpleListFilter):
    """Asks by whose turn it is; unless another is chosen, those that have not ended."""

    title = _("whose turn")
    parameter_name = "waiting_for"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("shop", _("ours")), ("buyer", _("the buyer's")), ("ended", _("ended")), ("all", _("all"))]

    def choices(self, changelist: Any) -> Any:
        first, *others = super().choices(changelist)
        return [{**first, "display": _("open")}, *others]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        states = {"shop": WAITING_FOR_SHOP_STATES, "buyer": WAITING_FOR_BUYER_STATES, "ended": FINAL_STATES}.get(
            self.value() or ""
        )
        if states:
            return queryset.filter(state__in=states)
        return queryset if self.value() == "all" else queryset.exclude(state__in=FINAL_STATES)


@admin.register(BuyerTask)
class BuyerTaskAdmin(BuyerTaskModelAdmin):
    """Tasks of buyers, the most urgent first. They are asked on the parcel's page and decided here."""

    list_display = ("buyer_task", "state", "deadline", "round", "shop", "opened_at")
    list_filter = (WaitingForFilter, "kind", "shipment__order__shop")
    ordering = (F("deadline_at").asc(nulls_last=True), "pk")  # type: ignore[assignment]  # the stubs know names only
    search_fields = ("shipment__order__number_key", "answers__receipt")
    search_help_text = _("Order number, or the code of a receipt")
    show_full_result_count = False
    change_form_template = "admin/tracking/buyertask/change_form.html"
    fields = readonly_fields = (
        "parcel",
        "kind",
        "state",
        "round",
        "request_reason",
        "requested_papers",
        "deadline",
        "opened_at",
        "closed_at",
    )

    class Media:
        css: ClassVar = {"all": ("css/admin.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[BuyerTask]:
        return super().get_queryset(request).select_related("shipment__order__shop")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: BuyerTask | None = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        step = self.admin_site.admin_view(require_POST(self.apply_transition))
        paper = self.admin_site.admin_view(require_POST(self.download_paper))
        return [
            path("<int:pk>/paper/<int:paper_id>/", paper, name="tracking_buyertask_paper"),
            path("<int:pk>/step/<slug:transition>/", step, name="tracking_buyertask_transition"),
            *super().get_urls(),
        ]

    def apply_transition(self, request: HttpRequest, pk: int, transition: str) -> HttpResponse:
        """Open, accept, refuse or pass on an answer, or end an ask; the buyer's open page hears of it."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        if transition not in TRANSITIONS:
            raise Http404
        ask = get_object_or_404(BuyerTask.objects.select_related("shipment__order"), pk=pk)
        try:
            with transaction.atomic():
                said = TRANSITION_HANDLERS[transition](ask, cast(User, request.user), reason_from_post(request))
                publish.publish_after_commit([ask.shipment])
            self.message_user(request, said)
        except InvalidTransitionError:
            warning = gettext("Somebody was quicker, or there is no answer: nothing was changed.")
            self.message_user(request, warning, messages.WARNING)
        except MissingReasonError:
            self.message_user(request, gettext("Say why: the buyer reads it and answers again."), messages.ERROR)
        return redirect("admin:tracking_buyertask_change", pk)

    def download_paper(self, request: HttpRequest, pk: int, paper_id: int) -> HttpResponse:
        """Hand out a paper to be saved, never to be shown by the browser; who took it stands in the record."""
        if not (self.has_view_permission(request) and request.user.has_perm(VIEW_PAPER_PERMISSION)):
            raise PermissionDenied
        found = get_object_or_404(
            Paper.objects.select_related("answer__buyer_task"), pk=paper_id, answer__buyer_task=pk, erased_at=None
        )
        try:
            content = encrypted_store.load_paper(found.stored_name)
        except encrypted_store.UnreadablePaperError as trouble:
            raise Http404 from trouble
        detail = f"{found.get_kind_display()} {found.content_hash[:12]}"
        user = cast(User, request.user)
        buyer_task = found.answer.buyer_task
        transitions.record_action(buyer_task, timezone.now(), BuyerTaskAction.DOWNLOADED, Actor.OPERATOR, user, detail)
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
        if isinstance(ask, BuyerTask):
            may = self.has_change_permission(request, ask)
            context |= {
                "answers": answers_with_values(ask, may),
                "notes": ask.log_entries.select_related("user"),
                "can_decide": may,
            }
            context["rejection_reasons"] = RejectionReason.choices
            context["can_download_papers"] = request.user.has_perm(VIEW_PAPER_PERMISSION)
        context |= {"show_save": False, "show_save_and_continue": False, "show_save_and_add_another": False}
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description=_("task"), ordering="kind")
    def buyer_task(self, buyer_task: BuyerTask) -> str:
        """Return what is asked about which parcel."""
        return str(buyer_task)

    @admin.display(description=_("parcel"))
    def parcel(self, buyer_task: BuyerTask) -> SafeString:
        """Return a link to the parcel on the desk."""
        address = reverse("admin:tracking_shipment_change", args=[buyer_task.shipment_id])
        return format_html('<a href="{}">{}</a>', address, buyer_task.shipment)

    @admin.display(description=_("reason"))
    def request_reason(self, buyer_task: BuyerTask) -> str:
        """Return why it is asked."""
        return buyer_task.localized_reason

    @admin.display(description=_("papers wanted"))
    def requested_papers(self, buyer_task: BuyerTask) -> str:
        """Return the names of the papers that are wanted."""
        return ", ".join(str(PaperKind(name).label) for name in buyer_task.requested_papers)

    @admin.display(description=_("shop"), ordering="shipment__order__shop")
    def shop(self, buyer_task: BuyerTask) -> str:
        """Return whose buyer it is."""
        return str(buyer_task.shipment.order.shop)

    @admin.display(description=_("deadline"), ordering="deadline_at")
    def deadline(self, buyer_task: BuyerTask) -> str | SafeString:
        """Return the deadline, with a badge where it is near or over."""
        if buyer_task.deadline_at is None:
            return "-"
        badge = deadline_badge(buyer_task)
        return (
            format_html('{} <span class="badge {}">{}</span>', format_datetime(buyer_task.deadline_at), *badge)
            if badge
            else format_datetime(buyer_task.deadline_at)
        )


def reason_from_post(request: HttpRequest) -> str:
    """Return the reason that was chosen, that was typed, or both, a line each."""
    ready, typed = request.POST.get("rejection_reason", ""), request.POST.get("reason", "").strip()
    return "\n".join(filter(None, [ready if ready in RejectionReason.values else "", typed]))


class MissingReasonError(Exception):
    """A refusal without a reason."""


def open_answer(buyer_task: BuyerTask, user: User, reason: str) -> str:
    """Open the answer."""
    if not buyer_task.answers.exists():
        raise InvalidTransitionError("no answer")
    transitions.mark_seen(buyer_task, user, timezone.now())
    return gettext("The buyer sees that the answer was opened.")


def accept_answer(buyer_task: BuyerTask, user: User, reason: str) -> str:
    """Accept the answer."""
    transitions.accept_answer(buyer_task, user, timezone.now())
    return gettext("Accepted. The buyer sees it on the parcel's page.")


def reject_answer(buyer_task: BuyerTask, user: User, reason: str) -> str:
    """Refuse the answer and ask again."""
    if not reason:
        raise MissingReasonError
    now = timezone.now()
    transitions.reject_answer(buyer_task, user, reason, now)
    again = NoticeTrigger(
        buyer_task.shipment_id,
        buyer_task.shipment.order_id,
        NoticeKind.BUYER_TASK_OPENED,
        f"ask {buyer_task.pk} {buyer_task.round + 1}",
        {},
    )
    enqueue_notices([again], now)
    return gettext("Refused and asked again. The buyer reads your reason.")


def forward_answer(buyer_task: BuyerTask, user: User, reason: str) -> str:
    """Have the carrier's API take the answer, or note that it was passed on by hand."""
    given = buyer_task.answers.first()
    if given is None:
        raise InvalidTransitionError("no answer")
    if transitions.retry_forwarding(given, user, timezone.now()):
        return gettext("It is sent to the carrier within a minute.")
    transitions.mark_forwarded(given, timezone.now(), reason or "by hand", Actor.OPERATOR, user)
    return gettext("Noted as passed on. The buyer sees it on the parcel's page.")


def close_buyer_task(buyer_task: BuyerTask, user: User, reason: str) -> str:
    """End the ask."""
    transitions.close_buyer_task(buyer_task, timezone.now(), reason, Actor.OPERATOR, user)
    return gettext("Ended. The buyer is no longer asked.")


TRANSITION_HANDLERS: Final[dict[str, Callable[[BuyerTask, User, str], str]]] = {
    "see": open_answer,
    "accept": accept_answer,
    "refuse": reject_answer,
    "forward": forward_answer,
    "close": close_buyer_task,
}


def deadline_badge(buyer_task: BuyerTask) -> tuple[str, str] | None:
    """Return class and words of a deadline's badge; None for one that is far off or no longer matters."""
    if buyer_task.is_final or buyer_task.deadline_at is None:
        return None
    left = buyer_task.deadline_at - timezone.now()
    if left < timedelta():
        return "late", gettext("overdue")
    return ("soon", gettext("soon")) if left < DUE_SOON_WITHIN else None


def answers_with_values(
    buyer_task: BuyerTask, can_decide: bool
) -> list[tuple[BuyerTaskAnswer, list[tuple[str, str]] | None]]:
    """Return the answers, newest first, with their values; None where one is closed to this hand."""
    rows = buyer_task.answers.select_related("decided_by").prefetch_related("papers")
    closed = buyer_task.state == BuyerTaskState.SUBMITTED
    return [
        (
            given,
            None
            if not can_decide or (closed and given.round == buyer_task.round)
            else describe_answer(BuyerTaskKind(buyer_task.kind), given.values),
        )
        for given in rows
    ]
