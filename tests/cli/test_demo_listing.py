"""The demo's programs without a kernel: they are to be looked at."""

from __future__ import annotations

from ebpfasm.cli.demo import programs


def test_every_program_has_a_listing() -> None:
    shown = programs.built()
    assert list(shown) == ["pass_count", "drop", "by_destination", "pass", "blue", "green"]
    for program in shown.values():
        assert len(program.listing().splitlines()) >= program.units
    assert "counter" in shown["drop"].listing()
    assert "r0 = 2" in shown["drop"].listing()
    assert "r0 = 2" not in shown["pass_count"].listing()
