"""The pytest plugin, in runs of pytest of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from ebpfasm.testing import footprint, privileges
from tests.test_layers import HEAVY, PACKAGE

Result = pytest.RunResult

PLUGIN = [] if entry_points(group="pytest11", name="ebpfasm") else ["-p", "ebpfasm.testing.plugin"]
"""What has pytest load the plugin also where it is not installed."""


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have neither kernel nor namespaces."""
    monkeypatch.setitem(privileges.REASONS, "needs_kernel", lambda: "there is no kernel here")
    monkeypatch.setitem(privileges.REASONS, "needs_netns", lambda: "there are no namespaces here")


@pytest.fixture
def a_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a kernel, as far as anyone asks."""
    monkeypatch.setitem(privileges.REASONS, "needs_kernel", lambda: "")


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Give a function that runs pytest on the files made so far."""
    monkeypatch.delenv("EBPFASM_REQUIRE_KERNEL", raising=False)

    def go(*arguments: str) -> Result:
        return pytester.runpytest(*PLUGIN, "-p", "no:cacheprovider", "--strict-markers", *arguments)

    return go


def told(result: Result) -> list[str]:
    """Return the lines that explain the failure."""
    return [line.removeprefix("E       ") for line in result.outlines if line.startswith("E       ")]


# assertions


def test_programs_stand_side_by_side(pytester: pytest.Pytester, run: Callable[..., Result]) -> None:
    pytester.makepyfile(
        """
        from ebpfasm.asm import R0, R1, Add, Instructions, Mov, Return, Label, Ja

        def test_it():
            program = Instructions([Mov.Imm(R0, 1), Add.Imm(R0, 2), Ja.Label("end"), Label("end"), Return()])
            more = [Mov.Imm(R1, 7), Label("end"), Mov.Reg(R0, R1)]
            expected = Instructions([Mov.Imm(R0, 1), Add.Imm(R0, 3), *more, Return()])
            assert program == expected
        """
    )
    result = run()
    result.assert_outcomes(failed=1)
    assert told(result) == [
        "assert two programs are equal",
        "      0    r0 = 1          0    r0 = 1",
        "      1    r0 += 2   |     1    r0 += 3",
        "                     ^          imm 2 -> 3",
        "      2    goto end  <",
        "                     >     2    r1 = 7",
        "                     >        end:",
        "                     >     3    r0 = r1",
        "         end:        <",
        "      3    exit            4    exit",
    ]


@pytest.mark.parametrize(
    ("left", "right", "note"),
    [
        ("Add.Imm(R0, 2)", "Add.Imm(R0, 3)", "imm 2 -> 3"),
        ("Add.Imm(R0, 2)", "Sub.Imm(R0, 2)", "Add.Imm -> Sub.Imm"),
        (
            "Instructions([Return()])",
            "Instructions([Return()]).encode()",
            "a program is equal to bytes, which it never",
        ),
        (
            'Instructions([Ja.Label("x"), Label("x"), Return()])',
            'Instructions([Ja.Label(0), Label("x"), Return()])',
            "(they do the same)",
        ),
    ],
)
def test_other_comparisons(
    pytester: pytest.Pytester, run: Callable[..., Result], left: str, right: str, note: str
) -> None:
    pytester.makepyfile(
        f"""
        from ebpfasm.asm import *
        from ebpfasm.asm import Instructions, Label

        def test_it():
            assert {left} == {right}
        """
    )
    result = run()
    result.assert_outcomes(failed=1)
    assert note in result.stdout.str()


def test_what_is_no_program_is_left_to_pytest(pytester: pytest.Pytester, run: Callable[..., Result]) -> None:
    pytester.makepyfile(
        """
        from ebpfasm.asm import Instructions, Return

        def test_numbers():
            assert [1, 2] == [1, 3]

        def test_a_program_and_a_number():
            assert Instructions([Return()]) == 1
        """
    )
    result = run()
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["*At index 1 diff: 2 != 3*", "*assert Instructions(*Return()*) == 1"])


