"""What stands for a program of the vm where only a map looks at it."""

from __future__ import annotations

from itertools import count

from ebpfasm import ProgramType

_ids = count(1000)


class Stand:
    """All that a program array asks of a program."""

    instructions = ()

    def __init__(self, type: int = ProgramType.SCHED_CLS, name: str = "stand", expected_attach_type: int = 0) -> None:
        self.type = type
        self.name = name
        self.expected_attach_type = expected_attach_type
        self.id = next(_ids)
