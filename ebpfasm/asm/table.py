"""The one table: every instruction of the ISA is a row, and the row is the word a user types."""

from __future__ import annotations

from ebpfasm.asm import alu, jump, memory, wide
from ebpfasm.asm.form import Row
from ebpfasm.asm.register import DWord

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ebpfasm.asm.form import Form
    from ebpfasm.asm.instruction import Instruction

# fmt: off
#               name    code  clang's operator, ubpf's, what it means, and keys of facts.py
Mov     = alu.Alu("Mov",    0xB0, "=",     "mov", "s", "alu64", "alu32",
                  also="r{dst} = w{src}")  # clang says so that the upper half is cleared
Add     = alu.Alu("Add",    0x00, "+=",    "add", "d + s", "alu64", "alu32")
Sub     = alu.Alu("Sub",    0x10, "-=",    "sub", "d - s", "alu64", "alu32")
Mul     = alu.Alu("Mul",    0x20, "*=",    "mul", "d * s", "alu64", "alu32")
Div     = alu.Alu("Div",    0x30, "/=",    "div", "d // s if s else 0", "alu64", "alu32")
SDiv    = alu.Alu("SDiv",   0x30, "s/=",   "sdiv", "quotient(signed(d, n), signed(s, n)) if s else 0",
                  "sdiv", "sdiv", off=1)
Mod     = alu.Alu("Mod",    0x90, "%=",    "mod", "d % s if s else d", "alu64", "alu32")
SMod    = alu.Alu("SMod",   0x90, "s%=",   "smod", "remainder(signed(d, n), signed(s, n)) if s else d",
                  "sdiv", "sdiv", off=1)
And     = alu.Alu("And",    0x50, "&=",    "and", "d & s", "alu64", "alu32")
Or      = alu.Alu("Or",     0x40, "|=",    "or", "d | s", "alu64", "alu32")
Xor     = alu.Alu("Xor",    0xA0, "^=",    "xor", "d ^ s", "alu64", "alu32")
LSh     = alu.Alu("LSh",    0x60, "<<=",   "lsh", "d << (s & n - 1)", "alu64", "alu32")
RSh     = alu.Alu("RSh",    0x70, ">>=",   "rsh", "d >> (s & n - 1)", "alu64", "alu32")
ArSh    = alu.Alu("ArSh",   0xC0, "s>>=",  "arsh", "signed(d, n) >> (s & n - 1)", "alu64", "arsh32")
Neg     = alu.Negate("Neg", 0x80, "alu64", "alu32")
MovSX8  = alu.SignedMove("MovSX8",   8, "movsx")
MovSX16 = alu.SignedMove("MovSX16", 16, "movsx")
MovSX32 = alu.SignedMoveWord("MovSX32", 32, "movsx")
HostTo  = alu.HostOrder("HostTo", "order")
BSwap   = alu.ByteSwap("BSwap", "bswap")
AddrSpaceCast = alu.AddressCast("AddrSpaceCast", "cast")
PercpuAddr    = alu.PercpuAddress("PercpuAddr", "percpu")

LoadMem   = memory.Load("LoadMem",   memory.MEM,   "dst = load(src + offset, $L)", "memory",
    "$X{dst} = *(u$N *)(r{src} {+offset})",
                        "r{dst} = *(u$N *)(r{src} {~offset})", "ldx$S %r{dst}, [%r{src}{?offset}]")
LoadMemSX = memory.Load("LoadMemSX", memory.MEMSX, "dst = signed(load(src + offset, $L), $N)", "memsx",
    "r{dst} = *(s$N *)(r{src} {+offset})",
                        "r{dst} = *(s$N *)(r{src} {~offset})", "ldxs$S %r{dst}, [%r{src}{?offset}]", lacking=DWord)
StoreMem  = memory.Store("StoreMem", "memory")
StoreImm  = memory.StoreConstant("StoreImm", "st")
LoadAbs   = memory.LoadPacket("LoadAbs", "packet")
LoadInd   = memory.LoadPacketAt("LoadInd", "packet")
NoSpec    = memory.SpeculationBarrier("NoSpec", "nospec")

