"""The programs of examples/04_without_a_kernel.py give in the kernel what they give in the vm."""

from __future__ import annotations

import runpy
import socket
from contextlib import ExitStack
from pathlib import Path

import pytest

from ebpfasm import Map, MapType, Program, ProgramType
from ebpfasm.datapath import entry_stub

EXAMPLE = Path(__file__).parent.parent.parent / "examples" / "04_without_a_kernel.py"


@pytest.mark.needs_kernel
def test_the_same_verdicts(no_leaks: None) -> None:
    example = runpy.run_path(str(EXAMPLE))
    with ExitStack() as undo:

        def made(type: int, entries: int, **options: object) -> Map:
            sizes = {"key_size": 4, "value_size": 4, "max_entries": entries}
            return undo.enter_context(Map.create(type, **sizes, **options))  # type: ignore[arg-type]

        def loaded(instructions: object, name: str, **maps: Map) -> Program:
            bound = instructions.bind(**maps)  # type: ignore[attr-defined]
            return undo.enter_context(Program.load(ProgramType.SCHED_CLS, bound, name=name))

        slots, policy = made(MapType.PROG_ARRAY, 1), made(MapType.PROG_ARRAY, 256)
        endpoints = made(MapType.HASH, 64, key=bytes)
        entry = loaded(entry_stub("slots"), "entry", slots=slots)
        slots[0] = loaded(example["to_endpoint"](), "egress", endpoints=endpoints, policy=policy)
        endpoints[socket.inet_aton("10.0.1.2")] = 7
        policy[7] = loaded(example["only_port"](80), "ingress7")
        verdicts = [
            entry.test_run(example["packet"](*attempt)).retval
            for attempt in (("10.0.1.2", 80), ("10.0.1.2", 53), ("10.0.1.4", 80))
        ]
    assert verdicts == [example["TC_ACT_OK"], example["TC_ACT_SHOT"], example["TC_ACT_SHOT"]]
