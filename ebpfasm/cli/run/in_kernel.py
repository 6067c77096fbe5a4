"""Runs a program in the kernel, by BPF_PROG_TEST_RUN."""

from __future__ import annotations

import sys
from contextlib import ExitStack

from ebpfasm.asm.program import Instructions, Label
from ebpfasm.cli.run.in_vm import context_of
from ebpfasm.cli.run.source import map_of
from ebpfasm.objects.maps import Map
from ebpfasm.objects.programs import Program
from ebpfasm.uapi import ProgramType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable
    from typing import Any

    from ebpfasm.cli.run.source import Source
    from ebpfasm.kernel.programs import RunResult

__all__ = ["run_in_kernel"]


def run_in_kernel(
    options: Namespace, given: Source, data: bytes, write: Callable[[RunResult, dict[str | int, Any]], None]
) -> None:
    """Run it; ``write`` gets what it left while its maps are there.

    Raises:
        VerifierError: the kernel refuses the program.
        KernelError: it refuses something else.
    """
    with ExitStack() as undo:
        maps: dict[str | int, Any] = {}
        for asked in options.map:
            made = Map.create(
                asked.type,
                key_size=asked.key_size,
                value_size=asked.value_size,
                max_entries=asked.max_entries,
                flags=asked.flags,
                name=asked.name if isinstance(asked.name, str) else "",
                key=bytes if asked.key_size else None,
                value=bytes if asked.value_size else None,
            )
            maps[asked.name] = undo.enter_context(made)
        program = undo.enter_context(
            Program.load(ProgramType[options.type.upper()], _bound(given.program, maps), name="run")
        )
        ctx = _bytes_of(options, len(data)) if options.ctx else None
        write(program.test_run(data, ctx=ctx, repeat=options.repeat), maps)


def _bound(program: Instructions, maps: dict[str | int, Any]) -> Instructions:
    """The program with these maps for the names and descriptors it has for them."""
    names = [(instruction, map_of(instruction)) for instruction in program]
    bound = [item if name is None else item.with_reference(maps[name]) for item, name in names]
    return Instructions([*bound, *map(Label, program.end_symbols)])


def _bytes_of(options: Namespace, size: int) -> bytes:
    """The context as the kernel takes it."""
    from ebpfasm.vm.sk_buff import SkBuff
    from ebpfasm.vm.sk_buff_fields import SK_BUFF

    made = context_of(options)
    if not isinstance(made, SkBuff):
        end = size if made.linear is None else made.linear
        numbers = (made.metadata, end, 0, made.ingress_ifindex, made.rx_queue_index, 0)
        return b"".join(number.to_bytes(4, sys.byteorder) for number in numbers)
    ctx = bytearray(SK_BUFF.size)
    for name, numbers_of in made.fields.items():
        start, each, _ = SK_BUFF.places[name]
        written = b"".join(number.to_bytes(each, sys.byteorder) for number in numbers_of)
        ctx[start : start + len(written)] = written
    return bytes(ctx)
