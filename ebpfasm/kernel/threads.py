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
    from queue import SimpleQueue

    results: list[Result] = []
    errors: list[BaseException] = []
    permits: SimpleQueue[bool] = SimpleQueue()
    ended: SimpleQueue[None] = SimpleQueue()

    def work() -> None:
        if permits.get():
            try:
                results.append(function(*args))
            except BaseException as error:  # raised again in the caller
                errors.append(error)
            finally:
                ended.put(None)

    thread = threading.Thread(target=work, name=f"ebpfasm {getattr(function, '__name__', 'call')}")
    try:
        thread.start()
    except BaseException:
        permits.put(False)  # whether it runs cannot be known here, so it must do nothing
        raise
    interrupt: BaseException | None = None
    # Not join() alone: before Python 3.13 an interrupted join() takes the thread for ended while it still runs.
    while True:
        try:
            permits.put(True)  # within this try, so that no interrupt leaves the thread working alone
            if not results and not errors:
                ended.get()
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
