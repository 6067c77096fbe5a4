"""Where this library and its referees differ, and who is right: the one list of exceptions.

The referees are the columns of ``tests/data/vectors``, named by what is compared:

=================  ====================================================================================
``llvm-mc``        the bytes that llvm-mc makes of a text, and ours
``llvm-objdump``   the bytes that llvm-objdump prints as a text, and those we read in it
``llvm-print``     llvm-objdump's text of some bytes, and ours
``llvm-refused``   a text that llvm-mc refuses, and we read
``verifier``       the bytes of which the verifier prints a text, and those we read in it
``verifier-print`` the verifier's text of some bytes, and ours
``bpftool``        as ``verifier``, of bpftool's dump of a loaded program
``bpftool-print``  as ``verifier-print``
``gnu``            the bytes that GNU objdump prints as a text, and those we read in it as ``ubpf``
``gnu-pseudoc``    as ``gnu``, of its pseudo-C (``-M pseudoc``), read as ``llvm``
=================  ====================================================================================
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Difference(NamedTuple):
    """A vector on which we differ: the referee's text and bytes (hexadecimal), and our bytes, text or refusal."""

    referee: str
    text: str
    hex: str
    ours: str
    note: str = ""
    """What else there is to say: the verifier's verdict, what llvm-mc answers, ``patched``, the form GNU printed."""


class Explained(NamedTuple):
    """A kind of difference. ``text``, ``ours`` and ``note`` are regular expressions for the whole of it."""

    referee: str
    form: str
    text: str
    right: str
    source: str
    ours: str = ".*"
    note: str = ".*"

    def explains(self, difference: Difference) -> bool:
        """Whether a difference is of this kind."""
        return self.referee == difference.referee and all(
            re.fullmatch(pattern, of, re.DOTALL)
            for pattern, of in (
                (self.text, difference.text), (self.ours, difference.ours), (self.note, difference.note)
            )
        )  # fmt: skip


REFUSED = "refused: .*"
RESERVED = ".*(reserved fields|unknown opcode|invalid atomic operand size|invalid may_goto imm).*"
NO_REGISTER = "RFC 9669 section 2: registers are r0 to r10; clang's r11 is gone before there are bytes"
TOO_WIDE = "RFC 9669 section 3.1: imm has 32 bits; llvm-mc cuts it without a word"
NO_CONDITION = "the printer takes BPF_JCOND with reserved fields for a comparison, and has no sign for it"
NOT_A_DIALECT = "its own word (gas's manual, section BPF Opcodes), in no dialect of ours; the rest of it is ubpf's"
GNU_FIELDS = "opcodes/bpf-opc.c tells instructions apart by their opcode, its text has not all fields"
GNU_UNKNOWN = "binutils 2.44 (opcodes/bpf-opc.c) does not know it and prints nothing"
GNU_GLUED = "binutils 2.44 prints `r0s>r6`, and gas itself does not read that: there is no space in opcodes/bpf-opc.c"
KERNEL_POINTER = "an address of the kernel, taken out of the vectors because it is another one each time"

