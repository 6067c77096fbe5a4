"""Helpers that print, with the kernel's own idea of a format."""

from __future__ import annotations

import string
import sys
from errno import EINVAL, ENOSPC

from ebpfasm.vm.helpers.arguments import check_size
from ebpfasm.vm.memory import Fault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ebpfasm.vm.machine import Machine

__all__ = ["trace_printk", "trace_vprintk"]

MAX_BPRINTF_BUF = 1024
"""Bytes of a line, with the NUL at its end."""
MAX_BPRINTF_BIN_ARGS = 512
"""Bytes of all arguments of a line."""
MAX_BPRINTF_VARARGS = 12
PRINTABLE = frozenset(string.printable.encode())
ALPHANUMERIC = (string.ascii_letters + string.digits).encode()
DIGITS = string.digits.encode()
PERCENT, ZERO = b"%0"
ENDS = frozenset((string.whitespace + string.punctuation).encode()) | {0}
"""What may follow a string or pointer."""


class Refused(Exception):
    """A format or an argument the kernel does not take; ``errno`` is why."""

    def __init__(self, errno: int) -> None:
        super().__init__(errno)
        self.errno = errno


def trace_printk(
    machine: Machine, r1: int, r2: int, r3: int | None = None, r4: int | None = None, r5: int | None = None
) -> int:
    """``(format, size, a, b, c)``: print a line; returns its length. Lines are in the result's ``printed``."""
    check_size("r2", r2)
    return _printed(machine, machine.memory.read(r1, r2), (r3, r4, r5))


def trace_vprintk(machine: Machine, r1: int, r2: int, r3: int, r4: int) -> int:
    """``(format, size, arguments, arguments_size)``: the same with up to twelve arguments, 8 bytes each, in memory."""
    check_size("r2", r2)
    check_size("r4", r4, zero=True)
    arguments = machine.memory.read(r3, r4)
    format = machine.memory.read(r1, r2)
    if r4 % 8 or r4 > MAX_BPRINTF_VARARGS * 8:
        return -EINVAL
    values = [int.from_bytes(arguments[at : at + 8], sys.byteorder) for at in range(0, r4, 8)]
    return _printed(machine, format, values)


def _printed(machine: Machine, format: bytes, arguments: Sequence[int | None]) -> int:
    end = format.find(0)
    if end < 0:
        return -EINVAL
    try:
        line = Line(machine, format[:end], arguments).text
    except Refused as refused:
        return -refused.errno
    machine.printed.append(line[: MAX_BPRINTF_BUF - 1].decode(errors="replace"))
    return len(line)


