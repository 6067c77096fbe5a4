"""Types as C: definitions and declarations as ``bpftool btf dump … format c`` writes them, one at a time.

Padding is written out where a compiler would not put it by itself, so that offsets in what is printed are those of the
type.
"""

from __future__ import annotations

from ebpfasm.errors import BtfError
from ebpfasm.formats.btf import layout
from ebpfasm.formats.btf import types as t

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ebpfasm.formats.btf.btf import Btf

__all__ = ["definition"]

MOST_PIECES = 1 << 17
"""Of one definition; the largest in a kernel has some ten thousand. Structs within structs may multiply."""

MOST_LEVELS = 64
"""Anonymous structs within each other, and functions and arrays in a declaration."""

MOST_PADS = 1024
"""Lines of padding in one gap; a larger one is an array."""

CHAIN = (t.Ptr, t.Volatile, t.Const, t.Restrict, t.FuncProto, t.TypeTag, t.Array)
QUALIFIERS = {t.Volatile: "volatile", t.Const: "const", t.Restrict: "restrict"}


def definition(btf: Btf, type_id: int) -> str:
    """Return the definition of a type with a name, the declaration of a function or variable, or else the type in C.

    Raises:
        BtfError: the type is too large to print, or refers to itself.
    """
    try:
        return _definition(btf, type_id)
    except RecursionError:  # structs, functions and arrays within each other, each within its own limit
        raise BtfError(f"type {type_id} has too many types within each other to print", type_id=type_id) from None


def _definition(btf: Btf, type_id: int) -> str:
    printer = _Printer(btf)
    found = btf[type_id]
    match found:
        case t.Struct() | t.Union():
            printer.composite(type_id, found, 0)
        case t.Enum() | t.Enum64():
            printer.enumeration(found, 0)
        case t.Typedef():
            printer.put("typedef ")
            printer.declare(found.type_id, found.name, 0)
        case t.Func() | t.Var():
            if found.linkage != t.GLOBAL:
                printer.put("static " if found.linkage == t.STATIC else "extern ")
            printer.declare(found.type_id, found.name, 0)
        case t.DataSec() | t.DeclTag():
            raise BtfError(f"{found.label} {found.name} is not a type of C", type_id=type_id)
        case t.Fwd():
            printer.put(_tagged(found))
        case _:
            printer.declare(type_id, "", 0)
            return "".join(printer.pieces)
    printer.put(";")
    return "".join(printer.pieces)


def _tagged(found: t.Type) -> str:
    match found:
        case t.Union() | t.Fwd(union=True):
            word = "union"
        case t.Enum() | t.Enum64():
            word = "enum"
        case _:
            word = "struct"
    return f"{word} {found.name}".rstrip()


