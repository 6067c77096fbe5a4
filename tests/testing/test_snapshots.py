"""Snapshots of encodings: written, compared, stale."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ebpfasm.asm import LE, R0, R2, FnTailCall, HostTo, Instructions, LoadImm, LoadMapPtr, Mov, Return, Word
from ebpfasm.testing.snapshots import LONGEST, _file_name, encoding_lines
from tests.testing.test_plugin import Result
from tests.testing.test_plugin import run as run  # noqa: PLC0414 - a fixture

STUB = """
    import pytest
    from ebpfasm.asm import R0, R2, R3, FnTailCall, LoadMapPtr, Mov, Return

    def stub(verdict):
        return [LoadMapPtr(R2, "slots"), Mov.Imm(R3, 0), FnTailCall.Call(), Mov.Imm(R0, verdict), Return()]

    def test_stub(encoding_snapshot):
        encoding_snapshot(stub(VERDICT))

    @pytest.mark.parametrize("verdict", [1, 2])
    def test_verdicts(encoding_snapshot, verdict):
        encoding_snapshot(stub(verdict))

    def test_two(encoding_snapshot):
        encoding_snapshot(stub(3))
        encoding_snapshot(stub(4))
        encoding_snapshot(stub(5), name="five")
"""

SNAPSHOT = """\
# test_stub.py::test_stub
18120000........ 0000000000000000  slots
b703000000000000
850000000c000000
b700000000000000
9500000000000000

    0: 18 12 00 00 .. .. .. ..  r2 = slots ll
       00 00 00 00 00 00 00 00
    2: b7 03 00 00 00 00 00 00  r3 = 0
    3: 85 00 00 00 0c 00 00 00  call 12  ; bpf_tail_call
    4: b7 00 00 00 00 00 00 00  r0 = 0
    5: 95 00 00 00 00 00 00 00  exit
