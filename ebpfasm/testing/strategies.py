"""Strategies for hypothesis: instructions from the table, programs of several kinds, and operations on maps."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from ebpfasm.asm import Instruction, Instructions, table
from ebpfasm.asm.form import Form, Operand
from ebpfasm.testing.programs.author import CALLS, PATHS, STRAIGHT, Author
from ebpfasm.testing.programs.cases import Case, case_of
from ebpfasm.testing.programs.drawn import Drawn
from ebpfasm.testing.programs.forms import NEWEST

__all__ = ["cases", "instructions", "map_operations", "programs", "straight_line_programs", "verifiable_programs"]


@st.composite
def instructions(draw: st.DrawFn, *, labels: tuple[str, ...] = ()) -> Instruction:
    """Any instruction the table has, each form as likely as the others.

    Args:
        labels: names that jumps and calls lead to; without any they have numbers, which lead anywhere.
    """
    form: Form = draw(st.sampled_from(table.FORMS))
    fields = {"dst": 0, "src": 0, "off": 0, "imm": 0}
    for field in fields:
        fixed = getattr(form, field)
        if isinstance(fixed, int):
            fields[field] = fixed
    label = None
    for operand in form.operands:
        if operand.kind == "label" and labels:
            label = draw(st.sampled_from(labels))
        else:
            value = draw(_operand(operand))
            fields[operand.field] |= (value & (1 << operand.bits) - 1) << operand.shift if operand.bits < 64 else value
    if form.opcode != LOAD_64 and fields["imm"] > 0x7FFFFFFF:
        fields["imm"] -= 1 << 32
    made = Instruction(form.opcode, **fields)
    return made if label is None else made.with_reference(label)


LOAD_64 = 0x18


def _operand(operand: Operand) -> st.SearchStrategy[int]:
    if operand.kind == "register":
        return st.integers(operand.low, operand.high)
    edges = {operand.low, operand.high, *(value for value in (0, 1, -1) if operand.low <= value <= operand.high)}
    return st.one_of(st.sampled_from(sorted(edges, key=abs)), st.integers(operand.low, operand.high))


@st.composite
def straight_line_programs(draw: st.DrawFn, *, most: int = 12, kernel: tuple[int, ...] = NEWEST) -> Instructions:
    """A program without jumps: arithmetic of all kinds and the stack. It needs nothing, and ends with ``Return()``.

    Args:
        most: about how many instructions.
        kernel: the Linux release it is for: instructions that are younger do not come up.
    """
    return Author(Drawn(draw), (STRAIGHT,), release=kernel, most=most).program()


@st.composite
def programs(draw: st.DrawFn, *, most: int = 12, kernel: tuple[int, ...] = NEWEST) -> Instructions:
    """A program with labels, branches, loops and functions, that ends: loops count to a constant, nothing recurses.

    Like those of `straight_line_programs` it uses no context, no map and no helper, so it runs anywhere.

    Args:
        most: how many statements its first function may have, those inside of others not counted.
        kernel: the Linux release it is for.
    """
    return Author(Drawn(draw), (STRAIGHT, PATHS, CALLS), release=kernel, most=most).program()


@st.composite
def cases(draw: st.DrawFn, *, most: int = 12, kernel: tuple[int, ...] = NEWEST, maps: bool = True) -> Case:
    """A program of type SCHED_CLS that the verifier accepts, with a packet, a context and maps for it.

    It uses what a program can: the stack, fields of the context, the packet behind its checks, legacy packet access,
    maps of all kinds, atomics, helpers with results that do not change from run to run, its own functions, tail calls.

    Args:
        most: how many statements its first function may have, those inside of others not counted.
        kernel: the Linux release it is for.
        maps: whether it may use maps.
    """
    return case_of(Drawn(draw), release=kernel, most=most, maps=maps)


def verifiable_programs(*, most: int = 12, kernel: tuple[int, ...] = NEWEST) -> st.SearchStrategy[Instructions]:
    """The programs of `cases` that refer to no map, by themselves."""
    return st.builds(_program_of, cases(most=most, kernel=kernel, maps=False))


def _program_of(case: Case) -> Instructions:
    return case.program


def map_operations(
    *, keys: st.SearchStrategy[Any], values: st.SearchStrategy[Any], deletes: bool = True
) -> st.SearchStrategy[tuple[Any, ...]]:
    """An operation on a map, as a tuple of the name of a method of `Map` and its arguments.

    ``("update", key, value, flags)`` with each of the update flags, ``("__getitem__", key)``,
    ``("__contains__", key)``, ``("items",)``, ``("keys",)``, and unless the map cannot delete ``("__delitem__", key)``
    and ``("pop", key)``. For the rules of a stateful machine, or as a list for a map and its model.

    Args:
        keys, values: what the map takes; few keys, so that operations meet.
        deletes: whether the map can delete: arrays cannot.
    """
    flags = st.sampled_from((0, 1, 2))
    kinds = [
        st.tuples(st.just("update"), keys, values, flags),
        st.tuples(st.just("__getitem__"), keys),
        st.tuples(st.just("__contains__"), keys),
        st.tuples(st.just("items")),
        st.tuples(st.just("keys")),
    ]
    if deletes:
        kinds += [st.tuples(st.just("__delitem__"), keys), st.tuples(st.just("pop"), keys)]
    return st.one_of(kinds)
