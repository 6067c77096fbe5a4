"""Rows that access memory: loads, stores, atomics and legacy packet access (RFC 9669 §5)."""

from __future__ import annotations

from ebpfasm.asm.checks import S16, S32, number, register, signed32, size_among, wrong
from ebpfasm.asm.form import DST, OFFSET, SRC, VALUE, Form, Row
from ebpfasm.asm.instruction import make
from ebpfasm.asm.register import SIZES, Byte, DWord, Half, Register, Size, Word

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ebpfasm.asm.form import Texts
    from ebpfasm.asm.instruction import Instruction

__all__ = [
    "AddTo",
    "Atomic",
    "Load",
    "LoadPacket",
    "LoadPacketAt",
    "Ordered",
    "SpeculationBarrier",
    "Store",
    "StoreConstant",
]

LD, LDX, ST, STX = 0x00, 0x01, 0x02, 0x03
"""Instruction classes (RFC 9669 §3.1)."""
ABS, IND, MEM, MEMSX, ATOMIC = 0x20, 0x40, 0x60, 0x80, 0xC0
"""Modes (RFC 9669 §5)."""
NOSPEC = 0xC0
"""A mode of the class ST that only the kernel uses (include/linux/filter.h, BPF_NOSPEC)."""


WIDTHS = {
    #       $X   $N    $V       $M    $B    $S    $L
    Byte:  ("w", "8",  "",      "",   "",   "b",  "1"),
    Half:  ("w", "16", "",      "",   "",   "h",  "2"),
    Word:  ("w", "32", "32_32", "",   "32", "w",  "4"),
    DWord: ("r", "64", "_64",   "64", "",   "dw", "8"),
}  # fmt: skip
"""What stands in a template of all sizes for ``$X`` (clang's letter of a register), ``$N`` (bits), ``$V`` and ``$M``
(ends of clang's and the kernel's names of atomics), ``$B`` and ``$S`` (ends of ubpf's names of atomics and accesses)
and ``$L`` (bytes).
"""


def texts_for(size: Size, llvm: str, kernel: str, ubpf: str = "") -> Texts:
    """The texts of a form of one size, from templates of all; clang's narrow registers are read as wide ones too."""

    letter = WIDTHS[size][0]
    spellings = dict.fromkeys((at(size, llvm, letter), at(size, llvm, "r")))
    if "$V" in llvm:  # the name of these says the width, and clang takes no other register
        del spellings[at(size, llvm, "r")]
        spellings[at(size, llvm, letter)] = None
    texts: Texts = {"llvm": tuple(spellings), "kernel": at(size, kernel, "r")}
    if ubpf:
        text = at(size, ubpf)
        # An exchange always fetches; bpf_conformance's assembler lets it say so.
        texts["ubpf"] = (text, text.replace("lock ", "lock fetch ")) if "xchg" in text else text
    return texts


def at(size: Size, template: str, letter: str = "") -> str:
    """A template with the marks of `WIDTHS` filled in for a size."""
    for mark, text in zip("XNVMBSL", (letter, *WIDTHS[size][1:]), strict=True):
        template = template.replace("$" + mark, text)
    return template


class _Sized(Row):
    """A row with one opcode per access size, and perhaps one size it lacks."""

    __slots__ = ("_lacking", "_opcode", "_sizes")

    def __init__(self, name: str, opcode: int, lacking: Size | None = None) -> None:
        self.name = name
        self._opcode = opcode
        self._lacking = lacking
        self._sizes = tuple(size for size in SIZES if size is not lacking)


class Load(_Sized):
    """``dst`` = the memory at ``src + offset``: ``LoadMem(R1, RFP, -8, DWord)``."""

    __slots__ = ()

    def __init__(
        self,
        name: str,
        mode: int,
        means: str,
        since: str,
        llvm: str,
        kernel: str,
        ubpf: str,
        *,
        lacking: Size | None = None,
    ) -> None:
        super().__init__(name, LDX | mode, lacking)
        self._later = lambda: tuple(
            Form(
                name, self._opcode | size.code, texts_for(size, llvm, kernel, ubpf), DST, SRC, OFFSET, size.name,
                since=since, meaning=at(size, means),
            )
            for size in self._sizes
        )  # fmt: skip

    def __call__(self, dst: int, src: int, offset: int, size: Size) -> Instruction:
        """Load ``size`` from ``src + offset`` (signed 16 bits, in bytes) into ``dst``."""
        if size.__class__ is not Size or size is self._lacking:
            size = size_among(self.name, size, self._sizes)
        if offset.__class__ is not int or not -0x8000 <= offset <= 0x7FFF:
            offset = number(self.name, "off", "offset", offset, *S16)
        if dst.__class__ is not Register:
            dst = register(self.name, "dst", dst)
        if src.__class__ is not Register:
            src = register(self.name, "src", src)
        return make(self._opcode | size.code, dst | src << 4, offset, 0)


