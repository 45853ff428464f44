"""The public tracking sites of carriers and aggregators, and where in their URLs the number is.

`hosts` match with all their subdomains. `query_keys` are parameters of the query or the fragment, in lower case;
`preceding_segments` are segments of the path or the fragment's path that the number follows. URLs change often, so a
known host's URL with other parameters is still searched for a number that fits its carrier.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class TrackingSite(NamedTuple):
    """One public tracking site. Without carriers it is an aggregator's."""

    hosts: str
    carriers: tuple[str, ...] = ()
    query_keys: str = ""
    preceding_segments: str = ""


DHL_CARRIERS: Final = ("dhl", "dhl-de", "dhl-ecommerce", "dhlparcel-nl")
SITES: Final[tuple[TrackingSite, ...]] = (
    TrackingSite("ups.com", ("ups", "ups-mi"), "tracknum tracknums inquirynumber1 inquirynumber", "track"),
    TrackingSite(
        "fedex.com", ("fedex",), "trknbr tracknumbers tracknumber trackingnumber tracknumbers_0", "fedextrack tracking"
    ),
    TrackingSite("usps.com usps.gov", ("usps",), "tlabels qtc_tlabels1 origtracknum trackingnumber"),
    TrackingSite("dhl.com", DHL_CARRIERS, "tracking-id awb trackingnumber id piececode", "tracking"),
    TrackingSite("dhl.de deutschepost.de", ("dhl-de", "dhl"), "piececode idc id trackingnumber"),
    TrackingSite(
        "dhlecs.com dhlglobalmail.com", ("dhl-ecommerce",), "tracking-id trackingnumber trackingid", "tracking"
    ),
    TrackingSite(
        "dhlparcel.nl dhlecommerce.nl", ("dhlparcel-nl",), "tc tt barcode tracking-id", "tracktrace track-and-trace"
    ),
    TrackingSite(
        "dpd.com dpdgroup.com dpd.de dpd.co.uk dpdlocal.co.uk dpd.fr dpd.nl dpd.be dpd.at dpd.ch dpd.ie dpd.pl",
        ("dpd",),
        "parcelnumber parcelno pknr query reference parcelnr parcel",
        "parcel parcels tracking trace status",
    ),
    TrackingSite(
        "gls-group.eu gls-group.com gls-pakete.de gls-italy.com",
        ("gls",),
        "match trackingnumber matchcode",
        "track tracking",
    ),
    TrackingSite(
        "royalmail.com", ("royalmail", "parcelforce"), "tracknumber trackingnumber", "tracking-results details"
    ),
    TrackingSite("parcelforce.com", ("parcelforce", "royalmail"), "tracknumber trackingnumber", "tracking"),
    TrackingSite("evri.com myhermes.co.uk", ("evri",), "barcode trackingnumber", "parcel track-a-parcel"),
    TrackingSite("yodel.co.uk yodeldirect.co.uk", ("yodel",), "parcelid trackingnumber", "tracking track"),
    TrackingSite(
        "myhermes.de hermesworld.com", ("hermes-de",), "trackid trackingnumber barcode", "sendungsinformation"
    ),
    TrackingSite(
        "canadapost-postescanada.ca canadapost.ca", ("canadapost",), "searchfor trackingnumber pin", "details"
    ),
    TrackingSite("purolator.com", ("purolator",), "pin pins searchvalue trackingnumber", "tracker"),
    TrackingSite("canpar.com canpar.ca", ("canpar",), "reference barcode"),
    TrackingSite("auspost.com.au", ("auspost",), "trackids id trackingid", "details track"),
    TrackingSite("laposte.fr colissimo.fr", ("laposte", "chronopost"), "code idship colispart"),
    TrackingSite("chronopost.fr", ("chronopost", "laposte"), "listenumeroslt listenumeros"),
    TrackingSite("postnl.nl postnl.post postnl.be", ("postnl",), "b barcode barcodes", "track-and-trace"),
    TrackingSite("bpost.be bpost.cloud", ("bpost",), "itemcode itemcodes"),
    TrackingSite(
        "postnord.com postnord.se postnord.dk postnord.no postnord.fi", ("postnord",), "id shipmentid", "tracking"
    ),
    TrackingSite("bring.com bring.no posten.no", ("bring",), "q", "sporing"),
    TrackingSite("post.ch swisspost.ch", ("swiss-post",), "formattedparcelcodes", "search"),
    TrackingSite("correos.es", ("correos",), "tracking-number numero"),
    TrackingSite("packeta.com zasilkovna.cz", ("packeta",), "id", "tracking"),
    TrackingSite("inpost.pl inpost.co.uk inpost.it", ("inpost",), "number", "tracking"),
    TrackingSite("correios.com.br", ("correios",), "objetos objeto codigo p_cod_uni"),
    TrackingSite("japanpost.jp", ("japanpost",), "requestno1 reqcodeno1 reqcodeno requestno"),
    TrackingSite("ems.com.cn chinapost.com.cn", ("chinapost",), "mailno mailnum"),
    TrackingSite("cainiao.com", ("cainiao",), "mailnolist mailnos mailno"),
    TrackingSite("yuntrack.com yunexpress.com", ("yunexpress",), "id nums trackingnumber", "detail"),
    TrackingSite("4px.com", ("4px",), "track_no", "query details result 0"),
    TrackingSite("sf-express.com sf-international.com", ("sf",), "billcodes mailno", "bill-number"),
    TrackingSite("yto.net.cn", ("yto",), "wbno no"),
    TrackingSite("aramex.com", ("aramex",), "shipmentnumber", "track"),
    TrackingSite("landmarkglobal.com", ("landmark",), "search trck"),
    TrackingSite("asendia.com", ("asendia",), "tracking_id", "tracking track"),
    TrackingSite("ontrac.com", ("ontrac", "lasership"), "number tracking_number trackingnumber tracking"),
    TrackingSite("lasership.com", ("lasership", "ontrac"), "track_number_input", "track"),
    TrackingSite("odfl.com", ("old-dominion",), "pro pronumber"),
    TrackingSite("speedeedelivery.com", ("spee-dee",), "tracking"),
    TrackingSite("uniuni.com", ("uniuni",), "no tracking_number"),
    TrackingSite("gofoexpress.com gofo.com", ("gofo",), "searchid"),
    TrackingSite(
        "track.amazon.com track.amazon.co.uk track.amazon.de track.amazon.ca", ("amazon",), "trackingid", "tracking"
    ),
    TrackingSite("17track.net", (), "nums num"),
    TrackingSite("parcelsapp.com", (), "trackingid", "tracking"),
    TrackingSite("aftership.com", (), "tracking-numbers trackingnumber t", "* track"),
    TrackingSite("track24.net", (), "code"),
    TrackingSite("parcelmonitor.com trackingmore.com ship24.com packageradar.com", (), "number p q", "track tracking"),
)
SITE_BY_HOST: Final[dict[str, TrackingSite]] = {host: site for site in SITES for host in site.hosts.split()}
