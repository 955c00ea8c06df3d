"""What every test shares: the seed of random tests, printed and taken back with `--seed`."""

from __future__ import annotations

import os
import secrets
from typing import Any

import pytest

from tests.promises.processes import kill_survivors


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seed", type=int, default=None, help="seed of the random tests (default: a new one, printed)")
    parser.addoption("--full", action="store_true", help="full numbers of the promise tests (before a release)")


def pytest_configure(config: pytest.Config) -> None:
    given = getattr(config, "workerinput", {}).get("seed", config.getoption("--seed"))
    if given is None:
        given = int(os.environ.get("SEQUENCE_SEED") or secrets.randbelow(2**31))
    config.option.seed = given


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Several processes (`-n`) share one seed: the one that the first of them printed."""
    node.workerinput["seed"] = node.config.option.seed


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown() -> None:
    """Before any fixture ends: a database with somebody at work on it cannot go."""
    kill_survivors()


def pytest_report_header(config: pytest.Config) -> str:
    return f"seed of the random tests: {config.getoption('--seed')} (take it back with --seed)"


@pytest.fixture
def seed(pytestconfig: pytest.Config) -> int:
    """The run's seed; printed here too so that a failure shows it beside its traceback."""
    value: int = pytestconfig.getoption("--seed")
    print(f"seed {value}")
    return value
