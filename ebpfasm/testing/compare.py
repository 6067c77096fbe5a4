"""The same program in the vm and in the kernel: what each of them makes of it, and where they differ."""

from __future__ import annotations

import os
import sys

from ebpfasm.asm.program import Instructions, Label
from ebpfasm.errors import KernelError, OperandError, VmError
from ebpfasm.testing.specs import LRU, PERCPU, PROG_ARRAY, MapSpec, spec_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from ebpfasm.asm.instruction import Instruction
    from ebpfasm.vm import SkBuff, XdpMd

__all__ = ["Outcome", "assert_same_as_kernel", "differences", "run_in_kernel", "run_in_vm", "told"]

SCHED_CLS, XDP = 3, 6
"""enum bpf_prog_type"""


class Outcome:
    """What a run left: ``retval`` (32 bits), ``data`` and ``ctx``, and in ``maps`` the entries of each map by name.

    ``lru`` are the names of maps that may have given entries up; ``stopped`` is the error that ended the run, or None.
    """

    __slots__ = ("ctx", "data", "lru", "maps", "retval", "stopped")

    def __init__(
        self,
        retval: int | None,
        data: bytes,
        ctx: bytes,
        maps: dict[str, dict[Any, Any]],
        *,
        lru: frozenset[str] = frozenset(),
        stopped: VmError | KernelError | None = None,
    ) -> None:
        self.retval = retval
        self.data = data
        self.ctx = ctx
        self.maps = maps
        self.lru = lru
        self.stopped = stopped

    def __repr__(self) -> str:
        ended = f"stopped by {self.stopped!r}" if self.stopped else f"retval {self.retval}"
        return f"<Outcome {ended}, {len(self.data)} bytes of data, maps {', '.join(self.maps) or 'none'}>"


def assert_same_as_kernel(
    program: Instructions | Iterable[Instruction],
    data: bytes = b"",
    *,
    ctx: bytes | bytearray | memoryview | SkBuff | XdpMd | None = None,
    maps: Mapping[str, Any] | None = None,
    type: int = SCHED_CLS,
) -> Outcome:
    """Run a program in the vm and in the kernel, and fail if they do not do the same.

    Return value, packet and context as the program left them, and the entries of all maps are compared. The maps
    are made for it, on either side, and those given stay as they are. Of an LRU map only the entries are compared
    that both have, since which one is given up is not defined; a per-CPU map is compared on all CPUs, with the
    program running on the same one in both.

    Args:
        program: what both run.
        data: the packet; ``b""`` for a frame of 14 zeros, the least there is.
        ctx: the context, in the kernel's layout or as `ebpfasm.vm` has it.
        maps: for each name the program refers to a map by, a `MapSpec`, or a map of the vm or of the kernel to be like,
            with its entries. Maps that the program refers to as objects need no entry.
        type: a `ProgramType` that has packets: SCHED_CLS, XDP and those like them.

    Returns:
        what the kernel made of it.

    Raises:
        AssertionError: they differ; the message has both results and the listing.
        VerifierError: the kernel does not take the program.
        KernelError: the kernel does not take the data or context, and neither does the vm.
        PermissionDenied: bpf(2) is out of reach: mark the test ``needs_kernel``.
    """
    __tracebackhide__ = True
    if not isinstance(program, Instructions):
        program = Instructions(program)
    data = data or bytes(14)
    if isinstance(ctx, (bytearray, memoryview)):
        ctx = bytes(ctx)
    given = ctx if ctx is None or isinstance(ctx, bytes) else context_bytes(ctx, data)
    bound, specs = _with_names(program, maps or {})
    kernel = run_in_kernel(bound, data, ctx=given, maps=specs, type=type)
    here = run_in_vm(bound, data, ctx=given, maps=specs, type=type)
    found = differences(here, kernel)
    if found:
        raise AssertionError(told(found, bound, data, given, specs))
    if kernel.stopped is not None:
        raise kernel.stopped
    return kernel


