"""Encodings from other tools: each decodes without loss, and has a form exactly where its referee does."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest

from ebpfasm import asm
from ebpfasm.asm.table import form_of
from ebpfasm.errors import DecodeError
from tests.asm.vectors import load

LLVM_MC = load("llvm_mc")
VERIFIER = load("verifier_log")
REFUSED = load("verifier_refused")
GNU = load("gnu_objdump")

ENCODING_REFUSED = re.compile(
    r"reserved fields|unknown opcode|invalid atomic operand size|invalid may_goto imm|R1[1-5] is invalid"
)
"""What the verifier says of fields that are no instruction; its other refusals are about what the program does."""


LLVM_MC_WITHOUT_A_FORM = {
    "ld_pseudo r10, 7, 7010": "RFC 9669 section 5.4 defines src_reg 0 to 6; llvm-mc takes any four bits",
    "ld_pseudo r2, 7, -1": "the same",
    "ld_pseudo r1, -1, 1": "the same: -1 is cut to 15",
    "w11 = 5": "there is no register 11 (RFC 9669 section 2); llvm-mc knows r11 as clang's spill pseudo register",
    "r11 += r1": "the same",
    "*(u8 *)(r11 - 1) = r11": "the same",
}
"""What llvm-mc accepts although the ISA does not define it, and why the ISA is right."""

UNCHECKED_BY_LINUX_6_18 = {0x05: "Ja.Label", 0x06: "LongJump", 0x95: "Return"}
"""Opcodes with fields that Linux 6.18 does not look at; RFC 9669 section 3 wants unused fields zero."""

REFUSED_YET_A_FORM = {
    "8d01000000000000": "CallReg",
    "8d04000000000000": "CallReg",
    "8d05000000000000": "CallReg",
    "8d07000000000000": "CallReg",
    "8d08000000000000": "CallReg",
    "0d01000000000000": "JumpTable",
    "8520000063000000": "CallKfunc",
}
"""What Linux 6.18 refuses before it prints it, although it is an instruction: callx is LLVM's (BPFInstrInfo.td, JALX)
and in no kernel, gotox is of 6.19 (commit 493d9e0d6083), and BTF id 99 is no function of the kernel that was asked."""

NO_UNITS = {"18000000887766559500000000000000", "18000000000000000011010000000000", "18000000000000000000010000000000"}
"""64-bit loads whose second unit holds more than its immediate (RFC 9669 section 3.2): no instruction."""


def only(data: bytes, byteorder: Any) -> asm.Instruction:
    """Decode exactly one instruction."""
    (instruction,) = asm.Instructions.decode(data, byteorder)
    return instruction


@pytest.mark.parametrize(
    ("vectors", "byteorders"),
    [
        (LLVM_MC, Counter(little=3280, big=3280)),
        (VERIFIER, Counter(little=5870)),
        ([vector for vector in REFUSED if vector["hex"] not in NO_UNITS], Counter(little=2195)),
        (GNU, Counter(little=4194)),
    ],
    ids=["llvm-mc", "verifier", "refused", "gnu"],
)
def test_every_encoding_comes_back_unchanged(vectors: list[dict[str, Any]], byteorders: Counter[str]) -> None:
    seen: Counter[str] = Counter()
    changed = []
    for vector in vectors:
        byteorder = vector.get("byteorder", "little")
        seen[byteorder] += 1
        data = bytes.fromhex(vector["hex"])
        # Through the objects: a decoded program that nobody has looked at still holds the bytes it came from.
        if asm.Instructions(list(asm.Instructions.decode(data, byteorder))).encode(byteorder) != data:
            changed.append(vector)
    assert not changed
    assert seen == byteorders


@pytest.mark.parametrize("vectors", [REFUSED, GNU], ids=["refused", "gnu"])
def test_every_encoding_comes_back_from_its_text(vectors: list[dict[str, Any]]) -> None:
    lost = []
    for vector in vectors:
        if vector["hex"] not in NO_UNITS:
            program = asm.Instructions.decode(bytes.fromhex(vector["hex"]), "little")
            again = asm.Instructions.parse(str(program))
            if again != program or again.encode("little").hex() != vector["hex"]:
                lost.append(vector)
    assert not lost


def test_llvm_mc_and_the_table_know_the_same_instructions() -> None:
    unknown = {
        vector["text"] for vector in LLVM_MC if form_of(only(bytes.fromhex(vector["hex"]), vector["byteorder"])) is None
    }
    assert unknown == set(LLVM_MC_WITHOUT_A_FORM)


def test_the_verifier_and_the_table_know_the_same_instructions() -> None:
    disagreements = []
    unchecked = set()
    for vector in VERIFIER:
        instruction = only(bytes.fromhex(vector["hex"]), "little")
        known = form_of(instruction) is not None
        if known == (ENCODING_REFUSED.search(vector["verdict"]) is None):
            continue
        if not known and instruction.opcode in UNCHECKED_BY_LINUX_6_18:
            unchecked.add(instruction.opcode)
        else:
            disagreements.append((vector, form_of(instruction)))
    assert not disagreements
    assert unchecked == set(UNCHECKED_BY_LINUX_6_18)


def test_what_the_verifier_refuses_unprinted_has_no_form() -> None:
    assert len(REFUSED) == 2198
    refused = {vector["hex"]: vector["verdict"] for vector in REFUSED}
    for encoding in NO_UNITS:
        assert refused.pop(encoding) == "22: invalid bpf_ld_imm64 insn"
        with pytest.raises(DecodeError, match="second unit"):
            asm.Instructions.decode(bytes.fromhex(encoding), "little")
    forms = {encoding: form_of(only(bytes.fromhex(encoding), "little")) for encoding in refused}
    assert {encoding: form.name for encoding, form in forms.items() if form} == REFUSED_YET_A_FORM
    # All else is refused for its fields, but for one whose reserved dst is looked at after the function is looked for.
    about_fields = re.compile(ENCODING_REFUSED.pattern + "|invalid atomic opcode")
    others = [encoding for encoding in refused if not about_fields.search(refused[encoding])]
    assert sorted(others) == ["8520000063000000", "8521100000000000"]


def test_an_allowed_opcode_has_its_form_where_the_fields_are_zero() -> None:
    for opcode, name in UNCHECKED_BY_LINUX_6_18.items():
        form = form_of(asm.Instruction(opcode))
        assert form is not None
        assert form.name == name
