"""Control flow: blocks, edges, functions, what nothing leads to, and the graph in DOT."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest
from hypothesis import given, settings

from ebpfasm import asm
from ebpfasm.asm import R0, R1, R2, Instructions, Label
from ebpfasm.asm.cfg import Block, ControlFlow, Edge
from ebpfasm.errors import OperandError, SymbolError
from tests.asm.programs import closed_programs

examples = settings(deadline=None, max_examples=100)

ONE = asm.Mov.Imm(R0, 1)
END = asm.Return()

LOOP = Instructions(
    [
        asm.LoadImm(R1, 10, asm.DWord),
        asm.Add.Imm(R0, 1).with_symbol("again"),
        asm.JLT.Reg(R0, R1, "again"),
        asm.Call.Label("f"),
        asm.LoadFunc(R2, "g"),
        asm.MayGoto.Label("again"),
        asm.Ja.Label("out"),
        ONE,
        END.with_symbol("out"),
        ONE.with_symbol("f"),
        END,
        asm.LongJump("g").with_symbol("g"),
    ]
)


def blocks_of(flow: ControlFlow) -> list[tuple[int, int]]:
    return [(block.start, len(block.instructions)) for block in flow.blocks]


def test_blocks_edges_and_functions() -> None:
    flow = LOOP.cfg()
    assert isinstance(flow, ControlFlow)
    assert blocks_of(flow) == [(0, 1), (2, 2), (4, 3), (8, 1), (9, 1), (10, 1), (11, 2), (13, 1)]
    assert flow.edges == (
        Edge(0, 2, "fall through", 0),
        Edge(2, 2, "taken", 3),
        Edge(2, 4, "not taken", 3),
        Edge(4, 11, "call", 4),
        Edge(4, 13, "callback", 5),
        Edge(4, 2, "may_goto", 7),
        Edge(4, 8, "not taken", 7),
        Edge(8, 10, "always", 8),
        Edge(9, 10, "fall through", 9),
        Edge(13, 13, "always", 13),
    )
    assert [(function.name, function.start) for function in flow.functions] == [("main", 0), ("f", 11), ("g", 13)]
    assert [[block.start for block in function.blocks] for function in flow.functions] == [
        [0, 2, 4, 8, 9, 10],
        [11],
        [13],
    ]
    assert flow.unreachable == (Block(9, (ONE,)),)
    assert [block.labels for block in flow.blocks][:3] == [(), ("again",), ()]


def test_numbers_lead_where_labels_do() -> None:
    flow, again = LOOP.cfg(), Instructions.decode(LOOP.encode()).cfg()
    assert again.edges == flow.edges
    assert blocks_of(again) == blocks_of(flow)
    assert [function.name for function in again.functions] == ["main", "function at 11", "function at 13"]


def test_an_empty_program() -> None:
    flow = Instructions([Label("end")]).cfg()
    assert (flow.blocks, flow.edges, flow.functions, flow.unreachable) == ((), (), (), ())
    assert flow.to_dot().endswith("}\n")


def test_the_first_label_names_the_program() -> None:
    assert [function.name for function in Instructions([END.with_symbol("classifier")]).cfg().functions] == [
        "classifier"
    ]


def test_what_runs_off_the_end_has_no_edge() -> None:
    assert Instructions([ONE]).cfg().edges == ()
    assert Instructions([asm.JEq.Imm(R0, 0, -1)]).cfg().edges == (Edge(0, 0, "taken", 0),)


def test_a_function_that_only_dead_code_calls_is_unreachable() -> None:
    flow = Instructions([END, asm.Call.Label("f"), END, END.with_symbol("f")]).cfg()
    assert [block.start for block in flow.unreachable] == [1, 3]


def test_a_gotox_may_lead_anywhere_in_its_function() -> None:
    flow = Instructions([asm.JumpTable(R1), ONE, END, END, asm.Call.Label(0), END]).cfg()
    assert [block.start for block in flow.blocks] == [0, 1, 3, 4, 5]
    assert flow.unreachable == ()
    assert [edge.kind for edge in flow.edges] == ["call", "fall through"]


def test_what_is_no_form_leads_on() -> None:
    flow = Instructions([asm.Instruction(0x05, 3, 0, 300), asm.Instruction(0x95, 1), END]).cfg()
    assert blocks_of(flow) == [(0, 3)]


@pytest.mark.parametrize(
    ("items", "message", "field", "value"),
    [
        ([asm.Ja.Label(1), END],
         "Ja.Label at unit 0: its target, unit 2, is outside of the program, which has units 0..1", "off", 1),
        ([ONE, asm.JEq.Imm(R0, 0, -3), END],
         "JEq.Imm at unit 1: its target, unit -1, is outside of the program, which has units 0..2", "off", -3),
        ([asm.Call.Label(70000), END],
         "Call.Label at unit 0: its target, unit 70001, is outside of the program, which has units 0..1", "imm", 70000),
        ([asm.LoadImm(R1, 1, asm.DWord), asm.JNE.Reg(R0, R1, -2), END],
         "JNE.Reg at unit 2: its target, unit 1, is in the middle of the 64-bit load at unit 0", "off", -2),
        ([asm.LoadFunc(R1, 0), END],
         "LoadFunc at unit 0: its target, unit 1, is in the middle of the 64-bit load at unit 0", "imm", 0),
        ([asm.Ja.Label("end"), Label("end")],
         "Ja.Label at unit 0: its target, unit 1, is outside of the program, which has units 0..0", "off", 0),
    ],
)  # fmt: skip
def test_a_target_that_is_no_instruction(items: list[asm.Instruction], message: str, field: str, value: int) -> None:
    with pytest.raises(OperandError) as caught:
        Instructions(items).cfg()
    assert str(caught.value) == message
    assert (caught.value.field, caught.value.value) == (field, value)


def test_an_unknown_label() -> None:
    with pytest.raises(SymbolError, match="label 'nowhere'"):
        Instructions([asm.Ja.Label("nowhere")]).cfg()


@examples
@given(closed_programs())
def test_every_instruction_is_in_one_block_and_every_way_is_an_edge(program: Instructions) -> None:
    flow = program.cfg()
    assert [item for block in flow.blocks for item in block.instructions] == list(program)
    starts = {block.start for block in flow.blocks}
    assert [block for function in flow.functions for block in function.blocks] == list(flow.blocks)
    assert {edge.source for edge in flow.edges} | {edge.target for edge in flow.edges} <= starts
    assert len(flow.edges) == len(set(flow.edges))
    # Every label and number leads to the start of a block, along an edge from its own unit.
    unit = 0
    for original, item in zip(program, program.resolved(), strict=True):
        form = item.form
        if form is not None and form.reference == "label":
            distance = item.off if form.operands[-1].field == "off" else (item.imm + (1 << 31)) % (1 << 32) - (1 << 31)
            assert [e.target for e in flow.edges if e.unit == unit and e.kind not in ("not taken", "fall through")] == [
                unit + 1 + distance
            ]
        unit += original.units
    dead = {block.start for block in flow.unreachable}
    assert not any(edge.target in dead for edge in flow.edges if edge.source not in dead)
    assert 0 not in dead


# DOT

STATEMENT = re.compile(
    r'digraph ("(?:[^"\\]|\\.)*") \{|subgraph "cluster_\d+" \{|\}|label="(?:[^"\\]|\\.)*";'
    r'|(?:node|edge|"\d+"|"\d+" -> "\d+")(?: \[\w+="(?:[^"\\]|\\.)*"(?:, \w+="(?:[^"\\]|\\.)*")*\])?;'
)


def test_the_graph_of_a_program() -> None:
    program = Instructions([asm.Call.Label("f"), asm.JEq.Imm(R0, 0, "f"), END, END, END.with_symbol("f")])
    assert program.cfg().to_dot("x") == (
        'digraph "x" {\n'
        '    node [shape="box", fontname="monospace", fontsize="10"];\n'
        '    edge [fontname="monospace", fontsize="9"];\n'
        '    subgraph "cluster_0" {\n'
        '        label="main";\n'
        '        "0" [label="  0: call f\\l  1: if r0 == 0 goto f\\l"];\n'
        '        "2" [label="  2: exit\\l"];\n'
        '        "3" [label="  3: exit\\l", style="dashed", tooltip="unreachable"];\n'
        "    }\n"
        '    subgraph "cluster_1" {\n'
        '        label="f";\n'
        '        "4" [label="f:\\l  4: exit\\l"];\n'
        "    }\n"
        '    "0" -> "4" [label="call", style="dashed", constraint="false"];\n'
        '    "0" -> "4" [label="taken", color="#2e9e4f", fontcolor="#2e9e4f"];\n'
        '    "0" -> "2" [label="not taken", color="#d0493a", fontcolor="#d0493a"];\n'
        "}\n"
    )


@examples
@given(closed_programs())
def test_any_graph_is_statements_of_the_language(program: Instructions) -> None:
    flow = program.cfg()
    text = flow.to_dot()
    assert [line for line in text.splitlines() if not STATEMENT.fullmatch(line.strip())] == []
    assert text.count("{") == text.count("}") == len(flow.functions) + 1
    drawn = set(re.findall(r'^    "(\d+)" -> "(\d+)"', text, re.MULTILINE))
    assert drawn == {(str(edge.source), str(edge.target)) for edge in flow.edges}


AWKWARD = ['a"b', "back\\slash", "\\N", "\\", "new\nline", "&amp;", "<b>", "ünïcode", "};", "nul\0"]


@pytest.mark.parametrize("label", AWKWARD)
def test_labels_are_escaped(label: str) -> None:
    text = Instructions([asm.Ja.Label(label).with_symbol(label)]).cfg().to_dot(label)
    assert [line for line in text.splitlines() if not STATEMENT.fullmatch(line.strip())] == []


@pytest.mark.skipif(shutil.which("dot") is None, reason="needs the program dot of Graphviz")
def test_graphviz_draws_the_labels_as_they_are() -> None:
    labels = [label for label in AWKWARD if label.isprintable()]
    program = Instructions([asm.Ja.Label(labels[-1]), *(END.with_symbol(label) for label in labels)])
    for name in AWKWARD:
        result = subprocess.run(
            ["dot", "-Tsvg"], input=program.cfg().to_dot(name), capture_output=True, text=True, check=True, timeout=60
        )
        assert result.stderr == ""
    import html

    shown = {html.unescape(text) for text in re.findall(r"<text [^>]*>(.*?)</text>", result.stdout)}
    assert {f"{label}:" for label in labels} <= {text.replace("\xa0", " ") for text in shown}
