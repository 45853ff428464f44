"""Abbreviations of states and provinces, in the countries whose addresses use them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

REGIONS: Final = {
    "US": (
        "AL Alabama; AK Alaska; AZ Arizona; AR Arkansas; CA California; CO Colorado; CT Connecticut; DE Delaware; "
        "DC District of Columbia; FL Florida; GA Georgia; HI Hawaii; ID Idaho; IL Illinois; IN Indiana; IA Iowa; "
        "KS Kansas; KY Kentucky; LA Louisiana; ME Maine; MD Maryland; MA Massachusetts; MI Michigan; MN Minnesota; "
        "MS Mississippi; MO Missouri; MT Montana; NE Nebraska; NV Nevada; NH New Hampshire; NJ New Jersey; "
        "NM New Mexico; NY New York; NC North Carolina; ND North Dakota; OH Ohio; OK Oklahoma; OR Oregon; "
        "PA Pennsylvania; RI Rhode Island; SC South Carolina; SD South Dakota; TN Tennessee; TX Texas; UT Utah; "
        "VT Vermont; VA Virginia; WA Washington; WV West Virginia; WI Wisconsin; WY Wyoming"
    ),
    "CA": (
        "AB Alberta; BC British Columbia; MB Manitoba; NB New Brunswick; ON Ontario; NL Newfoundland and Labrador; "
        "NS Nova Scotia; NT Northwest Territories; NU Nunavut; PE Prince Edward Island; QC Quebec; "
        "SK Saskatchewan; YT Yukon"
    ),
    "AU": (
        "NSW New South Wales; VIC Victoria; QLD Queensland; SA South Australia; WA Western Australia; "
        "TAS Tasmania; NT Northern Territory; ACT Australian Capital Territory"
    ),
    "BR": (
        "AC Acre; AL Alagoas; AP Amapá; AM Amazonas; BA Bahia; CE Ceará; DF Distrito Federal; ES Espírito Santo; "
        "GO Goiás; MA Maranhão; MT Mato Grosso; MS Mato Grosso do Sul; MG Minas Gerais; PA Pará; PB Paraíba; "
        "PR Paraná; PE Pernambuco; PI Piauí; RJ Rio de Janeiro; RN Rio Grande do Norte; RS Rio Grande do Sul; "
        "RO Rondônia; RR Roraima; SC Santa Catarina; SP São Paulo; SE Sergipe; TO Tocantins"
    ),
}
REGION_CODES: Final[Mapping[str, Mapping[str, str]]] = {
    country: {code: name for code, _, name in (region.partition(" ") for region in regions.split("; "))}
    for country, regions in REGIONS.items()
}
"""Names of regions by country and code."""
