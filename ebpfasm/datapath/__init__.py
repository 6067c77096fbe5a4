"""The pod datapath: entry stub, program-array slots, and what attaches them to devices."""

from __future__ import annotations

from ebpfasm.datapath.entry import entry_stub as entry_stub
