"""The audit trail in French: what each act is called, who did it, on what, with which details.

The trail keeps codes, which do not change when words do. A code without a word here is shown as it is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

DEEDS: Mapping[str, str] = {
    "add_partner": "Partenaire ajouté",
    "add_relay": "Relais local ajouté",
    "add_school": "Établissement ajouté",
    "add_site": "Site ajouté",
    "adjust": "Ajustement décidé",
    "amend_agreement": "Avenant à une convention de stage",
    "announce_activity": "Activité annoncée",
    "announce_shortfall": "Désistement annoncé",
    "answer_activity": "Réponse à une demande d’activité",
    "answer_consent": "Réponse à une demande d’accord",
    "apply_scenario": "Scénario appliqué aux règles de la campagne",
    "approve_round": "Tour approuvé par une seconde personne",
    "ask_activity": "Activité demandée",
    "ask_consent": "Accord demandé",
    "ask_for_access": "Lien d’accès demandé",
    "ask_to_confirm": "Confirmation des offres demandée",
    "cancel_activity": "Activité annulée",
    "cancel_round": "Tour annulé",
    "change_campaign": "Campagne modifiée",
    "change_seats": "Places modifiées",
    "check_hosting": "Accueil vérifié sur échantillon",
    "choose_wishes": "Vœux choisis par l’élève",
    "close_campaign": "Campagne close",
    "complete_agreements": "Conventions de stage complétées",
    "confirm_hostings": "Accueils de l’année confirmés",
    "confirm_offer": "Offre confirmée",
    "confirm_placements": "Stages confirmés",
    "correct_agreement": "Convention de stage corrigée",
    "correct_school": "Fiche d’établissement corrigée",
    "correct_site": "Site corrigé",
    "count_activity": "Activité comptée",
    "create_demo": "Démonstration créée",
    "create_request": "Demande créée",
    "create_user": "Compte créé",
    "declare_figure": "Chiffre déclaré",
    "declare_off_platform": "Accueil hors service déclaré",
    "draft_offer": "Brouillon d’offre",
    "draw_sample": "Échantillon tiré",
    "edit_request": "Demande modifiée",
    "erase_account": "Compte effacé",
    "erase_pupil": "Données d’un élève effacées",
    "expire_placements": "Stages expirés sans réponse",
    "export_preparation": "Liste de préparation exportée",
    "export_round": "Résultat d’un tour exporté",
    "give_explanation": "Explication remise à une famille",
    "grant": "Droit donné",
    "import_convention": "Convention chargée",
    "import_file": "Fichier importé",
    "invite": "Invitation envoyée",
    "issue_wish_codes": "Codes des vœux donnés",
    "launch_round": "Tour lancé",
    "lift_adjustment": "Ajustement levé",
    "make_final": "Chiffres rendus définitifs",
    "open_campaign": "Campagne ouverte",
    "open_reporting": "Remontée ouverte",
    "pass_to_next_year": "Année suivante préparée",
    "plan_meeting": "Réunion prévue",
    "prepare_agreements": "Conventions de stage préparées",
    "propose_minutes": "Compte rendu proposé",
    "publish_offer": "Offre publiée",
    "publish_round": "Tour publié",
    "purge": "Purge de fin de conservation",
    "put_back_offer": "Offre remise en brouillon",
    "read_explanation": "Explication lue par une famille",
    "record_event": "Événement de convention enregistré",
    "record_round": "Résultat d’un tour enregistré",
    "refuse_placement": "Stage refusé",
    "remind_silent_members": "Adhérents silencieux relancés",
    "remove_relay": "Relais local retiré",
    "remove_right": "Droit retiré",
    "rename_account": "Compte renommé",
    "retire_ceiling_line": "Plafond retiré",
    "revise_offer": "Offre modifiée",
    "round_failed": "Tour en échec",
    "round_refused": "Tour refusé par un vérificateur",
    "say_presence": "Présence déclarée",
    "send_signature_link": "Lien de signature envoyé",
    "send_signature_links": "Liens de signature envoyés",
    "set_ceiling": "Plafond fixé",
    "set_password": "Mot de passe changé",
    "set_wish_deadline": "Date limite des vœux fixée",
    "shift_target": "Objectif déplacé",
    "sign_agreement": "Convention de stage signée",
    "sign_in": "Connexion",
    "sign_in_by_link": "Connexion par lien",
    "sign_in_locked": "Connexion bloquée",
    "submit_request": "Demande envoyée",
    "try_mail_again": "Message remis à envoyer",
    "validate_agreements": "Conventions de stage validées",
    "validate_minutes": "Compte rendu validé",
    "withdraw_activity": "Demande d’activité retirée",
    "withdraw_invitation": "Invitation retirée",
    "withdraw_offer": "Offre retirée",
    "withdraw_request": "Demande retirée",
    "write_minutes": "Compte rendu écrit",
}

_THINGS: Mapping[str, str] = {
    "activity": "activité",
    "agreement": "convention de stage",
    "campaign": "campagne",
    "confirmation": "stage",
    "consent": "accord",
    "convention": "convention",
    "figure": "chiffre",
    "invitation": "invitation",
    "link": "lien personnel",
    "mail": "message",
    "meeting": "réunion",
    "offer": "offre",
    "opening": "ouverture",
    "partner": "partenaire",
    "pupil": "élève",
    "relay": "relais",
    "reported_hosting": "accueil",
    "reporting": "remontée",
    "request": "demande",
    "round": "tour",
    "school": "établissement",
    "school_year": "année",
    "site": "site",
    "user": "compte",
}
_ALONE: Mapping[str, str] = {
    "cli": "ligne de commande",
    "confirmations": "stages",
    "database": "base de données",
    "family": "famille",
    "presence": "présences",
    "pupil": "élève",
    "retention": "conservation",
    "visitor": "visiteur",
    "worker": "le service",
}
_DETAILS: Mapping[str, str] = {
    "accepted": "acceptée",
    "adjustment": "ajustement",
    "after": "après",
    "at": "étape",
    "before": "avant",
    "by": "par",
    "ceiling": "plafond",
    "closed": "close",
    "closes_on": "fin le",
    "collective": "collective",
    "complete": "complet",
    "convention": "convention",
    "count": "nombre",
    "counted": "compté",
    "department": "département",
    "failure": "raison",
    "found": "constaté",
    "granted": "accordé",
    "happened_on": "le",
    "keeps": "gardées",
    "kind": "sorte",
    "line": "ligne",
    "lines": "lignes",
    "messages": "messages",
    "name": "nom",
    "outcome": "dit",
    "part": "part",
    "partner": "partenaire",
    "party": "signataire",
    "placed": "placés",
    "planned_on": "le",
    "present": "présents",
    "pupils": "élèves",
    "reason": "motif",
    "request": "demande",
    "role": "rôle",
    "room": "capacité",
    "round": "tour",
    "school": "établissement",
    "school_year": "année",
    "scope": "espace",
    "seats": "places",
    "seed": "graine",
    "sending": "envoi",
    "sha256": "empreinte",
    "short": "manquantes",
    "side": "côté",
    "staff": "collaborateurs",
    "table": "table",
    "token": "jeton",
    "uai": "UAI",
    "until": "jusqu’au",
    "value": "valeur",
    "version": "version",
    "why": "motif",
}


def deed(action: str) -> str:
    return DEEDS.get(action, action)


def named(code: str) -> str:
    """«user:12» → «compte 12»; what is not a thing and its number is said as a whole, or left as it is."""
    thing, _, number = code.partition(":")
    if not number:
        return _ALONE.get(code, code)
    return f"{_THINGS.get(thing, thing)}\u00a0{number}"


def details(detail: Mapping[str, Any]) -> str:
    """«places 4, motif …»: whatever has no value is left out."""
    known = {_DETAILS.get(name, name): value for name, value in sorted(detail.items()) if value not in (None, "")}
    return ", ".join(f"{name}\u00a0{_said(value)}" for name, value in known.items())


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, Mapping):
        return f"({details(value)})"
    return str(value)
