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
#               name    code  clang's operator
Mov     = alu.Alu("Mov",    0xB0, "=")
Add     = alu.Alu("Add",    0x00, "+=")
Sub     = alu.Alu("Sub",    0x10, "-=")
Mul     = alu.Alu("Mul",    0x20, "*=")
Div     = alu.Alu("Div",    0x30, "/=")
SDiv    = alu.Alu("SDiv",   0x30, "s/=", off=1)
Mod     = alu.Alu("Mod",    0x90, "%=")
SMod    = alu.Alu("SMod",   0x90, "s%=", off=1)
And     = alu.Alu("And",    0x50, "&=")
Or      = alu.Alu("Or",     0x40, "|=")
Xor     = alu.Alu("Xor",    0xA0, "^=")
LSh     = alu.Alu("LSh",    0x60, "<<=")
RSh     = alu.Alu("RSh",    0x70, ">>=")
ArSh    = alu.Alu("ArSh",   0xC0, "s>>=")
Neg     = alu.Negate("Neg", 0x80)
MovSX8  = alu.SignedMove("MovSX8",   8)
MovSX16 = alu.SignedMove("MovSX16", 16)
MovSX32 = alu.SignedMoveWord("MovSX32", 32)
HostTo  = alu.HostOrder("HostTo")
BSwap   = alu.ByteSwap("BSwap")
AddrSpaceCast = alu.AddressCast("AddrSpaceCast")

LoadMem   = memory.Load("LoadMem",   memory.MEM,   "u")
LoadMemSX = memory.Load("LoadMemSX", memory.MEMSX, "s", lacking=DWord)
StoreMem  = memory.Store("StoreMem")
StoreImm  = memory.StoreConstant("StoreImm")
LoadAbs   = memory.LoadPacket("LoadAbs")
LoadInd   = memory.LoadPacketAt("LoadInd")

LoadImm           = wide.LoadWide("LoadImm")
LoadMapPtr        = wide.LoadMap("LoadMapPtr")
LoadMapValue      = wide.LoadMapWithin("LoadMapValue")
LoadBTFID         = wide.LoadBtfId("LoadBTFID")
LoadFunc          = wide.LoadFunction("LoadFunc")
LoadMapIndex      = wide.LoadNumbered("LoadMapIndex")
LoadMapIndexValue = wide.LoadNumberedWithin("LoadMapIndexValue")

#                  name         operation  64 bit                                                  32 bit
AddAtomic = memory.Atomic("AddAtomic", 0x00, "lock *(u64 *)(r{dst} {+offset}) += r{src}",
                                             "lock *(u32 *)(r{dst} {+offset}) += w{src}")
OrAtomic  = memory.Atomic("OrAtomic",  0x40, "lock *(u64 *)(r{dst} {+offset}) |= r{src}",
                                             "lock *(u32 *)(r{dst} {+offset}) |= w{src}")
AndAtomic = memory.Atomic("AndAtomic", 0x50, "lock *(u64 *)(r{dst} {+offset}) &= r{src}",
                                             "lock *(u32 *)(r{dst} {+offset}) &= w{src}")
XorAtomic = memory.Atomic("XorAtomic", 0xA0, "lock *(u64 *)(r{dst} {+offset}) ^= r{src}",
                                             "lock *(u32 *)(r{dst} {+offset}) ^= w{src}")
FetchAdd  = memory.Atomic("FetchAdd",  0x01, "r{src} = atomic_fetch_add((u64 *)(r{dst} {+offset}), r{src})",
                                             "w{src} = atomic_fetch_add((u32 *)(r{dst} {+offset}), w{src})")
FetchOr   = memory.Atomic("FetchOr",   0x41, "r{src} = atomic_fetch_or((u64 *)(r{dst} {+offset}), r{src})",
                                             "w{src} = atomic_fetch_or((u32 *)(r{dst} {+offset}), w{src})")
FetchAnd  = memory.Atomic("FetchAnd",  0x51, "r{src} = atomic_fetch_and((u64 *)(r{dst} {+offset}), r{src})",
                                             "w{src} = atomic_fetch_and((u32 *)(r{dst} {+offset}), w{src})")
FetchXor  = memory.Atomic("FetchXor",  0xA1, "r{src} = atomic_fetch_xor((u64 *)(r{dst} {+offset}), r{src})",
                                             "w{src} = atomic_fetch_xor((u32 *)(r{dst} {+offset}), w{src})")
Xchg      = memory.Atomic("Xchg",      0xE1, "r{src} = xchg_64(r{dst} {+offset}, r{src})",
                                             "w{src} = xchg32_32(r{dst} {+offset}, w{src})")
CmpXchg   = memory.Atomic("CmpXchg",   0xF1, "r0 = cmpxchg_64(r{dst} {+offset}, r0, r{src})",
                                             "w0 = cmpxchg32_32(r{dst} {+offset}, w0, w{src})")
LoadAcquire  = memory.Ordered("LoadAcquire",  0x100, "r{dst} = load_acquire((uN *)(r{src} {+offset}))")
StoreRelease = memory.Ordered("StoreRelease", 0x110, "store_release((uN *)(r{dst} {+offset}), r{src})")

JEq  = jump.Jump("JEq",  0x10, "==")
JNE  = jump.Jump("JNE",  0x50, "!=")
JGT  = jump.Jump("JGT",  0x20, ">")
JGE  = jump.Jump("JGE",  0x30, ">=")
JLT  = jump.Jump("JLT",  0xA0, "<")
JLE  = jump.Jump("JLE",  0xB0, "<=")
JSet = jump.Jump("JSet", 0x40, "&")
JSGT = jump.Jump("JSGT", 0x60, "s>")
JSGE = jump.Jump("JSGE", 0x70, "s>=")
JSLT = jump.Jump("JSLT", 0xC0, "s<")
JSLE = jump.Jump("JSLE", 0xD0, "s<=")
Ja   = jump.NearJump("Ja", 0x00, "goto")
MayGoto   = jump.NearJump("MayGoto", 0xE0, "may_goto")
LongJump  = jump.FarJump("LongJump")
JumpTable = jump.IndirectJump("JumpTable")

BuiltinFunc = jump.NumberedHelper("BuiltinFunc")
Call        = jump.LocalCall("Call")
CallKfunc   = jump.Kfunc("CallKfunc")
CallReg     = jump.IndirectCall("CallReg")
Return      = jump.Exit("Return")
# fmt: on

JCOND = MayGoto
"""cilium/ebpf's name of `MayGoto`."""

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


def form_of(instruction: Instruction, forms: dict[int, tuple[Form, ...]] = _whole_table) -> Form | None:
    """The form an instruction's fields are: the first of its opcode that they match, or None.

    ``forms`` is the index to look in, as `by_opcode` makes it: without one that of the whole table.
    """
    if not _whole_table:
        _whole_table.update(by_opcode(ROWS))
    for form in forms.get(instruction.opcode, ()):
        if form.matches(instruction):
            return form
    return None
