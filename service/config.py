"""Settings, frozen, read once from the environment (`SEQUENCE_...`); refuses unsafe ones in production."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Self

from pydantic import model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

DEVELOPMENT_KEY = "development-key-never-in-production"


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
    today: date | None = None
    """The day the rules of the calendar see, for a demonstration or a rehearsal; none (the real day) in production."""

    @model_validator(mode="after")
    def _refuse_unsafe(self) -> Self:
        if self.production and (self.secret_key == DEVELOPMENT_KEY or len(self.secret_key) < 32):
            raise ValueError("SEQUENCE_SECRET_KEY\u00a0: en production, donnez un secret d’au moins 32 caractères.")
        if self.production and self.today is not None:
            raise ValueError("SEQUENCE_TODAY\u00a0: en production, le jour est celui de l’horloge. Retirez ce réglage.")
        return self

    @property
    def cookies_are_secure(self) -> bool:
        return self.secure_cookies or self.production

    @property
    def is_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")

    @property
    def sqlite_path(self) -> Path | None:
        return Path(self.database_url.removeprefix("sqlite:///")) if self.is_sqlite else None
