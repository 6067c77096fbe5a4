"""A kernel that answers what a test tells it to, in the place of bpf(2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ebpfasm.kernel import syscall
from ebpfasm.kernel._ffi import ffi

Answer = int | Callable[[Any], int]


class FakeKernel:
    """Gives ``answers`` in turn, the last one for ever: 0 and up is a result, below that minus an errno."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: Answer) -> None:
        self.answers = list(answers)
        self.calls: list[int] = []
        monkeypatch.setattr(syscall, "enter", self.enter)

    def enter(self, number: int, command: int, attr: Any, size: int) -> int:
        self.calls.append(command)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        result = answer if isinstance(answer, int) else answer(attr)
        if result >= 0:
            return result
        ffi.errno = -result
        return -1
