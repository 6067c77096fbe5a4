"""Snapshots of encodings: files beside a test with the bytes of a program, and its listing for who reviews them."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from ebpfasm.asm.program import Instructions
from ebpfasm.asm.writer import name_of
from ebpfasm.testing.side_by_side import side_by_side

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    import pytest

    from ebpfasm.asm.instruction import Instruction

__all__ = ["Snapshot", "Snapshots", "encoding_lines"]

DIRECTORY = "__snapshots__"
LONGEST = 100
"""Characters of a file's name: longer ones end in a hash."""
UPDATE = "pytest --ebpfasm-update"


def encoding_lines(program: Instructions) -> list[str]:
    """The encoding as text: a line for each instruction, of one unit or two, little-endian on every machine.

    What the kernel puts in at load, the number of a map, is ``........``, with the map's name behind it.
    """
    lines = []
    for waiting in program.resolved():
        plain = waiting if waiting.reference is None else waiting.with_reference(None)
        data = Instructions([plain.without_symbols()]).encode("little")
        units = [data[at : at + 8].hex() for at in range(0, len(data), 8)]
        if waiting.reference is not None:
            units[0] = units[0][:8] + "." * 8
            units.append(f" {name_of(waiting.reference)}")
        lines.append(" ".join(units))
    return lines


class Snapshots:
    """Those of a whole run of tests."""

    def __init__(self, *, update: bool) -> None:
        self.update = update
        self.used: set[Path] = set()
        self.written: list[Path] = []
        self.removed: list[Path] = []
        self.stale: list[Path] = []

    def of(self, item: pytest.Item) -> Snapshot:
        """What compares programs for one test."""
        return Snapshot(self, item)

    def finish(self, session: pytest.Session, exitstatus: int) -> None:
        """Look for files that no test asked for, in modules all tests of which ran and passed."""
        config = session.config
        reporter = config.pluginmanager.get_plugin("terminalreporter")
        if hasattr(config, "workerinput") or reporter is None or exitstatus != 0:
            return
        if reporter.stats.get("deselected") or any("::" in argument for argument in config.args):
            return
        skipped = {
            report.nodeid.partition("::")[0]
            for kind in ("skipped", "xfailed")
            for report in reporter.stats.get(kind, ())
        }
        modules = {item.path: item.nodeid.partition("::")[0] for item in session.items}
        for directory in sorted({path.parent.parent for path in self.used}):
            for module in sorted(path for path in directory.iterdir() if path.is_dir()):
                test = directory.parent / f"{module.name}.py"
                known = test in modules and modules[test] not in skipped
                if known or not test.exists():
                    self.stale += sorted(path for path in module.iterdir() if path not in self.used)
        if self.update:
            for path in self.stale:
                path.unlink()
            for module in {path.parent for path in self.stale}:
                if not any(module.iterdir()):
                    module.rmdir()
            self.removed, self.stale = self.stale, []

    def summary(self) -> list[str]:
        """What there is to tell at the end."""
        told = [f"written: {_short(path)}" for path in self.written]
        told += [f"removed, since no test uses it: {_short(path)}" for path in self.removed]
        told += [f"no test uses {_short(path)}: {UPDATE} removes it" for path in self.stale]
        return told


class Snapshot:
    """What the fixture ``encoding_snapshot`` gives: call it with a program."""

    def __init__(self, all_of_them: Snapshots, item: pytest.Item) -> None:
        self._all = all_of_them
        self._item = item
        self._count = 0

    def __call__(self, program: Instructions | Iterable[Instruction], name: str = "") -> None:
        """Compare the encoding of a program with that in the snapshot, or write it with ``--ebpfasm-update``.

        Args:
            name: which one, for a test that has several; without it they are counted.

        Raises:
            AssertionError: the encoding is another one, or there is no snapshot.
        """
        __tracebackhide__ = True
        if not isinstance(program, Instructions):
            program = Instructions(program)
        path = self._path(name)
        if path in self._all.used:
            raise AssertionError(f"the test has two snapshots in {_short(path)}: give each a name of its own")
        self._all.used.add(path)
        lines = encoding_lines(program)
        old = _read(path)
        if old == lines:
            return
        if self._all.update:
            self._write(path, program, lines)
            return
        if old is None:
            raise AssertionError(f"there is no snapshot {_short(path)}: {UPDATE} writes it")
        raise AssertionError(
            "\n".join(
                [f"the encoding is not that of {_short(path)}:", *_apart(old, lines), f"{UPDATE} writes the new one"]
            )
        )

    def _path(self, name: str) -> Path:
        _, *parts = self._item.nodeid.split("::")
        if not name:
            self._count += 1
            name = str(self._count) if self._count > 1 else ""
        test = ".".join([*parts, name] if name else parts)
        return self._item.path.parent / DIRECTORY / self._item.path.stem / f"{_file_name(test)}.txt"

    def _write(self, path: Path, program: Instructions, lines: list[str]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        text = "\n".join([f"# {self._item.nodeid}", *lines, "", program.listing("little"), ""])
        partial = path.with_name(f"{path.name}.{os.getpid()}")
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)  # at once: another process may be reading it
        self._all.written.append(path)


def _file_name(test: str) -> str:
    """A name that every file system takes; one that had to be changed ends in a hash, so that none is used twice."""
    plain = re.sub(r"[^A-Za-z0-9_.\-\[\]]", "_", test)
    if plain == test and len(plain) <= LONGEST:
        return plain
    return f"{plain[: LONGEST - 9]}-{hashlib.sha256(test.encode()).hexdigest()[:8]}"


def _read(path: Path) -> list[str] | None:
    """The encoding in a file: its lines up to the first empty one, without the comment."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    encoding, _, _ = text.partition("\n\n")
    return [line for line in encoding.splitlines() if not line.startswith("#")]


def _apart(old: list[str], new: list[str]) -> list[str]:
    """What differs, as programs where the bytes do, else as the lines."""
    before, after = _decoded(old), _decoded(new)
    if before is not None and after is not None and before != after:
        return side_by_side(before, after)
    return [f"  {one}  ->  {other}" for one, other in zip(old, new, strict=False) if one != other]


def _decoded(lines: list[str]) -> Instructions | None:
    units = [word.replace(".", "0") for line in lines for word in line.partition("  ")[0].split()]
    try:
        return Instructions.decode(bytes.fromhex("".join(units)), "little")
    except ValueError:
        return None


def _short(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
