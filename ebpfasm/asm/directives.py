"""Directives of assembly text: those that put bytes into the program, those that say what is code, and the others."""

from __future__ import annotations

from ebpfasm.asm.tokens import integer, shortened

__all__ = ["DATA", "FILLING", "SECTIONS", "WITHOUT_EFFECT", "Sections", "little_endian", "no_directive"]

DATA = {
    **dict.fromkeys((".byte",), 1),
    **dict.fromkeys((".2byte", ".short", ".hword", ".value"), 2),
    **dict.fromkeys((".4byte", ".long", ".word", ".int"), 4),
    **dict.fromkeys((".8byte", ".quad"), 8),
}
"""Directives that put bytes into the program, least significant first."""
FILLING = frozenset(".ascii .asciz .double .fill .float .octa .skip .space .string .uleb128 .sleb128 .zero".split())  # noqa: SIM905
"""Directives that put other bytes where they stand: well in a section of data, refused among instructions."""
WITHOUT_EFFECT = frozenset(
    """
    .addrsig .addrsig_sym .align .balign .cfi_def_cfa .cfi_endproc .cfi_offset .cfi_sections .cfi_startproc .comm .end
    .endfunction .extern .file .function .global .globl .hidden .ident .internal .lcomm .loc .local .p2align .protected
    .set .size .symver .type .weak
    """.split()  # noqa: SIM905 - a list of words is read best as words
)
"""Directives of an object file, which a program by itself is not: read and left out."""
SECTIONS = frozenset(
    ".bss .data .popsection .previous .pushsection .rodata .section .subsection .text".split()  # noqa: SIM905
)
"""Directives that say what comes next: instructions, or data, of which labels and bytes are left out as well."""
DATA_SECTIONS = ("license", "maps", "version")
"""Sections that libbpf takes for data, where the directive does not say what they are."""


class Sections:
    """Whether what is being read is in a section of code."""

    __slots__ = ("_previous", "_pushed", "in_code")

    def __init__(self) -> None:
        self.in_code = True
        self._previous = True
        self._pushed: list[bool] = []  # where .popsection goes back to

    def switch(self, directive: str, arguments: str) -> None:
        """Go on with another section, as the directive says."""
        if directive == ".subsection":
            return
        before = self.in_code
        if directive == ".previous":
            self.in_code = self._previous
        elif directive == ".popsection":
            self.in_code = self._pushed.pop() if self._pushed else True
        elif directive in (".section", ".pushsection"):
            if directive == ".pushsection":
                self._pushed.append(before)
            self.in_code = is_code(arguments)
        else:
            self.in_code = directive == ".text"
        self._previous = before


def is_code(section: str) -> bool:
    """Whether a section, by its name and perhaps its flags, has instructions: ``tc,"ax",@progbits``."""
    name, _, more = section.partition(",")
    name, flags = name.strip().strip('"'), more.partition(",")[0].strip()
    if flags:
        return "x" in flags
    return name.startswith(".text") or not (name.startswith(".") or name in DATA_SECTIONS)


def no_directive(name: str) -> str:
    """Why a directive cannot stand where it does."""
    if name in FILLING:
        return f"{name} puts bytes among instructions; .byte does it so that they are instructions themselves"
    from difflib import get_close_matches

    known = (*DATA, *WITHOUT_EFFECT, *SECTIONS)
    close = get_close_matches(name, known, n=1) if len(name) < 40 else []
    return f"{shortened(name)!r} is no directive" + (f"; did you mean {close[0]!r}?" if close else "")


def little_endian(text: str, width: int) -> bytes:
    """The bytes of a number in a directive, least significant first; ValueError for what is none or does not fit."""
    negative = text.startswith("-")
    amount = integer(text[negative:], "llvm") * (-1 if negative else 1)
    if not -(1 << width * 8 - 1) <= amount < 1 << width * 8:
        raise ValueError(f"{amount} does not fit {width} byte{'s' if width > 1 else ''}")
    return (amount & (1 << width * 8) - 1).to_bytes(width, "little")
