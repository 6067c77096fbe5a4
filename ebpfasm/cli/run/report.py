"""How `ebpfasm run` writes what a run left: for people, or as JSON."""

from __future__ import annotations

import sys
from json import dumps

from ebpfasm.cli.streams import write_output
from ebpfasm.uapi import MapType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from typing import Any

    from ebpfasm.errors import VmError
    from ebpfasm.vm.coverage import Coverage
    from ebpfasm.vm.tracing import Trace

__all__ = ["error_line", "trace_lines", "write"]

BYTES_A_LINE = 16


def write(options: Namespace, result: Any, maps: dict[str | int, Any], coverage: Coverage | None = None) -> None:
    """Write what a run in the vm or in the kernel left, and what is in the maps now."""
    if options.json:
        members = _members(options, result, maps)
        if coverage is not None:
            members["coverage"] = coverage.as_dict()
        write_output(dumps(members) + "\n", "-")
        return
    lines = [str(coverage), ""] if coverage is not None else [""] if options.trace else []
    write_output("\n".join([*lines, *_lines(options, result, maps)]) + "\n", "-")


def trace_lines(trace: Trace, *, json_wanted: bool) -> None:
    """Write the trace of a run as the run goes on."""
    if json_wanted:
        for entry in trace:
            write_output(dumps(entry.as_dict()) + "\n", "-")
    else:
        for line in trace.lines():
            write_output(f"{line}\n", "-")


def error_line(error: VmError) -> str:
    """What a program did that it must not, as one JSON object."""
    about = {
        "reason": error.reason,
        "unit": error.unit,
        "text": str(error.instruction),
        "registers": {f"r{number}": value for number, value in enumerate(error.registers) if value is not None},
        "address": error.address,
        "region": error.region,
        "calls": list(error.calls),
        "steps": error.steps,
    }
    return dumps({"error": about})


def _members(options: Namespace, result: Any, maps: dict[str | int, Any]) -> dict[str, Any]:
    members: dict[str, Any] = {"retval": result.retval}
    if not options.kernel:
        members |= {"r0": result.r0, "steps": result.steps, "printed": list(result.printed)}
        members["redirect"] = None if result.redirect is None else list(result.redirect)
    members["duration_ns"] = result.duration_ns
    members["data"] = result.data.hex()
    members["ctx"] = _fields(options, result.ctx)
    members["maps"] = {str(name): {"type": _type(map), "entries": _entries(map)} for name, map in maps.items()}
    return members


def _lines(options: Namespace, result: Any, maps: dict[str | int, Any]) -> list[str]:
    retval = result.retval
    lines = [f"retval  {retval}" + (f" ({retval - (1 << 32)})" if retval >> 31 else "")]
    if not options.kernel:
        if result.r0 != retval:
            lines.append(f"r0      {result.r0:#x}")
        lines.append(f"steps   {result.steps}")
        lines += [f"printed {line}" for line in result.printed]
        if result.redirect is not None:
            lines.append(f"redirect to interface {result.redirect[0]}, flags {result.redirect[1]:#x}")
    elif options.repeat > 1:
        lines.append(f"time    {result.duration_ns} ns each")
    for start in range(0, len(result.data), BYTES_A_LINE):
        lines.append(f"{'data' if not start else '':8}{result.data[start : start + BYTES_A_LINE].hex(' ')}")
    fields = _fields(options, result.ctx)
    if fields:
        lines.append("ctx     " + " ".join(f"{name}={value}" for name, value in fields.items() if value))
    for name, map in maps.items():
        lines += _map_lines(name, map)
    return lines


def _map_lines(name: str | int, map: Any) -> list[str]:
    entries = _entries(map)
    if entries is None:
        return [f"map {name} ({_type(map)}, whose entries cannot be listed)"]
    filled = [(key, value) for key, value in entries if _is_something(map, value)]
    left_out = f", {len(entries) - len(filled)} of zeros" if len(entries) > len(filled) else ""
    number = f"{len(filled)} entr{'y' if len(filled) == 1 else 'ies'}{left_out}"
    lines = [f"map {name} ({_type(map)}, {number})"]
    return lines + [f"  {key}: {' '.join(value) if isinstance(value, list) else value}" for key, value in filled]


def _entries(map: Any) -> list[tuple[str, Any]] | None:
    """What is in a map, keys and values in hexadecimal, in the order of the keys; of a ring buffer its records.

    None of a queue or a stack, and of a ring buffer in the kernel.
    """
    if hasattr(map, "records"):
        return [(str(number), record.hex()) for number, record in enumerate(map.records())]
    if not map.key_size:
        return None
    pairs = sorted(map.items())
    return [(key.hex(), _words(value)) for key, value in pairs]


def _words(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    return [_words(each) for each in value] if isinstance(value, list) else value


def _is_something(map: Any, value: Any) -> bool:
    """Whether an entry is worth a line: an array has all its entries from the beginning."""
    if map.type not in (MapType.ARRAY, MapType.PERCPU_ARRAY):
        return True
    return any(set(each) != {"0"} for each in (value if isinstance(value, list) else [value]))


def _type(map: Any) -> str:
    return MapType(map.type).name.lower()


def _fields(options: Namespace, ctx: bytes) -> dict[str, int]:
    """The context by its fields; nothing where none was given."""
    if not ctx:
        return {}
    if options.type == "xdp":
        names = ("data", "data_end", "data_meta", "ingress_ifindex", "rx_queue_index", "egress_ifindex")
        numbers = (int.from_bytes(ctx[at : at + 4], sys.byteorder) for at in range(0, len(ctx), 4))
        return dict(zip(names, numbers, strict=False))
    from ebpfasm.vm.sk_buff import SkBuff

    return SkBuff.read(ctx)
