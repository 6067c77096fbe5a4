"""What the rows of the instruction table mean, taken apart for the engines that run them.

A form's `meaning` is a line of Python. Its names are the operands of the form, ``r0``, and in an atomic
``old``, what was in memory; registers are unsigned 64-bit numbers, an immediate is signed, and what is assigned to
a register or stored is cut to size. Its words:

========================  ==========================================================================
``u32(x)`` ``u64(x)``     the low bits of x, unsigned
``signed(x, n)``          the low n bits of x as a signed number
``quotient(x, y)``        of signed numbers, rounded towards zero; ``remainder`` has the sign of x
``swap(x, n)``            the low n bits with their bytes reversed
``le(x, n)`` ``be(x, n)`` the low n bits in that byte order, from the machine's
``load(a, n)``            the n bytes at address a as a number
``store(a, n, x)``        x into the n bytes at a
``atomic(a, n, x)``       as store, and what was there before
``aligned(a, n)``         a, which must be a multiple of n
``packet(o, n)``          n bytes at offset o of the packet, in the network's byte order
``goto(target)``          what runs next; ``leave()``: the function is over
``used_up()``             whether a may_goto has gone round often enough
``helper(number)``        the result of a helper function, of a function of the program (``call``, ``call_address``)
``map_address(map)``      what stands for a map, or the address of its value (``map_value``)
``function(target)``      the address of a function of the program
``missing(what)``         what only a kernel has
========================  ==========================================================================
"""

from __future__ import annotations

import ast
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ebpfasm.asm.form import Form

__all__ = ["Meaning", "arithmetic", "meaning_of"]

REGISTERS = frozenset({"dst", "src", "r0"})
CALLING = frozenset({"helper", "call", "call_address", "packet"})
"""Words after which R1 to R5 hold nothing (RFC 9669 §2: they are scratch, and the kernel's packet access is a call)."""

ACCESSING = frozenset({"load", "store", "atomic"})
"""Words that access memory."""


class Meaning:
    """A form's meaning: at most one of an assignment, a condition to jump on, and something to do.

    ``kind`` is ``assign`` (``value`` into ``target``), ``branch`` (to the form's target if ``value``), ``goto``,
    ``leave``, ``do`` (``value`` is a call), or ``nothing``. ``reads`` are the registers it looks at, of ``dst``,
    ``src`` and ``r0``; ``words`` the words it uses; ``calls`` is whether R1 to R5 hold nothing afterwards;
    ``access``, of one that accesses memory, the register its address starts from and the number of bytes.
    """

    __slots__ = ("access", "calls", "kind", "reads", "target", "text", "value", "words")

    def __init__(self, text: str) -> None:
        self.text = text
        statement = ast.parse(text).body[0]
        self.target: str | None = None
        self.value: ast.expr | None = None
        if isinstance(statement, ast.Assign):
            self.kind = "assign"
            (target,) = statement.targets
            assert isinstance(target, ast.Name)
            self.target = target.id
            self.value = statement.value
        elif isinstance(statement, ast.If):
            self.kind, self.value = "branch", statement.test
        elif isinstance(statement, ast.Expr):
            self.kind, self.value = "do", statement.value
        else:
            self.kind = "nothing"
        nodes = list(ast.walk(self.value)) if self.value is not None else []
        functions = [node.func for node in nodes if isinstance(node, ast.Call)]
        self.words = frozenset(function.id for function in functions if isinstance(function, ast.Name))
        names = {node.id for node in nodes if isinstance(node, ast.Name)}
        self.reads: frozenset[str] = REGISTERS & names
        if self.kind == "do" and self.words <= {"goto", "leave"}:
            (self.kind,) = self.words
            if self.kind == "leave":
                self.reads = frozenset({"r0"})
        self.calls = bool(self.words & CALLING)
        self.access = next((_access(node) for node in nodes if isinstance(node, ast.Call) and _accesses(node)), None)


def _accesses(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Name) and node.func.id in ACCESSING


def _access(node: ast.Call) -> tuple[str, int]:
    """The base register and the size of ``load(src + offset, 8)`` and its like."""
    address, size = node.args[:2]
    base = next(part.id for part in ast.walk(address) if isinstance(part, ast.Name) and part.id in REGISTERS)
    assert isinstance(size, ast.Constant)
    assert isinstance(size.value, int)
    return base, size.value


_known: dict[str, Meaning] = {}


def meaning_of(form: Form) -> Meaning:
    """The meaning of a form."""
    found = _known.get(form.meaning)
    if found is None:
        found = _known[form.meaning] = Meaning(form.meaning)
    return found


def u32(x: int) -> int:
    """The low 32 bits."""
    return x & 0xFFFFFFFF


def u64(x: int) -> int:
    """The low 64 bits."""
    return x & 0xFFFF_FFFF_FFFF_FFFF


def signed(x: int, bits: int) -> int:
    """The low bits as a number with a sign."""
    sign = 1 << bits - 1
    return (x & (1 << bits) - 1 ^ sign) - sign


def quotient(x: int, y: int) -> int:
    """Division that rounds towards zero, as C's."""
    return -(-x // y) if (x < 0) != (y < 0) else x // y


def remainder(x: int, y: int) -> int:
    """What `quotient` leaves, with the sign of ``x``, as C's."""
    return x - quotient(x, y) * y


def swap(x: int, bits: int) -> int:
    """The low bits with their bytes in the opposite order."""
    return int.from_bytes((x & (1 << bits) - 1).to_bytes(bits // 8, "little"), "big")


def truncated(x: int, bits: int) -> int:
    """The low bits."""
    return x & (1 << bits) - 1


le, be = (truncated, swap) if sys.byteorder == "little" else (swap, truncated)

arithmetic = {
    "u32": u32, "u64": u64, "signed": signed, "quotient": quotient, "remainder": remainder, "swap": swap, "le": le,
    "be": be,
}  # fmt: skip
"""The words that are arithmetic and nothing else."""
