"""Where the pages that messages lead to stand on the site. A test opens each of them: the site and these agree."""

from __future__ import annotations


def invitation_address(token: str) -> str:
    return f"/invitation/{token}"


def access_address(token: str) -> str:
    return f"/acces/{token}"


def offer_answer_address(token: str) -> str:
    return f"/reponse/{token}"


def school_address(uai: str) -> str:
    return f"/etablissements/{uai}/"


def partner_address(partner_id: int) -> str:
    return f"/partenaires/{partner_id}/"


def confirmation_address(token: str) -> str:
    return f"/confirmation/{token}"


def presence_link_address(token: str) -> str:
    return f"/presence/{token}"


def figures_link_address(token: str) -> str:
    return f"/chiffres/{token}"


def school_stays_address(uai: str) -> str:
    return f"/etablissements/{uai}/stages"


def school_presence_address(uai: str) -> str:
    return f"/etablissements/{uai}/presences"


def partner_presence_address(partner_id: int) -> str:
    return f"/partenaires/{partner_id}/presences"


def partner_stays_address(partner_id: int) -> str:
    return f"/partenaires/{partner_id}/stages"


def convention_address(key: str) -> str:
    return f"/conventions/{key}/vie"


def coordination_address() -> str:
    return "/coordination"


def signature_address(token: str) -> str:
    return f"/signature/{token}"
