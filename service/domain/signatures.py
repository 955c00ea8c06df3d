"""Who has signed an agreement: from a message, on the very document, or on paper, and ticked by a person.

Responsible for the evidence (who, when, how, digest of the document) and for one signature per party. Refuses to know
how the document looks; a link says which party signs, never who somebody is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select, update
from sqlmodel import Session, col

from service.domain.addresses import signature_address
from service.domain.agreement_parts import clean_email
from service.domain.agreement_rows import get_agreement, move, stays_of
from service.domain.audit import record
from service.domain.dates import french_span, short_date
from service.domain.letters import Letter
from service.domain.links import LinkRefused, issue_link, read_link, token_digest, use_link, void_links
from service.domain.outbox import queue_letters
from service.domain.texts import clean_text
from service.errors import Conflict, NotFound, ServiceError
from service.persistence.bulk import fetch
from service.persistence.rows import row_id
from service.persistence.tables import (
    Agreement,
    AgreementDocument,
    Offer,
    Opening,
    Period,
    PersonalLink,
    School,
    Signature,
    Site,
)
from service.vocabulary import SIGNATORY_LABELS, AgreementState, LinkPurpose, Signatory, SignatureMethod

FOR_EACH_PUPIL = (Signatory.PUPIL, Signatory.REPRESENTATIVE)


def store_document(session: Session, agreement_id: int, pdf: bytes, now: datetime) -> bool:
    """Keeps the document of a validated agreement and opens its signatures. False when somebody else did meanwhile."""
    agreement = get_agreement(session, agreement_id)
    session.refresh(agreement)
    if agreement.state is not AgreementState.SCHOOL_VALIDATED:
        return False
    move(session, agreement, AgreementState.SIGNING)
    digest = hashlib.sha256(pdf).hexdigest()
    session.add(AgreementDocument(agreement_id=agreement_id, pdf=pdf, sha256=digest, made_at=now))
    school = session.get_one(School, agreement.school_id)
    opening = session.get_one(Opening, agreement.opening_id)
    site = session.get_one(Site, session.get_one(Offer, opening.offer_id).site_id)
    awaited = [
        (Signatory.HEAD, 0, school.official_email),
        (Signatory.HOST, 0, agreement.tutor_email or site.contact_email),
    ]
    for stay in stays_of(session, agreement):
        awaited += [
            (Signatory.PUPIL, row_id(stay), ""),
            (Signatory.REPRESENTATIVE, row_id(stay), stay.representative_email),
        ]
    session.add_all(
        Signature(agreement_id=agreement_id, party=party, stay_id=stay, email=email) for party, stay, email in awaited
    )
    session.flush()
    return True


def signatures_of(session: Session, agreement: Agreement) -> list[Signature]:
    """Every party that has to sign, in the order of the document."""
    order = list(Signatory)
    found = session.scalars(select(Signature).where(col(Signature.agreement_id) == row_id(agreement))).all()
    return sorted(found, key=lambda one: (one.stay_id, order.index(one.party)))


def document_of(session: Session, agreement: Agreement) -> AgreementDocument:
    """
    Raises:
        NotFound: no document exists yet.
    """
    found = session.get(AgreementDocument, row_id(agreement))
    if found is None:
        raise NotFound
    return found


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message of a batch, before it goes: to whom, for which party of which agreement."""

    signature_id: int
    agreement_id: int
    party: Signatory
    email: str
    site_name: str
    span: str
    sent_at: datetime | None


