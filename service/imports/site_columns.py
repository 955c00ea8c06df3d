"""The columns of a file of sites and places, and under which of them each refusal of the domain is told."""

from __future__ import annotations

from service.errors import ServiceError
from service.imports.tables import Column

COLUMNS = (
    Column(
        "member",
        "Entreprise adhérente",
        "L’entreprise qui accueille, quand ce n’est pas vous.",
        ("Adhérent", "Entreprise", "Raison sociale", "Société", "Membre"),
        example="Électricité Martin",
    ),
    Column(
        "name",
        "Site",
        "Le nom du lieu d’accueil. Plusieurs lignes peuvent porter le même site.",
        ("Nom du site", "Lieu d’accueil", "Établissement", "Agence", "Nom de l’agence"),
        required=True,
        example="Agence de Lyon",
    ),
    Column(
        "siret",
        "SIRET",
        "Quatorze chiffres, ceux du site et non du siège. Une clé douteuse est signalée sans bloquer.",
        ("SIRET du site", "N° SIRET", "Numéro SIRET"),
        example="73282932000074",
    ),
    Column(
        "street", "Adresse", "Numéro et voie.", ("Rue", "Voie", "Adresse 1", "Numéro et voie"), example="1 rue Neuve"
    ),
    Column(
        "contact_email",
        "Courriel du site",
        "Qui confirme les places du site, par un lien et sans compte.",
        ("Courriel", "E-mail", "Email", "Mail", "Adresse électronique"),
        example="accueil@agence.example",
    ),
    Column("postcode", "Code postal", "Cinq chiffres.", ("CP", "Code post"), example="69003"),
    Column(
        "commune",
        "Commune",
        "Son nom\u00a0; le code postal départage les homonymes.",
        ("Ville", "Localité", "Nom de la commune"),
        required=True,
        example="Lyon",
    ),
    Column(
        "insee",
        "Code INSEE",
        "À la place de la commune, si vous l’avez.",
        ("INSEE", "Code commune", "Code INSEE commune"),
    ),
    Column(
        "latitude",
        "Latitude",
        "Du lieu d’accueil, quand il est loin du centre de la commune. Facultatif.",
        ("Lat", "Latitude (WGS84)", "Coordonnée Y", "Coordonnées", "Coordonnées GPS", "GPS", "Latitude, longitude"),
    ),
    Column(
        "longitude",
        "Longitude",
        "Avec la latitude. Une seule colonne peut aussi porter les deux, « 48.8566, 2.3522 ».",
        ("Lon", "Long", "Lng", "Longitude (WGS84)", "Coordonnée X"),
    ),
    Column(
        "tutor_name",
        "Tuteur",
        "Qui accompagne les élèves : repris dans les conventions de stage. Facultatif.",
        ("Nom du tuteur", "Tutrice ou tuteur", "Maître de stage", "Encadrant"),
        example="Camille Exemple",
    ),
    Column("tutor_function", "Fonction du tuteur", "Facultatif.", ("Qualité du tuteur", "Poste du tuteur")),
    Column(
        "tutor_email",
        "Courriel du tuteur",
        "Qui reçoit le lien de signature. Vide : le courriel du site.",
        ("E-mail du tuteur", "Email du tuteur", "Mail du tuteur"),
    ),
    Column(
        "safety_notes",
        "Consignes aux élèves",
        "Tenue, badge, accueil : l’établissement et l’élève affecté les lisent.",
        ("Consignes", "Consignes de sécurité", "Sécurité", "Tenue"),
        example="Chaussures fermées",
    ),
    Column(
        "serves",
        "Accessibilité",
        "Les besoins que le site peut servir, séparés par une virgule.",
        ("Accueil possible", "Besoins servis", "Besoins"),
    ),
    Column("level", "Niveau", "3e, 3e prépa métiers ou 2de.", ("Public", "Niveau accueilli", "Classe"), example="2de"),
    Column(
        "sector",
        "Secteur",
        "Un libellé de la liste des secteurs.",
        ("Secteur d’activité", "Domaine", "Filière"),
        example="Énergie",
    ),
    Column(
        "weeks",
        "Semaines",
        "Les dates des lundis, séparées par une virgule. Vide en 2de\u00a0: la quinzaine de juin.",
        ("Semaine", "Périodes", "Période", "Dates"),
        example="25/01/2027, 01/02/2027",
    ),
    Column(
        "seats",
        "Places",
        "Nombre d’élèves accueillis en même temps, pour chacune de ces semaines.",
        ("Nombre de places", "Nb places", "Capacité", "Places par semaine"),
        example="4",
    ),
    Column(
        "total",
        "Total à répartir",
        "À la place de «\u00a0Places\u00a0»\u00a0: un total, en parts égales entre ces semaines.",
        ("Places au total", "Total de places", "Total"),
    ),
    Column(
        "max_per_school",
        "Maximum par établissement",
        "Élèves d’un même établissement, au plus. Facultatif.",
        ("Max par établissement", "Maximum par école"),
    ),
    Column(
        "min_group",
        "Groupe d’au moins",
        "Accueil en groupe\u00a0: élèves d’un même établissement, au moins. Vide\u00a0: un élève peut venir seul.",
        ("Taille du groupe", "Groupe minimum", "Min groupe"),
    ),
    Column(
        "reserved",
        "Places réservées",
        "Parmi ces places, celles qui vont d’abord à des établissements REP+, REP, QPV ou ruraux.",
        ("Réservées", "Places réservées (REP, QPV, rural)"),
        example="REP 2, rural 1",
    ),
    Column(
        "hours",
        "Horaires",
        "Ceux de chaque jour, du lundi au vendredi. Facultatif.",
        ("Horaires de présence", "Heures"),
        example="9h-12h, 13h30-16h30",
    ),
    Column("title", "Intitulé", "Facultatif.", ("Titre", "Intitulé de l’offre")),
)
SITE_TEXTS = ("siret", "street", "contact_email", "tutor_name", "tutor_function", "tutor_email", "safety_notes")
"""What is said of a site in words, under the names the domain gives it."""
OFFER_COLUMNS = (
    "level",
    "sector",
    "weeks",
    "seats",
    "total",
    "max_per_school",
    "min_group",
    "reserved",
    "hours",
    "title",
)
_BY_FIELD = {"insee": "commune", "point": "latitude", "periods": "weeks", "convention_key": "commune"}
_BY_CODE = {
    "seats_out_of_bounds": "seats",
    "fewer_seats_than_periods": "total",
    "convention_closed": "level",
    "period_missing": "weeks",
    "several_school_years": "weeks",
    "periods_overlap": "weeks",
    "convention_expires_before": "weeks",
}


def column_of_refusal(refusal: ServiceError) -> str:
    """The column a person has to correct."""
    return _BY_CODE.get(refusal.code) or _BY_FIELD.get(refusal.field, refusal.field)
