"""What this machine's kernel is and what this process may ask of it: version, capabilities, limits, CPUs."""

from __future__ import annotations

import os

# bpf(2) by os.uname().machine and bits per pointer of this process: a 32-bit Python on a 64-bit kernel
# uses the 32-bit table. Sources: arch/*/kernel/syscalls/*.tbl and asm-generic/unistd.h of Linux.
SYSCALL_NUMBERS = {
    ("x86_64", 64): 321,
    ("x86_64", 32): 357,
    ("i386", 32): 357,
    ("i486", 32): 357,
    ("i586", 32): 357,
    ("i686", 32): 357,
    ("aarch64", 64): 280,
    ("aarch64", 32): 386,
    ("armv6l", 32): 386,
    ("armv7l", 32): 386,
    ("armv8l", 32): 386,
    ("riscv64", 64): 280,
    ("riscv32", 32): 280,
    ("loongarch64", 64): 280,
    ("ppc64le", 64): 361,
    ("ppc64", 64): 361,
    ("ppc64", 32): 361,
    ("ppc", 32): 361,
    ("s390x", 64): 351,
    ("mips", 32): 4355,
    ("mips64", 64): 5315,
    ("sparc64", 64): 349,
}

# include/uapi/linux/capability.h
CAPABILITIES = {"CAP_NET_ADMIN": 12, "CAP_SYS_ADMIN": 21, "CAP_PERFMON": 38, "CAP_BPF": 39}


def release() -> tuple[int, int]:
    """Return major and minor number of the running kernel, such as ``(6, 18)``; ``(0, 0)`` if it does not tell."""
    numbers = os.uname().release.split(".")
    minor = ""
    for character in numbers[1] if len(numbers) > 1 else "":
        if not character.isdigit():
            break
        minor += character
    return (int(numbers[0]), int(minor)) if numbers[0].isdigit() and minor else (0, 0)


def lacking(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return those of the capabilities ``names`` that this process does not have in effect.

    CAP_SYS_ADMIN stands in for the others, as in the kernel's ``bpf_capable()``.
    """
    effective = 0
    try:
        with open("/proc/thread-self/status") as status:
            for line in status:
                if line.startswith("CapEff:"):
                    effective = int(line.split()[1], 16)
    except OSError:
        return names  # no /proc: what the kernel said is all that is known
    if effective >> CAPABILITIES["CAP_SYS_ADMIN"] & 1:
        return ()
    return tuple(name for name in names if not effective >> CAPABILITIES[name] & 1)


def unprivileged_bpf() -> str:
    """Return the sysctl kernel.unprivileged_bpf_disabled with its present value, for a message."""
    try:
        with open("/proc/sys/kernel/unprivileged_bpf_disabled") as sysctl:
            return f"kernel.unprivileged_bpf_disabled is {sysctl.read().strip()}"
    except OSError:
        return "kernel.unprivileged_bpf_disabled cannot be read"


def raise_memlock_limit() -> None:
    """Let this process lock as much memory as it may: Linux before 5.11 charges maps and programs to that limit.

    A refusal is not an error here: the command that needed the memory says so when it is tried again.
    """
    import resource  # not on the start-up path

    hard = resource.getrlimit(resource.RLIMIT_MEMLOCK)[1]
    for limit in (resource.RLIM_INFINITY, hard):
        try:
            resource.setrlimit(resource.RLIMIT_MEMLOCK, (limit, limit))
        except (ValueError, OSError):
            continue  # raising the hard limit takes CAP_SYS_RESOURCE
        return


def possible_cpus() -> int:
    """Return how many values an element of a per-CPU map has: one for each CPU that could ever be online."""
    with open("/sys/devices/system/cpu/possible") as possible:
        ranges = [part.split("-") for part in possible.read().strip().split(",")]
    return sum(int(bounds[-1]) - int(bounds[0]) + 1 for bounds in ranges)  # such as "0-3,8-11"
