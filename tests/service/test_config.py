"""What the settings refuse, and what they give to every process of a deployment."""

from __future__ import annotations

from datetime import date

import pytest

from service.config import DEVELOPMENT_KEY, Settings
from service.processes import environment

LONG_KEY = "k" * 32


@pytest.mark.parametrize("key", [DEVELOPMENT_KEY, "short", ""])
def test_production_refuses_a_weak_key(key: str) -> None:
    """A production that would sign its cookies with a known or guessable key does not start, and says which setting."""
    with pytest.raises(ValueError, match="SEQUENCE_SECRET_KEY"):
        Settings(production=True, secret_key=key)


def test_production_has_the_real_day() -> None:
    """Only a demonstration or a rehearsal may choose its day: in production rules are judged on the real one."""
    with pytest.raises(ValueError, match="SEQUENCE_TODAY"):
        Settings(production=True, secret_key=LONG_KEY, today=date(2026, 11, 23))
    assert Settings(production=True, secret_key=LONG_KEY).cookies_are_secure


@pytest.mark.parametrize("today", [None, date(2026, 11, 23)])
def test_every_process_reads_the_same_settings(today: date | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The web server and the worker read the settings that the command was given, the chosen day included."""
    given = Settings(secret_key=LONG_KEY, port=8123, today=today)
    for name, value in environment(given).items():
        monkeypatch.setenv(name, value)
    assert Settings() == given


def test_production_mail_names_the_site_and_hides_its_password() -> None:
    """A production that sends mail says where its links lead, over HTTPS, and never gives its password in clear."""
    given = {"production": True, "secret_key": LONG_KEY, "smtp_host": "smtp.example"}
    with pytest.raises(ValueError, match="SEQUENCE_PUBLIC_URL"):
        Settings(**given, public_url="http://sequence.example")
    with pytest.raises(ValueError, match="SEQUENCE_SMTP_STARTTLS"):
        Settings(**given, public_url="https://sequence.example", smtp_user="a", smtp_starttls=False)
    settings = Settings(**given, public_url="https://sequence.example/", smtp_password="secret de serveur")
    assert settings.site_address == "https://sequence.example"
    assert "secret de serveur" not in repr(settings)
