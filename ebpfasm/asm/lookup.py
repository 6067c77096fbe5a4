"""Helper functions by the kernel's name or number."""

from __future__ import annotations

from ebpfasm.asm.checks import number, wrong
from ebpfasm.asm.helpers import HELPERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ebpfasm.asm.jump import Helper

__all__ = ["find_helper"]


def find_helper(which: str | int) -> Helper:
    """The helper of a name or number; see `ebpfasm.asm.helper`."""
    if not isinstance(which, str):
        return HELPERS[number("helper", "which", "a helper's number", which, 0, len(HELPERS) - 1)]
    names: dict[str, Helper] = {}
    for helper in HELPERS:
        short = helper.kernel_name.removeprefix("bpf_")
        names |= dict.fromkeys((helper.kernel_name, short, f"BPF_FUNC_{short}", helper.name), helper)
    if which not in names:
        from difflib import get_close_matches

        close = dict.fromkeys(names[name].kernel_name for name in get_close_matches(which, names, n=6))
        meant = f"; did you mean {' or '.join(list(close)[:3])}?" if close else ""
        wrong("helper", "which", which, None, None, f"no helper is named {which!r}{meant}")
    return names[which]
