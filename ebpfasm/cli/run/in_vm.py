"""Runs a program in the vm: at full speed, traced, or counted."""

from __future__ import annotations

from ebpfasm import vm
from ebpfasm.cli.run.report import trace_lines
from ebpfasm.errors import OperandError
from ebpfasm.uapi import ProgramType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from typing import Any

    from ebpfasm.cli.run.source import Source

__all__ = ["context_of", "run_in_vm"]


def run_in_vm(
    options: Namespace, given: Source, data: bytes
) -> tuple[vm.Result, dict[str | int, Any], vm.Coverage | None]:
    """Run it as often as asked for, and print the trace if it is wanted; returns what the last run left.

    Raises:
        VmError: the program did what it must not.
        EncodeError: a map is missing, or the program leads out of itself.
    """
    maps: dict[str | int, Any] = {}
    for asked in options.map:
        maps[asked.name] = vm.Map.create(
            asked.type,
            key_size=asked.key_size,
            value_size=asked.value_size,
            max_entries=asked.max_entries,
            flags=asked.flags,
            name=asked.name if isinstance(asked.name, str) else "",
            key=bytes if asked.key_size else None,
            value=bytes if asked.value_size and asked.type not in PROGRAMS_AND_MAPS else None,
        )
    settings: dict[str, Any] = {"limit": options.limit, "seed": options.seed}
    settings = {name: value for name, value in settings.items() if value is not None}
    program: vm.Program | Any = given.program
    if options.type in (None, "raw"):
        settings["maps"] = maps
    else:
        number = ProgramType[options.type.upper()]
        program = vm.Program.load(number, given.program, maps=maps)
        if options.ctx:
            settings["ctx"] = context_of(options)
    coverage = vm.Coverage() if options.coverage else None
    for _ in range(options.repeat):
        if options.trace:
            tracing = vm.trace(program, data, **settings)
            trace_lines(tracing, json_wanted=options.json)
            assert tracing.result is not None
            result = tracing.result
        elif coverage is not None:
            result = coverage.add(program, data, **settings)
        elif isinstance(program, vm.Program):
            result = program.test_run(data, **settings)
        else:
            result = vm.run(program, data, **settings)
        data = result.data
    return result, maps, coverage


PROGRAMS_AND_MAPS = (3, 12, 13)
"""PROG_ARRAY, ARRAY_OF_MAPS, HASH_OF_MAPS: what is in them are no bytes."""


def context_of(options: Namespace) -> vm.SkBuff | vm.XdpMd:
    """The context of the fields that were given; wrong usage if there are no such."""
    fields: dict[str, Any] = dict(options.ctx)
    try:
        if options.type == "xdp":
            return vm.XdpMd(**fields)
        return vm.SkBuff(program_type=ProgramType[options.type.upper()], **fields)
    except TypeError:
        options.refuse(f"--ctx: xdp programs take metadata, linear, ingress_ifindex, rx_queue_index, not {[*fields]}")
    except OperandError as error:
        options.refuse(f"--ctx: {error}")
    raise AssertionError("refuse ends the process")
