"""Expected texts by locale, written down from the patterns of CLDR 47 and not from our own output.

Columns: day (MMMEd), range within a month and across months (MMMEd intervals), month (yMMMM), time (short), with 12 and
with 24 hours, thousands, one decimal, 2.5 kg, 12 km, 22 °C, 1234.50 EUR, three hours ago, in two days, a list of three,
Germany.
Every kind of space is written as a plain one.
"""

from __future__ import annotations

from typing import Final

COLUMNS: Final = (
    *("day", "span", "months", "month", "time", "twelve", "twenty-four", "thousands", "decimal"),
    *("weight", "distance", "temperature", "money", "past", "future", "list", "country"),
)
EXPECTED_TEXTS: Final[dict[str, tuple[str, ...]]] = {
    "en-US": (
        *("Wed, Oct 14", "Wed, Oct 14 – Sat, Oct 17", "Fri, Oct 30 – Mon, Nov 2", "October 2026"),
        *("2:05 PM", "2:05 PM", "14:05", "1,234,567", "1,234.5", "5.5 lb", "7.5 mi", "72°F", "€1,234.50"),
        *("3 hours ago", "in 2 days", "A, B, and C", "Germany"),
    ),
    "en-GB": (
        *("Wed 14 Oct", "Wed 14 Oct – Sat 17 Oct", "Fri 30 Oct – Mon 2 Nov", "October 2026"),
        *("14:05", "2:05 pm", "14:05", "1,234,567", "1,234.5", "5.5 lb", "7.5 mi", "22°C", "€1,234.50"),
        *("3 hours ago", "in 2 days", "A, B and C", "Germany"),
    ),
    "zh-hans-CN": (
        *("10月14日周三", "10月14日周三至17日周六", "10月30日周五至11月2日周一", "2026年10月"),
        *("14:05", "下午2:05", "14:05", "1,234,567", "1,234.5", "2.5 kg", "12公里", "22°C", "€1,234.50"),
        *("3小时前", "2天后", "A、B和C", "德国"),
    ),
    "zh-hant-TW": (
        *("10月14日 週三", "10月14日週三至17日週六", "10月30日週五至11月2日週一", "2026年10月"),
        *("下午2:05", "下午2:05", "14:05", "1,234,567", "1,234.5", "2.5 公斤", "12 公里", "22°C", "€1,234.50"),
        *("3 小時前", "2 天後", "A、B和C", "德國"),
    ),
    "ja-JP": (
        *("10月14日(水)", "10月14日(水)～17日(土)", "10月30日(金)～11月2日(月)", "2026年10月"),
        *("14:05", "午後2:05", "14:05", "1,234,567", "1,234.5", "2.5 kg", "12 km", "22°C", "€1,234.50"),
        *("3 時間前", "2 日後", "A、B、C", "ドイツ"),
    ),
    "ko-KR": (
        *("10월 14일 (수)", "10월 14일 (수) ~ 17일 (토)", "10월 30일 (금) ~ 11월 2일 (월)", "2026년 10월"),
        *("오후 2:05", "오후 2:05", "14:05", "1,234,567", "1,234.5", "2.5kg", "12km", "22°C", "€1,234.50"),
        *("3시간 전", "2일 후", "A, B 및 C", "독일"),
    ),
    "es-ES": (
        *("mié, 14 oct", "mié, 14 oct – sáb, 17 oct", "vie, 30 oct – lun, 2 nov", "octubre de 2026"),
        *("14:05", "2:05 p. m.", "14:05", "1.234.567", "1.234,5", "2,5 kg", "12 km", "22 °C", "1.234,50 €"),
        *("hace 3 horas", "dentro de 2 días", "A, B y C", "Alemania"),
    ),
    "pt-br": (
        *("qua., 14 de out.", "qua., 14 de out. – sáb., 17 de out.", "sex., 30 de out. – seg., 2 de nov."),
        *("outubro de 2026", "14:05", "2:05 PM", "14:05", "1.234.567", "1.234,5", "2,5 kg", "12 km", "22 °C"),
        *("€ 1.234,50", "há 3 horas", "em 2 dias", "A, B e C", "Alemanha"),
    ),
    "fr-FR": (
        *("mer. 14 oct.", "mer. 14 – sam. 17 oct.", "ven. 30 oct. – lun. 2 nov.", "octobre 2026"),
        *("14:05", "2:05 PM", "14:05", "1 234 567", "1 234,5", "2,5 kg", "12 km", "22 °C", "1 234,50 €"),
        *("il y a 3 heures", "dans 2 jours", "A, B et C", "Allemagne"),
    ),
    "de-DE": (
        *("Mi., 14. Okt.", "Mi., 14. – Sa., 17. Okt.", "Fr., 30. Okt. – Mo., 2. Nov.", "Oktober 2026"),
        *("14:05", "2:05 PM", "14:05", "1.234.567", "1.234,5", "2,5 kg", "12 km", "22 °C", "1.234,50 €"),
        *("vor 3 Stunden", "in 2 Tagen", "A, B und C", "Deutschland"),
    ),
    "it-IT": (
        *("mer 14 ott", "mer 14 – sab 17 ott", "ven 30 ott – lun 02 nov", "ottobre 2026"),
        *("14:05", "2:05 PM", "14:05", "1.234.567", "1.234,5", "2,5 kg", "12 km", "22 °C", "1.234,50 €"),
        *("3 ore fa", "tra 2 giorni", "A, B e C", "Germania"),
    ),
    "ru-RU": (
        *("ср, 14 окт.", "ср, 14 окт. – сб, 17 окт.", "пт, 30 окт. – пн, 2 нояб.", "октябрь 2026 г."),
        *("14:05", "2:05 PM", "14:05", "1 234 567", "1 234,5", "2,5 кг", "12 км", "22 °C", "1 234,50 €"),
        *("3 часа назад", "через 2 дня", "A, B и C", "Германия"),
    ),
    "ar-AE": (
        *("الأربعاء، 14 أكتوبر", "الأربعاء، 14 – السبت، 17 أكتوبر", "الجمعة، 30 أكتوبر – الاثنين، 2 نوفمبر"),
        *("أكتوبر 2026", "2:05 م", "2:05 م", "14:05", "1,234,567", "1,234.5", "2.5 كغم", "12 كم", "22°م"),
        *("\u200f1,234.50 €", "قبل 3 ساعات", "خلال يومين", "A وB وC", "ألمانيا"),
    ),
    "ar-EG": (
        *("الأربعاء، ١٤ أكتوبر", "الأربعاء، ١٤ – السبت، ١٧ أكتوبر", "الجمعة، ٣٠ أكتوبر – الاثنين، ٢ نوفمبر"),
        *("أكتوبر ٢٠٢٦", "٢:٠٥ م", "٢:٠٥ م", "١٤:٠٥", "١٬٢٣٤٬٥٦٧", "١٬٢٣٤٫٥", "٢٫٥ كغم", "١٢ كم", "٢٢°م"),
        *("\u200f١٬٢٣٤٫٥٠ €", "قبل ٣ ساعات", "خلال يومين", "A وB وC", "ألمانيا"),
    ),
}
