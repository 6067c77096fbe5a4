"""Rows of arithmetic: the classes ALU64 and ALU (32 bit) of RFC 9669 §4.1 and §4.2."""

from __future__ import annotations

from ebpfasm.asm.checks import S32, U16, number, register, signed32, size_among, wrong
from ebpfasm.asm.form import DST, FROM_SPACE, SRC, TO_SPACE, VALUE, Form, Row, filled
from ebpfasm.asm.instruction import make
from ebpfasm.asm.register import BE, LE, DWord, Half, Register, Word

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ebpfasm.asm.form import Operand, Texts
    from ebpfasm.asm.instruction import Instruction
    from ebpfasm.asm.register import ByteOrder, Size

__all__ = [
    "AddressCast",
    "Alu",
    "ByteSwap",
    "HostOrder",
    "Negate",
    "PercpuAddress",
    "SignedMove",
    "SignedMoveWord",
    "Swapping",
]

ALU, ALU64, K, X = 0x04, 0x07, 0x00, 0x08
"""Instruction classes and source bits (RFC 9669 §4)."""
END = 0xD0
"""The byte swap operation of both classes."""


class Alu(Row):
    """A binary operation: ``Add.Imm(R1, 5)`` is ``r1 += 5``; the names in 32 are of 32 bit and clear the upper half."""

    __slots__ = ("_imm32", "_imm64", "_off", "_reg32", "_reg64")

    def __init__(
        self,
        name: str,
        code: int,
        operator: str,
        mnemonic: str,
        means: str,
        since: str = "",
        since_32: str = "",
        *,
        off: int = 0,
        also: str = "",
    ) -> None:
        self.name = name
        self._off = off
        self._imm64, self._reg64 = code | ALU64 | K, code | ALU64 | X
        self._imm32, self._reg32 = code | ALU | K, code | ALU | X
        self._later = lambda: self._made(operator, mnemonic, means, since, since_32, also)

    def _made(self, operator: str, mnemonic: str, means: str, since: str, since_32: str, also: str) -> tuple[Form, ...]:
        def form(method: str, opcode: int, both: str, ubpf: str, second: Operand, also: str = "") -> Form:
            meaning = f"dst = {filled(means, 64, 'dst', second.name)}"
            if method.endswith("32"):
                meaning = f"dst = u32({filled(means, 32, 'dst', second.name)})"
            both = both.replace("OP", operator)
            texts: Texts = {"llvm": both, "kernel": both, "ubpf": ubpf.replace("NAME", mnemonic)}
            if also:
                texts["llvm"] = (both, also)
            key = since_32 if method.endswith("32") else since
            return Form(f"{self.name}.{method}", opcode, texts, DST, second, off=self._off, since=key, meaning=meaning)

        return (
            form("Imm", self._imm64, "r{dst} OP {value}", "NAME %r{dst}, {value}", VALUE),
            form("Reg", self._reg64, "r{dst} OP r{src}", "NAME %r{dst}, %r{src}", SRC),
            form("Imm32", self._imm32, "w{dst} OP {value}", "NAME32 %r{dst}, {value}", VALUE),
            form("Reg32", self._reg32, "w{dst} OP w{src}", "NAME32 %r{dst}, %r{src}", SRC, also),
        )

    def Imm(self, dst: int, value: int) -> Instruction:
        """``dst`` and a signed 32-bit immediate, in 64 bits."""
        if dst.__class__ is not Register:
            dst = register(self.name + ".Imm", "dst", dst)
        if value.__class__ is not int or not -0x80000000 <= value <= 0x7FFFFFFF:
            hint = f" (that is {self.name}.Reg)"
            value = number(self.name + ".Imm", "imm", "immediate", value, *S32, hint=hint)
        return make(self._imm64, dst, self._off, value)

    def Reg(self, dst: int, src: int) -> Instruction:
        """``dst`` and ``src``, in 64 bits."""
        if dst.__class__ is not Register:
            dst = register(self.name + ".Reg", "dst", dst)
        if src.__class__ is not Register:
            src = register(self.name + ".Reg", "src", src)
        return make(self._reg64, dst | src << 4, self._off, 0)

    def Imm32(self, dst: int, value: int) -> Instruction:
        """``dst`` and an immediate of -2³¹…2³²-1 (kept signed), in 32 bits."""
        if dst.__class__ is not Register:
            dst = register(self.name + ".Imm32", "dst", dst)
        if value.__class__ is not int or not -0x80000000 <= value <= 0x7FFFFFFF:
            value = signed32(self.name + ".Imm32", value, f" (that is {self.name}.Reg32)")
        return make(self._imm32, dst, self._off, value)

    def Reg32(self, dst: int, src: int) -> Instruction:
        """``dst`` and ``src``, in 32 bits."""
        if dst.__class__ is not Register:
            dst = register(self.name + ".Reg32", "dst", dst)
        if src.__class__ is not Register:
            src = register(self.name + ".Reg32", "src", src)
        return make(self._reg32, dst | src << 4, self._off, 0)