class Store(_Sized):
    """The memory at ``dst + offset`` = ``src``: ``StoreMem(RFP, -8, R1, DWord)``."""

    __slots__ = ()

    def __init__(self, name: str, since: str) -> None:
        super().__init__(name, STX | MEM)
        self._later = lambda: tuple(
            Form(
                name, self._opcode | size.code, texts_for(
                    size,
                    "*(u$N *)(r{dst} {+offset}) = $X{src}",
                    "*(u$N *)(r{dst} {~offset}) = r{src}",
                    "stx$S [%r{dst}{?offset}], %r{src}",
                ), DST, OFFSET, SRC, size.name, since=since, meaning=at(size, "store(dst + offset, $L, src)"),
            )
            for size in SIZES
        )  # fmt: skip

    def __call__(self, dst: int, offset: int, src: int, size: Size) -> Instruction:
        """Store the low ``size`` of ``src`` at ``dst + offset`` (signed 16 bits, in bytes)."""
        if size.__class__ is not Size or size is self._lacking:
            size = size_among(self.name, size, self._sizes)
        if offset.__class__ is not int or not -0x8000 <= offset <= 0x7FFF:
            offset = number(self.name, "off", "offset", offset, *S16)
        if dst.__class__ is not Register:
            dst = register(self.name, "dst", dst)
        if src.__class__ is not Register:
            src = register(self.name, "src", src)
        return make(self._opcode | size.code, dst | src << 4, offset, 0)


class StoreConstant(_Sized):
    """The memory at ``dst + offset`` = a constant: ``StoreImm(RFP, -8, 0, Word)``."""

    __slots__ = ()

    def __init__(self, name: str, since: str) -> None:
        super().__init__(name, ST | MEM)
        self._later = lambda: tuple(
            Form(
                name, self._opcode | size.code, texts_for(
                    size,
                    "*(u$N *)(r{dst} {+offset}) = {value}",
                    "*(u$N *)(r{dst} {~offset}) = {value}",
                    "st$S [%r{dst}{?offset}], {value}",
                ), DST, OFFSET, VALUE, size.name, since=since, meaning=at(size, "store(dst + offset, $L, value)"),
            )
            for size in SIZES
        )  # fmt: skip

    def __call__(self, dst: int, offset: int, value: int, size: Size) -> Instruction:
        """Store the low ``size`` of ``value`` at ``dst + offset``.

        ``value`` is -2³¹…2³²-1; for ``DWord``, which extends its sign, a signed 32-bit number.
        """
        if size.__class__ is not Size or size is self._lacking:
            size = size_among(self.name, size, self._sizes)
        if offset.__class__ is not int or not -0x8000 <= offset <= 0x7FFF:
            offset = number(self.name, "off", "offset", offset, *S16)
        if dst.__class__ is not Register:
            dst = register(self.name, "dst", dst)
        if value.__class__ is not int or not -0x80000000 <= value <= 0x7FFFFFFF:
            hint = " (that is StoreMem)"
            if size is DWord:
                value = number(self.name, "imm", "immediate of a DWord", value, *S32, hint=hint)
            else:
                value = signed32(self.name, value, hint)
        return make(self._opcode | size.code, dst, offset, value)


class Atomic(Row):
    """An atomic read-modify-write of memory, 32 or 64 bit (RFC 9669 §5.3).

    ``AddAtomic.Mem(R1, R2, DWord, 8)`` adds R2 to the 64 bits at R1 + 8.
    """

    __slots__ = ("_imm",)

    def __init__(self, name: str, operation: int, means: str, since: str, llvm: str, kernel: str, ubpf: str) -> None:
        self.name = name
        self._imm = operation
        self._later = lambda: tuple(
            Form(
                f"{name}.Mem", STX | ATOMIC | size.code, texts_for(size, llvm, kernel, ubpf),
                DST, SRC, size.name, OFFSET, imm=operation, since=since, meaning=at(size, means),
            )
            for size in (DWord, Word)
        )  # fmt: skip

    def Mem(self, dst: int, src: int, size: Size, offset: int) -> Instruction:
        """The operation on the ``size`` (``Word`` or ``DWord``) at ``dst + offset`` with ``src``."""
        word = self.name + ".Mem"
        dst, src = register(word, "dst", dst), register(word, "src", src)
        size = size_among(word, size, (Word, DWord))
        return make(STX | ATOMIC | size.code, dst | src << 4, number(word, "off", "offset", offset, *S16), self._imm)


