"""Rules as lines of comparisons that a packet falls through until one fits.

A line is a rule's first comparison, and jumps where it holds: most do not, and not to jump is what a processor does
fastest. What else the rule asks comes behind all lines; a packet for which that does not hold goes back to the next
line. R1 is a copy of the register that is compared, and serves the lines that follow as well, if they ask for the
same bits. Why it is a copy, `ebpfasm.datapath.policy.frame` tells.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ebpfasm.asm.instruction import Instruction
from ebpfasm.asm.program import Label
from ebpfasm.asm.register import R1, R7, R8
from ebpfasm.asm.table import JGT, JLE, JNE, And, Ja, JEq, Mov, Sub

if TYPE_CHECKING:
    from ebpfasm.asm.register import Register

    Item = Instruction | Label
    Copy = tuple[Register, int]
    Group = list[list["Comparison"]]

__all__ = ["ALL", "Comparison", "Scan"]

ALL = 0xFFFF_FFFF
BEHIND = {R7: "source", R8: "selector"}
"""What the registers hold that are compared behind lines, for labels."""


class Comparison(NamedTuple):
    """Whether ``register & mask`` is in ``low..high``, all of 32 bits."""

    register: Register
    mask: int
    low: int
    high: int

    @property
    def copy(self) -> Copy:
        """What R1 must hold for it."""
        return self.register, self.mask

    def code(self, label: str, *, jump_if: bool, held: Copy | None = None, last: bool = False) -> list[Instruction]:
        """Go to a label if it is so, or if it is not.

        Args:
            held: what R1 holds.
            last: whether nothing else is compared where it is so: then the verifier may learn of the register.
        """
        span = self.high - self.low
        if last and span == 0 and self.mask == ALL:
            return [(JEq if jump_if else JNE).Imm32(self.register, self.low, label)]
        items = [] if held == self.copy else copying(self.copy)
        if span == 0:
            return [*items, (JEq if jump_if else JNE).Imm32(R1, self.low, label)]
        if self.low:
            items.append(Sub.Imm32(R1, self.low))
        return [*items, (JLE if jump_if else JGT).Imm32(R1, span, label)]

    @property
    def keeps(self) -> bool:
        """Whether R1 is still the copy behind it."""
        return self.low in (0, self.high)


class Scan:
    """Lines and what comes behind them, for one family.

    Args:
        prefix: of all labels, with ``_`` behind.
    """

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._lines: list[Item] = []
        self._behind: list[_Behind] = []
        self._held: Copy | None = None
        self._here: list[str] = []
        self._needs: dict[str, Copy] = {}

    def add(self, name: str, comment: str, groups: list[Group], verdict: list[Instruction]) -> None:
        """Add a rule.

        Args:
            name: of its label.
            comment: what listings say beside its code.
            groups: what it asks: all comparisons of one alternative in each group. Without groups it is for every
                packet, and must be the last.
            verdict: where packets go that match; it ends in a jump.
        """
        name = f"{self._prefix}_{name}"
        if not groups:
            self._place([verdict[0].with_symbol(name).with_comment(comment), *verdict[1:]], None)
            return
        behind = _Behind(name, comment, groups[1:], verdict)
        start = len(self._lines)
        for number, (comparison, *others) in enumerate(groups[0], 1):
            target = f"{name}_{number}" if others else behind.fits
            self._place(comparison.code(target, jump_if=True, held=self._held), comparison)
            if others:
                final = number == len(groups[0])
                behind.others.append((target, others, behind.next if final else f"{target}_not"))
                if not final:
                    self._mark(f"{target}_not")
        if groups[1:] or len(groups[0][-1]) > 1:
            self._mark(behind.next)
        first = self._lines[start]
        assert isinstance(first, Instruction)
        self._lines[start] = first.with_symbol(name).with_comment(comment)
        self._behind.append(behind)

    def items(self) -> list[Item]:
        """The code of all rules."""
        return [*self._lines, *(item for behind in self._behind for item in behind.items(self._needs))]

    def _mark(self, label: str) -> None:
        """Put a label before the next line."""
        self._lines.append(Label(label))
        self._here.append(label)

    def _place(self, items: list[Instruction], comparison: Comparison | None) -> None:
        """Append a line; who comes to the labels before it must bring what it does not copy itself."""
        if comparison is not None and comparison.copy == self._held:
            self._needs |= dict.fromkeys(self._here, comparison.copy)
        self._here = []
        self._held = comparison.copy if comparison is not None and comparison.keeps else None
        self._lines += items


class _Behind:
    """What a rule asks besides its line.

    Attributes:
        fits: the label where all comparisons of an alternative of the first group hold.
        next: that of the line that follows.
        others: of alternatives of several comparisons the label their line goes to, what is left to compare, and the
            label of the line to go back to.
    """

    def __init__(self, name: str, comment: str, groups: list[Group], verdict: list[Instruction]) -> None:
        self._name = name
        self._comment = comment
        self._groups = groups
        self._verdict = verdict
        self.fits = f"{name}_fits"
        self.next = f"{name}_not"
        self.others: list[tuple[str, list[Comparison], str]] = []

    def items(self, needs: dict[str, Copy]) -> list[Item]:
        """The code.

        Args:
            needs: what R1 must hold at labels of lines.
        """
        items: list[Item] = []
        for label, comparisons, line in self.others:
            back = _Back(line, f"{label}_back", needs)
            first, *code = [item for each in comparisons for item in each.code(back.label, jump_if=False)]
            items += [first.with_symbol(label).with_comment(self._comment), *code, Ja.Label(self.fits), *back.items]
        if items and items[-1] == Ja.Label(self.fits):
            items.pop()
        back = _Back(self.next, f"{self._name}_back", needs)
        rest: list[Item] = []
        for group in self._groups:
            rest += self._any_of(group, back.label, last=group is self._groups[-1])
        rest += self._verdict
        assert isinstance(rest[0], Instruction)
        items += [rest[0].with_symbol(self.fits).with_comment(self._comment), *rest[1:]]
        used = any(isinstance(item, Instruction) and item.reference == back.label for item in rest)
        return items + (back.items if used else [])

    def _any_of(self, group: Group, otherwise: str, *, last: bool) -> list[Item]:
        """Go on if one of the alternatives holds, of one comparison each."""
        items: list[Item] = []
        done = f"{self._name}_{BEHIND[group[0][0].register]}"
        for [comparison] in group[:-1]:
            items += comparison.code(done, jump_if=True, last=last)
        [comparison] = group[-1]
        items += comparison.code(otherwise, jump_if=False, last=last)
        return [*items, Label(done)] if len(group) > 1 else items


class _Back:
    """The way back to a line, where R1 must hold what it needs."""

    def __init__(self, line: str, name: str, needs: dict[str, Copy]) -> None:
        copy = needs.get(line)
        self.label = name if copy is not None else line
        self.items: list[Item] = []
        if copy is not None:
            first, *others = copying(copy)
            self.items = [first.with_symbol(name), *others, Ja.Label(line)]


def copying(copy: Copy) -> list[Instruction]:
    """Put into R1 the lower half of a register, masked."""
    register, mask = copy
    return [Mov.Reg32(R1, register), *([And.Imm32(R1, mask)] if mask != ALL else [])]
