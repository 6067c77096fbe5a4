"""What a map of the vm is to be, and refusing what the kernel would not make."""

from __future__ import annotations

import errno
import os

from ebpfasm.errors import KernelError, NotSupported, OperandError
from ebpfasm.uapi import MapFlag
from ebpfasm.values.names import object_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ebpfasm.vm.maps.map import Map

__all__ = ["ENOTSUPP", "LARGEST_ALLOCATION", "Wanted"]

ENOTSUPP = 524  # include/linux/errno.h: for the kernel's own use, yet bpf(2) returns it
LARGEST_ALLOCATION = 1 << 22  # KMALLOC_MAX_SIZE with pages of 4096 bytes
LARGEST_PER_CPU = 32 << 10  # PCPU_MIN_UNIT_SIZE in include/linux/percpu.h
U32 = (1 << 32) - 1
ACCESS = MapFlag.RDONLY | MapFlag.WRONLY | MapFlag.RDONLY_PROG | MapFlag.WRONLY_PROG


class Wanted:
    """The arguments of a creation; checked like map_create() in kernel/bpf/syscall.c does for every type."""

    def __init__(
        self,
        type: int,
        *,
        key_size: int,
        value_size: int,
        max_entries: int,
        flags: int,
        name: str,
        inner_map: Map | None,
        numa_node: int,
        map_extra: int,
        cpus: int,
    ) -> None:
        object_name(name)
        numbers = {
            "map_type": type,
            "key_size": key_size,
            "value_size": value_size,
            "max_entries": max_entries,
            "map_flags": flags,
            "numa_node": numa_node,
        }
        for member, number in numbers.items():
            if not hasattr(number, "__index__") or not 0 <= number <= U32:
                message = f"BPF_MAP_CREATE: {member} does not take {number!r}"
                raise OperandError(message, field=member, value=number)
        if cpus.__class__ is not int or cpus < 1:
            raise OperandError(f"cpus must be an int from 1 up, not {cpus!r}", field="cpus", value=cpus, low=1)
        self.type = int(type)
        self.key_size = int(key_size)
        self.value_size = int(value_size)
        self.max_entries = int(max_entries)
        self.flags = int(flags)
        self.name = name
        self.inner_map = inner_map
        self.cpus = cpus
        self.require(map_extra == 0, f"map_extra of this map type can only be 0, not {map_extra}")
        both = MapFlag.RDONLY | MapFlag.WRONLY
        self.require(self.flags & both != both, "RDONLY and WRONLY exclude each other")
        self.require(
            not self.flags & MapFlag.NUMA_NODE or numa_node == 0, f"the vm has only NUMA node 0, not {numa_node}"
        )

    def refusal(self, number: int, reason: str) -> KernelError:
        """The error for a creation the kernel refuses with errno ``number``."""
        kind = NotSupported if number == ENOTSUPP else KernelError
        symbol = "ENOTSUPP" if number == ENOTSUPP else errno.errorcode.get(number, os.strerror(number))
        message = (
            f"BPF_MAP_CREATE {self.name!r} (type {self.type}, key {self.key_size}, value {self.value_size} bytes, "
            f"{self.max_entries} entries): {symbol}: {reason}"
        )
        return kind(number, message, command="BPF_MAP_CREATE")

    def require(self, condition: bool, reason: str, number: int = errno.EINVAL) -> None:
        """Refuse unless the condition holds."""
        if not condition:
            raise self.refusal(number, reason)

    def require_flags(self, allowed: int) -> None:
        """Refuse other flags than these, and those for programs that exclude each other."""
        surplus = self.flags & ~int(
            allowed | MapFlag.TOKEN_FD
        )  # the complement of an IntFlag has only the bits it knows
        self.require(not surplus, f"this map type does not take flags {surplus:#x}")
        both = MapFlag.RDONLY_PROG | MapFlag.WRONLY_PROG
        self.require(self.flags & both != both, "RDONLY_PROG and WRONLY_PROG exclude each other")

    def require_no_token(self) -> None:
        """Refuse what wants a token, which the kernel looks at last: there are none in the vm."""
        self.require(not self.flags & MapFlag.TOKEN_FD, "there are no BPF tokens in the vm")

    def require_sizes(self) -> None:
        """Refuse entries without a key or a value, and a map without entries."""
        self.require(self.max_entries > 0, "a map must have room for an entry")
        self.require(self.key_size > 0, "keys must have a size")
        self.require(self.value_size > 0, "values must have a size")

    def require_per_cpu_size(self) -> None:
        """Refuse what the allocator of per-CPU memory cannot give."""
        self.require(
            (self.value_size + 7) // 8 * 8 <= LARGEST_PER_CPU,
            f"values of a per-CPU map have at most {LARGEST_PER_CPU} bytes, not {self.value_size}",
            errno.E2BIG,
        )
