"""The assembler: builder words in cilium/ebpf's vocabulary, instructions and programs; standard library only."""

from __future__ import annotations

from ebpfasm.asm.helpers import *  # noqa: F403 - FnMapLookupElem … are words like the others
from ebpfasm.asm.instruction import Instruction as Instruction
from ebpfasm.asm.program import Instructions as Instructions
from ebpfasm.asm.program import Label as Label
from ebpfasm.asm.register import *  # noqa: F403
from ebpfasm.asm.table import *  # noqa: F403

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ebpfasm.asm.differences import difference as difference
    from ebpfasm.asm.jump import Helper
    from ebpfasm.asm.origin import remember_origins as remember_origins

_HOMES = {"difference": "ebpfasm.asm.differences", "remember_origins": "ebpfasm.asm.origin"}


def helper(which: str | int) -> Helper:
    """The helper function of a name or number: ``helper("bpf_tail_call")`` is ``FnTailCall``.

    Args:
        which: the kernel's name, with or without ``bpf_``, also as ``BPF_FUNC_tail_call`` or ``FnTailCall``,
            or the number in ``enum bpf_func_id``.

    Raises:
        OperandError: no helper is known by that; the message has names that are close.
    """
    from ebpfasm.asm.lookup import find_helper  # few programs need it

    return find_helper(which)


if not TYPE_CHECKING:  # a type checker would take any name for one of this module

    def __getattr__(name):
        """Import what few programs need when it is first asked for (PEP 562)."""
        from ebpfasm.lazy import resolve

        return resolve(__name__, _HOMES, name)
