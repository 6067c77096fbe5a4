"""The notation in which rows say how an instruction is written, and what is made of it: printers and patterns.

A template is text with the operands in braces, after a mark that says how a number is written there:

====================  ==================================================================
``{value}``           decimal; of a register its number
``{_value}``          decimal: the low 32 bits, where the others are 0
``{#value}``          hexadecimal and unsigned, with ``0x``
``{+offset}``         sign, space, number: ``+ 8``
``{~offset}``         sign and number: ``+8``
``{?offset}``         sign and number, or nothing for 0
``{>target}``         a label, or sign and number
``{@map}``            a name, never a number
``{=helper}``         a word that is printed for people and not read
====================  ==================================================================

A template fits an instruction when every operand it leaves out is 0, and when it has a place for a name
if and only if the instruction carries a reference. The kernel's leave out what the kernel does.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ebpfasm.asm.form import Form, Operand

    Printer = Callable[[int, int, int, int, str | None], str | None]

__all__ = ["Place", "compile_printer", "operand_expression", "pieces", "shapes"]

MARKS = "_#+~?>@="


class Place:
    """A place in a template: which operand stands there (None for a word of no meaning), and how.

    ``register`` is whether it is that of a register's number.
    """

    __slots__ = ("mark", "name", "operand", "register")

    def __init__(self, mark: str, name: str, operand: Operand | None, *, register: bool = False) -> None:
        self.mark = mark
        self.name = name
        self.operand = operand
        self.register = register or (operand is not None and operand.kind == "register")


def pieces(template: str, form: Form) -> list[str | Place]:
    """The literal text and the places of a template, in their order."""
    operands = {operand.name: operand for operand in form.operands}
    found: list[str | Place] = []
    for part in template.split("{"):
        inside, closed, after = part.partition("}")
        if not closed:
            found.append(part)
            continue
        mark = inside[0] if inside[0] in MARKS else ""
        name = inside[len(mark) :]
        found.append(Place(mark, name, None if mark == "=" else operands[name]))
        found.append(after)
    return [piece for piece in found if piece != ""]


def operand_expression(operand: Operand) -> str:
    """Python source of an operand's number, of the names ``dst src off imm``."""
    if operand.bits == 64:
        return operand.field
    value = f"({operand.field} >> {operand.shift} & {(1 << operand.bits) - 1:#x})"
    if operand.low < 0:
        half = 1 << operand.bits - 1
        return f"(({value} ^ {half:#x}) - {half:#x})"
    return value


def conditions(form: Form) -> list[str]:
    """Python source of what must hold of the fields for them to be this form; that of ``Form.matches``."""
    tests = []
    for field, width in (("dst", 4), ("src", 4), ("off", 16), ("imm", 64 if form.opcode == 0x18 else 32)):
        wanted = getattr(form, field)
        if isinstance(wanted, int):
            tests.append(f"{field} == {wanted}")
            continue
        parts = wanted if isinstance(wanted, tuple) else (wanted,)
        rest = (1 << width) - 1
        for part in parts:
            rest &= ~((1 << part.bits) - 1 << part.shift)
            bits = min(part.bits, width)
            whole = (-(1 << bits - 1), (1 << bits - 1) - 1) if part.low < 0 else (0, (1 << bits) - 1)
            if (part.low, part.high) != whole:
                tests.append(f"{part.low} <= {operand_expression(part)} <= {part.high}")
        if rest:
            tests.append(f"{field} & {rest:#x} == 0")
    return tests


def loose_conditions(form: Form, forms: tuple[Form, ...]) -> list[str]:
    """What tells a form from the others of its opcode, and no more: the kernel's printer ignores reserved fields."""
    return [f"{field} == {getattr(form, field)}" for field in ("src", "off", "imm") if tells_apart(forms, field)]


def tells_apart(forms: tuple[Form, ...], field: str) -> bool:
    """Whether forms of one opcode hold different fixed numbers in a field."""
    fixed = [getattr(form, field) for form in forms]
    return all(isinstance(number, int) for number in fixed) and len(set(fixed)) > 1