def preview_batch(session: Session, school: School, *, again: bool = False) -> list[Outgoing]:
    """What sending would send: a link to each party with an address that has not signed, nor had one unless `again`."""
    query = (
        select(Signature, col(Site.name), Period)
        .join(Agreement, col(Agreement.id) == col(Signature.agreement_id))
        .join(Opening, col(Opening.id) == col(Agreement.opening_id))
        .join(Period, col(Period.id) == col(Opening.period_id))
        .join(Offer, col(Offer.id) == col(Opening.offer_id))
        .join(Site, col(Site.id) == col(Offer.site_id))
        .where(
            col(Agreement.school_id) == row_id(school),
            col(Agreement.state) == AgreementState.SIGNING,
            col(Signature.signed_at).is_(None),
            col(Signature.email) != "",
        )
        .order_by(col(Signature.agreement_id), col(Signature.id))
    )
    if not again:
        query = query.where(col(Signature.sent_at).is_(None))
    return [
        Outgoing(
            row_id(one),
            one.agreement_id,
            one.party,
            one.email,
            site,
            french_span(period.starts_on, period.ends_on),
            one.sent_at,
        )
        for one, site, period in session.execute(query)
    ]


def send_links(session: Session, school: School, actor: str, now: datetime) -> int:
    """Sends what the preview shows and has not been sent yet. Returns how many messages."""
    batch = preview_batch(session, school)
    letters: dict[tuple[str, str], Letter] = {}
    for one in batch:
        letters |= _link_letter(session, one, now)
    if batch:
        record(session, actor, "send_signature_links", f"school:{school.id}", count=len(batch))
    return queue_letters(session, letters)


def send_again(session: Session, signature: Signature, email: str, actor: str, now: datetime) -> None:
    """Another link to one party, at another address if need be; the former link is void.

    Raises:
        ServiceError: no address.
        Conflict: that party has signed.
    """
    agreement = get_agreement(session, signature.agreement_id)
    address = clean_email(email, "email")
    if not address:
        raise ServiceError("email_missing", "Indiquez l’adresse où envoyer le lien.", "email")
    if signature.signed_at is not None or agreement.state is not AgreementState.SIGNING:
        raise Conflict("already_signed", "Cette signature n’est plus attendue\u00a0: relisez la page.")
    signature.email = address
    session.add(signature)
    session.flush()
    school = session.get_one(School, agreement.school_id)
    [one] = [each for each in preview_batch(session, school, again=True) if each.signature_id == signature.id]
    queue_letters(session, _link_letter(session, one, now))
    record(session, actor, "send_signature_link", f"agreement:{agreement.id}", party=signature.party)


def _link_letter(session: Session, one: Outgoing, now: datetime) -> dict[tuple[str, str], Letter]:
    subject = f"signature:{one.signature_id}"
    void_links(session, LinkPurpose.SIGNATURE, subject, now)
    token = issue_link(session, LinkPurpose.SIGNATURE, subject, one.email, now)
    signature = session.get_one(Signature, one.signature_id)
    signature.sent_at = now
    session.add(signature)
    return {(f"{subject}/{token_digest(token)[:16]}", one.email): _letter(one, token)}


def _letter(one: Outgoing, token: str) -> Letter:
    return Letter(
        f"Convention de stage n°\u00a0{one.agreement_id} à lire et à signer",
        [
            f"Une convention de stage, {one.span}, attend votre signature ({SIGNATORY_LABELS[one.party].lower()}).",
            "Lisez le document, puis signez en écrivant votre nom. Vous pouvez aussi le signer sur papier et le "
            "remettre à l’établissement.",
        ],
        action="Lire et signer",
        path=signature_address(token),
        closing=["Aucun compte n’est nécessaire. Ce lien sert une seule fois et reste valable soixante jours."],
    )


@dataclass(frozen=True, slots=True)
class ToSign:
    """What the page of a link shows: the document as it stands, and for whom."""

    link: PersonalLink
    signature: Signature
    agreement: Agreement
    document: AgreementDocument


