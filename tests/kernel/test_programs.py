from __future__ import annotations

import errno
import os
import resource
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from ebpfasm.errors import KernelError, OperandError, PermissionDenied, VerifierError
from ebpfasm.kernel import maps, programs
from ebpfasm.kernel._ffi import ffi
from ebpfasm.kernel.programs import prog_load, prog_load_log, prog_test_run
from tests.kernel.code import EXIT, SCHED_CLS, insn, returns
from tests.kernel.fake import FakeKernel

SYSCALL, XDP, SOCKET_FILTER = 31, 6, 1
NOBODY = 65534


@pytest.fixture
def program() -> Iterator[int]:
    fd = prog_load(SCHED_CLS, returns(7), name="seven")
    yield fd
    os.close(fd)


def log_of(text: bytes, refusal: int, true_size: int | None = None) -> Any:
    """An answer of the fake kernel: write ``text`` into the log as far as it fits, and refuse."""

    def answer(attr: Any) -> int:
        if not attr.log_level:
            return -refusal
        fits = text[: attr.log_size - 1] + b"\0"
        ffi.memmove(ffi.cast("char *", attr.log_buf), fits, len(fits))
        if true_size is not None:
            attr.log_true_size = true_size
        return -errno.ENOSPC if len(text) >= attr.log_size else -refusal

    return answer


def sizes_asked(monkeypatch: pytest.MonkeyPatch, answer: Any) -> list[int]:
    sizes: list[int] = []

    def note(attr: Any) -> int:
        sizes.append(attr.log_size)
        return answer(attr)

    FakeKernel(monkeypatch, note)
    return sizes


LONG = b"line\n" * 40_000 + b"0: (95) exit\nR0 !read_ok\n"


def test_a_log_grows_by_what_the_kernel_says(monkeypatch: pytest.MonkeyPatch):
    sizes = sizes_asked(monkeypatch, log_of(LONG, errno.EACCES, len(LONG) + 1))
    with pytest.raises(VerifierError) as caught:
        prog_load(SCHED_CLS, EXIT, name="entry")
    assert sizes == [0, 1 << 16, len(LONG) + 1]
    assert caught.value.log == LONG.decode()
    assert caught.value.errno == errno.EACCES
    assert caught.value.summary == "0: (95) exit\nR0 !read_ok"
    assert str(caught.value) == ("BPF_PROG_LOAD 'entry': the verifier refused the program: 0: (95) exit: R0 !read_ok")


def test_a_log_grows_by_doubling_where_the_kernel_does_not_say(monkeypatch: pytest.MonkeyPatch):
    sizes = sizes_asked(monkeypatch, log_of(LONG, errno.EINVAL))
    with pytest.raises(VerifierError) as caught:
        prog_load(SCHED_CLS, EXIT)
    assert sizes == [0, 1 << 16, 1 << 17, 1 << 18]
    assert caught.value.log == LONG.decode()


