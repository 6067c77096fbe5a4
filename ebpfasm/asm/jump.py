"""Rows that change what runs next: jumps, calls and exit (RFC 9669 §4.3)."""

from __future__ import annotations

from ebpfasm.asm.checks import S16, S32, number, register, signed32
from ebpfasm.asm.form import DST, FAR, SRC, TARGET, VALUE, Form, Operand, Row, filled
from ebpfasm.asm.instruction import check_label, make, referring
from ebpfasm.asm.register import Register

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ebpfasm.asm.form import Texts
    from ebpfasm.asm.instruction import Instruction

__all__ = ["Exit", "FarJump", "Helper", "IndirectCall", "IndirectJump", "Jump", "Kfunc", "LocalCall", "NearJump"]

JMP, JMP32, K, X = 0x05, 0x06, 0x00, 0x08
"""Instruction classes and source bits (RFC 9669 §4)."""
CALL, EXIT, JA, JCOND = 0x80, 0x90, 0x00, 0xE0
"""Operation codes of the classes (RFC 9669 §4.3; JCOND is Linux's)."""


HELPER_TEXTS: Texts = {
    "llvm": "call {value}",
    "kernel": "call {=helper}#{value}",
    "ubpf": ("call helper {value}", "call {value}"),
}
LOCAL_TEXTS: Texts = {
    "llvm": ("call {@target}", "call pc{~target}"),  # clang's `call 5` is a helper's; the number is the kernel's way
    "kernel": "call pc{~target}",
    "ubpf": "call local {>target}",
}
KFUNC_TEXTS: Texts = {
    "llvm": ("call kfunc {btf_id}", "call kfunc {btf_id}, {module_fd}"),
    "kernel": "call {=kfunc}#{btf_id}",
    "ubpf": "call runtime {btf_id}",
}


class Jump(Row):
    """A conditional jump: ``JEq.Imm(R0, 0, "miss")``; those in 32 compare the low 32 bits.

    A target is a label, or a number of units after the next instruction, -32768..32767.
    """

    __slots__ = ("_imm32", "_imm64", "_reg32", "_reg64")

    def __init__(
        self, name: str, code: int, operator: str, mnemonic: str, means: str, since: str = "", since_32: str = ""
    ) -> None:
        self.name = name
        self._imm64, self._reg64 = code | JMP | K, code | JMP | X
        self._imm32, self._reg32 = code | JMP32 | K, code | JMP32 | X
        self._later = lambda: self._made(operator, mnemonic, means, since, since_32)

    def _made(self, operator: str, mnemonic: str, means: str, since: str, since_32: str) -> tuple[Form, ...]:
        def form(method: str, opcode: int, letter: str, second: Operand, llvm: str, kernel: str, ubpf: str) -> Form:
            narrow = letter == "w"
            texts: Texts = {
                "llvm": f"if {letter}{{dst}} {operator} {llvm} goto {{>target}}",
                "kernel": f"if {letter}{{dst}} {operator} {kernel} goto pc{{~target}}",
                "ubpf": f"{mnemonic}{'32' if narrow else ''} %r{{dst}}, {ubpf}, {{>target}}",
            }
            key = since_32 if narrow else since
            meaning = f"if {filled(means, 32 if narrow else 64, 'dst', second.name)}: goto(target)"
            return Form(f"{self.name}.{method}", opcode, texts, DST, second, TARGET, since=key, meaning=meaning)

        return (
            form("Imm", self._imm64, "r", VALUE, "{value}", "{#value}", "{value}"),
            form("Reg", self._reg64, "r", SRC, "r{src}", "r{src}", "%r{src}"),
            form("Imm32", self._imm32, "w", VALUE, "{value}", "{#value}", "{value}"),
            form("Reg32", self._reg32, "w", SRC, "w{src}", "w{src}", "%r{src}"),
        )

    def Imm(self, dst: int, value: int, target: str | int) -> Instruction:
        """Jump if ``dst`` compares so with a signed 32-bit immediate, in 64 bits."""
        if dst.__class__ is not Register:
            dst = register(self.name + ".Imm", "dst", dst)
        if value.__class__ is not int or not -0x80000000 <= value <= 0x7FFFFFFF:
            hint = f" (that is {self.name}.Reg)"
            value = number(self.name + ".Imm", "imm", "immediate", value, *S32, hint=hint)
        if target.__class__ is str and target:
            return make(self._imm64, dst, 0, value, ((), target, None))
        if target.__class__ is int and -0x8000 <= target <= 0x7FFF:
            return make(self._imm64, dst, target, value)
        return _near(self.name + ".Imm", self._imm64, dst, 0, value, target)

    def Reg(self, dst: int, src: int, target: str | int) -> Instruction:
        """Jump if ``dst`` compares so with ``src``, in 64 bits."""
        if dst.__class__ is not Register:
            dst = register(self.name + ".Reg", "dst", dst)
        if src.__class__ is not Register:
            src = register(self.name + ".Reg", "src", src)
        if target.__class__ is str and target:
            return make(self._reg64, dst | src << 4, 0, 0, ((), target, None))
        if target.__class__ is int and -0x8000 <= target <= 0x7FFF:
            return make(self._reg64, dst | src << 4, target, 0)
        return _near(self.name + ".Reg", self._reg64, dst, src, 0, target)

    def Imm32(self, dst: int, value: int, target: str | int) -> Instruction:
        """Jump if the low half of ``dst`` compares so with an immediate of -2³¹…2³²-1 (kept signed)."""
        if dst.__class__ is not Register:
            dst = register(self.name + ".Imm32", "dst", dst)
        if value.__class__ is not int or not -0x80000000 <= value <= 0x7FFFFFFF:
            value = signed32(self.name + ".Imm32", value, f" (that is {self.name}.Reg32)")
        if target.__class__ is str and target:
            return make(self._imm32, dst, 0, value, ((), target, None))
        if target.__class__ is int and -0x8000 <= target <= 0x7FFF:
            return make(self._imm32, dst, target, value)
        return _near(self.name + ".Imm32", self._imm32, dst, 0, value, target)

    def Reg32(self, dst: int, src: int, target: str | int) -> Instruction:
        """Jump if the low half of ``dst`` compares so with that of ``src``."""
        if dst.__class__ is not Register:
            dst = register(self.name + ".Reg32", "dst", dst)
        if src.__class__ is not Register:
            src = register(self.name + ".Reg32", "src", src)
        if target.__class__ is str and target:
            return make(self._reg32, dst | src << 4, 0, 0, ((), target, None))
        if target.__class__ is int and -0x8000 <= target <= 0x7FFF:
            return make(self._reg32, dst | src << 4, target, 0)
        return _near(self.name + ".Reg32", self._reg32, dst, src, 0, target)

    def Label(self, target: str | int) -> Instruction:
        """Jump if R0 compares so with 0, in 64 bits: ``Imm(R0, 0, target)``; what cilium/ebpf's ``Label`` encodes."""
        return _near(self.name + ".Label", self._imm64, 0, 0, 0, target)


