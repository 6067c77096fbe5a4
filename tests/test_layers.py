"""Imports point down only: the layers of docs/architecture.md, read out of the source with ``ast``."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import ebpfasm

PACKAGE = Path(ebpfasm.__file__).parent

BELOW_THE_DATAPATH = (
    *("clsact", "conversation", "devices", "interfaces", "link_info", "namespaces", "netlink", "netns", "sysctl"),
    "threads",
)

LAYERS: dict[str, frozenset[str]] = {
    "__version__": frozenset(),  # a constant of the package itself
    "errors": frozenset(),
    "lazy": frozenset(),
    "uapi": frozenset(),
    "asm": frozenset({"lazy", "errors", "uapi"}),
    "values": frozenset({"errors", "uapi"}),
    "formats": frozenset({"lazy", "errors", "uapi", "asm", "values"}),
    "vm": frozenset({"lazy", "errors", "uapi", "asm", "values"}),
    "kernel": frozenset({"errors", "uapi", "values"}),
    "objects": frozenset({"errors", "uapi", "asm", "values", "kernel"}),
    # Of the kernel layer the datapath sees namespaces, interfaces and rtnetlink, never bpf(2) itself.
    "datapath": frozenset({"lazy", "errors", "uapi", "asm", "objects"})
    | {f"kernel.{module}" for module in BELOW_THE_DATAPATH},
    # Beside the others: its modules import what they are asked for, and nothing imports them.
    "testing": frozenset({"lazy", "errors", "uapi", "asm", "values", "vm", "kernel", "objects"}),
    "cli": frozenset({"__version__", "errors", "uapi", "asm", "vm", "kernel", "objects", "datapath"}),
    "__main__": frozenset({"cli"}),
}
"""For each layer, what it may import besides itself: a layer, or one module of a layer."""

THIRD_PARTY = {
    "pyroute2": {"kernel.conversation", "kernel.messages"},
    "_cffi_backend": {"kernel._ffi"},
    "cffi": {"kernel._ffi_build"},
    "elftools": {"formats.elf"},
    "pytest": {"testing.plugin", "testing.snapshots"},
    "hypothesis": {"testing.programs.drawn", "testing.strategies"},
}
"""Every distribution the package may use, and the only modules that may import it."""


def layer_of(module: str) -> str:
    """Return the layer of a module given relative to the package, such as ``asm`` for ``asm.table``."""
    return module.partition(".")[0]


def imports_of(source: str, module: str, *, is_package: bool = False) -> list[tuple[int, str]]:
    """Return line and absolute name of every import in the source, wherever it stands, also under TYPE_CHECKING.

    ``from ebpfasm import x`` counts as ``ebpfasm.x``: the names of the package are modules and lazy names of layers.
    """
    found = []
    here = ["ebpfasm", *module.split(".")]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            origin = node.module or ""
            if node.level:
                above = here[: len(here) - node.level + is_package]
                origin = ".".join([*above, origin] if origin else above)
            # "from ebpfasm.kernel import netlink" imports a module: name it whole.
            found += [(node.lineno, f"{origin}.{alias.name}") for alias in node.names]
    return found


def violations(source: str, module: str, *, is_package: bool = False) -> list[str]:
    """Return what in the source of a module breaks the rule, as text with the line."""
    layer = layer_of(module)
    problems = []
    for line, name in imports_of(source, module, is_package=is_package):
        top, _, rest = name.partition(".")
        if top == "ebpfasm":
            allowed = LAYERS[layer]
            if layer_of(rest) == layer or any(f"{rest}.".startswith(f"{target}.") for target in allowed):
                continue
            problems.append(f"ebpfasm/{module.replace('.', '/')}:{line}: {layer} must not import {name}")
        elif top not in sys.stdlib_module_names and module not in THIRD_PARTY.get(top, ()):
            problems.append(f"ebpfasm/{module.replace('.', '/')}:{line}: {module} must not import {top}")
    return problems


def modules() -> list[tuple[str, Path]]:
    """Return every module of the package by its name relative to it; the lazy ``__init__`` has no code to check."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = list(path.relative_to(PACKAGE).with_suffix("").parts)
        if parts[-1] == "__init__":
            parts.pop()
        if parts:
            found.append((".".join(parts), path))
    return found


@pytest.mark.parametrize(("module", "path"), modules(), ids=[module for module, _ in modules()])
def test_imports_point_down(module: str, path: Path) -> None:
    assert violations(path.read_text(), module, is_package=path.name == "__init__.py") == []


def test_every_module_belongs_to_a_layer() -> None:
    assert {layer_of(module) for module, _ in modules()} <= set(LAYERS)


