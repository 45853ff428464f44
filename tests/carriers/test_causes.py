"""A carrier's text gives the cause of a problem, in its own language; what is resolved is no cause."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.carriers.causes import detect_cause, extract_storage_days
from tracking.vocabulary import Cause

PHRASES: dict[Cause, tuple[str, ...]] = {
    Cause.PAPERS_MISSING: (
        "Customs asks for documents: commercial invoice and proof of value required",
        "Missing documents",
        "Clearance delay: additional paperwork is needed",
        "Held, incomplete invoice",
        "Awaiting documentation from the consignee",
        "Import permit required",
        "海关要求补充资料：需提供商业发票和价值证明",
        "清关资料不全",
        "需提供发票",
        "Der Zoll benötigt weitere Unterlagen: Handelsrechnung und Wertnachweis",
        "Unterlagen fehlen",
        "Documents manquants",
        "En attente de la facture",
        "Faltan documentos para el despacho",
        "Se requiere factura comercial",
        "Documentação pendente",
        "Aguardando documentação do destinatário",
        "Documenti mancanti per lo sdoganamento",
        "In attesa della fattura",
        "Требуются документы для таможни",
        "Отсутствует инвойс",
        "通関書類の不備",
        "インボイスが必要です",
        "통관 서류 필요",
        "인보이스 누락",
        "المستندات مطلوبة",
        "مطلوب فاتورة",
    ),
    Cause.IDENTITY_MISSING: (
        "Please upload a copy of your passport",
        "Proof of identity required by customs",
        "请上传身份证",
        "Identitätsnachweis erforderlich",
        "Pièce d'identité demandée",
        "Se requiere documento de identidad",
        "Требуется паспорт",
    ),
    Cause.TAX_ID_MISSING: (
        "Recipient's tax ID is missing",
        "EORI number required",
        "CPF do destinatário não informado",
        "收件人税号缺失",
        "Steuernummer des Empfängers fehlt",
        "Numéro fiscal requis",
        "Codice fiscale mancante",
        "Необходимо указать ИНН",
        "개인통관고유부호 오류",
        "الرقم الضريبي مطلوب",
    ),
    Cause.DUTIES_UNPAID: (
        "Held: import duties and taxes must be paid before release",
        "Duties not paid",
        "Awaiting payment of duties",
        "Outstanding customs charges",
        "Import VAT is payable",
        "进口关税待支付，暂扣",
        "请支付关税",
        "Einfuhrabgaben sind fällig",
        "Zollgebühren offen",
        "Abgaben nicht entrichtet",
        "Droits de douane à payer",
        "Taxes impayées",
        "Impuestos pendientes de pago",
        "Aguardando pagamento dos tributos",
        "Dazi da pagare",
        "Ожидается оплата таможенной пошлины",
        "Пошлина не оплачена",
        "関税の支払い待ち",
        "관세 미납",
        "بانتظار دفع الرسوم",
    ),
    Cause.ADDRESS_INCOMPLETE: (
        "Delivery attempted, the address is incomplete",
        "Insufficient address",
        "Incorrect address, the parcel is held",
        "The house number is missing",
        "Addressee unknown",
        "No such street",
        "地址不详",
        "收件地址有误",
        "查无此人",
        "Adresse unvollständig",
        "Hausnummer fehlt",
        "Empfänger unbekannt",
        "Adresse incomplète",
        "Destinataire inconnu à l'adresse",
        "Dirección incorrecta",
        "Endereço insuficiente",
        "Destinatário desconhecido",
        "Indirizzo errato",
        "Неполный адрес",
        "あて所に尋ねあたりません",
        "住所不明",
        "주소 불명",
        "수취인불명",
        "العنوان غير صحيح",
    ),
    Cause.PHONE_MISSING: (
        "Phone number is invalid",
        "Unable to contact the recipient",
        "Wrong telephone number",
        "The phone is switched off",
        "电话无人接听",
        "收件人电话错误",
        "无法联系收件人",
        "Telefonnummer fehlt",
        "Empfänger telefonisch nicht erreichbar",
        "Destinataire injoignable",
        "Teléfono incorrecto",
        "Não foi possível contatar o destinatário",
        "Impossibile contattare il destinatario",
        "Не удалось связаться с получателем",
        "電話番号の誤り",
        "연락 불가",
        "تعذر الاتصال بالمستلم",
    ),
    Cause.ABSENT: (
        "Delivery attempted, nobody was there to receive it",
        "Recipient not available",
        "Not at home",
        "收件人不在家",
        "家中无人",
        "Empfänger nicht angetroffen",
        "Destinataire absent",
        "Destinatario ausente",
        "Destinatário ausente",
        "Nessuno in casa",
        "Временное отсутствие адресата",
        "ご不在のため持ち戻りました",
        "수취인 부재",
        "المستلم غير موجود",
    ),
    Cause.REFUSED: (
        "Delivery attempted, refused by the recipient",
        "Customer refused",
        "Rejected by the consignee",
        "收件人拒收",
        "客户拒签",
        "Annahme verweigert",
        "Colis refusé par le destinataire",
        "Rechazado por el destinatario",
        "Objeto recusado",
        "Rifiutato dal destinatario",
        "Отказ адресата",
        "受取拒否",
        "수취거부",
        "رفض المستلم الاستلام",
    ),
    Cause.CLOSED: (
        "Business closed at the time of delivery",
        "Recipient's office is closed",
        "收件单位放假",
        "公司已下班",
        "Geschäft geschlossen",
        "Magasin fermé",
        "Negocio cerrado",
        "Loja fechada",
        "Negozio chiuso",
        "Офис закрыт",
        "店舗休業のため",
        "매장 휴무",
        "المتجر مغلق",
    ),
}
RESOLVED_OR_HARMLESS = (
    "Address confirmed",
    "The address was corrected",
    "Address information updated",
    "Documents received, customs clearance continues",
    "Documents have been accepted",
    "Unterlagen eingegangen, die Verzollung wird fortgesetzt",
    "Customs duties paid",
    "Duties and taxes have been paid",
    "Duties paid, customs clearance continues",
    "Payment of duties received",
    "Proof of payment confirmed",
    "No longer refused",
    "Not refused by the recipient",
    "The parcel was not refused",
    "Packed in a closed box",
    "Container closed",
    "The case is closed",
    "No documents required",
    "Duties not applicable",
    "地址已更正",
    "已收到资料",
    "关税已支付",
    "未被拒收",
    "Adresse bestätigt",
    "Zollgebühren bezahlt",
    "Annahme nicht verweigert",
    "Adresse confirmée",
    "Droits de douane acquittés",
    "Dirección confirmada",
    "Impuestos pagados",
    "Tributos pagos",
    "Endereço corrigido",
    "Dazi pagati",
    "Адрес уточнён",
    "Пошлина уплачена",
    "書類受領",
    "관세 납부 완료",
    "تم دفع الرسوم",
    "تم تأكيد العنوان",
    "Arrived at sorting centre",
    "Delivered",
    "Out for delivery",
    "",
    "Import customs clearance completed",
    "Left the export office",
    "已揽收",
    "Departed from facility",
)


@pytest.mark.parametrize("cause", PHRASES)
def test_a_carriers_text_gives_the_cause(cause: Cause) -> None:
    detected = {text: detect_cause(text) for text in PHRASES[cause]}

    assert {text: found for text, found in detected.items() if found is not cause} == {}


def test_what_is_resolved_or_harmless_has_no_cause() -> None:
    detected = {text: detect_cause(text) for text in RESOLVED_OR_HARMLESS}

    assert {text: found for text, found in detected.items() if found is not None} == {}


def test_what_is_resolved_does_not_hide_what_is_not() -> None:
    assert detect_cause("Documents received; duties must be paid") is Cause.DUTIES_UNPAID
    assert detect_cause("Customs duties paid. Address incomplete") is Cause.ADDRESS_INCOMPLETE


@given(st.text(max_size=300))
def test_any_text_can_be_searched(text: str) -> None:
    assert detect_cause(text) is None or detect_cause(text) in Cause


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("The parcel can be collected at the post office for 15 days", 15),
        ("El envío está disponible para su recogida en la oficina hasta dentro de 15 días", 15),
        ("Abholbereit, noch 7 Tage", 7),
        ("Disponible pendant 10 jours", 10),
        ("包裹将保留5天", 5),
        ("保管期間は7日間です", 7),
        ("Ready to collect", None),
        ("Ready at counter 12", None),
        ("kept for 99 days", None),
    ],
)
def test_a_pick_up_message_says_how_long_it_is_kept(text: str, days: int | None) -> None:
    assert extract_storage_days(text) == days
