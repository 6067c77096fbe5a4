"""What a terminal gets, and what everything else gets."""

from __future__ import annotations

import io
import os
import re
from typing import TextIO

import pytest

from ebpfasm.cli.demo.screen import Screen


class Terminal:
    """A pseudo terminal: a stream to write to, and what came out at its other end."""

    def __init__(self) -> None:
        self._read, write = os.openpty()
        self.stream: TextIO = open(write, "w", encoding="utf-8", newline="")  # noqa: SIM115 - closed by `shown`

    def shown(self) -> str:
        """Everything that was written; closes it."""
        self.stream.close()
        text = b""
        while True:
            try:
                text += os.read(self._read, 65536)
            except OSError:  # EIO: the other end is closed
                break
        os.close(self._read)
        return text.decode().replace("\r\n", "\n")


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    return Terminal()


def write_all(screen: Screen) -> None:
    screen.heading("Heading")
    screen.status("working on it")
    screen.status("done")
    screen.line("✓ result")


def test_a_terminal_has_colour_and_a_status_line(terminal: Terminal) -> None:
    write_all(Screen(terminal.stream))
    assert terminal.shown() == (
        "\n\x1b[1;36mHeading\x1b[0m\n"
        "\rworking on it"
        "\rdone         "
        "\r      \r✓ result\n"
    )  # fmt: skip


def test_no_color_keeps_the_status_line(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    write_all(Screen(terminal.stream))
    shown = terminal.shown()
    assert "\x1b" not in shown
    assert "\rworking on it" in shown


def test_an_empty_no_color_means_nothing(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "")
    write_all(Screen(terminal.stream))
    assert "\x1b" in terminal.shown()


def test_the_option_turns_colour_off(terminal: Terminal) -> None:
    write_all(Screen(terminal.stream, colour=False))
    assert "\x1b" not in terminal.shown()


@pytest.mark.parametrize("term", ["dumb", None])
def test_a_dumb_terminal_gets_plain_lines(
    term: str | None, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    if term is None:
        monkeypatch.delenv("TERM")
    else:
        monkeypatch.setenv("TERM", term)
    write_all(Screen(terminal.stream))
    assert terminal.shown() == "\nHeading\n✓ result\n"


def test_the_status_stays_within_a_narrow_terminal(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "10")
    Screen(terminal.stream).status("0123456789abcdef")
    assert terminal.shown() == "\r012345678"


def test_a_pipe_gets_final_lines_only() -> None:
    stream = io.StringIO()
    write_all(Screen(stream))
    assert stream.getvalue() == "\nHeading\n✓ result\n"


def test_a_stream_without_the_characters_gets_others() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    screen = Screen(stream)
    screen.line("┌─► ✓ µs … ┼")
    screen.line("what has no like: ☃")
    assert raw.getvalue().decode() == "+-> + us ... +\nwhat has no like: ?\n"


def test_everything_the_demo_writes_has_an_ascii_form() -> None:
    from ebpfasm.asm import arrows
    from ebpfasm.cli.demo import in_vm, programs
    from ebpfasm.cli.demo.matrix.story import PICTURES as PLACES
    from ebpfasm.cli.demo.screen import ASCII
    from ebpfasm.cli.demo.story import PICTURES

    listings = "".join(program.listing() for program in programs.built().values())
    boxes = "".join(arrows.BOXES.values())
    assert "►" in listings
    pictures = "".join([*PICTURES.values(), *PLACES.values(), in_vm.PICTURE])
    assert re.findall(r"[^\x00-\x7f]", f"{pictures}{listings}{boxes}".translate(ASCII)) == []
