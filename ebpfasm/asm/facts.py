"""When each part of the instruction set came to be: the kernel that first took it, its ISA version, and who says so."""

from __future__ import annotations

__all__ = ["FACTS", "ISA_SOURCES", "Facts"]


class Facts:
    """What is known of an instruction's history.

    ``kernel`` is the Linux version that introduced it, such as ``6.6``, or None if none has so far.
    ``isa`` is the lowest ``-mcpu`` with which clang writes it, ``v1`` to ``v4``, or the name of an extension
    that is in none of these. ``source`` says where the kernel version is from, `ISA_SOURCES` where the other.
    ``loadable`` is whether a program from user space may hold it.
    """

    __slots__ = ("isa", "kernel", "loadable", "source")

    def __init__(self, kernel: str | None, isa: str, source: str, *, loadable: bool = True) -> None:
        self.kernel = kernel
        self.isa = isa
        self.source = source
        self.loadable = loadable and kernel is not None

    def __repr__(self) -> str:
        return f"Facts({self.kernel!r}, {self.isa!r}, {self.source!r}, loadable={self.loadable})"

    @property
    def release(self) -> tuple[int, ...]:
        """``kernel`` as numbers that compare: ``6.6`` is (6, 6); () if there is none."""
        return tuple(int(part) for part in self.kernel.split(".")) if self.kernel is not None else ()


CORE = 'commit 17a5267067f3 "bpf: verifier (add verifier core)"'
V3 = "; ISA v3: Documentation/bpf/clang-notes.rst, Atomic operations"