LoadImm           = wide.LoadWide("LoadImm", "lddw")
LoadMapPtr        = wide.LoadMap("LoadMapPtr", "map")
LoadMapValue      = wide.LoadMapWithin("LoadMapValue", "value")
LoadBTFID         = wide.LoadBtfId("LoadBTFID", "btf", "btf of a module")
LoadFunc          = wide.LoadFunction("LoadFunc", "func")
LoadMapIndex      = wide.LoadNumbered("LoadMapIndex", "index")
LoadMapIndexValue = wide.LoadNumberedWithin("LoadMapIndexValue", "index")

# Of each: what it means, clang's text, the kernel's, and ubpf's; `memory.WIDTHS` has what stands for $.
AddAtomic = memory.Atomic("AddAtomic", 0x00, "atomic(dst + offset, $L, old + src)", "xadd",
    "lock *(u$N *)(r{dst} {+offset}) += $X{src}",
    "lock *(u$N *)(r{dst} {~offset}) += r{src}", "lock add$B [%r{dst}{?offset}], %r{src}")
OrAtomic = memory.Atomic("OrAtomic", 0x40, "atomic(dst + offset, $L, old | src)", "bitwise",
    "lock *(u$N *)(r{dst} {+offset}) |= $X{src}",
    "lock *(u$N *)(r{dst} {~offset}) |= r{src}", "lock or$B [%r{dst}{?offset}], %r{src}")
AndAtomic = memory.Atomic("AndAtomic", 0x50, "atomic(dst + offset, $L, old & src)", "bitwise",
    "lock *(u$N *)(r{dst} {+offset}) &= $X{src}",
    "lock *(u$N *)(r{dst} {~offset}) &= r{src}", "lock and$B [%r{dst}{?offset}], %r{src}")
XorAtomic = memory.Atomic("XorAtomic", 0xA0, "atomic(dst + offset, $L, old ^ src)", "bitwise",
    "lock *(u$N *)(r{dst} {+offset}) ^= $X{src}",
    "lock *(u$N *)(r{dst} {~offset}) ^= r{src}", "lock xor$B [%r{dst}{?offset}], %r{src}")
FetchAdd = memory.Atomic("FetchAdd", 0x01, "src = atomic(dst + offset, $L, old + src)", "fetch",
    "$X{src} = atomic_fetch_add((u$N *)(r{dst} {+offset}), $X{src})",
    "r{src} = atomic$M_fetch_add((u$N *)(r{dst} {~offset}), r{src})", "lock fetch add$B [%r{dst}{?offset}], %r{src}")
FetchOr = memory.Atomic("FetchOr", 0x41, "src = atomic(dst + offset, $L, old | src)", "bitwise",
    "$X{src} = atomic_fetch_or((u$N *)(r{dst} {+offset}), $X{src})",
    "r{src} = atomic$M_fetch_or((u$N *)(r{dst} {~offset}), r{src})", "lock fetch or$B [%r{dst}{?offset}], %r{src}")
FetchAnd = memory.Atomic("FetchAnd", 0x51, "src = atomic(dst + offset, $L, old & src)", "bitwise",
    "$X{src} = atomic_fetch_and((u$N *)(r{dst} {+offset}), $X{src})",
    "r{src} = atomic$M_fetch_and((u$N *)(r{dst} {~offset}), r{src})", "lock fetch and$B [%r{dst}{?offset}], %r{src}")
FetchXor = memory.Atomic("FetchXor", 0xA1, "src = atomic(dst + offset, $L, old ^ src)", "bitwise",
    "$X{src} = atomic_fetch_xor((u$N *)(r{dst} {+offset}), $X{src})",
    "r{src} = atomic$M_fetch_xor((u$N *)(r{dst} {~offset}), r{src})", "lock fetch xor$B [%r{dst}{?offset}], %r{src}")
Xchg = memory.Atomic("Xchg", 0xE1, "src = atomic(dst + offset, $L, src)", "xchg",
    "$X{src} = xchg$V(r{dst} {+offset}, $X{src})",
    "r{src} = atomic$M_xchg((u$N *)(r{dst} {~offset}), r{src})", "lock xchg$B [%r{dst}{?offset}], %r{src}")
CmpXchg = memory.Atomic("CmpXchg", 0xF1, "r0 = atomic(dst + offset, $L, src if old == u$N(r0) else old)", "xchg",
    "$X0 = cmpxchg$V(r{dst} {+offset}, $X0, $X{src})",
    "r0 = atomic$M_cmpxchg((u$N *)(r{dst} {~offset}), r0, r{src})", "lock cmpxchg$B [%r{dst}{?offset}], %r{src}")
