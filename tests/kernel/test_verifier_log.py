from __future__ import annotations

from ebpfasm.kernel.verifier_log import summary

STATISTICS = "processed 1 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0\n"
OLD = f"0: R1=ctx() R10=fp0\n0: (95) exit\nR0 !read_ok\n{STATISTICS}"

# As in the message of the kernel's commit ce7c9f6c599b, by way of cilium/ebpf's pull request 2111.
NEW = f"""0: R1=ctx() R10=fp0
0: (95) exit
R0 !read_ok

Verification failed: Register Type Safety: Unreadable register

Reason:
  R0 has never been initialized on this path, so the verifier cannot use it as an input.

At:
  insn 0
        | ^-- error: R0 is not readable
  Instruction context:
  >>> 0 | (95) exit

Causal path:
  no retained diagnostic events on this path

Suggestion:
  Initialize R0 on every path before this instruction.

{STATISTICS}"""


def test_before_linux_7_3_the_reason_stands_above_the_statistics():
    assert summary(OLD) == "0: (95) exit\nR0 !read_ok"


def test_since_linux_7_3_title_and_reason_follow():
    assert summary(NEW).splitlines() == [
        "0: (95) exit",
        "R0 !read_ok",
        "Register Type Safety: Unreadable register",
        "R0 has never been initialized on this path, so the verifier cannot use it as an input.",
    ]


def test_a_reason_of_two_lines_is_taken_whole():
    log = (
        "5: (71) r0 = *(u8 *)(r0 +4)\n"
        "invalid access to map value, value_size=4 off=4 size=1\n"
        "R0 min value is outside of the allowed memory range\n" + STATISTICS
    )
    assert summary(log).splitlines()[1:] == [
        "invalid access to map value, value_size=4 off=4 size=1",
        "R0 min value is outside of the allowed memory range",
    ]


def test_a_reason_without_an_instruction():
    assert summary("fd 99 is not pointing to valid bpf_map\n" + STATISTICS) == "fd 99 is not pointing to valid bpf_map"
    log = "; int x;\n0: R1=ctx() R10=fp0\nunreachable insn 2\n"
    assert summary(log + STATISTICS + "verification time 20 usec\nstack depth 0\n") == "unreachable insn 2"


def test_a_log_that_says_nothing():
    assert summary("") == ""
    assert summary(STATISTICS) == ""
    assert summary("Verification failed: Something") == "Something"


def test_a_reason_that_the_kernel_ends_without_a_newline():
    log = "0: (85) call bpf_tail_call#12\nexpected prog array map for tail call" + STATISTICS
    assert summary(log).splitlines() == ["0: (85) call bpf_tail_call#12", "expected prog array map for tail call"]
