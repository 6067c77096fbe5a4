"""The assembler: builder words in cilium/ebpf's vocabulary, instructions and programs; standard library only."""

from __future__ import annotations

from ebpfasm.asm.helpers import *  # noqa: F403 - FnMapLookupElem … are words like the others
from ebpfasm.asm.instruction import Instruction as Instruction
from ebpfasm.asm.program import Instructions as Instructions
from ebpfasm.asm.program import Label as Label
from ebpfasm.asm.register import *  # noqa: F403
from ebpfasm.asm.table import *  # noqa: F403