class NearJump(Row):
    """A jump to a target within 16 bits without a condition of the program's: ``Ja.Label("end")``.

    A ``Ja`` to a label further away is encoded as the long jump.
    """

    __slots__ = ("_opcode",)

    def __init__(self, name: str, code: int, means: str, since: str, mnemonic: str, ubpf: str = "") -> None:
        self.name = name
        self._opcode = code | JMP | K
        texts: Texts = {"llvm": f"{mnemonic} {{>target}}", "kernel": f"{mnemonic} pc{{~target}}"}
        if ubpf:
            texts["ubpf"] = f"{ubpf} {{>target}}"
        self._later = lambda: (Form(f"{name}.Label", self._opcode, texts, TARGET, since=since, meaning=means),)

    def Label(self, target: str | int) -> Instruction:
        """Jump to a label, or over a number of units, -32768..32767."""
        return _near(self.name + ".Label", self._opcode, 0, 0, 0, target)


class FarJump(Row):
    """A jump to a target within 32 bits: ``LongJump("end")``."""

    __slots__ = ()

    def __init__(self, name: str, since: str) -> None:
        self.name = name
        self._later = lambda: (
            Form(
                name,
                JA | JMP32 | K,
                {"llvm": "gotol {>target}", "kernel": "gotol pc{~target}", "ubpf": "ja32 {>target}"},
                FAR,
                since=since,
                meaning="goto(target)",
            ),
        )

    def __call__(self, target: str | int) -> Instruction:
        """Jump to a label, or over a number of units, -2³¹…2³¹-1."""
        return _far(self.name, JA | JMP32 | K, 0, target)


class IndirectJump(Row):
    """A jump to the address in a register, taken from a jump table (gotox)."""

    __slots__ = ()

    def __init__(self, name: str, since: str) -> None:
        self.name = name
        texts: Texts = dict.fromkeys(("llvm", "kernel"), "gotox r{dst}")
        self._later = lambda: (
            Form(name, JA | JMP | X, texts, DST, since=since, meaning="missing('jump tables, which are maps of code')"),
        )

    def __call__(self, reg: int) -> Instruction:
        """Jump to the address in ``reg``."""
        return make(JA | JMP | X, register(self.name, "dst", reg), 0, 0)


class Helper:
    """A helper function of the kernel: ``FnTailCall.Call()``.

    ``number`` is its BPF number, ``kernel_name`` such as ``bpf_tail_call``.
    """

    __slots__ = ("_made", "kernel_name", "name", "number")

    def __init__(self, name: str, number: int, kernel_name: str) -> None:
        self.name = name
        self.number = number
        self.kernel_name = kernel_name
        self._made: Instruction | None = None

    def __repr__(self) -> str:
        return self.name

    def Call(self) -> Instruction:
        """Call it: arguments in R1 to R5, result in R0."""
        made = self._made
        if made is None:  # all calls of one helper are equal, and instructions do not change: one will do
            made = self._made = make(CALL | JMP | K, 0, 0, self.number)
        return made