FACTS: dict[str, Facts] = {
    "alu64":   Facts("3.18", "v1", f"{CORE}; RFC 9669 section 4.1"),
    "alu32":   Facts("3.18", "v3", f"{CORE}; RFC 9669 section 4.1"),
    # The verifier refused it before, and the interpreter had no such operation.
    "arsh32":  Facts("5.0",  "v3", 'commit 2dc6b100f928 "bpf: interpreter support BPF_ALU | BPF_ARSH"'),
    "sdiv":    Facts("6.6",  "v4", 'commit ec0e2da95f72 "bpf: Support new signed div/mod instructions."'),
    "movsx":   Facts("6.6",  "v4", 'commit 8100928c8814 "bpf: Support new sign-extension mov insns"'),
    "order":   Facts("3.18", "v1", f"{CORE}; RFC 9669 section 4.2"),
    "bswap":   Facts("6.6",  "v4", 'commit 0845c3db7bf5 "bpf: Support new unconditional bswap instruction"'),
    "cast":    Facts("6.9",  "arena",
                     'commit 6082b6c328b5 "bpf: Recognize addr_space_cast instruction in the verifier."'),
    "percpu":  Facts("6.10", "internal",
                     'commit 7bdbf7446305 "bpf: add special internal-only MOV instruction to resolve per-CPU addrs"',
                     loadable=False),
    "memory":  Facts("3.18", "v1", f"{CORE}; RFC 9669 section 5.1"),
    # The kernel takes it from the beginning; clang had no use for it before -mcpu=v4.
    "st":      Facts("3.18", "v4", f"{CORE}; RFC 9669 section 5.1"),
    "memsx":   Facts("6.6",  "v4", 'commit 1f9a1ea821ff "bpf: Support new sign-extension load insns"'),
    "packet":  Facts("3.19", "v1",
                     'commit ddd872bc3098 "bpf: verifier: add checks for BPF_ABS | BPF_IND instructions"'),
    "nospec":  Facts("5.14", "internal",
                     'commit f5e81d111750 "bpf: Introduce BPF nospec instruction for mitigating Spectre v4"',
                     loadable=False),
    "xadd":    Facts("3.18", "v1", f"{CORE}; RFC 9669 section 5.3"),
    "bitwise": Facts("5.12", "v3", 'commit 981f94c3e921 "bpf: Add bitwise atomic instructions"' + V3),
    "fetch":   Facts("5.12", "v3",
                     'commit 5ca419f2864a "bpf: Add BPF_FETCH field / create atomic_fetch_add instruction"' + V3),
    "xchg":    Facts("5.12", "v3", 'commit 5ffa25502b5a "bpf: Add instructions for atomic_[cmp]xchg"' + V3),
    "ordered": Facts("6.15", "v4", 'commit 880442305a39 "bpf: Introduce load-acquire and store-release instructions"'),
    "lddw":    Facts("3.18", "v1", 'commit 02ab695bb37e "net: filter: add "load 64-bit immediate" eBPF instruction"'),
    "map":     Facts("3.18", "v1", 'commit 0246e64d9a5f "bpf: handle pseudo BPF_LD_IMM64 insn"'),
    "value":   Facts("5.2",  "v1", 'commit d8eca5bbb2be "bpf: implement lookup-free direct value access for maps"'),
    "btf":     Facts("5.10", "v1", 'commit 4976b718c355 "bpf: Introduce pseudo_btf_id"'),
    "btf of a module":
               Facts("5.12", "v1", 'commit 541c3bad8dc5 "bpf: Support BPF ksym variables in kernel modules"'),
    "func":    Facts("5.13", "v1", 'commit 69c087ba6225 "bpf: Add bpf_for_each_map_elem() helper"'),
    "index":   Facts("5.14", "v1", 'commit 387544bfa291 "bpf: Introduce fd_idx"'),
    "jump":    Facts("3.18", "v1", f"{CORE}; RFC 9669 section 4.3"),
    "less":    Facts("4.14", "v2", 'commit 92b31a9af73b "bpf: add BPF_J{LT,LE,SLT,SLE} instructions"'),
    "jump32":  Facts("5.1",  "v3", 'commit 092ed0968bb6 "bpf: verifier support JMP32"'),
    "gotol":   Facts("6.6",  "v4", 'commit 4cd58e9af8b9 "bpf: Support new 32bit offset jmp instruction"'),
    "may_goto":
               Facts("6.9",  "may_goto", 'commit 011832b97b31 "bpf: Introduce may_goto instruction"'),
    "gotox":   Facts("6.19", "v4", 'commit 493d9e0d6083 "bpf, x86: add support for indirect jumps"'),
    "helper":  Facts("3.18", "v1", f"{CORE}; RFC 9669 section 4.3.1"),
    "local":   Facts("4.16", "v1", 'commit cc8b0b92a169 "bpf: introduce function calls (function boundaries)"'),
    "kfunc":   Facts("5.13", "v1", 'commit e6ac2450d6de "bpf: Support bpf program calling kernel function"'),
    "kfunc of a module":
               Facts("5.16", "v1",
                     'commit 2357672c54c3 "bpf: Introduce BPF support for kernel module function calls"'),
    "callx":   Facts(None,   "callx",
                     "no release takes it: Documentation/bpf/clang-notes.rst, Jump instructions, "
                     '"not supported by the Linux kernel verifier"'),
}  # fmt: skip
"""The facts by the key that a row of the table gives for its forms."""

ISA_SOURCES = {
    "v1": "clang writes it with every -mcpu",
    "v2": "clang writes it from -mcpu=v2: LLVM, BPFSubtarget.cpp, HasJmpExt",
    "v3": "clang writes it from -mcpu=v3: LLVM, BPFSubtarget.cpp, HasJmp32 and HasAlu32",
    "v4": "clang writes it from -mcpu=v4: LLVM, BPFSubtarget.cpp, HasLdsx to HasGotox",
    "arena": "LLVM, BPFInstrInfo.td: ADDR_SPACE_CAST has no predicate, so it goes with every -mcpu",
    "may_goto": "LLVM, BPFInstrInfo.td: JCOND has no predicate, so it goes with every -mcpu",
    "callx": "LLVM, BPFInstrInfo.td: JALX has no predicate; its register is in dst since LLVM 19 (pull request 81546)",
    "internal": "Linux, kernel/bpf/disasm.c: no UAPI, only the verifier puts it in",
}
"""Who says so of the ISA version or extension, `Facts.isa`."""
