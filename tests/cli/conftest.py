"""The command line in this process, with something on stdin."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import NamedTuple

import pytest

from ebpfasm.cli import main


class Answer(NamedTuple):
    """What a command answered."""

    status: int
    out: bytes
    err: str


Ebpfasm = Callable[..., Answer]


@pytest.fixture
def ebpfasm(monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Ebpfasm:
    """Give a function that runs ``ebpfasm`` with some arguments; wrong usage is its status, too."""

    def run(*arguments: str, given: bytes | str = b"") -> Answer:
        data = given if isinstance(given, bytes) else given.encode()
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))
        try:
            status = main(arguments)
        except SystemExit as stop:
            status = int(stop.code or 0)
        captured = capfdbinary.readouterr()
        return Answer(status, captured.out, captured.err.decode())

    return run