class HelperForm(Form):
    """The form of all helper calls; its builder text uses the helper's own word where it has one."""

    __slots__ = ()

    def builder(self, instruction: Instruction) -> str:
        """The builder call: ``FnTailCall.Call()``, or by number where there is no such helper."""
        from ebpfasm.asm.helpers import HELPERS  # made of this module's words

        named = 0 <= instruction.imm < len(HELPERS)
        word = HELPERS[instruction.imm].name if named else f"{self.name}({instruction.imm})"
        return f"{word}.Call()"


class NumberedHelper(Row):
    """Any helper function by its BPF number: ``BuiltinFunc(12).Call()`` is ``FnTailCall.Call()``."""

    __slots__ = ()

    def __init__(self, name: str, since: str) -> None:
        self.name = name
        self._later = lambda: (
            HelperForm(name, CALL | JMP | K, HELPER_TEXTS, VALUE, since=since, meaning="r0 = helper(value)"),
        )

    def __call__(self, number_: int) -> Helper:
        """The helper ``number_``, -2³¹…2³¹-1, also one this library has no name for."""
        return Helper(
            f"{self.name}({number_})", number(self.name, "imm", "helper number", number_, *S32), f"helper {number_}"
        )


class LocalCall(Row):
    """A call of a function of this program: ``Call.Label("fib")`` (bpf-to-bpf)."""

    __slots__ = ()

    def __init__(self, name: str, since: str) -> None:
        self.name = name
        self._later = lambda: (
            Form(f"{name}.Label", CALL | JMP | K, LOCAL_TEXTS, FAR, src=1, since=since, meaning="r0 = call(target)"),
        )

    def Label(self, name: str | int) -> Instruction:
        """Call the function at a label, or so many units after the next instruction."""
        return _far(self.name + ".Label", CALL | JMP | K, 1, name)


KFUNC_ID = Operand("btf_id", "imm", 0, 0x7FFFFFFF)
KFUNC_MODULE = Operand("module_fd", "off", 0, 0x7FFF)


class Kfunc(Row):
    """A call of a kernel function by its BTF id."""

    __slots__ = ()

    def __init__(self, name: str, since: str, since_module: str) -> None:
        self.name = name
        beyond = ("module_fd", since_module)
        self._later = lambda: (
            Form(
                name,
                CALL | JMP | K,
                KFUNC_TEXTS,
                KFUNC_ID,
                KFUNC_MODULE,
                src=2,
                since=since,
                beyond=beyond,
                meaning="missing('functions of the kernel')",
            ),
        )

    def __call__(self, btf_id: int, module_fd: int = 0) -> Instruction:
        """Call the function ``btf_id`` (0..2³¹-1) of the kernel.

        ``module_fd`` (0..32767) is 0 for the kernel itself, else the place of the module's BTF fd
        in the ``fd_array`` given at load.
        """
        imm = number(self.name, "imm", "BTF id", btf_id, KFUNC_ID.low, KFUNC_ID.high)
        off = number(self.name, "off", "module fd", module_fd, KFUNC_MODULE.low, KFUNC_MODULE.high)
        return make(CALL | JMP | K, 0x20, off, imm)


class IndirectCall(Row):
    """A call of the function whose address is in a register (callx; the kernel refuses it so far)."""

    __slots__ = ()

    def __init__(self, name: str, since: str) -> None:
        self.name = name
        texts: Texts = {"llvm": "callx r{dst}", "kernel": "callx r{dst}", "ubpf": "call %r{dst}"}
        self._later = lambda: (Form(name, CALL | JMP | X, texts, DST, since=since, meaning="r0 = call_address(dst)"),)

    def __call__(self, reg: int) -> Instruction:
        """Call the function whose address is in ``reg``."""
        return make(CALL | JMP | X, register(self.name, "dst", reg), 0, 0)


class Exit(Row):
    """The end of the program or function, with the result in R0."""

    __slots__ = ("_made",)

    def __init__(self, name: str, since: str) -> None:
        self.name = name
        texts: Texts = dict.fromkeys(("llvm", "kernel", "ubpf"), "exit")
        self._later = lambda: (Form(name, EXIT | JMP | K, texts, since=since, meaning="leave()"),)
        self._made = make(EXIT | JMP | K, 0, 0, 0)

    def __call__(self) -> Instruction:
        """Leave the program or the function; R0 is its result."""
        return self._made


def _near(word: str, opcode: int, dst: int, src: int, imm: int, target: object) -> Instruction:
    if isinstance(target, str):
        check_label(target)
        return referring(opcode, dst | src << 4, imm, target)
    return make(opcode, dst | src << 4, number(word, "off", "target", target, *S16), imm)


def _far(word: str, opcode: int, src: int, target: object) -> Instruction:
    if isinstance(target, str):
        return referring(opcode, src << 4, 0, target)
    return make(opcode, src << 4, 0, number(word, "imm", "target", target, *S32))