def test_a_log_stops_growing_at_the_kernels_most(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(programs, "_LOG_MOST", 1 << 17)
    sizes = sizes_asked(monkeypatch, log_of(LONG, errno.EINVAL))
    with pytest.raises(VerifierError) as caught:
        prog_load(SCHED_CLS, EXIT)
    assert sizes == [0, 1 << 16, 1 << 17]
    assert caught.value.errno == errno.ENOSPC


def test_no_space_for_something_else_is_no_reason_to_grow(monkeypatch: pytest.MonkeyPatch):
    sizes = sizes_asked(monkeypatch, log_of(b"too many of them\n", errno.ENOSPC, 18))
    with pytest.raises(VerifierError, match="too many of them"):
        prog_load(SCHED_CLS, EXIT)
    assert sizes == [0, 1 << 16]


@pytest.mark.parametrize("number", [errno.EPERM, errno.EINVAL, errno.EBADF])
def test_without_a_log_it_was_not_the_verifier(monkeypatch: pytest.MonkeyPatch, number: int):
    FakeKernel(monkeypatch, -number)
    with pytest.raises(KernelError) as caught:
        prog_load(SCHED_CLS, EXIT)
    assert not isinstance(caught.value, VerifierError)
    assert caught.value.errno == number


@pytest.mark.parametrize("number", [errno.EPERM, errno.EACCES, errno.EINVAL, errno.E2BIG, errno.EBADF])
def test_with_a_log_it_was_the_verifier_whatever_the_errno(monkeypatch: pytest.MonkeyPatch, number: int):
    FakeKernel(monkeypatch, log_of(b"no\n", number))
    with pytest.raises(VerifierError, match="refused the program: no"):
        prog_load(SCHED_CLS, EXIT)


def test_a_second_attempt_that_succeeds_is_a_success(monkeypatch: pytest.MonkeyPatch):
    FakeKernel(monkeypatch, -errno.ENOMEM, 9)
    assert prog_load(SCHED_CLS, EXIT) == 9


def test_a_good_program_is_loaded_in_one_call(monkeypatch: pytest.MonkeyPatch):
    kernel = FakeKernel(monkeypatch, 9)
    assert prog_load(SCHED_CLS, EXIT) == 9
    assert len(kernel.calls) == 1


def test_half_an_instruction():
    with pytest.raises(OperandError, match="insns must be a multiple of 8 bytes, not 7"):
        prog_load(SCHED_CLS, EXIT[:7])


@pytest.mark.needs_kernel
def test_the_verifier_says_why():
    with pytest.raises(VerifierError) as caught:
        prog_load(SCHED_CLS, EXIT, name="entry")
    assert "0: (95) exit" in caught.value.log
    assert "R0 !read_ok" in caught.value.summary
    assert str(caught.value).startswith("BPF_PROG_LOAD 'entry': the verifier refused the program: ")


@pytest.mark.needs_kernel
def test_a_long_log_comes_whole():
    # Each step is a line or two of the log: more than the 64 KiB of the first buffer.
    steps = b"".join(insn(0x07, dst=1 + number % 5, imm=0) for number in range(10))
    clear = b"".join(insn(0xB7, dst=register) for register in range(1, 6))
    with pytest.raises(VerifierError) as caught:
        prog_load(SCHED_CLS, clear + steps * 400 + EXIT)
    assert len(caught.value.log) > 1 << 16
    assert caught.value.errno == errno.EACCES
    assert "0: (b7) r1 = 0" in caught.value.log, "the log's start"
    assert "R0 !read_ok" in caught.value.summary, "the log's end"


@pytest.mark.needs_kernel
def test_a_log_is_to_be_had_of_a_good_program():
    fd, log = prog_load_log(SCHED_CLS, returns(0), log_level=2)
    os.close(fd)
    assert "0: (b7) r0 = 0" in log
    with pytest.raises(VerifierError):
        prog_load_log(SCHED_CLS, EXIT)


@pytest.mark.needs_kernel
def test_an_attach_type_that_is_not():
    with pytest.raises(KernelError, match="BPF_PROG_LOAD: EINVAL: the program type does not go with this attach type"):
        prog_load(9999, returns(0))
    with pytest.raises(OperandError, match="expected_attach_type does not take -1"):
        prog_load(SCHED_CLS, returns(0), expected_attach_type=-1)
    with pytest.raises(KernelError, match="E2BIG: the program has no or too many instructions"):
        prog_load(SCHED_CLS, b"")


@pytest.mark.needs_kernel
def test_a_run_returns_what_the_program_did(program: int):
    packet = bytes(range(64))
    result = prog_test_run(program, packet)
    assert (result.retval, result.data, result.ctx) == (7, packet, b"")
    assert prog_test_run(program, packet, repeat=1000).retval == 7


@pytest.mark.needs_kernel
def test_a_run_gives_the_context_back():
    # r1 + 8 is __sk_buff.mark: return it, and leave 9 there
    fd = prog_load(SCHED_CLS, insn(0x61, 0, 1, 8) + insn(0xB7, 2, imm=9) + insn(0x63, 1, 2, 8) + EXIT)
    context = bytearray(192)
    context[8:12] = (5).to_bytes(4, sys.byteorder)
    try:
        result = prog_test_run(fd, bytes(64), bytes(context))
    finally:
        os.close(fd)
    assert result.retval == 5
    assert int.from_bytes(result.ctx[8:12], sys.byteorder) == 9


@pytest.mark.needs_kernel
def test_a_run_without_a_packet_and_one_too_short(program: int):
    for data in (b"", bytes(13)):
        with pytest.raises(KernelError, match="EINVAL: the data is too short"):
            prog_test_run(program, data)


def test_an_answer_longer_than_the_room_is_asked_for_again(monkeypatch: pytest.MonkeyPatch):
    rooms: list[int] = []

    def answer(attr: Any) -> int:
        rooms.append(attr.data_size_out)
        short = attr.data_size_out < 100_000
        attr.data_size_out = 100_000
        return -errno.ENOSPC if short else 0

    FakeKernel(monkeypatch, answer)
    assert len(prog_test_run(5, bytes(64)).data) == 100_000
    assert rooms[1:] == [100_000]


def test_an_answer_that_never_fits_ends(monkeypatch: pytest.MonkeyPatch):
    kernel = FakeKernel(monkeypatch, -errno.ENOSPC)
    with pytest.raises(KernelError, match="ENOSPC"):
        prog_test_run(5, bytes(64))
    assert len(kernel.calls) == programs._RUN_ATTEMPTS


@pytest.mark.needs_kernel
def test_nobody_is_told_which_capability_is_missing():
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.setgroups([])
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)
            for ask in (lambda: maps.map_create(3, 4, 4, 1), lambda: prog_load(SCHED_CLS, returns(0))):
                try:
                    ask()
                except PermissionDenied as error:
                    os.write(writer, f"{error}\n".encode())
            status = 0
        finally:
            os._exit(status)
    os.close(writer)
    with os.fdopen(reader) as file:
        told = file.read().splitlines()
    assert os.waitpid(child, 0)[1] == 0
    load = told[-1]
    assert load.startswith("BPF_PROG_LOAD: EPERM: needs CAP_BPF and CAP_NET_ADMIN; this process lacks CAP_BPF and")
    assert "kernel.unprivileged_bpf_disabled is " in load
    sysctl = "/proc/sys/kernel/unprivileged_bpf_disabled"
    with open(sysctl) as file:
        if file.read().strip() != "0":
            assert told[0].startswith("BPF_MAP_CREATE: EPERM: needs CAP_BPF; this process lacks CAP_BPF") or (
                "BPF_MAP_CREATE" in told[0] and "CAP_BPF" in told[0]
            )


@pytest.mark.needs_kernel
def test_a_small_memory_limit_is_no_obstacle():
    before = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    resource.setrlimit(resource.RLIMIT_MEMLOCK, (0, before[1]))
    try:
        os.close(maps.map_create(2, 4, 4, 1024))
    finally:
        resource.setrlimit(resource.RLIMIT_MEMLOCK, before)


def test_a_license_that_is_no_text() -> None:
    with pytest.raises(OperandError, match="license must be a str such as 'GPL', not None"):
        prog_load(SCHED_CLS, returns(0), license=None)  # type: ignore[arg-type]


def test_a_name_that_is_no_text() -> None:
    with pytest.raises(OperandError, match="name: must be a str, not None"):
        prog_load(SCHED_CLS, returns(0), name=None)  # type: ignore[arg-type]
