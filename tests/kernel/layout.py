"""Where the members of structs lie: to cffi, in the running kernel's BTF, and to a C compiler."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tests.generate import btf

HOLE = "_hole"  # our name for what is nobody's


class Layout(NamedTuple):
    """Size in bytes, and (offset, size) in bits of every member by dotted name; members of nameless ones as its own."""

    size: int
    members: dict[str, tuple[int, int]]


# How to find, in union bpf_attr, what each of our structs declares: the member's name, or one of its members.
ATTR = {
    "map_create": "map_type",
    "elem": "next_key",
    "batch": "batch",
    "prog_load": "prog_type",
    "obj": "pathname",
    "test": "test",
    "id": "start_id",
    "info": "info",
    "query": "query",
    "link_create": "link_create",
    "link_update": "link_update",
    "link_detach": "link_detach",
}


def from_cffi(ffi: Any, struct: str) -> Layout:
    """Return the layout of ``struct`` of ``ffi``."""
    kind = ffi.typeof(f"struct {struct}")
    return Layout(ffi.sizeof(kind), dict(_cffi_members(ffi, kind, "", 0)))


def _cffi_members(ffi: Any, kind: Any, prefix: str, start: int) -> Any:
    for name, field in kind.fields:
        at = start + field.offset * 8
        if not name:
            yield from _cffi_members(ffi, field.type, prefix, at)
        elif not name.startswith(HOLE):
            width = field.bitsize if field.bitsize >= 0 else ffi.sizeof(field.type) * 8
            yield prefix + name, (at + max(field.bitshift, 0), width)
            if field.type.kind in {"struct", "union"}:
                yield from _cffi_members(ffi, field.type, f"{prefix}{name}.", at)


def from_btf(struct: str) -> Layout:
    """Return the layout of the kernel's struct of that name, or of that part of ``union bpf_attr``."""
    kinds = {each["id"]: each for each in btf.types()}
    if struct.startswith("bpf_attr_"):
        found = _attr_member(kinds, ATTR[struct.removeprefix("bpf_attr_")])
    else:
        found = next(each for each in kinds.values() if each["kind"] == "STRUCT" and each["name"] == struct)
    return Layout(found["size"], dict(_btf_members(kinds, found, "", 0)))


def _attr_member(kinds: Mapping[int, Any], wanted: str) -> Any:
    attr = next(each for each in kinds.values() if each["kind"] == "UNION" and each["name"] == "bpf_attr")
    for member in attr["members"]:
        kind = _resolved(kinds, member["type_id"])
        if member["name"] == wanted or (
            member["name"] == "(anon)" and wanted in dict(_btf_members(kinds, kind, "", 0))
        ):
            return kind
    raise LookupError(f"union bpf_attr of this kernel has no {wanted}")


def _resolved(kinds: Mapping[int, Any], number: int) -> Any:
    while kinds[number]["kind"] in {"TYPEDEF", "CONST", "VOLATILE", "TYPE_TAG"}:
        number = kinds[number]["type_id"]
    return kinds[number]


def _bits(kinds: Mapping[int, Any], kind: Any) -> int:
    if kind["kind"] == "ARRAY":
        return int(kind["nr_elems"]) * _bits(kinds, _resolved(kinds, kind["type_id"]))
    return int(kind["size"]) * 8


def _btf_members(kinds: Mapping[int, Any], struct: Any, prefix: str, start: int) -> Any:
    for member in struct["members"]:
        kind, at = _resolved(kinds, member["type_id"]), start + member["bits_offset"]
        if member["name"] == "(anon)":
            if kind["kind"] in {"STRUCT", "UNION"}:
                yield from _btf_members(kinds, kind, prefix, at)
            continue
        yield prefix + member["name"], (at, member.get("bitfield_size") or _bits(kinds, kind))
        if kind["kind"] in {"STRUCT", "UNION"}:
            yield from _btf_members(kinds, kind, f"{prefix}{member['name']}.", at)


def differences(ours: Layout, kernel: Layout) -> list[str]:
    """Return what contradicts the kernel, in words.

    Members this kernel lacks are no contradiction where they lie behind all it has: an older one.
    """
    found = []
    for name, where in ours.members.items():
        if name not in kernel.members:
            if where[0] < kernel.size * 8 and not _in_padding(where, kernel):
                found.append(f"{name}: the kernel has no such member, and something else at bit {where[0]}")
        elif kernel.members[name] != where and not _holds_members(name, kernel):
            found.append(f"{name}: (offset, size) in bits is {where}, the kernel's {kernel.members[name]}")
    if ours.size > kernel.size and set(ours.members) <= set(kernel.members):
        found.append(f"size is {ours.size}, the kernel's {kernel.size}")
    return found


def _in_padding(where: tuple[int, int], kernel: Layout) -> bool:
    return all(at + size <= where[0] for at, size in kernel.members.values())


def _holds_members(name: str, kernel: Layout) -> bool:
    """Whether the member is a struct itself, which may have grown; its members are compared one by one."""
    return any(other.startswith(f"{name}.") for other in kernel.members)


def from_compiler(layouts: Mapping[str, Layout], compiler: str, directory: Path) -> dict[str, Layout]:
    """Return the layouts of ``layouts``' structs and members in ``<linux/bpf.h>``, without bit fields.

    A member that this header does not know is left out, and so is a struct with none it knows.
    """
    wanted = [(struct, name) for struct, layout in layouts.items() for name in layout.members]
    known = _known(wanted, compiler, directory)
    if not known:
        return {}
    lines = [f'printf("%s %s %zu %zu\\n", "{s}", "{n}", {_offset(s, n)}, {_size(s, n)});' for s, n in known]
    assert _compiles(lines, compiler, directory)
    output = subprocess.run([directory / "layout"], check=True, capture_output=True, text=True).stdout
    found: dict[str, Layout] = {}
    for line in output.splitlines():
        struct, name, offset, size = line.split()
        found.setdefault(struct, Layout(0, {})).members[name] = (int(offset) * 8, int(size) * 8)
    return found


def _known(wanted: list[tuple[str, str]], compiler: str, directory: Path) -> list[tuple[str, str]]:
    """Return those the header knows, by halves: nearly all are."""
    if _compiles([_line(*each) for each in wanted], compiler, directory):
        return wanted
    if len(wanted) == 1:
        return []
    half = len(wanted) // 2
    return _known(wanted[:half], compiler, directory) + _known(wanted[half:], compiler, directory)


def _path(struct: str, name: str) -> tuple[str, str]:
    if not struct.startswith("bpf_attr_"):
        return f"struct {struct}", name
    part = ATTR[struct.removeprefix("bpf_attr_")]
    nameless = part in {"map_type", "next_key", "prog_type", "pathname", "start_id"}
    return "union bpf_attr", name if nameless else f"{part}.{name}"


def _offset(struct: str, name: str) -> str:
    whole, path = _path(struct, name)
    return f"offsetof({whole}, {path})"


def _size(struct: str, name: str) -> str:
    whole, path = _path(struct, name)
    return f"sizeof((({whole} *)0)->{path})"


def _line(struct: str, name: str) -> str:
    return f"(void){_offset(struct, name)}; (void){_size(struct, name)};"


def _compiles(lines: list[str], compiler: str, directory: Path) -> bool:
    program = "#include <linux/bpf.h>\n#include <stddef.h>\n#include <stdio.h>\nint main(void) {\n%s\nreturn 0; }\n"
    (directory / "layout.c").write_text(program % "\n".join(lines))
    command = [compiler, "-w", "-o", str(directory / "layout"), str(directory / "layout.c")]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
