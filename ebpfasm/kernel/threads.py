"""Calls a function in a thread made for it, for what changes the state of its thread for good."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    Result = TypeVar("Result")

__all__ = ["in_thread"]


def in_thread(function: Callable[..., Result], *args: object) -> Result:
    """Return what ``function(*args)`` returns, or raise what it raises, from a thread that ends with the call.

    It is waited for to its end. An interrupt (Ctrl-C) that arrives meanwhile is raised after it, so nothing is still
    being done behind the caller's back; the result is lost then.
    """
    import threading

    results: list[Result] = []
    errors: list[BaseException] = []
    permits: list[bool] = []
    gate, finished = threading.Lock(), threading.Lock()

    def work() -> None:
        with gate:
            pass
        if permits:
            try:
                results.append(function(*args))
            except BaseException as error:  # raised again in the caller
                errors.append(error)
            finally:
                finished.release()

    thread = threading.Thread(target=work, name=f"ebpfasm {getattr(function, '__name__', 'call')}")
    interrupt: BaseException | None = None
    finished.acquire()
    gate.acquire()
    try:
        thread.start()
        permits.append(True)
    except BaseException as error:
        if not permits:  # whether the thread runs cannot be known here; without a permit it does nothing
            raise
        interrupt = error
    finally:
        gate.release()
    # Not join() alone: before Python 3.13 an interrupted join() takes the thread for ended while it still runs.
    while True:
        try:
            if not results and not errors:
                finished.acquire()
            thread.join()
            break
        except BaseException as error:  # KeyboardInterrupt, or whatever a signal handler raises
            interrupt = error
    failure = errors.pop() if errors else None
    try:
        if interrupt is not None:
            raise interrupt from failure
        if failure is not None:
            raise failure
    finally:
        del failure, interrupt  # each holds this frame through its traceback
    return results.pop()
