"""Constant expressions in assembly text, worked out as clang does it: ``1 + 2``, ``1 << 4``."""

from __future__ import annotations

from ebpfasm.asm.tokens import Complaint, Token, shortened

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["folded"]

PRECEDENCE: tuple[dict[str, Callable[[int, int], int]], ...] = (
    {
        "*": lambda a, b: a * b,
        "/": lambda a, b: (abs(a) // abs(b)) * (1 if (a < 0) == (b < 0) else -1),
        "%": lambda a, b: abs(a) % abs(b) * (-1 if a < 0 else 1),
        "<<": lambda a, b: a << b,
        ">>": lambda a, b: a >> b,
    },
    {"|": lambda a, b: a | b, "&": lambda a, b: a & b, "^": lambda a, b: a ^ b},
    {"+": lambda a, b: a + b, "-": lambda a, b: a - b},
)
"""Operators of constant expressions, those that bind tightest first: as LLVM's assembler has them, not as C does."""
OPERATORS = {operator for operations in PRECEDENCE for operator in operations}


def folded(tokens: list[Token]) -> list[Token]:
    """The tokens with a number in place of each constant expression; raises `Complaint` for one of no value."""
    result: list[Token] = []
    at = 0
    while at < len(tokens):
        start = at
        left, at = _signed_number(tokens, at)
        if left is None:
            result.append(tokens[start])
            at = start + 1
            continue
        terms: list[Token] = [left]
        operators: list[str] = []
        while True:
            operator = "".join(token.text for token in tokens[at : at + 2])
            operator = operator if operator in OPERATORS else tokens[at].text if at < len(tokens) else ""
            right, after = _signed_number(tokens, at + len(operator)) if operator in OPERATORS else (None, at)
            if right is None:
                break
            operators.append(operator)
            terms.append(right)
            at = after
        if not operators:
            result += tokens[start:at]
            continue
        value = _worked_out(terms, operators)
        if tokens[start].kind == "other" or value < 0:
            result.append(Token("other", "-" if value < 0 else "+", tokens[start].column))
        result.append(Token("number", str(abs(value)), tokens[start].column, abs(value)))
    return result


def _signed_number(tokens: list[Token], at: int) -> tuple[Token | None, int]:
    """The number that stands there, perhaps with a sign before it, and what is after it; or None."""
    sign = at < len(tokens) and tokens[at].kind == "other" and tokens[at].text in ("-", "+")
    if at + sign >= len(tokens) or tokens[at + sign].kind != "number":
        return None, at
    number = tokens[at + sign]
    value = -number.value if sign and tokens[at].text == "-" else number.value
    return Token("number", number.text, tokens[at].column, value), at + sign + 1


def _worked_out(terms: list[Token], operators: list[str]) -> int:
    """The value of an expression of one term more than operators."""
    for operations in PRECEDENCE:
        values, waiting = [terms[0]], []
        for operator, right in zip(operators, terms[1:], strict=True):
            if operator not in operations:
                waiting.append(operator)
                values.append(right)
                continue
            if operator in ("/", "%") and right.value == 0:
                raise Complaint("division by zero", right.column)
            if operator in ("<<", ">>") and not 0 <= right.value < 64:
                raise Complaint(f"only 0..63 bits can be shifted, not {shortened(str(right.value))}", right.column)
            value = operations[operator](values[-1].value, right.value)
            if abs(value) >= 1 << 64:
                raise Complaint("the number is too wide for any field", values[-1].column)
            values[-1] = Token("number", "", values[-1].column, value)
        terms, operators = values, waiting
    return terms[0].value
