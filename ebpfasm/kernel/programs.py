"""Commands on programs: load, with the verifier's log when it refuses, and run by hand."""

from __future__ import annotations

from errno import ENOSPC

from ebpfasm.errors import KernelError, OperandError, VerifierError
from ebpfasm.kernel import commands as c
from ebpfasm.kernel._ffi import ffi
from ebpfasm.kernel.attr import address, fill, object_name
from ebpfasm.kernel.syscall import bpf

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_LOAD = ffi.sizeof("struct bpf_attr_prog_load")
_TEST = ffi.sizeof("struct bpf_attr_test")
_UNIT = 8  # bytes of a struct bpf_insn

_LOG_FIRST = 1 << 16
_LOG_MOST = 0xFFFFFFFF >> 2  # bpf_verifier_log_attr_valid(), kernel/bpf/log.c
_LOG_ATTEMPTS = 16  # doubling from the first size to the most takes 15

# is_net_admin_prog_type() and is_perfmon_prog_type(), kernel/bpf/syscall.c; the numbers are enum bpf_prog_type's.
_NET_ADMIN = frozenset({3, 4, 6, 9, 10, 11, 12, 13, 14, 15, 16, 18, 19, 22, 23, 25, 28, 32})
_PERFMON = frozenset({2, 5, 7, 17, 24, 26, 27, 28, 29})

_DATA_ROOM = 1 << 14  # a program can make a packet longer; an skb made for a test run never exceeds 4 pages more
_CONTEXT_ROOM = 1 << 9  # more than any program type's context
_RUN_ATTEMPTS = 4


def prog_load(
    prog_type: int,
    insns: bytes,
    license: str = "GPL",
    name: str = "",
    *,
    expected_attach_type: int = 0,
    prog_flags: int = 0,
    prog_ifindex: int = 0,
    attach_btf_id: int = 0,
    attach_prog_fd: int = 0,
) -> int:
    """BPF_PROG_LOAD: have ``insns``, in the machine's byte order, verified and loaded; returns its fd.

    The first attempt asks for no log, which costs the verifier as much again. When it fails, a second one asks
    for it. Raises ``VerifierError`` with the whole log when the verifier refused; ``PermissionDenied``,
    naming the capabilities, and ``KernelError`` when the kernel never came to verify; ``OperandError`` for
    a name or a number that no kernel takes.
    """
    members = _members(prog_type, expected_attach_type, prog_flags, prog_ifindex, attach_btf_id, attach_prog_fd)
    attr, memory = _load_attr(members, insns, license, name)
    about, needs = repr(name) if name else "", _needs(prog_type)
    try:
        return bpf(c.BPF_PROG_LOAD, attr, _LOAD, about, needs)
    except KernelError as error:
        refused = error
    fd, log, again = _load_with_log(attr, 1, about, needs)
    del memory
    if again is None:
        return fd  # what was in the way, such as a memory limit, is gone
    raise _verifier_error(again, log, about) if log else refused


def prog_load_log(
    prog_type: int,
    insns: bytes,
    license: str = "GPL",
    name: str = "",
    *,
    log_level: int = 1,
    expected_attach_type: int = 0,
    prog_flags: int = 0,
    prog_ifindex: int = 0,
    attach_btf_id: int = 0,
    attach_prog_fd: int = 0,
) -> tuple[int, str]:
    """BPF_PROG_LOAD as :func:`prog_load`, and return the verifier's log besides the fd.

    ``log_level`` is 1 for the path taken, 2 for every path, 4 (alone or added) for statistics.
    """
    members = _members(prog_type, expected_attach_type, prog_flags, prog_ifindex, attach_btf_id, attach_prog_fd)
    attr, memory = _load_attr(members, insns, license, name)
    about = repr(name) if name else ""
    fd, log, refused = _load_with_log(attr, log_level, about, _needs(prog_type))
    del memory
    if refused is not None:
        raise _verifier_error(refused, log, about) if log else refused
    return fd, log


def _needs(prog_type: int) -> tuple[str, ...]:
    """Return the capabilities it takes to load a program of this type."""
    needs: tuple[str, ...] = ("CAP_BPF",)
    if prog_type in _NET_ADMIN:
        needs += ("CAP_NET_ADMIN",)
    if prog_type in _PERFMON:
        needs += ("CAP_PERFMON",)
    return needs


def _members(*values: int) -> dict[str, int]:
    names = ("prog_type", "expected_attach_type", "prog_flags", "prog_ifindex", "attach_btf_id", "attach_prog_fd")
    return dict(zip(names, values, strict=True))


def _load_attr(members: dict[str, int], insns: bytes, license_name: str, name: str) -> tuple[Any, Any]:
    """Return the attr and what its pointers point to, to be kept as long as the attr is used."""
    if len(insns) % _UNIT:
        message = f"BPF_PROG_LOAD: insns must be a multiple of {_UNIT} bytes, not {len(insns)}"
        raise OperandError(message, field="insns", value=len(insns))
    if not isinstance(license_name, str):
        message = f"BPF_PROG_LOAD: license must be a str such as 'GPL', not {license_name!r}"
        raise OperandError(message, field="license", value=license_name)
    attr = ffi.new("struct bpf_attr_prog_load *")
    fill(attr, members, "BPF_PROG_LOAD")
    code, license_text = ffi.from_buffer(insns), ffi.new("char[]", license_name.encode())
    attr.prog_name = object_name(name)
    attr.insn_cnt = len(insns) // _UNIT
    attr.insns = address(code)
    attr.license = address(license_text)
    return attr, (code, license_text)