def compile_printer(forms: tuple[Form, ...], dialect: str) -> Printer:
    """A function that writes the instructions of one opcode, whose forms these are.

    It takes the fields ``dst src off imm`` and the name of what the instruction refers to, or None, and
    gives the text, or None where the fields are no form or the dialect has no text for it.
    """
    source = ["def printer(dst, src, off, imm, name):"]
    candidates = [(form, conditions(form)) for form in forms]
    if dialect == "kernel":
        candidates += [(form, loose_conditions(form, forms)) for form in forms]
        if forms and not tells_apart(forms, "imm"):  # an atomic operation or size of a swap that nobody has defined
            candidates += [(forms[0], [])]
    for form, tests in candidates:
        source.append(f" if {' and '.join(tests) or 'True'}:")
        for template in form.texts.get(dialect, ()):
            parts = pieces(template, form)
            places = [part for part in parts if isinstance(part, Place)]
            written = {place.operand for place in places}
            left_out = [operand for operand in form.operands if operand not in written and dialect != "kernel"]
            fits = [f"{operand_expression(operand)} == 0" for operand in left_out]
            marks = {place.mark for place in places}
            if "@" in marks:
                fits.append("name is not None")
            elif form.reference and ">" not in marks:
                fits.append("name is None")
            text = "".join(_format(part) if isinstance(part, Place) else part.replace("{", "{{") for part in parts)
            source.append(f"  if {' and '.join(fits) or 'True'}: return f{text!r}")
        source.append("  return None")
    source.append(" return None")
    scope: dict[str, object] = {"helper": _helper_name}
    exec("\n".join(source), scope)
    return scope["printer"]  # type: ignore[return-value]


def _format(place: Place) -> str:
    """The replacement field of an f-string for a place."""
    if place.operand is None:
        return "{helper(imm, src)}" if place.name == "helper" else place.name
    value = operand_expression(place.operand)
    if place.mark == "#":
        mask = (1 << min(place.operand.bits, 64 if place.operand.high > 0xFFFFFFFF else 32)) - 1
        return f"{{{value} & {mask:#x}:#x}}"
    if place.mark == "@":
        return "{name}"
    return {
        "": f"{{{value}:d}}",
        "_": f"{{{value}:d}}",
        "+": f'{{"-" if {value} < 0 else "+"}} {{abs({value})}}',
        "~": f"{{{value}:+d}}",
        "?": f'{{f"{{{value}:+d}}" if {value} else ""}}',
        ">": f'{{f"{{{value}:+d}}" if name is None else name}}',
    }[place.mark]


def _helper_name(number: int, src: int) -> str:
    from ebpfasm.asm.helpers import HELPERS

    return HELPERS[number].kernel_name if not src and 0 <= number < len(HELPERS) else "unknown"


def shapes(template: str, form: Form) -> Iterator[tuple[str, list[tuple[Place, int]]]]:
    """The shapes in which text of a template can come: ``#`` for each number, ``@`` for each name.

    With each shape the places of its numbers in their order, and the sign that stands before each.
    """
    variants: list[tuple[str, list[tuple[Place, int]]]] = [("", [])]
    for part in pieces(template, form):
        if isinstance(part, str):
            import re

            # Digits that are no part of a word are numbers in the text as well: `ld_pseudo r1, 4, 7`, `r0`.
            literals = re.split(r"(?:(?<!\w)|(?<=\b([rw])))(\d+)", part)
            literal = "#".join(literals[::3])
            fixed = [
                (Place("", digits, None, register=letter is not None), 1)
                for letter, digits in zip(literals[1::3], literals[2::3], strict=True)
            ]
            variants = [(shape + literal, numbers + fixed) for shape, numbers in variants]
            continue
        signed = [("+#", 1), ("-#", -1)]
        plain = [("#", 1), ("-#", -1), ("+#", 1)]
        choices: list[tuple[str, int]] = {
            "": [("#", 1)] if part.register else plain,
            "_": plain,
            "#": plain,
            "+": signed,
            "~": signed,
            "?": [("", 0), *signed],
            ">": [*plain, ("@", 0)],
            "@": [("@", 0)],
            "=": [("@", 0)],
        }[part.mark]
        variants = [
            (shape + text, [*numbers, (part, sign)] if sign else numbers)
            for shape, numbers in variants
            for text, sign in choices
        ]
    yield from variants
