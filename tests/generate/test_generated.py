from __future__ import annotations

import enum
import importlib
import subprocess
import sys

import pytest

import ebpfasm.uapi
from ebpfasm.asm import helpers as committed_helpers
from ebpfasm.kernel.machine import release
from tests.generate import btf, helpers, uapi

pytestmark = pytest.mark.skipif(bool(btf.unavailable()), reason=btf.unavailable() or "-")

GENERATED_FROM = (6, 18)
EXACTLY = release() == GENERATED_FROM


def compare(committed: dict[str, int], kernel: dict[str, int], command: str) -> None:
    """Fail where the kernel contradicts what is committed; tell what a newer kernel has besides."""
    changed = {name: (number, kernel[name]) for name, number in committed.items() if kernel.get(name, number) != number}
    assert changed == {}, f"(committed, the kernel's); run: {command}"
    missing = sorted(set(committed) - set(kernel))
    assert release() < GENERATED_FROM or missing == [], f"not in this newer kernel; run: {command}"
    if new := sorted(set(kernel) - set(committed)):
        print(f"new in this kernel: {', '.join(new)}; to have them, run: {command}")


@pytest.mark.parametrize("source", uapi.SOURCES, ids=lambda source: source.name)
def test_enums_are_the_kernels(source: uapi.Source) -> None:
    command = "python -m tests.generate.uapi"
    if EXACTLY:
        path = uapi.DIRECTORY / f"{source.module}.py"
        assert path.read_text() == uapi.text(source), f"run: {command}"
    try:
        kernel = uapi.members(source)
    except LookupError:
        assert release() < GENERATED_FROM
        return
    found = getattr(importlib.import_module(f"ebpfasm.uapi.{source.module}"), source.name)
    compare({name: int(member) for name, member in found.__members__.items()}, kernel, command)


def test_helpers_are_the_kernels() -> None:
    command = "python -m tests.generate.helpers"
    if EXACTLY:
        assert helpers.PATH.read_text() == helpers.text(), f"run: {command}"
    committed = {helper.kernel_name.removeprefix("bpf_"): helper.number for helper in committed_helpers.HELPERS}
    compare(committed, helpers.members(), command)


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("map_lookup_elem", "FnMapLookupElem"),
        ("l3_csum_replace", "FnL3CsumReplace"),
        ("ktime_get_ns", "FnKtimeGetNs"),
        ("tcp_raw_gen_syncookie_ipv4", "FnTcpRawGenSyncookieIpv4"),
        ("d_path", "FnDPath"),
    ],
)
def test_words_are_cilium_ebpfs(name: str, word: str) -> None:
    assert helpers.word(name) == word
    assert getattr(committed_helpers, word).kernel_name == f"bpf_{name}"


def test_helpers_stand_at_their_number() -> None:
    assert [helper.number for helper in committed_helpers.HELPERS] == list(range(len(committed_helpers.HELPERS)))


def test_a_contradiction_is_found_out() -> None:
    with pytest.raises(AssertionError, match=r"run: make it"):
        compare({"HASH": 1}, {"HASH": 2}, "make it")
    compare({"HASH": 1}, {"HASH": 1, "NEWER": 2}, "make it")


def test_deprecated_names_are_aliases() -> None:
    assert ebpfasm.uapi.MapType["CGROUP_STORAGE_DEPRECATED"] is ebpfasm.uapi.MapType(19)
    assert ebpfasm.uapi.MapType(19).name == "CGROUP_STORAGE"


def test_every_enum_is_found_and_says_where_it_comes_from() -> None:
    for name in ebpfasm.uapi.__all__:
        found = getattr(ebpfasm.uapi, name)
        assert issubclass(found, enum.IntEnum | enum.IntFlag)
        assert "<linux/bpf.h>" in (found.__doc__ or "")
        assert name in dir(ebpfasm.uapi)
    assert sorted(ebpfasm.uapi.__all__) == sorted(ebpfasm.uapi._MODULES)
    with pytest.raises(AttributeError, match="has no attribute 'MapKind'"):
        ebpfasm.uapi.MapKind  # noqa: B018


def test_the_load_path_imports_no_enum() -> None:
    code = (
        "import sys, ebpfasm.uapi, ebpfasm.kernel.maps, ebpfasm.kernel.programs;"
        "print(*{'enum', 're', 'typing', 'cffi', 'dataclasses', 'ebpfasm.kernel.refusal'} & set(sys.modules))"
    )
    ended = subprocess.run([sys.executable, "-S", "-c", path_code() + code], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == ""


def path_code() -> str:
    """Give a Python without site packages (which import what they like) the same path."""
    return f"import sys; sys.path[:] = {sys.path!r};"