def _load_with_log(
    attr: Any, log_level: int, about: str, needs: tuple[str, ...]
) -> tuple[int, str, KernelError | None]:
    """Load with a log that is grown until all of it fits; returns fd, log, and the refusal if there was one."""
    size, fd, log = _LOG_FIRST, -1, ""
    refused: KernelError | None = None
    for _ in range(_LOG_ATTEMPTS):
        buffer = ffi.new("char[]", size)
        attr.log_level, attr.log_size, attr.log_buf, attr.log_true_size = log_level, size, address(buffer), 0
        refused = None
        try:
            fd = bpf(c.BPF_PROG_LOAD, attr, _LOAD, about, needs)
        except KernelError as error:
            refused = error
        log = ffi.string(buffer).decode(errors="replace")
        # A log that does not fit makes the command fail with ENOSPC, whatever the verifier thought. Since
        # Linux 6.4 the kernel tells the size it would have taken; before, a full buffer is the only sign.
        wanted = attr.log_true_size
        cut_off = wanted > size or len(log) >= size - 1
        if refused is None or refused.errno != ENOSPC or not cut_off or size == _LOG_MOST:
            break
        size = min(wanted if wanted > size else size * 2, _LOG_MOST)
    return fd, log, refused


def _verifier_error(refused: KernelError, log: str, about: str) -> VerifierError:
    from ebpfasm.kernel.verifier_log import summary  # nobody who loads good programs needs it

    why = summary(log)
    start = "BPF_PROG_LOAD" + (f" {about}" if about else "")
    message = f"{start}: the verifier refused the program: {': '.join(why.splitlines()) or refused}"
    return VerifierError(refused.errno or 0, message, command="BPF_PROG_LOAD", log=log, summary=why)


class RunResult:
    """What BPF_PROG_TEST_RUN answers.

    ``retval`` is the program's return value (32 bits, unsigned), ``data`` the packet and ``ctx`` the context as
    the program left them, ``duration_ns`` the mean time of one run.
    """

    __slots__ = ("ctx", "data", "duration_ns", "retval")

    def __init__(self, retval: int, data: bytes, ctx: bytes, duration_ns: int) -> None:
        """Hold what one command answered."""
        self.retval = retval
        self.data = data
        self.ctx = ctx
        self.duration_ns = duration_ns

    def __repr__(self) -> str:
        """Return the number, and the sizes of what came back."""
        sizes = f"{len(self.data)} bytes of data, {len(self.ctx)} of context"
        return f"<RunResult retval {self.retval}, {sizes}, {self.duration_ns} ns>"


def prog_test_run(prog_fd: int, data: bytes = b"", ctx: bytes | None = None, repeat: int = 1) -> RunResult:
    """BPF_PROG_TEST_RUN: run the program ``repeat`` times on ``data``, with ``ctx`` as its context if given.

    ``data`` is a packet from its Ethernet header on, empty for program types that have none. The context
    comes back only where one was given. Should the answer be longer than any known kernel makes it, the
    program is run once more with enough room. Raises ``NotSupported`` for program types that cannot be
    run by hand, ``KernelError`` for data the kernel refuses.
    """
    attr = ffi.new("struct bpf_attr_test *")
    data_in, ctx_in = ffi.from_buffer(data), ffi.from_buffer(ctx or b"")
    data_room = len(data) + _DATA_ROOM if data else 0
    ctx_room = len(ctx) + _CONTEXT_ROOM if ctx else 0
    for attempt in range(_RUN_ATTEMPTS):
        data_out, ctx_out = ffi.new("char[]", data_room or 1), ffi.new("char[]", ctx_room or 1)
        # Program types without data or context insist on zeros here; 0 runs once, too, and some accept only 0.
        members = {
            "prog_fd": prog_fd,
            "repeat": repeat if repeat != 1 else 0,
            "data_size_in": len(data),
            "data_in": address(data_in) if data else 0,
            "data_size_out": data_room,
            "data_out": address(data_out) if data else 0,
            "ctx_size_in": len(ctx) if ctx else 0,
            "ctx_in": address(ctx_in) if ctx else 0,
            "ctx_size_out": ctx_room,
            "ctx_out": address(ctx_out) if ctx else 0,
        }
        fill(attr, members, "BPF_PROG_TEST_RUN")
        try:
            bpf(c.BPF_PROG_TEST_RUN, attr, _TEST)
            break
        except KernelError as error:
            if error.errno != ENOSPC or attempt == _RUN_ATTEMPTS - 1:
                raise
        data_room, ctx_room = max(data_room, attr.data_size_out), max(ctx_room, attr.ctx_size_out)
    left_data = bytes(ffi.buffer(data_out, attr.data_size_out if data else 0))
    left_ctx = bytes(ffi.buffer(ctx_out, attr.ctx_size_out if ctx else 0))
    return RunResult(attr.retval, left_data, left_ctx, attr.duration)
