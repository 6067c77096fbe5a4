"""Signals take effect between steps."""

from __future__ import annotations

import signal

import pytest

from ebpfasm.cli.demo.interrupts import Interrupted, Interrupts


def test_a_signal_waits_for_the_next_check() -> None:
    with Interrupts() as interrupts:
        interrupts.check()
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGINT)  # the first one counts
        with pytest.raises(Interrupted) as stop:
            interrupts.check()
        with pytest.raises(Interrupted):
            interrupts.pause(60)
    assert (stop.value.name, stop.value.status) == ("SIGTERM", 143)


def test_the_handlers_come_back() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    with Interrupts():
        assert signal.getsignal(signal.SIGINT) not in before
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)] == before


def test_an_ignored_signal_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Interrupts() as interrupts:
            signal.raise_signal(signal.SIGHUP)
            interrupts.check()
    finally:
        signal.signal(signal.SIGHUP, before)