class Negate(Row):
    """Negation, which has no operand besides its register: ``Neg.Reg(R1)`` is ``r1 = -r1``.

    cilium/ebpf spells it ``Neg.Imm(dst, 0)``, and so may you; its ``Neg.Reg(dst, src)`` is no instruction.
    """

    __slots__ = ("_code",)

    def __init__(self, name: str, code: int, since: str, since_32: str) -> None:
        self.name = name
        self._code = code
        self._later = lambda: (
            Form(
                f"{name}.Reg",
                code | ALU64,
                alike("r{dst} = -r{dst}", "neg %r{dst}"),
                DST,
                since=since,
                meaning="dst = -dst",
            ),
            Form(
                f"{name}.Reg32",
                code | ALU,
                alike("w{dst} = -w{dst}", "neg32 %r{dst}"),
                DST,
                since=since_32,
                meaning="dst = u32(-dst)",
            ),
        )

    def Reg(self, dst: int) -> Instruction:
        """``dst = -dst`` in 64 bits."""
        return make(self._code | ALU64, register(self.name + ".Reg", "dst", dst), 0, 0)

    def Reg32(self, dst: int) -> Instruction:
        """``dst = -dst`` in 32 bits."""
        return make(self._code | ALU, register(self.name + ".Reg32", "dst", dst), 0, 0)

    def Imm(self, dst: int, value: int = 0) -> Instruction:
        """cilium/ebpf's spelling of `Reg`; ``value`` stands in a reserved field and can only be 0."""
        number(self.name + ".Imm", "imm", "the reserved immediate", value, 0, 0)
        return make(self._code | ALU64, register(self.name + ".Imm", "dst", dst), 0, 0)

    def Imm32(self, dst: int, value: int = 0) -> Instruction:
        """cilium/ebpf's spelling of `Reg32`; ``value`` stands in a reserved field and can only be 0."""
        number(self.name + ".Imm32", "imm", "the reserved immediate", value, 0, 0)
        return make(self._code | ALU, register(self.name + ".Imm32", "dst", dst), 0, 0)


class SignedMoveWord(Row):
    """A move that extends the sign of the low 32 bits to 64; there is no 32-bit form of it."""

    __slots__ = ("_bits",)

    def __init__(self, name: str, bits: int, since: str) -> None:
        self.name = name
        self._bits = bits
        self._later = lambda: (
            Form(
                f"{name}.Reg",
                0xB0 | ALU64 | X,
                alike(f"r{{dst}} = (s{bits})r{{src}}", f"movsx{bits}64 %r{{dst}}, %r{{src}}"),
                DST,
                SRC,
                off=bits,
                since=since,
                meaning=f"dst = signed(src, {bits})",
            ),
        )

    def Reg(self, dst: int, src: int) -> Instruction:
        """``dst`` = the low bits of ``src``, their sign extended to 64 bits."""
        return self._move("Reg", ALU64, dst, src)

    def _move(self, method: str, instruction_class: int, dst: int, src: int) -> Instruction:
        word = f"{self.name}.{method}"
        dst, src = register(word, "dst", dst), register(word, "src", src)
        return make(0xB0 | instruction_class | X, dst | src << 4, self._bits, 0)


class SignedMove(SignedMoveWord):
    """A move that extends the sign of the low 8 or 16 bits to 64 (``Reg``) or to 32 (``Reg32``)."""

    __slots__ = ()

    def __init__(self, name: str, bits: int, since: str) -> None:
        super().__init__(name, bits, since)
        of_64 = self._later
        self._later = lambda: (
            *of_64(),
            Form(
                f"{name}.Reg32",
                0xB0 | ALU | X,
                alike(f"w{{dst}} = (s{bits})w{{src}}", f"movsx{bits}32 %r{{dst}}, %r{{src}}"),
                DST,
                SRC,
                off=bits,
                since=since,
                meaning=f"dst = u32(signed(src, {bits}))",
            ),
        )

    def Reg32(self, dst: int, src: int) -> Instruction:
        """``dst`` = the low bits of ``src``, their sign extended to 32 bits, the upper half cleared."""
        return self._move("Reg32", ALU, dst, src)


class HostOrder(Row):
    """Conversion between the host's byte order and little (``LE``) or big (``BE``) endian."""

    __slots__ = ("_opcodes",)

    def __init__(self, name: str, since: str) -> None:
        self.name = name
        self._opcodes = {LE: END | ALU | K, BE: END | ALU | X}
        self._later = lambda: tuple(
            Form(
                name, opcode, alike(
                    f"r{{dst}} = {order.name.lower()}{size.bits} r{{dst}}", f"{order.name.lower()}{size.bits} %r{{dst}}"
                ), order.name, DST, size.name,
                imm=size.bits, since=since, meaning=f"dst = {order.name.lower()}(dst, {size.bits})",
            )
            for order, opcode in self._opcodes.items()
            for size in (Half, Word, DWord)
        )  # fmt: skip

    def __call__(self, order: ByteOrder, dst: int, size: Size) -> Instruction:
        """The low ``size`` of ``dst`` in the byte order ``LE`` or ``BE``, the rest cleared."""
        if order is not LE and order is not BE:
            wrong(self.name, "order", order, None, None, f"byte order must be LE or BE, not {order!r}")
        size = size_among(self.name, size, (Half, Word, DWord))
        return make(self._opcodes[order], register(self.name, "dst", dst), 0, size.bits)


