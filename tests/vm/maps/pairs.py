"""A map of the kernel and one of the vm that are asked the same, and what each answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ebpfasm import Map as KernelMap
from ebpfasm.errors import EbpfError
from ebpfasm.kernel.machine import possible_cpus
from ebpfasm.vm.maps import Map as VmMap

Answer = tuple[str, Any]


def answer(ask: Callable[[Any], object], map: Any) -> Answer:
    """Return what a map answers: a value, or the class, errno and text of the error."""
    try:
        return "value", ask(map)
    except EbpfError as error:
        return "error", (type(error).__name__, getattr(error, "errno", None), str(error))


def agree(kernel: Answer, vm: Answer) -> bool:
    """Whether two answers are the same; the text of an error counts where the kernel's is told in terms of the map."""
    if kernel[0] == vm[0] == "error" and not kernel[1][2].startswith("map "):
        return bool(kernel[1][:2] == vm[1][:2])
    return kernel == vm


class Pair:
    """The same map twice; ``inner`` is a pair as well."""

    def __init__(self, type: int, *, inner: Pair | None = None, **members: Any) -> None:
        self.kernel = KernelMap.create(type, **members, inner_map=inner and inner.kernel)
        self.vm = VmMap.create(type, **members, inner_map=inner and inner.vm, cpus=possible_cpus())

    def ask(self, ask: Callable[[Any], object]) -> Answer:
        """Ask both; fail unless they answer the same."""
        kernel, vm = answer(ask, self.kernel), answer(ask, self.vm)
        assert agree(kernel, vm), f"the vm answers {vm}, the kernel {kernel}"
        return kernel

    def close(self) -> None:
        """Close both."""
        self.kernel.close()
        self.vm.close()
