"""A function that is being written, and what is known of its registers and stack at the place reached."""

from __future__ import annotations

from ebpfasm.asm import Add, Label, Mov
from ebpfasm.asm.register import RFP
from ebpfasm.testing.programs.choices import number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple

    from ebpfasm.asm import Instruction
    from ebpfasm.testing.programs.author import Author
    from ebpfasm.testing.programs.choices import Choices

    class Pointer(NamedTuple):
        """What a register points to: a ``region`` (packet, value, frame), and how many bytes may be touched there."""

        region: str
        size: int
else:
    from collections import namedtuple

    Pointer = namedtuple("Pointer", ("region", "size"))

__all__ = ["Frame", "Pointer", "State"]

CONTEXT = 6
"""The register that keeps the context, as LD_ABS wants it (RFC 9669 §5.5)."""
SCRATCHED = frozenset(range(6))
"""A call leaves nothing in these (RFC 9669 §2)."""


class State:
    """What holds at a place of a function, whichever way led there.

    ``scalars`` are the registers that hold numbers, ``pointers`` those that point somewhere, and the bits of ``stack``
    the bytes of the frame that were written: bit 0 is the one at -1.
    """

    __slots__ = ("pointers", "scalars", "stack")

    def __init__(self, scalars: set[int], pointers: dict[int, Pointer], stack: int) -> None:
        self.scalars = scalars
        self.pointers = pointers
        self.stack = stack

    def copy(self) -> State:
        """Another one that is the same for now."""
        return State(set(self.scalars), dict(self.pointers), self.stack)

    def meet(self, other: State) -> None:
        """Keep only what also holds there."""
        self.scalars &= other.scalars
        self.pointers = {register: to for register, to in self.pointers.items() if other.pointers.get(register) == to}
        self.stack &= other.stack


class Frame:
    """A function being written.

    Args:
        author: of the whole program.
        room: bytes of stack it may use, a multiple of 8.
        main: whether it is the program's first function.
        context: whether register 6 has the context.
        rank: it may only call functions of a higher one, so nothing recurses.
    """

    def __init__(self, author: Author, room: int, *, main: bool, context: bool, rank: int) -> None:
        self.author = author
        self.choices: Choices = author.choices
        self.items: list[Instruction | Label] = []
        self.state = State(set(), {}, 0)
        self.room = room
        self.main = main
        self.context = context
        self.rank = rank
        self.locked: set[int] = {CONTEXT} if context else set()
        self.level = 0
        self.in_loop = False

    # Registers

    def free(self) -> list[int]:
        """The registers that may be written."""
        return [register for register in range(10) if register not in self.locked]

    def numbers(self) -> list[int]:
        """The registers that hold numbers, in their order."""
        return [register for register in range(10) if register in self.state.scalars]

    def changeable(self) -> int:
        """A register that holds a number and may be written; one is made where there is none."""
        found = [register for register in self.numbers() if register not in self.locked]
        return self.choices.pick(found) if found else self.new_number()

    def number(self) -> int:
        """A register that holds a number; one is made where there is none."""
        found = self.numbers()
        return self.choices.pick(found) if found else self.new_number()

    def new_number(self) -> int:
        """Put a constant into a register."""
        register = self.choices.pick(self.free())
        self.put(Mov.Imm(register, number(self.choices, 32)), register)
        return register

    def spare(self, *taken: int) -> int:
        """A register that may be written and is none of these; what it held is forgotten."""
        register = self.choices.pick([one for one in self.free() if one not in taken])
        self.forget(register)
        return register

    def put(self, instruction: Instruction, register: int) -> None:
        """An instruction that leaves a number in a register."""
        self.items.append(instruction)
        self.state.scalars.add(register)
        self.state.pointers.pop(register, None)

    def point(self, register: int, region: str, size: int) -> None:
        """Note that a register points somewhere now."""
        self.state.scalars.discard(register)
        self.state.pointers[register] = Pointer(region, size)

    def forget(self, register: int) -> None:
        """Note that nothing is known of what a register holds."""
        self.state.scalars.discard(register)
        self.state.pointers.pop(register, None)

    def emit(self, *instructions: Instruction | Label) -> None:
        """Instructions that leave numbers numbers and pointers pointers."""
        self.items += instructions

    def called(self, call: Instruction, *, result: bool = True) -> None:
        """A call, with all its arguments in place."""
        self.items.append(call)
        for register in SCRATCHED:
            self.forget(register)
        if result:
            self.state.scalars.add(0)

    def drop(self, region: str) -> None:
        """Forget all pointers to a region."""
        self.state.pointers = {register: to for register, to in self.state.pointers.items() if to.region != region}

    # Stack

    def slots(self, size: int) -> list[int]:
        """The aligned offsets from the frame pointer where ``size`` bytes have been written."""
        stack, mask = self.state.stack, (1 << size) - 1
        return [-at - size for at in range(0, self.room - size + 1, size) if stack >> at & mask == mask]

    def slot(self, size: int) -> int:
        """Any offset for ``size`` bytes, a multiple of ``size`` or of 8."""
        step = min(size, 8)
        return -step * self.choices.integer((size + step - 1) // step, self.room // step)

    def wrote(self, offset: int, size: int) -> None:
        """Note that bytes of the stack have been written."""
        self.state.stack |= (1 << size) - 1 << -offset - size

    def written(self, offset: int, size: int) -> bool:
        """Whether all these bytes have been written."""
        mask = (1 << size) - 1
        return self.state.stack >> -offset - size & mask == mask

    def address(self, register: int, offset: int) -> None:
        """Have a register point into the stack, for a call or for accesses that come next."""
        self.forget(register)
        self.emit(Mov.Reg(register, RFP), Add.Imm(register, offset))

    # Places

    def label(self, what: str) -> str:
        """A new name for a place."""
        return self.author.label(what)

    def block(self, most: int, least: int = 1) -> None:
        """Some statements, one level further in."""
        self.level += 1
        for _ in self.choices.times(least, most):
            self.choices.part(self.author.statement_for(self))
        self.level -= 1
