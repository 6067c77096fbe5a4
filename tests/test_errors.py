"""Every error survives a pickle: between processes, and in the cache of a test run."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable

import pytest

from ebpfasm import asm, errors
from ebpfasm.asm import Instructions

RAISING: list[Callable[[], object]] = [
    lambda: asm.Mov.Imm(asm.R1, 1 << 40),
    lambda: Instructions([asm.Ja.Label("nowhere")]).encode(),
    lambda: Instructions.decode(bytes(7)),
    lambda: Instructions.parse("r0 = 5\nnonsense\nr1 = x y\n"),
    lambda: Instructions([asm.LoadBTFID(asm.R1, 5)]).format("ubpf"),
]

MADE: list[errors.EbpfError] = [
    errors.KernelError(22, "no", command="BPF_MAP_CREATE"),
    errors.KeyNotFound(2, "no such key", command="BPF_MAP_LOOKUP_ELEM"),
    errors.VerifierError(13, "refused", command="BPF_PROG_LOAD", log="0: exit\nbad", summary="bad"),
    errors.NotSupported(95, "too old", feature="tcx", since="6.6"),
    errors.PermissionDenied(1, "no CAP_BPF"),
    errors.DatapathError("failed", pod="p", step="attach", rolled_back=("stub",)),
    errors.ClosedError("closed"),
]


def raised(action: Callable[[], object]) -> errors.EbpfError:
    """Return the error an action raises."""
    with pytest.raises(errors.EbpfError) as caught:
        action()
    return caught.value


def attributes(error: errors.EbpfError) -> dict[str, str]:
    """Return what can be seen of an error, as text."""
    return {
        name: repr(getattr(error, name, None)) for name in dir(error) if not name.startswith(("_", "with_", "add_"))
    }


@pytest.mark.parametrize("error", [*map(raised, RAISING), *MADE], ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("again", [lambda error: pickle.loads(pickle.dumps(error)), copy.copy, copy.deepcopy])
def test_an_error_comes_back(error: errors.EbpfError, again: Callable[[errors.EbpfError], errors.EbpfError]) -> None:
    other = again(error)
    assert type(other) is type(error)
    assert str(other) == str(error)
    assert other.args == error.args
    if isinstance(error, OSError):
        assert isinstance(other, OSError)
        assert other.errno == error.errno
    assert set(vars(other)) == set(vars(error))
    assert {name: value for name, value in attributes(other).items() if "0x" not in value} == {
        name: value for name, value in attributes(error).items() if "0x" not in value
    }


def test_each_mistake_of_a_text_comes_back() -> None:
    error = pickle.loads(pickle.dumps(raised(RAISING[3])))
    assert [each.line for each in error.errors] == [2, 3]
