"""Queues and stacks: values without keys."""

from __future__ import annotations

from collections import deque
from errno import E2BIG, EINVAL

from ebpfasm.errors import KernelError
from ebpfasm.uapi import MapFlag
from ebpfasm.vm.maps.map import ANY, EXIST, Map
from ebpfasm.vm.maps.wanted import ACCESS, LARGEST_ALLOCATION, Wanted

__all__ = ["Queue", "Stack"]


class Queue(Map):
    """A queue (kernel/bpf/queue_stack_maps.c): in user space ``m[b""]`` peeks, `update` pushes, `pop` takes."""

    __slots__ = ("_waiting",)

    KIND = "a queue"

    def __init__(self, wanted: Wanted, key: object = None, value: object = None) -> None:
        super().__init__(wanted, key, value)
        self._waiting: deque[bytes] = deque()  # the oldest first

    @classmethod
    def check(cls, wanted: Wanted) -> None:
        """Refuse what queue_stack_map_alloc_check() does."""
        wanted.require(wanted.max_entries > 0, "a map must have room for an entry")
        wanted.require(wanted.key_size == 0, f"there are no keys, so their size is 0, not {wanted.key_size}")
        wanted.require(wanted.value_size > 0, "values must have a size")
        wanted.require_flags(MapFlag.NUMA_NODE | ACCESS)
        wanted.require(
            wanted.value_size <= LARGEST_ALLOCATION, f"a value has at most {LARGEST_ALLOCATION} bytes", E2BIG
        )

    def push(self, value: bytes, flags: int = 0) -> None:
        """Put a value in; where there is no room, ``EXIST`` makes some by dropping the oldest."""
        command = "BPF_MAP_UPDATE_ELEM"
        if flags not in {ANY, EXIST}:
            reason = f"flags must be UpdateFlag.ANY or EXIST, not {flags:#x}"
            raise self._refusal(KernelError, EINVAL, reason, command)
        if len(self._waiting) == self.max_entries:
            if flags != EXIST:
                raise self._refusal(KernelError, E2BIG, "it is full", command)
            self._waiting.popleft()
        self._waiting.append(value)

    def peek(self) -> bytes:
        """The value that comes next; raises `KeyNotFound` where there is none."""
        if not self._waiting:
            raise self._absent()
        return self._waiting[0]

    def take(self) -> bytes:
        """The value that comes next, and remove it; raises `KeyNotFound` where there is none."""
        self.peek()
        return self._waiting.popleft()

    def lookup(self, key: bytes, cpu: int = 0) -> None:
        """None: queue_stack_map_lookup_elem() finds nothing."""

    def update_bytes(self, key: bytes, value: bytes, flags: int = 0, cpu: int = 0) -> None:
        """Raises KernelError (EINVAL): programs push."""
        raise self._keyless("BPF_MAP_UPDATE_ELEM")

    def delete_bytes(self, key: bytes) -> None:
        """Raises KernelError (EINVAL): programs and user space pop."""
        raise self._keyless("BPF_MAP_DELETE_ELEM")

    def next_key_bytes(self, key: bytes | None) -> bytes | None:
        """Raises KernelError (EINVAL): there are no keys."""
        raise self._keyless("BPF_MAP_GET_NEXT_KEY")

    def _read(self, key: bytes) -> bytes:
        return self.peek()

    def _write(self, key: bytes, value: bytes, flags: int) -> None:
        self.push(value, flags)

    def _take(self, key: bytes) -> bytes:
        return self.take()

    def _keyless(self, command: str) -> KernelError:
        return self._refusal(KernelError, EINVAL, f"{self.KIND} has no keys", command)


class Stack(Queue):
    """A stack: what was pushed last comes first."""

    __slots__ = ()

    KIND = "a stack"

    def peek(self) -> bytes:
        """The value pushed last; raises `KeyNotFound` where there is none."""
        super().peek()
        return self._waiting[-1]

    def take(self) -> bytes:
        """The value pushed last, and remove it; raises `KeyNotFound` where there is none."""
        super().peek()
        return self._waiting.pop()
