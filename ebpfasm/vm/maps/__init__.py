"""Maps of the vm: dictionaries, arrays and queues that answer as those of the kernel do."""

from __future__ import annotations

from ebpfasm.vm.maps.map import Map
from ebpfasm.vm.maps.program_array import ProgramArray
from ebpfasm.vm.maps.ring_buffer import Record, RingBuffer

__all__ = ["Map", "ProgramArray", "Record", "RingBuffer"]