def run_in_kernel(
    program: Instructions, data: bytes, *, ctx: bytes | None, maps: Mapping[str, MapSpec], type: int = SCHED_CLS
) -> Outcome:
    """What the kernel makes of a program that refers to its maps by name.

    Raises:
        VerifierError: the kernel does not take the program.
    """
    from ebpfasm.objects.maps import Map
    from ebpfasm.objects.programs import Program

    cpus = 0
    pinned: set[int] | None = None
    if any(spec.type in PERCPU for spec in maps.values()):
        from ebpfasm.kernel.machine import possible_cpus

        cpus = possible_cpus()
        pinned = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {min(pinned)})
    try:
        return _run(Map, Program, program, data, ctx, maps, type, cpus, {}, {})
    finally:
        if pinned is not None:
            os.sched_setaffinity(0, pinned)


def run_in_vm(
    program: Instructions, data: bytes, *, ctx: bytes | None, maps: Mapping[str, MapSpec], type: int = SCHED_CLS
) -> Outcome:
    """What the vm makes of a program that refers to its maps by name."""
    from ebpfasm.vm import Map, Program

    cpus, options = 0, {}
    making: dict[str, Any] = {}
    if any(spec.type in PERCPU for spec in maps.values()):
        from ebpfasm.kernel.machine import possible_cpus

        cpus = possible_cpus()
        making = {"cpus": cpus}
        options = {"cpu": min(os.sched_getaffinity(0))}
    return _run(Map, Program, program, data, ctx, maps, type, cpus, making, options)


def _run(
    map_class: Any,
    program_class: Any,
    program: Instructions,
    data: bytes,
    ctx: bytes | None,
    maps: Mapping[str, MapSpec],
    type: int,
    cpus: int,
    making: dict[str, Any],
    options: dict[str, Any],
) -> Outcome:
    """Run on one side: the classes of both have the same methods."""
    made: dict[str, Any] = {}
    opened: list[Any] = []
    try:
        for name, spec in maps.items():
            made[name] = spec.made(map_class, name[:15], **(making if spec.type in PERCPU else {}))
            opened.append(made[name])
        for name, spec in maps.items():
            for key, value in spec.entries.items():
                if isinstance(value, Instructions):
                    value = program_class.load(type, _bound(value, made), name=f"slot_{key}")  # noqa: PLW2901
                    opened.append(value)
                elif spec.type in PERCPU and not isinstance(value, (list, tuple)):
                    value = [value] * cpus  # noqa: PLW2901
                made[name].update(key, value)
        loaded = program_class.load(type, _bound(program, made), name="compared")
        opened.append(loaded)
        try:
            result = loaded.test_run(data, ctx=ctx, **options)
        except (VmError, KernelError) as error:
            return Outcome(None, b"", b"", {}, stopped=error)
        left = {name: _entries(made[name]) for name in maps}
        lru = frozenset(name for name, spec in maps.items() if spec.type in LRU)
        return Outcome(result.retval, result.data, result.ctx, left, lru=lru)
    finally:
        for one in reversed(opened):
            one.close()


def differences(here: Outcome, kernel: Outcome) -> list[tuple[str, str, str]]:
    """What differs: what it is, as it is in the vm, and as it is in the kernel."""
    if here.stopped or kernel.stopped:
        one, other = here.stopped, kernel.stopped
        if isinstance(one, KernelError) and isinstance(other, KernelError) and one.errno == other.errno:
            return []
        return [("outcome", _ended(here), _ended(kernel))]
    found = []
    if here.retval != kernel.retval:
        found.append(("retval", f"{here.retval:#x}", f"{kernel.retval:#x}"))
    for what in ("data", "ctx"):
        one, other = getattr(here, what), getattr(kernel, what)
        if one != other:
            found.append((what, *_bytes_apart(one, other)))
    for name, entries in here.maps.items():
        others = kernel.maps[name]
        keys = entries.keys() & others.keys() if name in here.lru else entries.keys() | others.keys()
        for key in sorted(keys, key=repr):
            if entries.get(key) != others.get(key):
                found.append((f"map {name}[{key!r}]", repr(entries.get(key)), repr(others.get(key))))
    return found


