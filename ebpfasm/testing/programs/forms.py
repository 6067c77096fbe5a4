"""The forms of the table, sorted by what a generated program can do with them."""

from __future__ import annotations

from ebpfasm.asm import table
from ebpfasm.asm.form import Operand
from ebpfasm.asm.instruction import make
from ebpfasm.asm.register import SIZES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ebpfasm.asm.form import Form
    from ebpfasm.asm.instruction import Instruction

__all__ = ["NEWEST", "Pools", "Template", "pools"]

NEWEST = (1 << 16, 0)
"""A kernel release above all."""

JUMP, JUMP32, ALU, ALU64 = 0x05, 0x06, 0x04, 0x07
"""Instruction classes of jumps and arithmetic (RFC 9669 §3.1)."""
UNCONDITIONAL = frozenset({0x00, 0x80, 0x90, 0xE0})
"""Operations of the jump classes that do not compare: goto, call, exit, may_goto (RFC 9669 §4.3)."""
MOVE, DIVIDE, MODULO = 0xB0, 0x30, 0x90
SHIFTS = frozenset({0x60, 0x70, 0xC0})
"""Operations of the arithmetic classes (RFC 9669 §4.1) that the verifier has rules for."""
STX, LDX, ST = 0x03, 0x01, 0x02
MEM, MEMSX, ATOMIC = 0x60, 0x80, 0xC0
FETCH = 0x01
ACQUIRE, RELEASE = 0x100, 0x110
"""Bits of an atomic's immediate (RFC 9669 §5.3; Linux's for the last two)."""

# addr_space_cast needs an arena, and the move of a per-CPU address is the verifier's own.
WITHOUT_MEANING_FOR_NUMBERS = frozenset({"AddrSpaceCast", "PercpuAddr"})


class Template:
    """A form of the table, ready to be made an instruction of.

    ``bits`` is the width of an arithmetic form, ``size`` the bytes of an access; ``reads`` says whether what was in dst
    counts, ``uses_src`` and ``uses_imm`` which operands there are; ``low`` and ``high`` are the immediates that the
    verifier takes (kernel/bpf/verifier.c, check_alu_op), apart from 0 where ``nonzero``.
    """

    __slots__ = (
        "bits", "fetches", "fixed", "form", "high", "low", "nonzero", "opcode", "reads", "size", "uses_imm", "uses_src",
    )  # fmt: skip

    def __init__(self, form: Form) -> None:
        self.form = form
        self.opcode = form.opcode
        fields = (form.dst, form.src, form.off, form.imm)
        dst, src, off, imm = (field if isinstance(field, int) else 0 for field in fields)
        self.fixed = (dst | src << 4, off, imm)
        self.uses_src = isinstance(form.src, Operand)
        self.uses_imm = isinstance(form.imm, Operand)
        kind, operation = form.opcode & 7, form.opcode & 0xF0
        self.bits = 32 if kind in (ALU, JUMP32) else 64
        self.size = next(size.bytes for size in SIZES if size.code == form.opcode & 0x18)
        self.reads = operation != MOVE
        self.low, self.high = -(1 << 31), (1 << 31) - 1
        self.nonzero = kind in (ALU, ALU64) and operation in (DIVIDE, MODULO)
        if kind in (ALU, ALU64) and operation in SHIFTS:
            self.low, self.high = 0, self.bits - 1
        self.fetches = kind == STX and bool(imm & FETCH)

    def made(
        self, dst: int = 0, src: int = 0, off: int | None = None, imm: int | None = None, label: str | None = None
    ) -> Instruction:
        """The instruction with these operands in place of the form's own fields; ``label`` is where a jump leads."""
        registers, fixed_off, fixed_imm = self.fixed
        return make(
            self.opcode,
            registers | dst | src << 4,
            fixed_off if off is None else off,
            fixed_imm if imm is None else imm,
            None if label is None else ((), label, None),
        )


class Pools:
    """Templates by what they are for, of the forms that a kernel release has and takes from user space.

    Attributes:
        moves, arithmetic: of numbers in registers; moves do not read dst.
        branches: conditional jumps.
        loads, stores, constants, atomics, ordered_loads, ordered_stores: by size in bytes.
        packet_loads, indirect_packet_loads: LD_ABS and LD_IND.
    """

    def __init__(self, release: tuple[int, ...]) -> None:
        self.release = release
        taken = [form for row in table.ROWS for form in row.forms if _loadable(form, release)]
        templates = [Template(form) for form in taken if form.name not in WITHOUT_MEANING_FOR_NUMBERS]

        def of(condition: Callable[[Template], bool]) -> tuple[Template, ...]:
            return tuple(template for template in templates if condition(template))

        def by_size(condition: Callable[[Template], bool]) -> dict[int, tuple[Template, ...]]:
            return {size.bytes: of(lambda one: condition(one) and one.size == size.bytes) for size in SIZES}  # noqa: B023

        arithmetic = of(lambda one: one.opcode & 7 in (ALU, ALU64))
        self.moves = tuple(one for one in arithmetic if not one.reads)
        self.arithmetic = tuple(one for one in arithmetic if one.reads)
        self.branches = of(lambda one: one.opcode & 7 in (JUMP, JUMP32) and one.opcode & 0xF0 not in UNCONDITIONAL)
        self.loads = by_size(lambda one: one.opcode & 0xE7 in (LDX | MEM, LDX | MEMSX))
        self.stores = by_size(lambda one: one.opcode & 0xE7 == STX | MEM)
        self.constants = by_size(lambda one: one.opcode & 0xE7 == ST | MEM)
        atomics = by_size(lambda one: one.opcode & 0xE7 == STX | ATOMIC)
        special = (ACQUIRE, RELEASE)
        self.atomics = {
            size: tuple(one for one in found if one.fixed[2] not in special) for size, found in atomics.items()
        }
        self.ordered_loads, self.ordered_stores = (
            {size: tuple(one for one in found if one.fixed[2] == kind) for size, found in atomics.items()}
            for kind in special
        )
        self.packet_loads = tuple(one for one in templates if one.form.name == "LoadAbs")
        self.indirect_packet_loads = tuple(one for one in templates if one.form.name == "LoadInd")
        self.has = frozenset(form.name for form in taken)


_made: dict[tuple[object, ...], Pools] = {}


def pools(release: tuple[int, ...] = NEWEST) -> Pools:
    """The templates of the table as it is now, made once for each table and release."""
    key = (table.ROWS, release)
    if key not in _made:
        _made.clear()
        _made[key] = Pools(release)
    return _made[key]


def _loadable(form: Form, release: tuple[int, ...]) -> bool:
    facts = form.facts
    if facts is None:
        return True
    return facts.loadable and facts.release <= release
