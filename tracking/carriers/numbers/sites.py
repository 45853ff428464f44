"""The public tracking pages of carriers and trackers: whose they are, and where in the address the number stands.

Hosts match with all their subdomains. `keys` are parameters of the query or of the fragment, in small letters; `after`
are parts of the path or of the fragment's path, behind which the number stands. Addresses change often, so a page of a
known host whose keys are new is still searched for a number that fits its carrier.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Site(NamedTuple):
    """One public tracking page. No carriers: a tracker of many."""

    hosts: str
    carriers: tuple[str, ...] = ()
    keys: str = ""
    after: str = ""


DHL: Final = ("dhl", "dhl-de", "dhl-ecommerce", "dhlparcel-nl")
SITES: Final[tuple[Site, ...]] = (
    Site("ups.com", ("ups", "ups-mi"), "tracknum tracknums inquirynumber1 inquirynumber", "track"),
    Site(
        "fedex.com", ("fedex",), "trknbr tracknumbers tracknumber trackingnumber tracknumbers_0", "fedextrack tracking"
    ),
    Site("usps.com usps.gov", ("usps",), "tlabels qtc_tlabels1 origtracknum trackingnumber"),
    Site("dhl.com", DHL, "tracking-id awb trackingnumber id piececode", "tracking"),
    Site("dhl.de deutschepost.de", ("dhl-de", "dhl"), "piececode idc id trackingnumber"),
    Site("dhlecs.com dhlglobalmail.com", ("dhl-ecommerce",), "tracking-id trackingnumber trackingid", "tracking"),
    Site("dhlparcel.nl dhlecommerce.nl", ("dhlparcel-nl",), "tc tt barcode tracking-id", "tracktrace track-and-trace"),
    Site(
        "dpd.com dpdgroup.com dpd.de dpd.co.uk dpdlocal.co.uk dpd.fr dpd.nl dpd.be dpd.at dpd.ch dpd.ie dpd.pl",
        ("dpd",),
        "parcelnumber parcelno pknr query reference parcelnr parcel",
        "parcel parcels tracking trace status",
    ),
    Site(
        "gls-group.eu gls-group.com gls-pakete.de gls-italy.com",
        ("gls",),
        "match trackingnumber matchcode",
        "track tracking",
    ),
    Site("royalmail.com", ("royalmail", "parcelforce"), "tracknumber trackingnumber", "tracking-results details"),
    Site("parcelforce.com", ("parcelforce", "royalmail"), "tracknumber trackingnumber", "tracking"),
    Site("evri.com myhermes.co.uk", ("evri",), "barcode trackingnumber", "parcel track-a-parcel"),
    Site("yodel.co.uk yodeldirect.co.uk", ("yodel",), "parcelid trackingnumber", "tracking track"),
    Site("myhermes.de hermesworld.com", ("hermes-de",), "trackid trackingnumber barcode", "sendungsinformation"),
    Site("canadapost-postescanada.ca canadapost.ca", ("canadapost",), "searchfor trackingnumber pin", "details"),
    Site("purolator.com", ("purolator",), "pin pins searchvalue trackingnumber", "tracker"),
    Site("auspost.com.au", ("auspost",), "trackids id trackingid", "details track"),
    Site("laposte.fr colissimo.fr", ("laposte", "chronopost"), "code idship colispart"),
    Site("chronopost.fr", ("chronopost", "laposte"), "listenumeroslt listenumeros"),
    Site("postnl.nl postnl.post postnl.be", ("postnl",), "b barcode barcodes", "track-and-trace"),
    Site("bpost.be bpost.cloud", ("bpost",), "itemcode itemcodes"),
    Site("postnord.com postnord.se postnord.dk postnord.no postnord.fi", ("postnord",), "id shipmentid", "tracking"),
    Site("bring.com bring.no posten.no", ("bring",), "q", "sporing"),
    Site("post.ch swisspost.ch", ("swiss-post",), "formattedparcelcodes", "search"),
    Site("correos.es", ("correos",), "tracking-number numero"),
    Site("packeta.com zasilkovna.cz", ("packeta",), "id", "tracking"),
    Site("inpost.pl inpost.co.uk inpost.it", ("inpost",), "number", "tracking"),
    Site("correios.com.br", ("correios",), "objetos objeto codigo p_cod_uni"),
    Site("japanpost.jp", ("japanpost",), "requestno1 reqcodeno1 reqcodeno requestno"),
    Site("ems.com.cn chinapost.com.cn", ("chinapost",), "mailno mailnum"),
    Site("cainiao.com", ("cainiao",), "mailnolist mailnos mailno"),
    Site("yuntrack.com yunexpress.com", ("yunexpress",), "id nums trackingnumber", "detail"),
    Site("4px.com", ("4px",), "track_no", "query details result 0"),
    Site("sf-express.com sf-international.com", ("sf",), "billcodes mailno", "bill-number"),
    Site("yto.net.cn", ("yto",), "wbno no"),
    Site("aramex.com", ("aramex",), "shipmentnumber", "track"),
    Site("landmarkglobal.com", ("landmark",), "search trck"),
    Site("asendia.com", ("asendia",), "tracking_id", "tracking track"),
    Site("ontrac.com", ("ontrac", "lasership"), "number tracking_number trackingnumber tracking"),
    Site("lasership.com", ("lasership", "ontrac"), "track_number_input", "track"),
    Site("uniuni.com", ("uniuni",), "no tracking_number"),
    Site("gofoexpress.com gofo.com", ("gofo",), "searchid"),
    Site("track.amazon.com track.amazon.co.uk track.amazon.de track.amazon.ca", ("amazon",), "trackingid", "tracking"),
    Site("17track.net", (), "nums num"),
    Site("parcelsapp.com", (), "trackingid", "tracking"),
    Site("aftership.com", (), "tracking-numbers trackingnumber t", "* track"),
    Site("track24.net", (), "code"),
    Site("parcelmonitor.com trackingmore.com ship24.com packageradar.com", (), "number p q", "track tracking"),
)
BY_HOST: Final[dict[str, Site]] = {host: site for site in SITES for host in site.hosts.split()}
