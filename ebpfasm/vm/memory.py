"""The memory a program sees: regions with bounds, each in a range of addresses of its own."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["Fault", "Memory", "Region"]

SHIFT = 28
"""An address is a region's number and, in its low 28 bits, a place in it: 256 MiB each."""
WITHIN = (1 << SHIFT) - 1

NULL, FIRST_FRAME, CONTEXT, PACKET, HANDLES, CODE, OTHERS = 0, 1, 9, 10, 11, 12, 16
"""Numbers of regions. Context and packet lie below 2³², as `data` and `data_end` of ``__sk_buff`` have 32 bits."""
FRAMES = 8
"""MAX_CALL_FRAMES in include/linux/bpf_verifier.h."""
STACK_SIZE = 512
"""MAX_BPF_STACK in include/linux/filter.h, in bytes."""
FIRST_NOT_FRAME = (FIRST_FRAME + FRAMES) << SHIFT
"""Addresses below this are of the stack, whose bytes count as written or not, or of nothing."""
ONES = {size: b"\1" * size for size in (1, 2, 4, 8)}
FIRST_PLAIN = PACKET << SHIFT
"""Accesses below this, to the stack and the context, want looking at."""


class Fault(Exception):
    """A program did what it must not; the engine says which instruction it was (`VmError`).

    ``reason`` is the sentence's end, as in "reads 8 bytes of packet at 12, which has 14".
    """

    def __init__(self, reason: str, address: int | None = None, region: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.address = address
        self.region = region


class Region:
    """Some memory: its name for people, its bytes, and which of them were written (None: all count as written)."""

    __slots__ = ("check", "data", "loaded", "name", "number", "readable", "views", "writable", "written", "wrote")

    def __init__(
        self,
        number: int,
        name: str,
        data: bytearray,
        *,
        writable: bool = True,
        readable: bool = True,
        written: bytearray | None = None,
    ) -> None:
        self.number = number
        self.name = name
        self.data = data
        self.writable = writable
        self.readable = readable
        self.written = written
        self.check: Callable[[int, int, bool], None] | None = None
        """Of the context: refuses an access to what no field is (offset, size, whether it writes)."""
        self.loaded: Callable[[int, int, int], int] | None = None
        """Of the context: what a load gives (offset, size, the number that is there)."""
        self.wrote: Callable[[int, int, int], None] | None = None
        """Of the context: told of each store (offset, size, the number before it was cut), to do as the kernel does."""
        self.views: dict[int, memoryview] = {}
        """Of a stack frame, its bytes as numbers of 1, 2, 4 and 8 bytes."""


class Memory:
    """The regions of one run.

    Reading and writing raise `Fault` where the kernel's verifier would have refused the program: outside of a
    region, of what was never written, into what is read-only, and unaligned where that is asked for.

    Args:
        strict: have every access be aligned to its size, as BPF_F_STRICT_ALIGNMENT does. Without it the stack,
            the context and atomics are strict, as in the kernel (kernel/bpf/verifier.c, check_ptr_alignment).
    """

    __slots__ = ("_maps", "addresses", "loads", "regions", "stores", "strict")

    def __init__(self, *, strict: bool = False) -> None:
        self.strict = strict
        nothing = bytearray()
        self.regions: list[Region | None] = [None] * OTHERS
        # What may be read, and what may be written, by the region's number: translated code looks here.
        self.loads: list[bytearray] = [nothing] * OTHERS
        self.stores: list[bytearray] = [nothing] * OTHERS
        self.addresses: dict[int, int] = {}
        """Of each live bytearray that has one, by its ``id``; its region keeps it, so the id stays its own."""
        self._maps: list[Any] = []

    # Regions

    def place(self, number: int, name: str, data: bytearray, *, writable: bool = True) -> int:
        """Put ``data`` into one of the fixed regions; returns its address."""
        return self._put(Region(number, name, data, writable=writable))

    def frame(self, depth: int) -> Region:
        """The fresh stack frame of the function called at ``depth`` (0..7), with nothing written in it."""
        region = self.regions[FIRST_FRAME + depth]
        if region is None or region.written is None:
            name = f"stack of frame {depth}" if depth else "stack"
            region = Region(FIRST_FRAME + depth, name, bytearray(STACK_SIZE), written=bytearray(STACK_SIZE))
            whole = memoryview(region.data)
            region.views = {1: whole, 2: whole.cast("H"), 4: whole.cast("I"), 8: whole.cast("Q")}
            self._put(region)
        else:
            region.written[:] = bytes(STACK_SIZE)
        return region

    def address_of(self, cell: bytearray, name: str, *, writable: bool = True, readable: bool = True) -> int:
        """The address of a live bytearray, such as a map's value: the same each time within this memory."""
        address = self.addresses.get(id(cell))
        if address is None:
            region = Region(len(self.regions), name, cell, writable=writable, readable=readable)
            self.regions.append(None)
            self.loads.append(bytearray())
            self.stores.append(bytearray())
            address = self.addresses[id(cell)] = self._put(region)
        return address

    def forget(self, cell: bytearray) -> None:
        """Take back a region that `address_of` made: what was there can be reached no more."""
        address = self.addresses.pop(id(cell), None)
        if address is not None:
            number = address >> SHIFT
            self.regions[number] = None
            self.loads[number] = self.stores[number] = bytearray()

    def cell_at(self, address: int) -> bytearray | None:
        """The bytearray that begins exactly at this address, if there is one."""
        region = self._region(address)
        return region.data if region is not None and not address & WITHIN else None

    def _put(self, region: Region) -> int:
        number = region.number
        self.regions[number] = region
        self.loads[number] = region.data if region.readable else bytearray()
        self.stores[number] = region.data if region.writable else bytearray()
        return number << SHIFT

    # Maps, whose addresses point to nothing that can be read

    def map_handle(self, map: Any) -> int:
        """The address that stands for a map in a register."""
        if not any(known is map for known in self._maps):
            self._maps.append(map)
        index = next(index for index, known in enumerate(self._maps) if known is map)
        return HANDLES << SHIFT | index << 4

    def map_at(self, address: int) -> Any:
        """The map an address stands for; raises `Fault` for any other."""
        index, rest = divmod(address - (HANDLES << SHIFT), 16)
        if rest or not 0 <= index < len(self._maps):
            raise Fault(f"{address:#x} is not the address of a map", address)
        return self._maps[index]

    # Access

    def read(self, address: int, size: int) -> bytes:
        """The ``size`` bytes at an address, for a helper: not of a context, which only the program reads."""
        if address >> SHIFT == CONTEXT:
            self._refuse_context(address)
        return self._bytes_at(address, size)

    def write(self, address: int, data: bytes) -> None:
        """Put bytes at an address, for a helper: not into a context."""
        if address >> SHIFT == CONTEXT:
            self._refuse_context(address)
        self.put(address, data)

    def _refuse_context(self, address: int) -> None:
        region = self.regions[CONTEXT]
        if region is not None and region.check is not None:
            raise Fault("passes the context to a helper that takes memory", address, region.name)

    def _bytes_at(self, address: int, size: int) -> bytes:
        number, start = address >> SHIFT, address & WITHIN
        end = start + size
        if 0 <= number < len(self.loads) and end <= len(self.loads[number]):
            region = self.regions[number]
            if region is not None and (region.written is None or 0 not in region.written[start:end]):
                return bytes(region.data[start:end])
        self._refuse_read(address, size)
        return b""

    def _refuse_read(self, address: int, size: int) -> None:
        """Say why bytes cannot be read; nothing if there are none to read."""
        if not size:
            return
        region, start = self._found(address, size, "read")
        if not region.readable:
            raise Fault(f"reads from {region.name}, which programs may only write", address, region.name)
        assert region.written is not None
        unwritten = region.written.index(0, start) - start
        raise Fault(
            f"reads {_bytes(size)} of {self._where(region, start)}, of which byte {unwritten} was never written",
            address,
            region.name,
        )

    def put(self, address: int, data: bytes) -> None:
        """Put bytes at an address: what both the program's stores and `write` come to."""
        size = len(data)
        if not size:
            return
        region, start = self._found(address, size, "write")
        if not region.writable:
            raise Fault(f"writes to {region.name}, which is read-only", address, region.name)
        region.data[start : start + size] = data
        if region.written is not None:
            region.written[start : start + size] = b"\1" * size

    def load(self, address: int, size: int) -> int:
        """The number of ``size`` bytes at an address, unsigned, in the machine's byte order."""
        self._checked(address, size, "read")
        value = int.from_bytes(self._bytes_at(address, size), sys.byteorder)
        return self._from_context(address, size, value) if address >> SHIFT == CONTEXT else value

    def store(self, address: int, size: int, value: int) -> None:
        """Put the low ``size`` bytes of a number at an address."""
        self._checked(address, size, "write")
        self.put(address, (value & (1 << size * 8) - 1).to_bytes(size, sys.byteorder))
        if address >> SHIFT == CONTEXT:
            self._tell(address, size, value)

    def check_aligned(self, address: int, size: int) -> None:
        """Refuse an atomic access that is not aligned, wherever it is."""
        if address % size:
            raise Fault(f"{address:#x} is not aligned to {_bytes(size)}, as an atomic must be", address)

    def after_load(self, address: int, size: int, value: int) -> int:
        """Check what a load that found its bytes did: that they were written, alignment, and the context's fields.

        Returns the value, or what it is instead in a context.
        """
        if address % size or address >= FIRST_NOT_FRAME:
            self._checked(address, size, "read")
            return self._from_context(address, size, value) if address >> SHIFT == CONTEXT else value
        region = self.regions[address >> SHIFT]
        start = address & WITHIN
        if region is None or region.written is None or 0 in region.written[start : start + size]:
            self._refuse_read(address, size)
        return value

    def after_store(self, address: int, size: int, value: int) -> None:
        """Check a store's alignment and the context's fields, and remember that these bytes are written."""
        if address % size or address >= FIRST_NOT_FRAME:
            self._checked(address, size, "write")
            if address >> SHIFT == CONTEXT:
                self._tell(address, size, value)
        else:
            start = address & WITHIN
            region = self.regions[address >> SHIFT]
            if region is not None and region.written is not None:
                region.written[start : start + size] = ONES[size]

    def before_change(self, address: int, size: int) -> None:
        """Check an atomic change of what is there: as for a load, and that it is no context."""
        if address >> SHIFT == CONTEXT and self.regions[CONTEXT] is not None:
            raise Fault("changes the context with an atomic", address, "context")
        self.after_load(address, size, 0)

    def _from_context(self, address: int, size: int, value: int) -> int:
        region = self.regions[CONTEXT]
        if region is None or region.loaded is None:
            return value
        return region.loaded(address & WITHIN, size, value)

    def _tell(self, address: int, size: int, value: int) -> None:
        region = self.regions[CONTEXT]
        if region is not None and region.wrote is not None:
            region.wrote(address & WITHIN, size, value)

    def name_of(self, address: int) -> str:
        """What an address is, for people: ``stack+504``, ``packet+14``."""
        region = self._region(address)
        return f"{address:#x}" if region is None else self._where(region, address & WITHIN)

    def described(self, value: int) -> str:
        """A number in a register, for people: what it is the address of, if it is one."""
        region = self._region(value)
        if region is not None:
            return f"{value:#x} ({self._where(region, value & WITHIN)})"
        index, rest = divmod(value - (HANDLES << SHIFT), 16)
        if not rest and 0 <= index < len(self._maps):
            return f"{value:#x} (map {self._maps[index].name!r})"
        return f"{value}" if value < 1 << 16 else f"{value:#x}"

    def _checked(self, address: int, size: int, doing: str) -> None:
        """Refuse what is not aligned where it must be, and what a context does not have."""
        if address >> SHIFT == CONTEXT:
            context = self.regions[CONTEXT]
            if context is not None and context.check is not None and address & WITHIN < len(context.data):
                context.check(address & WITHIN, size, doing == "write")
        if address % size == 0:
            return
        if self.strict or address < FIRST_NOT_FRAME or address >> SHIFT == CONTEXT:
            region = self._region(address)
            raise Fault(
                f"{doing}s {_bytes(size)} of {self.name_of(address)}, which is not aligned to {_bytes(size)}",
                address,
                None if region is None else region.name,
            )

    def _region(self, address: int) -> Region | None:
        number = address >> SHIFT
        return self.regions[number] if 0 <= number < len(self.regions) else None

    def _found(self, address: int, size: int, doing: str) -> tuple[Region, int]:
        """The region that holds ``size`` bytes at an address, and where in it."""
        region = self._region(address)
        start = address & WITHIN
        if region is not None and start + size <= len(region.data):
            return region, start
        above = self._region((address | WITHIN) + 1)
        if start > WITHIN // 2 and above is not None:  # a little below one rather than far beyond another
            region, start = above, start - WITHIN - 1
        if region is not None:
            raise Fault(
                f"{doing}s {_bytes(size)} of {self._where(region, start)}, {self._bounds(region, start)}",
                address,
                region.name,
            )
        if address >> SHIFT == HANDLES:
            raise Fault(f"{doing}s a map as if its address were that of its values", address)
        if address >> SHIFT == CODE:
            raise Fault(f"{doing}s {_bytes(size)} of the program's own code", address)
        if address <= WITHIN:
            raise Fault(f"{doing}s {_bytes(size)} at {address:#x}, through a null pointer", address)
        raise Fault(f"{doing}s {_bytes(size)} at {address:#x}, where nothing is", address)

    @staticmethod
    def _where(region: Region, start: int) -> str:
        if region.written is not None:  # a frame: people know its places from the frame pointer, r10
            below = start - STACK_SIZE
            return f"{region.name} at r10{below:+}" if below else f"{region.name} at r10"
        return f"{region.name} at {start}"

    @staticmethod
    def _bounds(region: Region, start: int) -> str:
        """Why what begins at ``start`` is not in a region."""
        if region.written is not None:
            return f"which goes from r10-{STACK_SIZE} to r10-1"
        return "before it begins" if start < 0 else f"which has {_bytes(len(region.data))}"


def _bytes(count: int) -> str:
    return f"{count} byte{'s' if count != 1 else ''}"