class Line:
    """A format with its arguments, as bpf_bprintf_prepare() (kernel/bpf/helpers.c) and bstr_printf() make it."""

    def __init__(self, machine: Machine, format: bytes, arguments: Sequence[int | None]) -> None:
        self._machine = machine
        self._format = format + bytes(3)  # so that there is something after each letter
        self._arguments = arguments
        self._used = 0
        self._room = MAX_BPRINTF_BIN_ARGS
        self._at = 0
        self.text = b""
        while self._at < len(format):
            self._step()

    def _step(self) -> None:
        format, at = self._format, self._at
        if format[at] < 0x80 and format[at] not in PRINTABLE:
            raise Refused(EINVAL)
        if format[at] != PERCENT or format[at + 1] == PERCENT:
            self.text += format[at : at + 1]
            self._at += 1 if format[at] != PERCENT else 2
            return
        if self._used >= len(self._arguments):
            raise Refused(EINVAL)
        self._at += 1
        flags = self._taken(b"0+- ")
        width = int(self._taken(DIGITS) or b"0") if self._format[self._at] != ZERO else 0
        kind = self._format[self._at]
        show = {ord("p"): self._pointer, ord("s"): self._string, ord("c"): self._character}.get(kind, self._number)
        self.text += show(flags, width)
        self._used += 1

    def _taken(self, letters: bytes) -> bytes:
        """Go past all of these letters; returns them."""
        start = self._at
        while self._format[self._at] in letters:
            self._at += 1
        return self._format[start : self._at]

    @property
    def _argument(self) -> int:
        """The next argument."""
        value = self._arguments[self._used]
        if value is None:
            raise Fault(f"prints r{self._used + 3}, which nothing was written to")
        return value

    def _value(self, size: int) -> int:
        """The next argument, ``size`` bytes of it."""
        self._occupy(size)
        return self._argument & (1 << size * 8) - 1

    def _occupy(self, size: int) -> None:
        self._room -= size
        if self._room < 0:
            raise Refused(ENOSPC)

    def _number(self, flags: bytes, width: int) -> bytes:
        long = self._format[self._at : self._at + 2]
        self._at += 2 if long == b"ll" else 1 if long[:1] == b"l" else 0
        kind = self._format[self._at : self._at + 1]
        if not kind or kind not in b"diuxX":
            raise Refused(EINVAL)
        self._at += 1
        size = 8 if long[:1] == b"l" else 4
        value = self._value(size)
        sign = b""
        if kind in b"di":
            if value >> size * 8 - 1:
                value, sign = (1 << size * 8) - value, b"-"
            else:
                sign = b"+" if b"+" in flags else b" " if b" " in flags else b""
        digits = format(value, kind.decode() if kind in b"xX" else "d").encode()
        if b"0" in flags and b"-" not in flags:
            digits = digits.rjust(width - len(sign), b"0")
        return _padded(sign + digits, flags, width)

    def _character(self, flags: bytes, width: int) -> bytes:
        self._at += 1
        return _padded(bytes([self._value(1)]), flags, width)

    def _string(self, flags: bytes, width: int) -> bytes:
        self._at += 1
        if self._format[self._at] not in ENDS:
            raise Refused(EINVAL)
        return _padded(self._text_at(self._argument), flags, width)

    def _pointer(self, flags: bytes, width: int) -> bytes:
        kind = self._format[self._at + 1 : self._at + 3]
        self._at += 1
        if kind in (b"ks", b"us"):
            self._at += 2
            if self._format[self._at] not in ENDS:
                raise Refused(EINVAL)
            return b"" if kind == b"us" else self._text_at(self._argument)  # there is no user space here
        if kind in (b"I4", b"i4", b"I6", b"i6"):
            self._taken(ALPHANUMERIC)
            return self._network_address(kind)
        if kind[0] not in ENDS and kind[:1] not in (b"K", b"x", b"s", b"S", b"B"):
            raise Refused(EINVAL)
        self._taken(ALPHANUMERIC)  # whatever these letters ask for, printk goes past all of them
        value = self._value(8)
        if kind[:1] in (b"s", b"S", b"B"):  # no address here is that of a symbol
            return _padded(b"%#x" % value, flags, 0 if kind[:1] == b"B" else width)
        zeros = b"-" not in flags and (not width or b"0" in flags)
        return _padded((b"%x" % value).rjust((width or 16) if zeros else 0, b"0"), flags, width)

    def _network_address(self, kind: bytes) -> bytes:
        size = 4 if kind[1:] == b"4" else 16
        try:
            found = self._machine.memory.read(self._argument, size)
        except Fault:
            found = bytes(size)
        if size == 4:
            return b".".join((b"%d" if kind[:1] == b"I" else b"%03d") % byte for byte in found)
        groups = [found[at : at + 2].hex().encode() for at in range(0, 16, 2)]
        return (b":" if kind[:1] == b"I" else b"").join(groups)

    def _text_at(self, address: int) -> bytes:
        """The text that ends with a NUL; empty where nothing can be read."""
        text = b""
        while len(text) < self._room - 1:
            try:
                letter = self._machine.memory.read(address + len(text), 1)
            except Fault:
                break
            if letter == b"\0":
                break
            text += letter
        self._occupy(len(text) + 1)
        return text


def _padded(shown: bytes, flags: bytes, width: int) -> bytes:
    return shown.ljust(width) if b"-" in flags else shown.rjust(width)