def test_the_layers_have_no_cycle() -> None:
    below: set[str] = set()
    for layer, allowed in LAYERS.items():
        assert {layer_of(target) for target in allowed} <= below, f"{layer} imports a layer that stands above it"
        below.add(layer)


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("asm.table", "from ebpfasm.kernel import syscall"),
        ("asm.table", "def f():\n    from ebpfasm.objects.maps import Map"),
        ("asm.table", "TYPE_CHECKING = False\nif TYPE_CHECKING:\n    from ebpfasm import Map"),
        ("asm.table", "import _cffi_backend"),
        ("asm.table", "from ..kernel import fd"),
        ("kernel.bpf", "import ebpfasm.asm"),
        ("kernel.bpf", "from .. import asm"),
        ("kernel.bpf", "from pyroute2 import IPRoute"),
        ("kernel.syscall", "import cffi"),
        ("objects.maps", "from ebpfasm.datapath import entry"),
        ("datapath.tc", "from ebpfasm.kernel.bpf import link_create"),
        ("datapath.tc", "from ebpfasm.kernel import bpf"),
        ("errors", "from ebpfasm import uapi"),
        ("uapi.map_type", "from ebpfasm.errors import EbpfError"),
        ("cli", "import elftools"),
        ("cli", "import numpy"),
    ],
)
def test_a_wrong_import_is_caught(module: str, source: str) -> None:
    assert len(violations(source, module)) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("asm.table", "import struct\nfrom ebpfasm.errors import EncodeError\nfrom .form import Form"),
        ("kernel.messages", "def f():\n    import pyroute2.netlink"),
        ("kernel._ffi", "import _cffi_backend"),
        ("datapath.tc", "from ebpfasm.kernel import netlink\nfrom ebpfasm.kernel.netns import entered"),
        ("cli", "from ebpfasm.datapath import entry_stub"),
    ],
)
def test_a_right_import_passes(module: str, source: str) -> None:
    assert violations(source, module) == []


# fmt: off
HEAVY = frozenset({
    "_cffi_backend", "asyncio", "cffi", "contextlib", "ctypes", "dataclasses", "elftools", "enum", "functools",
    "hypothesis", "inspect", "json", "pathlib", "pycparser", "pyroute2", "re", "subprocess", "threading", "typing",
})
# fmt: on


def modules_after(statements: str, *directories: str) -> set[str]:
    """Return what a fresh interpreter has loaded after the statements, beyond what it loads for itself.

    The statements find the directories in ``sys.argv[2:]``.
    """
    script = (
        "import sys; before = set(sys.modules); sys.path.insert(0, sys.argv[1])\n"
        f"{statements}\n"
        "print(*sorted(set(sys.modules) - before))"
    )
    # -I and -S: neither site nor the .pth files of an editable install count.
    command = [sys.executable, "-I", "-S", "-c", script, str(PACKAGE.parent), *directories]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert result.returncode == 0, result.stderr
    return set(result.stdout.split())


def test_importing_the_assembler_is_light() -> None:
    loaded = modules_after("import ebpfasm.asm")
    assert "ebpfasm.asm" in loaded
    assert loaded & HEAVY == set()
    third_party = {name for name in loaded if name.split(".")[0] not in {*sys.stdlib_module_names, "ebpfasm"}}
    assert third_party == set()


def test_importing_the_package_loads_no_layer() -> None:
    loaded = modules_after("import ebpfasm")
    assert {name for name in loaded if name.startswith("ebpfasm.")} == set()
    assert loaded & HEAVY == set()


LOAD_THE_STUB = """
sys.path += sys.argv[2:]
from ebpfasm import Map, MapType, Program, ProgramType
from ebpfasm.datapath import entry_stub
with Map.create(MapType.PROG_ARRAY, key_size=4, value_size=4, max_entries=1) as slots:
    Program.load(ProgramType.SCHED_CLS, entry_stub(slots)).close()
"""


@pytest.mark.needs_kernel
def test_the_way_to_a_loaded_stub_is_light() -> None:
    import _cffi_backend

    loaded = modules_after(LOAD_THE_STUB, str(Path(_cffi_backend.__file__).parent))
    assert "ebpfasm.objects" in loaded
    # The two enumerations it names are IntEnums, and enum itself imports functools.
    assert loaded & HEAVY <= {"_cffi_backend", "enum", "functools"}
    assert {name for name in loaded if name.startswith("ebpfasm.uapi.")} == {
        "ebpfasm.uapi.map_type",
        "ebpfasm.uapi.program_type",
    }


def test_a_heavy_import_would_be_seen() -> None:
    assert modules_after("import dataclasses, enum") >= {"dataclasses", "enum", "re"}