class AddTo:
    """cilium/ebpf's older word for an atomic addition without an offset: not a row of its own.

    ``StoreXAdd(R1, R2, DWord)`` is ``AddAtomic.Mem(R1, R2, DWord, 0)``.
    """

    __slots__ = ("_add", "name")

    def __init__(self, name: str, add: Atomic) -> None:
        self.name = name
        self._add = add

    def __repr__(self) -> str:
        return self.name

    def __call__(self, dst: int, src: int, size: Size) -> Instruction:
        """Add ``src`` atomically to the ``size`` (``Word`` or ``DWord``) at ``dst``."""
        dst, src = register(self.name, "dst", dst), register(self.name, "src", src)
        return self._add.Mem(dst, src, size_among(self.name, size, (Word, DWord)), 0)


class Ordered(Row):
    """A load or store with a memory order: acquire or release.

    Both take their operands as ``(dst, src, size, offset)``; ``dst`` is what is written: a register
    by ``LoadAcquire``, the base of the address by ``StoreRelease``.
    """

    __slots__ = ("_imm",)

    def __init__(self, name: str, operation: int, means: str, since: str, llvm: str, kernel: str) -> None:
        self.name = name
        self._imm = operation
        self._later = lambda: tuple(
            Form(
                name, STX | ATOMIC | size.code, texts_for(size, llvm, kernel),
                DST, SRC, size.name, OFFSET, imm=operation, since=since, meaning=at(size, means),
            )
            for size in SIZES
        )  # fmt: skip

    def __call__(self, dst: int, src: int, size: Size, offset: int) -> Instruction:
        """Move ``size`` between a register and the memory at base + ``offset`` (signed 16 bits, in bytes)."""
        dst, src = register(self.name, "dst", dst), register(self.name, "src", src)
        size = size_among(self.name, size, SIZES)
        offset = number(self.name, "off", "offset", offset, *S16)
        return make(STX | ATOMIC | size.code, dst | src << 4, offset, self._imm)


class SpeculationBarrier(Row):
    """A barrier that keeps the processor from running ahead of it.

    The verifier puts it into programs against Spectre (``BPF_ST_NOSPEC`` in include/linux/filter.h),
    so it is seen in dumps of loaded programs; it refuses it from user space.
    """

    __slots__ = ("_made",)

    def __init__(self, name: str, since: str) -> None:
        self.name = name
        self._made = make(ST | NOSPEC, 0, 0, 0)
        self._later = lambda: (
            Form(name, ST | NOSPEC, {"llvm": "nospec", "kernel": "nospec"}, since=since, meaning="pass"),
        )

    def __call__(self) -> Instruction:
        """Let nothing after this run before it is known that it will."""
        return self._made


ABSOLUTE = "r0 = *(u$N *)skb[{value}]"
INDIRECT = "r0 = *(u$N *)skb[r{src} + {value}]"
INDIRECT_ZERO = "r0 = *(u$N *)skb[r{src}]"


class LoadPacket(Row):
    """Legacy access to the packet at a fixed offset, result in R0 (RFC 9669 §5.5)."""

    __slots__ = ()

    def __init__(self, name: str, since: str) -> None:
        self.name = name
        self._later = lambda: tuple(
            Form(
                name, LD | ABS | size.code, texts_for(size, ABSOLUTE, ABSOLUTE), VALUE, size.name, since=since,
                meaning=at(size, "r0 = packet(value, $L)"),
            )
            for size in (Byte, Half, Word)
        )  # fmt: skip

    def __call__(self, offset: int, size: Size) -> Instruction:
        """R0 = the ``size`` (``Byte``, ``Half`` or ``Word``) at ``offset`` bytes into the packet, in host order."""
        size = size_among(self.name, size, (Byte, Half, Word))
        return make(LD | ABS | size.code, 0, 0, number(self.name, "imm", "offset", offset, *S32))


class LoadPacketAt(Row):
    """Legacy access to the packet at a register plus an offset, result in R0 (RFC 9669 §5.5)."""

    __slots__ = ()

    def __init__(self, name: str, since: str) -> None:
        self.name = name
        self._later = lambda: tuple(
            Form(
                name, LD | IND | size.code, texts_for(size, INDIRECT, INDIRECT) | {
                    "llvm": tuple(text.replace("$N", str(size.bits)) for text in (INDIRECT_ZERO, INDIRECT)),
                }, "R0", SRC, VALUE, size.name, since=since,
                meaning=at(size, "r0 = packet(signed(src + value, 32), $L)"),
            )
            for size in (Byte, Half, Word)
        )  # fmt: skip

    def __call__(self, dst: int, src: int, offset: int, size: Size) -> Instruction:
        """R0 = the ``size`` at ``src + offset`` bytes into the packet; ``dst`` can only be R0."""
        if register(self.name, "dst", dst) != 0:
            wrong(self.name, "dst", dst, 0, 0, f"the result is always in R0, so dst must be R0, not {dst!r}")
        size = size_among(self.name, size, (Byte, Half, Word))
        src = register(self.name, "src", src)
        return make(LD | IND | size.code, src << 4, 0, number(self.name, "imm", "offset", offset, *S32))