# markers and fixtures


MARKED = """
    import pytest

    @pytest.mark.needs_kernel
    def test_kernel():
        pass

    @pytest.mark.needs_netns
    def test_netns():
        pass

    def test_plain():
        pass

    @pytest.mark.parametrize("name", ["netns", "veth", "bpffs", "load_program", "no_leaks"])
    def test_fixture(request, name):
        request.getfixturevalue(name)
"""


@pytest.mark.usefixtures("nowhere")
def test_what_cannot_run_is_skipped_with_the_reason(pytester: pytest.Pytester, run: Callable[..., Result]) -> None:
    pytester.makepyfile(MARKED)
    result = run("-rs")
    result.assert_outcomes(passed=1, skipped=7)
    result.stdout.fnmatch_lines(["*there is no kernel here*", "*there are no namespaces here*"], consecutive=False)


@pytest.mark.usefixtures("nowhere")
def test_where_the_kernel_is_required_it_fails(
    pytester: pytest.Pytester, run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makepyfile(MARKED)
    monkeypatch.setenv("EBPFASM_REQUIRE_KERNEL", "1")
    result = run()
    result.assert_outcomes(passed=1, failed=5, errors=2)
    result.stdout.fnmatch_lines(["*EBPFASM_REQUIRE_KERNEL is set, and this test did not run. there is no kernel here*"])


@pytest.mark.usefixtures("a_kernel")
def test_a_marked_test_that_skips_itself_fails_there_too(
    pytester: pytest.Pytester, run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.needs_kernel
        def test_kernel():
            pytest.skip("no time")

        def test_plain():
            pytest.skip("no wish")
        """
    )
    monkeypatch.setenv("EBPFASM_REQUIRE_KERNEL", "1")
    result = run()
    result.assert_outcomes(failed=1, skipped=1)
    result.stdout.fnmatch_lines(["*EBPFASM_REQUIRE_KERNEL is set, and this test did not run. Skipped: no time*"])


@pytest.mark.needs_kernel
@pytest.mark.needs_netns
def test_the_fixtures_clean_up_after_a_failure(
    no_leaks: None, pytester: pytest.Pytester, run: Callable[..., Result], tmp_path: Path
) -> None:
    pytester.makepyfile(
        f"""
        from ebpfasm.asm import R0, Mov, Return

        def test_it(veth, netns, bpffs, load_program):
            program = load_program([Mov.Imm(R0, 7), Return()], name="seven")
            program.pin(bpffs / "seven")
            with open({str(tmp_path / "made")!r}, "w") as made:
                print(veth.netns, veth.peer_netns, netns(), bpffs, file=made)
            assert program.test_run(bytes(14)).retval == 8
        """
    )
    run().assert_outcomes(failed=1)
    *namespaces, bpffs = (tmp_path / "made").read_text().split()
    assert len(set(namespaces)) == 3
    assert not any(Path("/run/netns", name).exists() for name in namespaces)
    assert bpffs not in Path("/proc/mounts").read_text()


@pytest.mark.needs_kernel
def test_what_a_test_leaves_behind_is_told(
    pytester: pytest.Pytester, run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makepyfile(
        """
        from ebpfasm import Map, MapType

        kept = []

        def test_it(no_leaks):
            kept.append(Map.create(MapType.ARRAY, key_size=4, value_size=4, max_entries=1))

        def test_close():
            kept.pop().close()
        """
    )
    monkeypatch.setattr(footprint, "SETTLE_S", 0)
    result = run()
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(["*the test left behind: {'maps': [[]'*"])


@pytest.mark.usefixtures("a_kernel")
def test_a_file_system_that_cannot_be_mounted_is_the_reason(
    pytester: pytest.Pytester, run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makepyfile("def test_it(bpffs): pass")
    monkeypatch.setenv("PATH", str(pytester.path))
    result = run("-rs")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*a BPF file system cannot be mounted: there is no command mount*"])


def test_what_the_kernel_lacks_is_skipped_also_where_it_is_required(
    pytester: pytest.Pytester, run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    lacks = {name: privileges.Feature("needs_netns", lambda: "") for name in privileges.FEATURES}
    lacks["needs_ipvlan"] = privileges.Feature("needs_netns", lambda: "no ipvlan in this kernel")
    monkeypatch.setattr(privileges, "FEATURES", lacks)
    monkeypatch.setattr(privileges, "REASONS", dict.fromkeys(privileges.REASONS, str))
    monkeypatch.setenv("EBPFASM_REQUIRE_KERNEL", "1")
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.needs_ipvlan
        @pytest.mark.needs_kernel
        def test_ipvlan(): pass

        @pytest.mark.needs_netkit
        def test_netkit(): pass

        @pytest.mark.needs_netkit
        def test_netkit_skips_itself(): pytest.skip("no time")

        @pytest.mark.needs_linux("999.1", "flying")
        @pytest.mark.needs_linux("2.6", "bpf")
        def test_later(): pass

        @pytest.mark.needs_linux("2.6", "bpf")
        def test_earlier(): pass
        """
    )
    result = run("-rs")
    result.assert_outcomes(passed=2, skipped=2, failed=1)
    result.stdout.fnmatch_lines(["*no ipvlan in this kernel*", "*flying takes Linux 999.1, and this is *"])


@pytest.mark.usefixtures("nowhere")
def test_a_feature_is_not_looked_for_without_the_privilege(
    pytester: pytest.Pytester, run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makepyfile("import pytest\n@pytest.mark.needs_ipvlan\ndef test_it(): pass")
    run("-rs").stdout.fnmatch_lines(["*there are no namespaces here*"])
    monkeypatch.setenv("EBPFASM_REQUIRE_KERNEL", "1")
    run().assert_outcomes(errors=1)


@pytest.mark.parametrize(
    ("release", "version", "answer"),
    [("6.12.117+deb12-amd64", "6.13", True), ("6.12.117", "6.12", False), ("7.3.4+deb13", "6.13", False)],
)
def test_the_age_of_a_kernel(release: str, version: str, answer: bool) -> None:
    assert privileges.older(release, version) is answer


# the plugin itself


def test_the_markers_and_the_switch_are_documented(run: Callable[..., Result]) -> None:
    assert "needs_kernel: needs bpf(2) with privileges" in run("--markers").stdout.str()
    assert "--ebpfasm-update" in run("--help").stdout.str()


def test_the_plugin_costs_those_who_do_not_use_it_next_to_nothing(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "import sys\n"
        "def test_it():\n"
        "    assert 1 == 1\n"
        "    heavy = ('ebpfasm', 'hypothesis', 'cffi', '_cffi')\n"
        "    print(*sorted(name for name in sys.modules if name.startswith(heavy)))\n"
    )
    script = "import sys, pytest; sys.path.insert(0, sys.argv[1]); sys.exit(pytest.main(sys.argv[2:]))"
    arguments = ["-p", "ebpfasm.testing.plugin", "-p", "no:cacheprovider", "-q", "-s", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-c", script, str(PACKAGE.parent), *arguments],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env={"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PATH": ""},
        timeout=60,
    )
    assert done.stdout.splitlines()[0].lstrip(".") == "ebpfasm ebpfasm.testing ebpfasm.testing.plugin"


def test_the_plugin_imports_nothing_heavy() -> None:
    script = (
        "import sys, pytest; before = set(sys.modules); sys.path.insert(0, sys.argv[1])\n"
        "import ebpfasm.testing.plugin\n"
        "print(*sorted(set(sys.modules) - before))"
    )
    command = [sys.executable, "-c", script, str(PACKAGE.parent)]
    loaded = set(subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.split())
    assert loaded == {"ebpfasm", "ebpfasm.testing", "ebpfasm.testing.plugin"}
    assert not loaded & HEAVY
