"""Settings, frozen, read once from the environment (`SEQUENCE_...`); refuses unsafe ones in production."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Self

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

DEVELOPMENT_KEY = "development-key-never-in-production"


Network = IPv4Network | IPv6Network


@lru_cache(maxsize=8)
def networks_of(text: str) -> tuple[Network, ...]:
    """The networks of a list written with commas.

    Raises:
        ValueError: one of them is none.
    """
    return tuple(ip_network(one.strip()) for one in text.split(",") if one.strip())


class Settings(BaseSettings):
    """One object for a whole process.

    Raises:
        ValueError: in production, when the secret key is the development one or too short, naming the setting.
    """

    model_config = SettingsConfigDict(env_prefix="SEQUENCE_", frozen=True)

    production: bool = False
    database_url: str = "sqlite:///instance/sequence.db"
    """`sqlite:///path` or `postgresql+psycopg://user@host/name`."""
    queue_url: str = ""
    """Storage of the job queue: empty means beside the database (SQLite) or inside it (PostgreSQL)."""
    secret_key: str = DEVELOPMENT_KEY
    secure_cookies: bool = False
    """True behind HTTPS; forced in production."""
    host: str = "127.0.0.1"
    port: int = 8000
    web_workers: int = 2
    lease_s: int = 60
    """A round whose worker has not been heard of for that long is taken over."""
    heartbeat_s: float = 2.0
    solver_memory_bytes: int = 8 * 2**30
    solver_time_s: int = 1800
    public_url: str = ""
    """Where people reach the site, as messages write it; by default the host and the port above."""
    trusted_proxies: str = ""
    """Addresses or networks of the proxies in front of the site, apart by commas: their X-Forwarded-For is believed."""
    smtp_host: str = ""
    """The mail server; without one, messages wait in the outbox."""
    smtp_port: int = 587
    smtp_starttls: bool = True
    smtp_user: str = ""
    smtp_password: str = Field(default="", repr=False)
    mail_sender: str = "Séquence <ne-pas-repondre@sequence.example>"
    mail_lease_s: int = 120
    """A message whose worker has not finished sending it after that long is sent by another."""
    travel_kmh: int = Field(default=30, ge=5, le=120)
    """What a travel time of a request is turned into kilometres with, in a straight line and waiting included."""
    today: date | None = None
    """The day the rules of the calendar see, for a demonstration or a rehearsal; none (the real day) in production."""

    @model_validator(mode="after")
    def _refuse_unsafe(self) -> Self:
        if self.production and (self.secret_key == DEVELOPMENT_KEY or len(self.secret_key) < 32):
            raise ValueError("SEQUENCE_SECRET_KEY\u00a0: en production, donnez un secret d’au moins 32 caractères.")
        if self.production and self.today is not None:
            raise ValueError("SEQUENCE_TODAY\u00a0: en production, le jour est celui de l’horloge. Retirez ce réglage.")
        if self.production and self.smtp_host and not self.public_url.startswith("https://"):
            raise ValueError(
                "SEQUENCE_PUBLIC_URL\u00a0: en production, donnez l’adresse https:// du site, pour les messages."
            )
        if self.production and self.smtp_user and not self.smtp_starttls:
            raise ValueError("SEQUENCE_SMTP_STARTTLS\u00a0: un mot de passe ne part pas en clair. Laissez ce réglage.")
        return self

    @field_validator("trusted_proxies")
    @classmethod
    def _refuse_unknown_networks(cls, text: str) -> str:
        try:
            networks_of(text)
        except ValueError:
            raise ValueError(
                "SEQUENCE_TRUSTED_PROXIES\u00a0: donnez des adresses ou des réseaux séparés par des virgules, par "
                "exemple 10.0.0.0/8,192.0.2.7."
            ) from None
        return text

    @property
    def trusted_networks(self) -> tuple[Network, ...]:
        return networks_of(self.trusted_proxies)

    @property
    def site_address(self) -> str:
        """The address of the site, without a slash at its end."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def cookies_are_secure(self) -> bool:
        return self.secure_cookies or self.production

    @property
    def is_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")

    @property
    def sqlite_path(self) -> Path | None:
        return Path(self.database_url.removeprefix("sqlite:///")) if self.is_sqlite else None