def context_bytes(ctx: SkBuff | XdpMd, data: bytes) -> bytes:
    """The context in the kernel's layout, of one as the vm has it."""
    from ebpfasm.vm.xdp_md import FIELDS, XdpMd

    if isinstance(ctx, XdpMd):
        linear = len(data) if ctx.linear is None else ctx.linear
        return FIELDS.pack(ctx.metadata, linear, 0, ctx.ingress_ifindex, ctx.rx_queue_index, 0)
    from ebpfasm.vm.sk_buff_fields import SK_BUFF

    made = bytearray(SK_BUFF.size)
    for name, numbers in ctx.fields.items():
        at, size, _ = SK_BUFF.places[name]
        for number in numbers:
            made[at : at + size] = number.to_bytes(size, sys.byteorder)
            at += size
    return bytes(made)


def _with_names(program: Instructions, maps: Mapping[str, Any]) -> tuple[Instructions, dict[str, MapSpec]]:
    """The program with names in place of map objects, and what each name stands for."""
    specs: dict[str, MapSpec] = {}
    names: dict[int, str] = {}
    for name, given in maps.items():
        names[id(given)] = name
        specs[name] = given if isinstance(given, MapSpec) else spec_of(given)
    items = []
    for instruction in program:
        reference = instruction.reference
        form = instruction.form
        if reference is not None and form is not None and form.reference == "map":
            if not isinstance(reference, str):
                if id(reference) not in names:
                    names[id(reference)] = _unused(str(getattr(reference, "name", "") or "map"), specs)
                    specs[names[id(reference)]] = spec_of(reference)
                instruction = instruction.with_reference(names[id(reference)])  # noqa: PLW2901
            elif reference not in specs:
                raise OperandError(
                    f"assert_same_as_kernel: the program refers to a map {reference!r}, and maps has none of that name",
                    field="maps",
                    value=sorted(specs),
                )
        items.append(instruction)
    return Instructions([*items, *(Label(name) for name in program.end_symbols)]), specs


def _unused(name: str, taken: Mapping[str, object]) -> str:
    number = 2
    found = name
    while found in taken:
        found = f"{name}_{number}"
        number += 1
    return found


def _bound(program: Instructions, maps: Mapping[str, Any]) -> Instructions:
    """The program with the maps of one side."""
    used = {item.reference for item in program if isinstance(item.reference, str)}
    return program.bind(**{name: made for name, made in maps.items() if name in used})


def _entries(made: Any) -> dict[Any, Any]:
    if made.type == PROG_ARRAY:
        return dict.fromkeys(made, "a program")
    return dict(made.items())


def _ended(outcome: Outcome) -> str:
    if outcome.stopped is None:
        return f"retval {outcome.retval:#x}"
    return f"{type(outcome.stopped).__name__}: {outcome.stopped}"


def _bytes_apart(one: bytes, other: bytes) -> tuple[str, str]:
    """The part of each that differs, with where it begins."""
    first = next((at for at, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), None)
    if first is None:
        return f"{len(one)} bytes", f"{len(other)} bytes"
    return f"at {first}: {one[first : first + 16].hex(' ')}", f"at {first}: {other[first : first + 16].hex(' ')}"


def told(
    found: list[tuple[str, str, str]],
    program: Instructions,
    data: bytes,
    ctx: bytes | None,
    specs: Mapping[str, MapSpec],
) -> str:
    """Differences as text, with all it takes to have them again."""
    lines = ["vm and kernel do not do the same:"]
    for what, here, kernel in found:
        lines += [f"  {what}", f"    vm      {here}", f"    kernel  {kernel}"]
    lines += ["", f"data = bytes.fromhex({data.hex()!r})"]
    if ctx is not None:
        lines.append(f"ctx = bytes.fromhex({ctx.rstrip(bytes(1)).hex()!r}).ljust({len(ctx)}, bytes(1))")
    lines += [f"maps[{name!r}] = {spec!r}" for name, spec in specs.items()]
    lines += ["", program.listing(), "", repr(program)]
    return "\n".join(lines)
