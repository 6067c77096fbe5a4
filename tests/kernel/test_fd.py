from __future__ import annotations

import errno
import gc
import os
import subprocess
import sys

import pytest

from ebpfasm.errors import ClosedError, KernelError
from ebpfasm.kernel.fd import Fd


def null(flags: int = os.O_CLOEXEC) -> int:
    return os.open(os.devnull, os.O_RDONLY | flags)


def is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def test_a_number_above_two_is_kept():
    number = null()
    with Fd(number, "map 'pod0'") as fd:
        assert fd.fileno() == number
        assert not fd.closed
        assert repr(fd) == f"<Fd map 'pod0': {number}>"
    assert fd.closed
    assert not is_open(number)
    assert repr(fd) == "<Fd map 'pod0': closed>"


# In a child: the test runner needs its own 0, 1 and 2.
@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_standard_stream_number_is_moved(number: int):
    code = f"""
import os
from ebpfasm.kernel.fd import Fd
os.dup2(os.open(os.devnull, os.O_RDWR), {number})
fd = Fd({number})
assert fd.fileno() > 2, fd
assert not os.get_inheritable(fd.fileno())
try:
    os.fstat({number})
except OSError:
    fd.close()
    os._exit(7)
os._exit(1)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 7


def test_close_on_exec_is_set():
    number = null()
    os.set_inheritable(number, True)
    with Fd(number):
        assert not os.get_inheritable(number)


def test_close_twice_leaves_the_next_owner_of_the_number_alone():
    number = null()
    fd = Fd(number)
    fd.close()
    other = null()
    assert other == number, "the lowest free number is given out again"
    fd.close()
    assert is_open(other)
    os.close(other)


def test_after_close_it_says_what_it_was():
    fd = Fd(null(), "map 'pod0'")
    fd.close()
    with pytest.raises(ClosedError, match=r"^map 'pod0' is closed$"):
        fd.fileno()
    with pytest.raises(ClosedError), fd:
        pass


def test_dropped_open_it_closes_and_warns():
    number = null()
    held = [Fd(number, "program 'entry'")]
    wanted = rf"program 'entry' \(file descriptor {number}\) was dropped without close\(\)"
    with pytest.warns(ResourceWarning, match=wanted) as caught:
        held.clear()
    assert isinstance(caught[0].source, Fd)
    assert not is_open(number)


@pytest.mark.parametrize("number", [-1, 999_999])
def test_a_number_that_is_not_open_is_refused(number: int):
    with pytest.raises(KernelError, match=rf"^link: file descriptor {number}: Bad file descriptor$") as caught:
        Fd(number, "link")
    assert caught.value.errno == errno.EBADF


def test_what_was_never_constructed_is_dropped_in_silence():
    Fd.__new__(Fd)
    gc.collect()


def test_interpreter_shutdown_is_survived():
    code = "import os; from ebpfasm.kernel.fd import Fd; kept = Fd(os.open(os.devnull, os.O_RDONLY))"
    ended = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, b"")