EXPLAINED = (
    # Where we refuse what llvm-mc reads.
    Explained("llvm-mc", "any", r".*\b[rw]11\b.*", "ebpfasm", NO_REGISTER, ours=REFUSED),
    Explained("llvm-mc", "Mov.Imm, Add.Imm, StoreImm, JEq.Imm, LoadAbs", r"(?!ld_pseudo).*\b(0x1\w{8,}|4294967296)\b.*",
              "ebpfasm", TOO_WIDE, ours=REFUSED),
    Explained("llvm-mc", "ld_pseudo", r"ld_pseudo \w+, [0-6], 0x1122334455667788", "ebpfasm",
              "RFC 9669 section 5.4: next_imm is another operand; llvm-mc puts src's upper bits there", ours=REFUSED),
    Explained("llvm-mc", "ld_pseudo", r"ld_pseudo \w+, (7|16|-1), .*", "ebpfasm",
              "RFC 9669 section 5.4 defines src 0 to 6; llvm-mc takes any number and keeps four bits", ours=REFUSED),
    Explained("llvm-objdump", "any", r".*\b[rw]11\b.*", "ebpfasm", NO_REGISTER, ours=REFUSED),
    Explained("llvm-objdump", "ld_pseudo", r"ld_pseudo \w+, (7|15), \d+", "ebpfasm",
              "RFC 9669 section 5.4 defines src 0 to 6", ours=REFUSED),
    Explained("llvm-objdump", "AddAtomic, OrAtomic, AndAtomic, XorAtomic, Fetch*, Xchg, CmpXchg of Word", "<unknown>",
              "ebpfasm", "llvm-objdump without alu32 (-mcpu=v1) knows of 32-bit atomics only the addition"),
    Explained("llvm-objdump", "FetchAdd.Mem of Word", r"lock \*\(u32 \*\)\(r\d+ [+-] \d+\) \+= r\d+", "ebpfasm",
              "llvm-objdump without alu32 (-mcpu=v1) does not look at BPF_FETCH; RFC 9669 section 5.3 does"),
    # Where our text is another.
    Explained("llvm-print", "any", r".*\b[rw]11\b.*", "ebpfasm", NO_REGISTER, ours=r"\.byte .*"),
    Explained("llvm-print", "ld_pseudo", r"ld_pseudo \w+, (7|15), \d+", "ebpfasm",
              "RFC 9669 section 5.4 defines src 0 to 6", ours=r"\.byte .*"),
    Explained("llvm-print", "LoadFunc", r"ld_pseudo r2, 4, 4294967295", "both",
              "the same 32 bits; a distance has a sign (linux/bpf.h, BPF_PSEUDO_FUNC)", ours=r"ld_pseudo r2, 4, -1"),
    # Where we read what llvm-mc 19 refuses.
    Explained("llvm-refused", "LongJump", r"gotol [+-]\d+", "ebpfasm",
              "RFC 9669 section 4.3: gotol has 32 bits; llvm-mc 19 takes no more than 16 by number"),
    Explained("llvm-refused", "LoadAcquire, StoreRelease", r".*(load_acquire|store_release).*", "ebpfasm",
              "clang 20 writes them so (llvm/lib/Target/BPF/BPFInstrInfo.td); llvm-mc 19 is older"),
    Explained("llvm-refused", "JumpTable", r"gotox r\d+", "ebpfasm",
              "clang 22 writes it so (llvm/lib/Target/BPF/BPFInstrInfo.td); llvm-mc 19 is older"),
    # The verifier prints an instruction before it looks at its reserved fields.
    Explained("verifier", "any", ".*", "both", "reserved fields are not in the text (kernel/bpf/disasm.c)",
              ours="[0-9a-f]+", note=RESERVED),
    Explained("verifier", "Ja.Label, LongJump, Return", r"(exit|goto(l|_or_nop)? pc.*)", "both",
              "reserved fields are not in the text, and Linux 6.18 does not look at all of these", ours="[0-9a-f]+"),
    Explained("verifier", "any", r".*\br1[1-5]\b.*|.*\bw1[1-5]\b.*", "both",
              "parse refuses registers there are not; the verifier does so after it has printed them", ours=REFUSED,
              note=".*R1[1-5] is invalid.*"),
    Explained("verifier", "atomics of Byte and Half; swaps of other sizes; MovSX32 to 32 bits",
              r".*(u8|u16) \*.*|r\d+ = (le|be|bswap)-?\d+ r\d+|w\d+ = \(s32\)w\d+", "both",
              "the printer knows what the verifier then refuses", ours=REFUSED, note=RESERVED),
    Explained("verifier", "MayGoto.Label", r"if r\d+ \(null\) 0x\w+ goto pc.*", "ebpfasm",
              NO_CONDITION, ours=REFUSED,
              note=RESERVED),
    Explained("verifier-print", "MayGoto.Label", r"if r\d+ \(null\) 0x\w+ goto pc.*", "ebpfasm", NO_CONDITION,
              ours="may_goto pc.*", note=RESERVED),
    Explained("verifier", "LoadMapValue", r"r1 = <kptr>", "neither",
              KERNEL_POINTER, ours=REFUSED),
    Explained("verifier-print", "LoadMapValue", r"r1 = <kptr>", "neither", KERNEL_POINTER),
    Explained("verifier-print", "atomics of Byte and Half; swaps of other sizes",
              r".*(u8|u16) \*.*|r\d+ = (le|be|bswap)-?\d+ r\d+", "both",
              "no form has these fields, and the verifier refuses them; format raises UnknownForm",
              ours="UnknownForm", note=RESERVED),
    Explained("verifier-print", "MovSX32 to 32 bits", r"w1 = \(s32\)w2", "verifier",
              "no form has these fields, and the verifier refuses them; we print the plain move", note=RESERVED),
    # What loading has changed is not what was loaded.
    Explained("bpftool", "Call.Label", r"call pc[+-]\d+#bpf_prog_\w+", "ebpfasm",
              "after the JIT, off has the distance, imm the function's number (kernel/bpf/verifier.c, jit_subprogs); "
              "read is the call as it was loaded", ours="8510000002000000"),
    Explained("bpftool-print", "Call.Label", r"call pc[+-]\d+#bpf_prog_\w+", "bpftool",
              "bpftool knows that the JIT has been there, and the names of its functions", ours=r"call pc\+1"),
    # GNU's text is ubpf's where it has ubpf's words, and its pseudo-C is clang's but for spaces.
    *(
        Explained("gnu", form, text, "both", NOT_A_DIALECT, ours=REFUSED, note=f"{form}|reserved")
        for form, text in (
            (r"MovSX(8|16|32)\.Reg(32)?", r"movs(32)? %r\d+,%r\d+,(8|16|32|0x8|0x10|0x20)"),
            ("LongJump", r"jal \S+"),
            ("HostTo", r"end[lb]e %r\d+,\d+"),
            ("BSwap", r"bswap %r\d+,\d+"),
            (r"(Add|And|Or|Xor)Atomic\.Mem", r"a(add|and|or|xor)(32)? \[\S+\],%r\d+"),
            (r"Fetch(Add|And|Or|Xor)\.Mem", r"af(add|and|or|xor)(32)? \[\S+\],%r\d+"),
            (r"Xchg\.Mem", r"axchg(32)? \[\S+\],%r\d+"),
            (r"CmpXchg\.Mem", r"acmp(32)? \[\S+\],%r\d+"),
            ("LoadAbs", r"ldabs[bhw] \S+"),
            ("LoadInd", r"ldind[bhw] %r\d+,\S+"),
        )
    ),
    Explained("gnu-pseudoc", "JSGT, JSGE, JSLT, JSLE, SDiv, SMod", r"(if )?[rw]\d+s(>|>=|<|<=|/=|%=).*", "ebpfasm",
              GNU_GLUED, ours=REFUSED, note=r"(JS[GL][TE]|SDiv|SMod)\..*"),
    *(
        explained
        for referee, load, move, jump, far in (
            ("gnu", r"lddw .*", r"mov %r\d+,%r\d+", r"ja \S+", None),
            ("gnu-pseudoc", r"r\d+=-?\d+ ll", r"r\d+=r\d+", r"goto -?\d+", r"gotol -?\d+"),
        )
        for explained in (
            Explained(referee, "any", r".*\b[rw]11\b.*", "ebpfasm", NO_REGISTER, ours=REFUSED, note="reserved"),
            Explained(referee, "MayGoto.Label, LoadAcquire, StoreRelease", "", "ebpfasm", GNU_UNKNOWN, ours="",
                      note=r"MayGoto\.Label|LoadAcquire|StoreRelease"),
            Explained(referee, "64-bit loads but LoadImm", load, "ebpfasm", GNU_FIELDS, ours="180.*",
                      note=r"LoadMap(Ptr|Value|Index|IndexValue)|LoadFunc|LoadBTFID|reserved"),
            Explained(referee, "AddrSpaceCast", move, "ebpfasm", GNU_FIELDS, ours="bf..000000000000",
                      note="AddrSpaceCast"),
            Explained(referee, "Call.Label", r"call \S+", "ebpfasm", GNU_FIELDS, ours="8500.*",
                      note=r"Call\.Label|reserved"),
            Explained(referee, "Return, Ja.Label with reserved fields set", f"exit|{jump}", "both", GNU_FIELDS,
                      ours="[09]500.*", note="reserved"),
            far and Explained(referee, "LongJump with reserved fields set", far, "both", GNU_FIELDS, ours="0600.*",
                              note="reserved"),
        )
        if explained
    ),
    Explained("bpftool-print", "BuiltinFunc", r"call \w+#-?\d+", "both",
              "bpftool knows the addresses of this one kernel's functions; the number is the same",
              ours=r"call unknown#-?\d+", note="patched"),
)  # fmt: skip
