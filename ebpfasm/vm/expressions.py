"""Python text for the meanings of instructions: operands filled in, constants folded, numbers cut only where needed."""

from __future__ import annotations

import ast
import operator
import sys
from typing import NamedTuple

from ebpfasm.vm.meaning import arithmetic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["Expression", "Writer", "truncated"]


class Expression(NamedTuple):
    """Python text of a number. ``bits``: it is not negative and below 2**bits; None: nothing is known."""

    text: str
    bits: int | None
    constant: int | None = None


def number(value: int) -> Expression:
    """A constant."""
    return Expression(str(value) if value >= 0 else f"({value})", value.bit_length() if value >= 0 else None, value)


def truncated(expression: Expression, bits: int) -> Expression:
    """The low bits of a number."""
    mask = (1 << bits) - 1
    if expression.constant is not None:
        return number(expression.constant & mask)
    if expression.bits is not None and expression.bits <= bits:
        return expression
    return Expression(f"({expression.text} & {mask:#x})", bits)


def at_most(*bits: int | None) -> int | None:
    """The larger of some widths, if all are known."""
    return None if None in bits else max(bit for bit in bits if bit is not None)


OPERATORS: dict[type[ast.operator], tuple[str, Callable[[int, int], int], bool]] = {
    ast.Add: ("+", operator.add, True),
    ast.Sub: ("-", operator.sub, True),
    ast.Mult: ("*", operator.mul, True),
    ast.BitAnd: ("&", operator.and_, True),
    ast.BitOr: ("|", operator.or_, True),
    ast.BitXor: ("^", operator.xor, True),
    ast.LShift: ("<<", operator.lshift, False),
    ast.RShift: (">>", operator.rshift, False),
    ast.FloorDiv: ("//", operator.floordiv, False),
    ast.Mod: ("%", operator.mod, False),
}
"""For each operator its text, what it does, and whether the low bits of the result need only those of both operands."""

COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
}  # fmt: skip


class Writer:
    """Writes the expressions of one meaning.

    Args:
        names: what stands for each name of the meaning.
        other: writes a call of a word that is more than arithmetic.
    """

    def __init__(self, names: dict[str, Expression], other: Callable[[ast.Call], Expression]) -> None:
        self.names = names
        self.other = other
        self._ways: dict[type[ast.expr], Callable[[Any, int | None], Expression]] = {
            ast.Constant: self._constant, ast.Name: self._name, ast.BinOp: self._binary, ast.UnaryOp: self._unary,
            ast.Compare: self._compare, ast.IfExp: self._choice, ast.Call: self._call,
        }  # fmt: skip

    def write(self, node: ast.expr, low: int | None = None) -> Expression:
        """The text of an expression, of whose value only the ``low`` bits are looked at (None: all)."""
        return self._ways[type(node)](node, low)

    def _constant(self, node: ast.Constant, low: int | None) -> Expression:
        assert isinstance(node.value, int)
        return number(node.value)

    def _name(self, node: ast.Name, low: int | None) -> Expression:
        return self.names[node.id]

    def _compare(self, node: ast.Compare, low: int | None) -> Expression:
        left, right = self.write(node.left), self.write(node.comparators[0])
        return Expression(f"{left.text} {COMPARISONS[type(node.ops[0])]} {right.text}", 1)

    def _unary(self, node: ast.UnaryOp, low: int | None) -> Expression:
        operand = self.write(node.operand, low)
        sign = "-" if isinstance(node.op, ast.USub) else "~"
        return Expression(f"({sign}{operand.text})", None)

    def _choice(self, node: ast.IfExp, low: int | None) -> Expression:
        test = self.write(node.test)
        if test.constant is not None:
            return self.write(node.body if test.constant else node.orelse, low)
        first, second = self.write(node.body, low), self.write(node.orelse, low)
        text = f"({first.text} if {test.text} else {second.text})"
        return Expression(text, at_most(first.bits, second.bits))

    def _binary(self, node: ast.BinOp, low: int | None) -> Expression:
        sign, function, modular = OPERATORS[type(node.op)]
        left = self.write(node.left, low if modular or sign == "<<" else None)
        right = self.write(node.right, low if modular else None)
        if left.constant is not None and right.constant is not None:
            return number(function(left.constant, right.constant))
        if sign == "+" and low is not None and right.constant is not None and right.constant >> low - 1 & 1:
            return Expression(f"({left.text} - {-right.constant & (1 << low) - 1})", None)
        return Expression(f"({left.text} {sign} {right.text})", _width(sign, left, right))

    def _call(self, node: ast.Call, low: int | None) -> Expression:
        assert isinstance(node.func, ast.Name)
        word = node.func.id
        if word not in arithmetic:
            return self.other(node)
        if word in ("u32", "u64"):
            bits = 32 if word == "u32" else 64
            inner = self.write(node.args[0], bits)
            return inner if low is not None and low <= bits else truncated(inner, bits)
        if word in ("quotient", "remainder"):
            first, second = self.write(node.args[0]), self.write(node.args[1])
            return Expression(f"{word}({first.text}, {second.text})", None)
        size = self.write(node.args[1]).constant
        assert size is not None
        inner = truncated(self.write(node.args[0], size), size)
        if word == "signed":
            return _signed(inner, size)
        if word != "swap" and sys.byteorder == {"le": "little", "be": "big"}[word]:
            return inner
        return Expression(f"from_bytes({inner.text}.to_bytes({size // 8}, 'little'), 'big')", size)


def _signed(inner: Expression, bits: int) -> Expression:
    sign = 1 << bits - 1
    if inner.constant is not None:
        return number((inner.constant ^ sign) - sign)
    if inner.bits is not None and inner.bits < bits:
        return inner
    return Expression(f"(({inner.text} ^ {sign:#x}) - {sign:#x})", None)


def _width(sign: str, left: Expression, right: Expression) -> int | None:
    """The bits of what an operator makes of two numbers."""
    if sign == "&":
        known = [one.bits for one in (left, right) if one.bits is not None]
        return min(known, default=None)
    if sign == ">>" or (sign == "//" and right.bits is not None):
        return left.bits
    if left.bits is None or right.bits is None:
        return None
    if sign == "<<":
        return None if right.constant is None else left.bits + right.constant
    return {
        "+": max(left.bits, right.bits) + 1,
        "*": left.bits + right.bits,
        "|": max(left.bits, right.bits),
        "^": max(left.bits, right.bits),
        "%": min(left.bits, right.bits),
    }.get(sign)