class _Printer:
    """What has been printed so far."""

    def __init__(self, btf: Btf) -> None:
        self.btf = btf
        self.pieces: list[str] = []
        self.alignments: dict[int, int] = {}
        self.depth = 0  # of prototypes within parameters

    def put(self, text: str) -> None:
        if len(self.pieces) >= MOST_PIECES:
            raise BtfError(f"a definition in C has more than {MOST_PIECES} pieces")
        self.pieces.append(text)

    def alignment(self, type_id: int) -> int:
        known = self.alignments.get(type_id)
        if known is None:
            try:
                known = layout.alignment_of(self.btf, type_id)
            except BtfError:
                known = 1  # such as an array of a type that is only declared
            self.alignments[type_id] = known
        return known

    def size(self, type_id: int) -> int:
        try:
            return layout.size_of(self.btf, type_id)
        except BtfError:
            return 0

    def composite(self, type_id: int, found: t.Composite, level: int) -> None:
        """Print a struct or union with its members."""
        if level > MOST_LEVELS:
            raise BtfError(f"type {type_id} is within more than {MOST_LEVELS} structs", type_id=type_id)
        self.put(f"{_tagged(found)} {{")
        is_struct = isinstance(found, t.Struct)
        packed = is_struct and self.packed(found)
        at, after_bitfield = 0, False
        for member in found.members:
            bits = member.bits
            if is_struct:  # members of a union are all at its start
                alignment = 1 if packed else self.alignment(member.type_id)
                self.pad(at, member.bit_offset, alignment, after_bitfield and bits > 0, level + 1)
            self.put("\n" + "\t" * (level + 1))
            self.declare(member.type_id, member.name, level + 1)
            if bits:
                self.put(f": {bits}")
            self.put(";")
            after_bitfield = bits > 0
            at = member.bit_offset + (bits or 8 * self.size(member.type_id))
        if is_struct:
            self.pad(at, 8 * found.size, 1 if packed else self.alignment(type_id), False, level + 1)
        if found.members or found.size:
            self.put("\n" + "\t" * level)
        self.put("}")
        if packed:
            self.put(" __attribute__((packed))")

    def packed(self, found: t.Composite) -> bool:
        most = 1
        for member in found.members:
            alignment = self.alignment(member.type_id)
            if not member.bits and member.bit_offset % (8 * alignment):
                return True
            most = max(most, alignment)
        return found.size % most != 0

    def pad(self, at: int, wanted: int, alignment: int, in_bitfield: bool, level: int) -> None:
        """Print bitfields without names where the next member is not where a compiler would put it.

        One of type ``long`` and no bits moves to the next multiple of a long, whatever the struct's own alignment.
        """
        if at >= wanted:
            return
        start = "\n" + "\t" * level
        pads = (("long", 8 * self.btf.pointer_size), ("int", 32), ("short", 16), ("char", 8))
        for word, bits in pads:  # noqa: B007
            after = -(-at // bits) * bits
            if after <= wanted:
                break
        if at < after <= wanted:
            if (
                in_bitfield
                or (after == wanted and -(-at // (8 * alignment)) * 8 * alignment != after)
                or (after != wanted and wanted - after <= after - at)
            ):
                self.put(f"{start}{word}: {after - at if in_bitfield else 0};")
            at = after
        if wanted - at > MOST_PADS * bits:
            self.put(f"{start}unsigned char __padding_{at // 8}[{(wanted - at) // 8}];")
            at = wanted - wanted % 8
        while wanted - at >= bits:
            self.put(f"{start}{word}: {bits};")
            at += bits
        if at < wanted:
            word = next(word for word, bits in reversed(pads) if bits >= wanted - at)
            self.put(f"{start}{word}: {wanted - at};")

    def enumeration(self, found: t.Enum | t.Enum64, level: int) -> None:
        """Print an enumeration with its values."""
        self.put(_tagged(found))
        if found.values:
            suffix = "" if isinstance(found, t.Enum) else "LL" if found.signed else "ULL"
            self.put(" {")
            for one in found.values:
                self.put("\n" + "\t" * (level + 1) + f"{one.name} = {one.value}{suffix},")
            self.put("\n" + "\t" * level + "}")
        if found.size == 1:
            self.put(" __attribute__((mode(byte)))")
        elif found.size == 8 and isinstance(found, t.Enum):
            self.put(" __attribute__((mode(word)))")

    def declare(self, type_id: int, name: str, level: int) -> None:
        """Print the declaration of something with a type; ``level`` is that of the line it stands in."""
        chain: list[tuple[int, t.Type]] = []
        for _ in range(MOST_LEVELS):
            found = self.btf[type_id]
            chain.append((type_id, found))
            if not isinstance(found, CHAIN):
                return self.unwind(chain, name, level)
            type_id = found.type_id
        raise BtfError(f"type {type_id} is behind more than {MOST_LEVELS} others, or refers to itself", type_id=type_id)

    def unwind(self, chain: list[tuple[int, t.Type]], name: str, level: int) -> None:
        """Print a chain of types from its end, around the name in its middle."""
        after_pointer = True
        while chain:
            type_id, found = chain.pop()
            if isinstance(found, t.Array):
                _drop_qualifiers(chain)
                if chain:
                    self.put(" " if name and not after_pointer else "")
                    brackets = ("", "") if isinstance(chain[-1][1], t.Array) else ("(", ")")
                    self.put(brackets[0])
                    self.unwind(chain, name, level)
                    self.put(brackets[1])
                else:
                    self.name(name, after_pointer)
                return self.put(f"[{found.length}]")
            if isinstance(found, t.FuncProto):
                _drop_qualifiers(chain)
                if chain:
                    self.put(" (")
                    self.unwind(chain, name, level)
                    self.put(")")
                else:
                    self.name(name, after_pointer)
                return self.parameters(found, level)
            if isinstance(found, t.Ptr):
                self.put("*" if after_pointer else " *")
            elif type(found) in QUALIFIERS:
                self.put(f" {QUALIFIERS[type(found)]}")
            else:
                self.qualifiers(chain)
                self.innermost(type_id, found, level)
            after_pointer = isinstance(found, t.Ptr)
        return self.name(name, after_pointer)

    def innermost(self, type_id: int, found: t.Type, level: int) -> None:
        if isinstance(found, t.TypeTag):
            self.put(f' __attribute__((btf_type_tag("{found.name}")))')
        elif isinstance(found, (t.Struct, t.Union)) and not found.name:
            self.composite(type_id, found, level)
        elif isinstance(found, (t.Enum, t.Enum64)) and not found.name:
            self.enumeration(found, level)
        elif isinstance(found, (t.Struct, t.Union, t.Enum, t.Enum64, t.Fwd)):
            self.put(_tagged(found))
        elif isinstance(found, (t.Int, t.Float, t.Typedef)):
            self.put(found.name)
        elif isinstance(found, t.Void):
            self.put("void")
        else:
            raise BtfError(f"type {type_id} cannot be part of another: {found.label} {found.name}", type_id=type_id)

    def qualifiers(self, chain: list[tuple[int, t.Type]]) -> None:
        while chain and type(chain[-1][1]) in QUALIFIERS:
            self.put(f"{QUALIFIERS[type(chain.pop()[1])]} ")

    def name(self, name: str, after_pointer: bool) -> None:
        self.put(f" {name}" if name and not after_pointer else name)

    def parameters(self, found: t.FuncProto, level: int) -> None:
        params = found.params
        if not params or (len(params) == 1 and params[0].type_id == t.VOID):
            return self.put("(void)")
        self.put("(")
        for number, param in enumerate(params):
            if number:
                self.put(", ")
            if number == len(params) - 1 and param.type_id == t.VOID:
                self.put("...")
            else:
                self.parameter(param, level)
        return self.put(")")

    def parameter(self, param: t.Param, level: int) -> None:
        self.depth += 1
        if self.depth > MOST_LEVELS:
            raise BtfError(f"a prototype is within more than {MOST_LEVELS} others")
        self.declare(param.type_id, param.name, level)
        self.depth -= 1


def _drop_qualifiers(chain: list[tuple[int, t.Type]]) -> None:
    """Leave out qualifiers of a whole array or function: C has them on elements, and gcc means noreturn by them."""
    while chain and type(chain[-1][1]) in QUALIFIERS:
        chain.pop()
