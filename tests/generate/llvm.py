"""What llvm-mc 19 and llvm-objdump 19 make of many instructions, all in one run, and llc 19 of whole files."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Literal

TRIPLES = {"little": "bpfel", "big": "bpfeb"}
MISSING = "llvm-mc-19 and llvm-objdump-19 are not on the PATH (Debian: the package llvm-19)"
ENCODING = re.compile(r"# encoding: \[(.*)\]")
LINE = re.compile(r"\s*([0-9a-f]+):\s+(.*?)\s*(?:<[^<>]*\+0x[0-9a-f]+>)?\s*\Z")
Endian = Literal["little", "big"]


def available() -> bool:
    """Return whether both tools are there."""
    return all(shutil.which(tool) for tool in ("llvm-mc-19", "llvm-objdump-19"))


def run(command: list[str], data: bytes) -> subprocess.CompletedProcess[bytes]:
    """Run a tool on some input."""
    return subprocess.run(command, input=data, capture_output=True, check=False, timeout=120)


def compiled(source: Path, byteorder: Endian, kind: Literal["asm", "obj"], options: list[str]) -> bytes:
    """Return what llc makes of a file of LLVM's intermediate language."""
    result = run(["llc-19", f"-march={TRIPLES[byteorder]}", f"-filetype={kind}", *options, "-o", "-", str(source)], b"")
    if result.returncode:
        raise RuntimeError(f"llc-19: {result.stderr.decode()}")
    return result.stdout


def assembled(lines: list[str], byteorder: Endian) -> list[str]:
    """Return llvm-mc's encoding of each line in hexadecimal, or why it refuses it."""
    command = ["llvm-mc-19", "-triple", TRIPLES[byteorder], "-mcpu=v4", "--show-encoding"]
    answers = [""] * len(lines)
    errors = run(command, "\n".join(lines).encode()).stderr.decode()
    for number, reason in re.findall(r"^<stdin>:(\d+):\d+: error: (.*)$", errors, re.MULTILINE):
        answers[int(number) - 1] = f"refused: {reason}"
    good = [at for at, answer in enumerate(answers) if not answer]
    result = run(command, "\n".join(lines[at] for at in good).encode())
    encodings = ENCODING.findall(result.stdout.decode())
    if result.returncode or len(encodings) != len(good):
        raise RuntimeError(f"llvm-mc-19 made {len(encodings)} encodings of {len(good)} lines: {result.stderr!r}")
    for at, encoding in zip(good, encodings, strict=True):
        answers[at] = encoding.replace("0x", "").replace(",", "")
    return answers


def disassembled(encodings: list[bytes], byteorder: Endian, cpu: str = "v4") -> list[str]:
    """Return llvm-objdump's text of each instruction."""
    source = "\n".join(".byte " + ",".join(map(str, encoding)) for encoding in encodings)
    made = run(["llvm-mc-19", "-triple", TRIPLES[byteorder], "-filetype=obj"], source.encode())
    result = run(
        ["llvm-objdump-19", "-d", "--no-print-imm-hex", "--no-show-raw-insn", f"--mcpu={cpu}", "-"], made.stdout
    )
    if made.returncode or result.returncode:
        raise RuntimeError(f"{made.stderr!r} {result.stderr!r}")
    # The addresses of BPF are units.
    texts = {int(match[1]): match[2] for match in map(LINE.match, result.stdout.decode().splitlines()) if match}
    at = 0
    answers = []
    for encoding in encodings:
        answers.append(texts[at])
        at += len(encoding) // 8
    return answers