class ByteSwap(Row):
    """Reversal of the bytes of a register, whatever the host's order."""

    __slots__ = ()

    def __init__(self, name: str, since: str) -> None:
        self.name = name
        self._later = lambda: tuple(
            Form(
                name,
                END | ALU64,
                alike(
                    f"r{{dst}} = bswap{size.bits} r{{dst}}", f"swap{size.bits} %r{{dst}}", f"bswap{size.bits} %r{{dst}}"
                ),
                DST,
                size.name,
                imm=size.bits,
                since=since,
                meaning=f"dst = swap(dst, {size.bits})",
            )
            for size in (Half, Word, DWord)
        )

    def __call__(self, dst: int, size: Size) -> Instruction:
        """The bytes of the low ``size`` of ``dst`` reversed, the rest cleared."""
        size = size_among(self.name, size, (Half, Word, DWord))
        return make(END | ALU64, register(self.name, "dst", dst), 0, size.bits)


class AddressCast(Row):
    """A pointer moved from one address space to another (arena programs)."""

    __slots__ = ()

    def __init__(self, name: str, since: str) -> None:
        self.name = name
        texts: Texts = dict.fromkeys(("llvm", "kernel"), "r{dst} = addr_space_cast(r{src}, {to}, {from_})")
        self._later = lambda: (
            Form(
                name, 0xB0 | ALU64 | X, texts, DST, SRC, TO_SPACE, FROM_SPACE, off=1, since=since,
                meaning="missing('address spaces')",
            ),
        )  # fmt: skip

    def __call__(self, dst: int, src: int, to: int, from_: int) -> Instruction:
        """``dst`` = the pointer ``src`` of address space ``from_`` as one of ``to`` (each 0..65535)."""
        dst, src = register(self.name, "dst", dst), register(self.name, "src", src)
        to = number(self.name, "imm", "address space", to, *U16)
        from_ = number(self.name, "imm", "address space", from_, *U16)
        return make(0xB0 | ALU64 | X, dst | src << 4, 1, signed32(self.name, to << 16 | from_))


class PercpuAddress(Row):
    """A move that makes the address of this processor's copy of a per-CPU variable.

    The verifier puts it into programs that read such variables (``BPF_MOV64_PERCPU_REG`` in
    include/linux/filter.h), so it is seen in dumps of loaded programs; it refuses it from user space.
    """

    __slots__ = ()

    def __init__(self, name: str, since: str) -> None:
        self.name = name
        texts: Texts = dict.fromkeys(("llvm", "kernel"), "r{dst} = &(void __percpu *)(r{src})")
        self._later = lambda: (
            Form(
                name, 0xB0 | ALU64 | X, texts, DST, SRC, off=-1, since=since,
                meaning="missing('variables of the kernel')",
            ),
        )  # fmt: skip

    def __call__(self, dst: int, src: int) -> Instruction:
        """``dst`` = the address of this processor's copy of what ``src`` points to."""
        dst, src = register(self.name, "dst", dst), register(self.name, "src", src)
        return make(0xB0 | ALU64 | X, dst | src << 4, -1, 0)


class Swapping:
    """cilium/ebpf's operation of `HostOrder` and `ByteSwap`, whose immediate is the size in bits: not a row of its own.

    ``Swap.Imm(R1, 16)`` is ``BSwap(R1, Half)``, ``Swap.Imm32(R1, 16)`` is ``HostTo(LE, R1, Half)``.
    """

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name

    def Imm(self, dst: int, bits: int) -> Instruction:
        """The low 16, 32 or 64 ``bits`` of ``dst`` with their bytes reversed, the rest cleared."""
        return self._swap(".Imm", END | ALU64 | K, dst, bits)

    def Imm32(self, dst: int, bits: int) -> Instruction:
        """The low 16, 32 or 64 ``bits`` of ``dst`` in little-endian order, the rest cleared."""
        return self._swap(".Imm32", END | ALU | K, dst, bits)

    def _swap(self, method: str, opcode: int, dst: int, bits: int) -> Instruction:
        word = self.name + method
        if number(word, "imm", "number of bits", bits, 16, 64) not in (16, 32, 64):
            wrong(word, "imm", bits, 16, 64, f"number of bits must be 16, 32 or 64, not {bits}")
        return make(opcode, register(word, "dst", dst), 0, bits)


def alike(llvm_and_kernel: str, *ubpf: str) -> Texts:
    """The texts of a form that clang and the kernel write alike."""
    return {"llvm": llvm_and_kernel, "kernel": llvm_and_kernel, "ubpf": ubpf}
