from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ebpfasm.kernel import _ffi_build, commands
from ebpfasm.kernel._ffi import ffi
from tests.generate import btf
from tests.kernel.layout import ATTR, Layout, differences, from_btf, from_cffi, from_compiler

STRUCTS = sorted(name for name in ffi.list_types()[1] if name.startswith("bpf_"))

needs_btf = pytest.mark.skipif(bool(btf.unavailable()), reason=btf.unavailable() or "-")


@needs_btf
@pytest.mark.parametrize("struct", STRUCTS)
def test_a_struct_is_laid_out_as_in_the_running_kernel(struct: str):
    ours = from_cffi(ffi, struct)
    assert ours.members
    assert differences(ours, from_btf(struct)) == []


@needs_btf
@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ("uint32_t link_fd; uint32_t extra; uint32_t new_prog_fd; uint32_t flags;", "extra: the kernel has no such"),
        ("uint32_t link_fd; uint64_t new_prog_fd; uint32_t flags;", "new_prog_fd: (offset, size) in bits is (64, 64)"),
        ("uint32_t link_fd; uint32_t flags;", "flags: (offset, size) in bits is (32, 32), the kernel's (64, 32)"),
    ],
)
def test_a_wrong_struct_is_found_out(wrong: str, complaint: str):
    import cffi

    builder = cffi.FFI()
    builder.cdef(f"struct bpf_attr_link_update {{ {wrong} }};")
    found = differences(from_cffi(builder, "bpf_attr_link_update"), from_btf("bpf_attr_link_update"))
    assert any(complaint in each for each in found), found


def test_an_older_kernel_may_lack_the_last_members():
    older = Layout(8, {"a": (0, 32), "b": (32, 32)})
    assert differences(Layout(12, {"a": (0, 32), "b": (32, 32), "c": (64, 32)}), older) == []
    assert differences(Layout(12, {"a": (0, 32), "c": (32, 32), "b": (64, 32)}), older) != []
    newer = Layout(12, {"a": (0, 32), "b": (32, 32), "c": (64, 32)})
    assert differences(older, newer) == []


def test_a_struct_that_is_too_long_is_found_out():
    assert differences(Layout(16, {"a": (0, 32)}), Layout(8, {"a": (0, 32)})) == ["size is 16, the kernel's 8"]


def test_every_part_of_bpf_attr_is_compared():
    assert {name.removeprefix("bpf_attr_") for name in STRUCTS if name.startswith("bpf_attr_")} == set(ATTR)


@pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler (cc)")
@pytest.mark.skipif(not Path("/usr/include/linux/bpf.h").exists(), reason="there is no <linux/bpf.h>")
def test_members_lie_where_the_header_has_them(tmp_path: Path):
    ours = {struct: from_cffi(ffi, struct) for struct in STRUCTS}
    header = from_compiler(ours, shutil.which("cc") or "cc", tmp_path)
    assert len(header) == len(STRUCTS), "a struct the header does not know at all"
    for struct, layout in header.items():
        for name, where in layout.members.items():
            if not any(other.startswith(f"{name}.") for other in ours[struct].members):
                assert (struct, name, ours[struct].members[name]) == (struct, name, where)


@needs_btf
def test_commands_have_the_kernels_numbers():
    kernel = btf.enum("bpf_cmd")
    # An older kernel may lack a command; none may have another number.
    assert {name: kernel.get(name, number) for number, name in commands.NAMES.items()} == {
        name: number for number, name in commands.NAMES.items()
    }
    assert set(commands.SINCE) <= set(commands.NAMES)


def test_the_committed_module_is_what_cffi_generates():
    committed = Path(_ffi_build.__file__).with_name("_ffi.py").read_text()
    assert committed == _ffi_build.generate(), "run: python -m ebpfasm.kernel._ffi_build"
