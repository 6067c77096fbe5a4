"""What a program needs of its kernel: the release, the ISA version, and the instructions that say so."""

from __future__ import annotations

from ebpfasm.asm.facts import ISA_SOURCES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ebpfasm.asm.facts import Facts
    from ebpfasm.asm.program import Instructions

__all__ = ["Requirement", "Requirements", "requirements_of"]


class Requirement:
    """One thing a program needs, and the first instruction that needs it.

    ``index`` counts instructions, ``unit`` units of 8 bytes. ``form`` is the builder word, ``written`` the one
    that stands in the program: a ``Ja.Label`` whose label is far is encoded as ``LongJump``.
    ``kernel``, ``isa``, ``source`` and ``loadable`` are those of `ebpfasm.asm.facts.Facts`; an encoding nobody
    has defined has neither kernel nor isa.
    """

    __slots__ = ("facts", "form", "index", "unit", "written")

    def __init__(self, index: int, unit: int, form: str, written: str, facts: Facts | None) -> None:
        self.index = index
        self.unit = unit
        self.form = form
        self.written = written
        self.facts = facts

    @property
    def kernel(self) -> str | None:
        """The Linux version that has it, such as ``6.6``, or None if none does."""
        return self.facts.kernel if self.facts is not None else None

    @property
    def isa(self) -> str | None:
        """``v1`` to ``v4``, the name of an extension, or None for an encoding nobody has defined."""
        return self.facts.isa if self.facts is not None else None

    @property
    def source(self) -> str:
        """Who says so of the kernel: a commit and its subject, a section of RFC 9669."""
        return self.facts.source if self.facts is not None else "no row of the table"

    @property
    def isa_source(self) -> str:
        """Who says so of the ISA version."""
        return ISA_SOURCES[self.facts.isa] if self.facts is not None else "no row of the table"

    @property
    def loadable(self) -> bool:
        """Whether a kernel takes it from user space."""
        return self.facts is not None and self.facts.loadable

    @property
    def release(self) -> tuple[int, ...]:
        """``kernel`` as numbers that compare: (6, 6)."""
        return self.facts.release if self.facts is not None else ()

    def __repr__(self) -> str:
        return f"<Requirement {self}>"

    def __str__(self) -> str:
        """``LongJump at unit 3``."""
        written = f" (written {self.written})" if self.written != self.form else ""
        return f"{self.form}{written} at unit {self.unit}"


class Requirements:
    """What a program needs, by `Instructions.requirements`.

    ``kernel`` is the lowest Linux version that has all its instructions, ``isa`` the lowest version of the
    instruction set, ``v1`` to ``v4``; None of a program without such. ``extensions`` names what it uses beyond.
    ``all`` has a `Requirement` for each step in the history of the instruction set that the program uses, newest
    kernel first; ``refused`` has those of them that no kernel takes from user space.
    """

    __slots__ = ("all",)

    def __init__(self, found: tuple[Requirement, ...]) -> None:
        self.all = found

    @property
    def kernel(self) -> str | None:
        """The lowest Linux version that has all the instructions, such as ``6.6``."""
        return self._newest.kernel if self._newest is not None else None

    @property
    def isa(self) -> str | None:
        """The lowest ISA version with all the instructions, those of extensions aside: ``v1`` to ``v4``."""
        return self._highest.isa if self._highest is not None else None

    @property
    def extensions(self) -> tuple[str, ...]:
        """What the program uses, and a kernel takes, that is in no version of the ISA: ``arena``, ``may_goto``."""
        return tuple(need.isa for need in self._extensions if need.isa is not None)

    @property
    def refused(self) -> tuple[Requirement, ...]:
        """What no kernel takes from user space."""
        return tuple(need for need in self.all if not need.loadable)

    @property
    def _extensions(self) -> list[Requirement]:
        return [need for need in self.all if need.loadable and not _is_version(need)]

    @property
    def _newest(self) -> Requirement | None:
        return max((need for need in self.all if need.release), key=lambda need: need.release, default=None)

    @property
    def _highest(self) -> Requirement | None:
        return max((need for need in self.all if _is_version(need)), key=lambda need: need.isa or "", default=None)

    def __repr__(self) -> str:
        return f"<Requirements: {self}>"

    def __str__(self) -> str:
        """A line for each of kernel, ISA version and extensions; kernel and ISA in one if one instruction says both."""
        newest, highest = self._newest, self._highest
        lines = []
        if newest is not None and newest is highest:
            lines.append(f"needs Linux {newest.kernel} and ISA {newest.isa}: {newest} ({newest.source})")
        else:
            if newest is not None:
                lines.append(f"needs Linux {newest.kernel}: {newest} ({newest.source})")
            if highest is not None:
                lines.append(f"needs ISA {highest.isa}: {highest} ({highest.isa_source})")
        lines += [f"needs the extension {need.isa}: {need} ({need.isa_source})" for need in self._extensions]
        lines += [f"no kernel takes {need} from user space ({need.source})" for need in self.refused]
        return "\n".join(lines) or "needs nothing"


def requirements_of(program: Instructions) -> Requirements:
    """What a program needs; see `Instructions.requirements`."""
    found: dict[object, Requirement] = {}
    unit = 0
    for index, (original, instruction) in enumerate(zip(program, program.resolved(), strict=True)):
        form = instruction.form
        facts = form.facts_of(instruction) if form is not None else None
        if facts not in found:
            name = form.name if form is not None else f"opcode {instruction.opcode:#04x}"
            before = original.form
            found[facts] = Requirement(index, unit, name, before.name if before is not None else name, facts)
        unit += instruction.units
    return Requirements(tuple(sorted(found.values(), key=lambda need: need.release, reverse=True)))


def _is_version(need: Requirement) -> bool:
    return need.isa is not None and need.isa[1:].isdigit()