def read_signature_link(session: Session, token: str, now: datetime) -> ToSign:
    """Reading has no effect.

    Raises:
        LinkRefused: forged, used, out of date, signed on paper meanwhile, or the agreement is over.
    """
    link = read_link(session, token, LinkPurpose.SIGNATURE, now)
    signature = session.get(Signature, int(link.subject.partition(":")[2]))
    if signature is None or signature.signed_at is not None:
        raise LinkRefused("Cette signature n’est plus attendue\u00a0: elle a été recueillie autrement.")
    agreement = get_agreement(session, signature.agreement_id)
    if agreement.state is not AgreementState.SIGNING:
        raise LinkRefused("Cette convention de stage n’est plus à signer\u00a0: elle a été annulée ou remplacée.")
    return ToSign(link, signature, agreement, document_of(session, agreement))


def sign_by_link(session: Session, asked: ToSign, name: str, seen_sha256: str, now: datetime) -> None:
    """Signs the document whose digest the page showed, and spends the link.

    Raises:
        ServiceError: no name, which spends nothing.
        Conflict: another document, or signed meanwhile.
    """
    signer = clean_text(name, "signer", "Votre nom")
    if seen_sha256 != asked.document.sha256:
        raise Conflict("document_changed", "Le document a changé\u00a0: rechargez la page et relisez-le.")
    use_link(session, asked.link, now)
    _sign(session, asked.signature, SignatureMethod.ELECTRONIC, signer, f"link:{asked.link.id}", now)


def tick_paper(session: Session, signature: Signature, name: str, on: date, actor: str, now: datetime) -> None:
    """A person holds the paper: who signed it, and that it is the document kept here.

    Raises:
        ServiceError: no name.
        Conflict: that party has signed already, or the agreement is no longer to be signed.
    """
    signer = clean_text(name, "signer", "Le nom du signataire")
    void_links(session, LinkPurpose.SIGNATURE, f"signature:{signature.id}", now)
    _sign(session, signature, SignatureMethod.PAPER, f"{signer}, le {short_date(on)}", actor, now)


def _sign(
    session: Session, signature: Signature, method: SignatureMethod, signer: str, actor: str, now: datetime
) -> None:
    """One conditional statement: a party signs once, whoever comes second is told."""
    agreement = get_agreement(session, signature.agreement_id)
    digest = document_of(session, agreement).sha256
    if agreement.state is not AgreementState.SIGNING:
        raise Conflict("agreement_state", "Cette convention de stage n’est pas à signer\u00a0: relisez la page.")
    session.flush()
    touched = session.exec(
        update(Signature)
        .where(col(Signature.id) == signature.id, col(Signature.signed_at).is_(None))
        .values(signed_at=now, method=method, signer=signer, actor=actor, sha256=digest)
    )
    if touched.rowcount != 1:
        raise Conflict("already_signed", "Cette partie a déjà signé\u00a0: rien n’est changé.")
    session.refresh(signature)
    record(session, actor, "sign_agreement", f"agreement:{agreement.id}", party=signature.party, sha256=digest)
    close_signing(session, agreement)


def close_signing(session: Session, agreement: Agreement) -> None:
    """Signed once nobody is awaited any more."""
    waiting = select(func.count()).where(
        col(Signature.agreement_id) == row_id(agreement), col(Signature.signed_at).is_(None)
    )
    if agreement.state is AgreementState.SIGNING and not fetch(session, waiting)[0][0]:
        move(session, agreement, AgreementState.SIGNED)


def get_signature(session: Session, agreement: Agreement, signature_id: int) -> Signature:
    """
    Raises:
        NotFound: none, or another agreement's.
    """
    found = session.get(Signature, signature_id)
    if found is None or found.agreement_id != agreement.id:
        raise NotFound
    return found


def progress_of(session: Session, ids: Sequence[int]) -> Mapping[int, tuple[int, int]]:
    """How many parties have signed and how many there are, by agreement."""
    rows = fetch(
        session,
        select(col(Signature.agreement_id), func.count(col(Signature.signed_at)), func.count())
        .where(col(Signature.agreement_id).in_(ids))
        .group_by(col(Signature.agreement_id)),
    )
    return {agreement_id: (signed, of) for agreement_id, signed, of in rows}