"""


def written(pytester: pytest.Pytester, verdict: int = 0, source: str = STUB) -> Path:
    """Write the tests, and return where their snapshots are."""
    pytester.makepyfile(test_stub=source.replace("VERDICT", str(verdict)))
    return pytester.path / "__snapshots__" / "test_stub"


def test_without_a_snapshot_a_test_fails(pytester: pytest.Pytester, run: Callable[..., Result]) -> None:
    directory = written(pytester)
    result = run()
    result.assert_outcomes(failed=4)
    result.stdout.fnmatch_lines(["*there is no snapshot *test_stub.txt: pytest --ebpfasm-update writes it"])
    assert not directory.exists()


def test_written_once_it_holds(pytester: pytest.Pytester, run: Callable[..., Result]) -> None:
    directory = written(pytester)
    result = run("--ebpfasm-update")
    result.assert_outcomes(passed=4)
    names = ["test_stub.txt", "test_two.2.txt", "test_two.five.txt", "test_two.txt"]
    assert sorted(path.name for path in directory.iterdir()) == [
        *names, "test_verdicts[1].txt", "test_verdicts[2].txt",
    ]  # fmt: skip
    result.stdout.fnmatch_lines(["*ebpfasm snapshots*", "written: __snapshots__*test_stub.txt"])
    assert (directory / "test_stub.txt").read_text() == SNAPSHOT
    again = run()
    again.assert_outcomes(passed=4)
    assert "ebpfasm snapshots" not in again.stdout.str()


def test_another_encoding_fails_until_it_is_written(pytester: pytest.Pytester, run: Callable[..., Result]) -> None:
    directory = written(pytester)
    run("--ebpfasm-update")
    written(pytester, verdict=2)
    result = run()
    result.assert_outcomes(passed=3, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*the encoding is not that of *test_stub.txt:",
            "E *4    r0 = 0 *|     4    r0 = 2",
            "E *^ *imm 0 -> 2",
            "E *pytest --ebpfasm-update writes the new one",
        ]
    )
    result = run("--ebpfasm-update")
    result.assert_outcomes(passed=4)
    assert "b700000002000000" in (directory / "test_stub.txt").read_text()
    assert result.stdout.str().count("written:") == 1


def test_another_map_is_another_encoding(pytester: pytest.Pytester, run: Callable[..., Result]) -> None:
    written(pytester)
    run("--ebpfasm-update")
    written(pytester, source=STUB.replace('"slots"', '"places"'))
    result = run("-k", "test_stub and not two and not verdicts")
    assert "  18120000........ 0000000000000000  slots  ->  18120000........ 0000000000000000  places" in (
        result.stdout.str()
    )


def test_a_changed_listing_alone_is_no_change(pytester: pytest.Pytester, run: Callable[..., Result]) -> None:
    directory = written(pytester)
    run("--ebpfasm-update")
    path = directory / "test_stub.txt"
    path.write_text(path.read_text().replace("bpf_tail_call", "bpf_jump"))
    run().assert_outcomes(passed=4)


SHORTER = STUB[: STUB.index("def test_two")]


def test_a_snapshot_no_test_uses_is_told_and_removed(pytester: pytest.Pytester, run: Callable[..., Result]) -> None:
    directory = written(pytester)
    run("--ebpfasm-update")
    written(pytester, source=SHORTER)
    (directory.parent / "test_gone").mkdir()
    (directory.parent / "test_gone" / "test_it.txt").write_text("")
    result = run()
    result.assert_outcomes(passed=3)
    assert result.stdout.str().count("no test uses __snapshots__") == 4
    result = run("--ebpfasm-update")
    assert result.stdout.str().count("removed, since no test uses it") == 4
    assert sorted(path.name for path in directory.iterdir()) == [
        "test_stub.txt", "test_verdicts[1].txt", "test_verdicts[2].txt",
    ]  # fmt: skip
    assert not (directory.parent / "test_gone").exists()


@pytest.mark.parametrize(
    "arguments", [("-k", "test_stub"), ("test_stub.py::test_stub",), ("--deselect", "test_stub.py::test_stub")]
)
def test_of_a_part_of_a_module_nothing_is_stale(
    pytester: pytest.Pytester, run: Callable[..., Result], arguments: tuple[str, ...]
) -> None:
    directory = written(pytester)
    run("--ebpfasm-update")
    before = sorted(directory.iterdir())
    result = run("--ebpfasm-update", *arguments)
    assert "no test uses" not in result.stdout.str()
    assert sorted(directory.iterdir()) == before


def test_of_a_module_with_a_skipped_test_nothing_is_stale(
    pytester: pytest.Pytester, run: Callable[..., Result]
) -> None:
    directory = written(pytester)
    run("--ebpfasm-update")
    before = sorted(directory.iterdir())
    written(pytester, source=STUB.replace("    def test_two", '    @pytest.mark.skip("later")\n    def test_two'))
    run("--ebpfasm-update").assert_outcomes(passed=3, skipped=1)
    assert sorted(directory.iterdir()) == before


def test_two_snapshots_need_two_names(pytester: pytest.Pytester, run: Callable[..., Result]) -> None:
    pytester.makepyfile(
        """
        from ebpfasm.asm import Return

        def test_it(encoding_snapshot):
            encoding_snapshot([Return()], name="a")
            encoding_snapshot([Return()], name="a")
        """
    )
    result = run("--ebpfasm-update")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*the test has two snapshots in *test_it.a.txt: give each a name of its own"])


def test_classes_and_odd_parameters_have_files_of_their_own(
    pytester: pytest.Pytester, run: Callable[..., Result]
) -> None:
    pytester.makepyfile(
        test_odd="""
        import pytest
        from ebpfasm.asm import R0, Mov, Return

        class TestOne:
            @pytest.mark.parametrize("what", ["a/b", "a:b", "a b"])
            def test_it(self, encoding_snapshot, what):
                encoding_snapshot([Mov.Imm(R0, ord(what[1])), Return()])
        """
    )
    run("--ebpfasm-update").assert_outcomes(passed=3)
    names = [path.name for path in (pytester.path / "__snapshots__" / "test_odd").iterdir()]
    assert len(set(names)) == 3
    assert all(name.startswith("TestOne.test_it[a_b]-") for name in names)
    run().assert_outcomes(passed=3)


def test_names_of_files() -> None:
    assert _file_name("test_a[1-x.y]") == "test_a[1-x.y]"
    long = _file_name("test_" + "a" * 300)
    assert len(long) == LONGEST
    assert long != _file_name("test_" + "a" * 301)
    assert _file_name("a/b") != _file_name("a:b")


def test_the_encoding_is_little_endian_on_every_machine() -> None:
    program = Instructions(
        [LoadImm(R0, 1), HostTo(LE, R0, Word), LoadMapPtr(R2, 5), FnTailCall.Call(), Mov.Imm(R0, 1), Return()]
    )
    assert encoding_lines(program) == [
        "1800000001000000 0000000000000000",
        "d400000020000000",
        "1812000005000000 0000000000000000",
        "850000000c000000",
        "b700000001000000",
        "9500000000000000",
    ]
