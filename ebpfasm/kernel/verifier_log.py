"""Finds, in the verifier's log, the lines that say why a program was refused."""

from __future__ import annotations

# Lines after the reason: print_verification_stats() and, with BPF_LOG_STATS, its company.
_STATISTICS = ("processed ", "verification time ", "stack depth ", "peak_states ", "insns processed ")

# Lines that trace how the verifier got there, and end the reason when read from the bottom.
_TRACE = (
    ";",
    "from ",
    "func#",
    "frame",
    "R0",
    "last_idx ",
    "regs=",
    "parent ",
    "mark_precise:",
    "caller:",
    "callee:",
    "returning from callee:",
    "to caller at ",
    "propagating ",
    "Live regs before insn:",
    "Validating ",
)
_MOST_LINES = 8
_HEADING = "Verification failed:"  # since Linux 7.3, above "Reason:", "At:", "Causal path:", "Suggestion:"


def summary(log: str) -> str:
    """Return the instruction refused and the reason, a line each, or the log's last words if it has neither.

    Before Linux 7.3 the reason stands above the statistics; since then the log goes on with an explanation,
    of which the title and the reason are taken as well.
    """
    lines = log.splitlines()
    headings = [at for at, line in enumerate(lines) if line.startswith(_HEADING)]
    if not headings:
        return "\n".join(_reason(lines))
    at = headings[-1]
    title = lines[at].removeprefix(_HEADING).strip()
    return "\n".join([*_reason(lines[:at]), title, *_section(lines[at:], "Reason:")])


def _section(lines: list[str], heading: str) -> list[str]:
    """Return the indented lines below ``heading``."""
    found: list[str] = []
    if heading in lines:
        for line in lines[lines.index(heading) + 1 :]:
            if not line.startswith(" "):
                break
            found.append(line.strip())
    return found


def _reason(lines: list[str]) -> list[str]:
    """Return the refused instruction, if the trace ends with one, and what the verifier says below it."""
    kept = [cut for line in lines if not line.startswith(_STATISTICS) and (cut := _without_statistics(line).strip())]
    reason: list[str] = []
    for line in reversed(kept):
        if _is_instruction(line):
            return [line, *reversed(reason)]
        if len(reason) == _MOST_LINES or (reason and _is_trace(line)):
            break
        reason.append(line)
    return reason[::-1]


def _without_statistics(line: str) -> str:
    """Cut off the statistics behind a reason that the kernel ends without a newline, such as check_helper_call()'s."""
    start, _, rest = line.partition("processed ")
    return start if " insns (limit " in rest else line


def _is_instruction(line: str) -> bool:
    """Whether ``line`` is an instruction of the trace, such as ``0: (95) exit``."""
    offset, _, rest = line.partition(": ")
    return offset.isdigit() and rest.startswith("(")


def _is_trace(line: str) -> bool:
    """Whether ``line`` tells the verifier's state or position, such as ``0: R1=ctx() R10=fp0``."""
    return line.startswith(_TRACE) or line.partition(":")[0].isdigit()