LoadAcquire = memory.Ordered("LoadAcquire", 0x100, "dst = load(aligned(src + offset, $L), $L)", "ordered",
    "$X{dst} = load_acquire((u$N *)(r{src} {+offset}))",
    "r{dst} = load_acquire((u$N *)(r{src} {~offset}))")
StoreRelease = memory.Ordered("StoreRelease", 0x110, "store(aligned(dst + offset, $L), $L, src)", "ordered",
    "store_release((u$N *)(r{dst} {+offset}), $X{src})",
    "store_release((u$N *)(r{dst} {~offset}), r{src})")

JEq  = jump.Jump("JEq",  0x10, "==",  "jeq", "d == s", "jump", "jump32")
JNE  = jump.Jump("JNE",  0x50, "!=",  "jne", "d != s", "jump", "jump32")
JGT  = jump.Jump("JGT",  0x20, ">",   "jgt", "d > s", "jump", "jump32")
JGE  = jump.Jump("JGE",  0x30, ">=",  "jge", "d >= s", "jump", "jump32")
JLT  = jump.Jump("JLT",  0xA0, "<",   "jlt", "d < s", "less", "jump32")
JLE  = jump.Jump("JLE",  0xB0, "<=",  "jle", "d <= s", "less", "jump32")
JSet = jump.Jump("JSet", 0x40, "&",   "jset", "d & s", "jump", "jump32")
JSGT = jump.Jump("JSGT", 0x60, "s>",  "jsgt", "signed(d, n) > signed(s, n)", "jump", "jump32")
JSGE = jump.Jump("JSGE", 0x70, "s>=", "jsge", "signed(d, n) >= signed(s, n)", "jump", "jump32")
JSLT = jump.Jump("JSLT", 0xC0, "s<",  "jslt", "signed(d, n) < signed(s, n)", "less", "jump32")
JSLE = jump.Jump("JSLE", 0xD0, "s<=", "jsle", "signed(d, n) <= signed(s, n)", "less", "jump32")
Ja   = jump.NearJump("Ja", 0x00, "goto(target)", "jump", "goto", "ja")
MayGoto   = jump.NearJump("MayGoto", 0xE0, "if used_up(): goto(target)", "may_goto", "may_goto")
LongJump  = jump.FarJump("LongJump", "gotol")
JumpTable = jump.IndirectJump("JumpTable", "gotox")

BuiltinFunc = jump.NumberedHelper("BuiltinFunc", "helper")
Call        = jump.LocalCall("Call", "local")
CallKfunc   = jump.Kfunc("CallKfunc", "kfunc", "kfunc of a module")
CallReg     = jump.IndirectCall("CallReg", "callx")
Return      = jump.Exit("Return", "jump")
# fmt: on

JCOND = MayGoto
"""cilium/ebpf's name of `MayGoto`."""
Swap = alu.Swapping("Swap")
"""cilium/ebpf's operation of `HostTo` and `BSwap`."""
StoreXAdd = memory.AddTo("StoreXAdd", AddAtomic)
"""cilium/ebpf's older word for `AddAtomic` without an offset."""

ROWS: tuple[Row, ...] = tuple(dict.fromkeys(row for row in globals().values() if isinstance(row, Row)))

if TYPE_CHECKING:
    FORMS: tuple[Form, ...]


def __getattr__(name: str) -> object:
    """Make ``FORMS``, all forms in the table's order, when it is first asked for."""
    if name != "FORMS":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    made = globals()["FORMS"] = tuple(form for row in ROWS for form in row.forms)
    return made


def by_opcode(rows: Iterable[Row]) -> dict[int, tuple[Form, ...]]:
    """The forms of these rows by their opcodes, in the order of the rows."""
    found: dict[int, tuple[Form, ...]] = {}
    for row in rows:
        for form in row.forms:
            found[form.opcode] = (*found.get(form.opcode, ()), form)
    return found


_whole_table: dict[int, tuple[Form, ...]] = {}


def forms_of(opcode: int) -> tuple[Form, ...]:
    """All forms of an opcode, in the order of the table; none for one nobody has defined."""
    if not _whole_table:
        _whole_table.update(by_opcode(ROWS))
    return _whole_table.get(opcode, ())


def form_of(instruction: Instruction) -> Form | None:
    """The form an instruction's fields are: the first of its opcode that they match, or None."""
    for form in forms_of(instruction.opcode):
        if form.matches(instruction):
            return form
    return None
