"""Policies held in maps: replaced between two packets, with the counters of rules that stay."""

from __future__ import annotations

from threading import Thread
from typing import Any

import pytest

from ebpfasm.datapath.policy import Policy, PolicyTable, Rule
from ebpfasm.datapath.policy.counts import FIRST_RULE
from ebpfasm.datapath.policy.entries import entries, value_size
from ebpfasm.datapath.policy.table import MOST_ENTRIES, Numbering
from ebpfasm.datapath.policy.walk import walking
from ebpfasm.errors import ClosedError, KernelError, OperandError
from tests.datapath.frames import tcp4, tcp6
from tests.datapath.packets import OK, SHOT
from tests.datapath.policy.test_compiler import REACHED, RETURNS_ALLOWED, thousand

OLD = Policy.parse("allow ingress tcp port 80\nallow ingress tcp port 81\ndefault ingress deny")
NEW = Policy.parse("deny ingress tcp port 82\nallow ingress tcp port 80\ndefault ingress allow")


def test_the_encoding(encoding_snapshot: Any) -> None:
    program = walking("rules_web", "cnt_web", 64, "ingress")
    encoding_snapshot(program)
    assert max(need.release for need in program.requirements().all) <= (5, 10)


class TestEntries:
    def test_a_rule_takes_one_for_each_combination(self) -> None:
        policy = Policy(
            [
                Rule(
                    "allow", "ingress", peers=["10.0.0.0/8", "192.0.2.1", "fd00::1"], protocol="tcp",
                    ports=[1, 3, (5, 9)], source_ports=[7, 9],
                )
            ]
        )  # fmt: skip
        found = entries(policy, "ingress", [FIRST_RULE], 12)
        assert [len(found[family]) for family in (4, 6)] == [value_size(12)] * 2
        with pytest.raises(OperandError) as caught:
            entries(policy, "ingress", [FIRST_RULE], 11)
        assert str(caught.value) == "policy: its ingress rules take 12 entries of IPv4, and the table has 11"
        assert (caught.value.field, caught.value.high) == ("policy", 11)

    def test_ports_that_touch_are_one_range(self) -> None:
        policy = Policy([Rule("allow", "ingress", protocol="tcp", ports=[80, 82, 81, (83, 90), (85, 87)])])
        assert entries(policy, "ingress", [FIRST_RULE], 1)


class TestNumbering:
    def test_rules_that_stay_keep_their_counters(self) -> None:
        first = Numbering(4).following(OLD.of("ingress"))
        assert (first.indices, first.new) == ([FIRST_RULE, FIRST_RULE + 1],) * 2
        second = first.following(NEW.of("ingress"))
        assert (second.indices, second.new) == ([FIRST_RULE + 2, FIRST_RULE], [FIRST_RULE + 2])
        third = second.following(OLD.of("ingress"))
        assert (third.indices, third.new) == ([FIRST_RULE, FIRST_RULE + 1], [FIRST_RULE + 1])

    def test_equal_rules_have_one_each(self) -> None:
        rule = Rule("allow", "ingress")
        first = Numbering(4).following((rule, rule))
        assert first.indices == [FIRST_RULE, FIRST_RULE + 1]
        assert first.following((rule, rule, rule)).new == [FIRST_RULE + 2]

    def test_old_and_new_never_share_one(self) -> None:
        full = tuple(Rule("allow", "ingress", protocol=number) for number in range(4))
        others = tuple(Rule("deny", "ingress", protocol=number) for number in range(4))
        numbering = Numbering(4).following(full)
        for rules in (others, full, others):
            following = numbering.following(rules)
            assert not set(following.indices) & set(numbering.indices)
            assert max(following.indices) < FIRST_RULE + 8
            numbering = following


@pytest.mark.needs_kernel
class TestInTheKernel:
    def test_rules_are_replaced(self) -> None:
        with PolicyTable.create("ingress", 8, policy=OLD, name="policy_web") as table:
            names = (table.program.name, table.counters.name, table.table.name)
            assert names == ("policy_web", "cnt_web", "rules_web")
            program = table.program.id
            run = table.program.test_run
            verdicts = {OLD: (OK, OK, SHOT, SHOT), NEW: (OK, OK, SHOT, OK)}
            for policy in (OLD, NEW, OLD, NEW):
                table.replace(policy)
                assert table.policy is policy
                for make in (tcp4, tcp6):
                    assert tuple(run(make(to=port)).retval for port in (80, 81, 82, 83)) == verdicts[policy]
            assert table.program.id == program

    def test_counters_of_rules_that_stay_go_on(self) -> None:
        with PolicyTable.create("ingress", 8, policy=OLD) as table:
            run = table.program.test_run
            for port in (80, 80, 81, 99):
                run(tcp4(to=port))
            assert [counted.packets for _, counted in table.counts().rules] == [2, 1]
            table.replace(NEW)
            assert [(str(rule), counted.packets) for rule, counted in table.counts().rules] == [
                ("deny ingress tcp port 82", 0),
                ("allow ingress tcp port 80", 2),
            ]
            run(tcp4(to=82))
            run(tcp4(to=80))
            table.replace(OLD)
            counts = table.counts()
            assert [counted.packets for _, counted in counts.rules] == [3, 0]
            assert counts.default.packets == 1, "what is counted besides goes on"

    def test_packets_under_way_meet_one_policy(self) -> None:
        """Each of two policies allows the packet by a rule of its own; no packet gets past both."""
        one, other = (
            Policy.parse(f"allow ingress {protocol}") for protocol in ("tcp source port 40000", "tcp port 80")
        )
        packets, replaced = 2_000_000, 0
        with PolicyTable.create("ingress", 8, policy=one) as table:
            sender = Thread(target=table.program.test_run, args=(tcp4(),), kwargs={"repeat": packets})
            sender.start()
            while sender.is_alive() and replaced < 1000:
                table.replace(other if replaced % 2 == 0 else one)
                replaced += 1
            sender.join()
            counts = table.counts()
            assert counts.default.packets == counts.malformed.packets == 0
            assert replaced > 1

    def test_without_rules_it_denies(self) -> None:
        with PolicyTable.create("egress", 1) as table:
            assert table.program.test_run(tcp4()).retval == SHOT
            assert table.counts().default.packets == 1
            assert repr(table) == "<PolicyTable 'policy', egress of 0 rules>"

    def test_too_many_rules_change_nothing(self) -> None:
        with PolicyTable.create("ingress", 2, policy=OLD) as table:
            many = Policy(Rule("deny", "ingress", protocol=number) for number in range(3))
            with pytest.raises(OperandError, match=r"^policy: it has 3 rules, and the table has 2 entries$"):
                table.replace(many)
            with pytest.raises(OperandError, match=r"^PolicyTable.replace: policy must be a Policy, not 'deny'$"):
                table.replace("deny")  # type: ignore[arg-type]
            assert table.policy is OLD
            assert table.program.test_run(tcp4(to=80)).retval == OK
        with pytest.raises(ClosedError):
            table.replace(OLD)
        table.close()

    @pytest.mark.parametrize("name", REACHED)
    def test_what_allowed_packets_go_on_with(self, name: str) -> None:
        policy = Policy.parse(REACHED[name])
        with (
            PolicyTable.create("ingress", 4, policy=policy) as plain,
            PolicyTable.create("ingress", 4, policy=policy, then=RETURNS_ALLOWED) as going_on,
        ):
            expected = {OK: 7, SHOT: SHOT}[plain.program.test_run(tcp4()).retval]
            assert going_on.program.test_run(tcp4()).retval == expected

    def test_the_last_of_a_thousand_rules(self) -> None:
        with PolicyTable.create("ingress", 1024, policy=thousand("prefixes and ports")) as table:
            assert table.program.test_run(tcp4("10.255.255.255", to=9)).retval == OK
            assert table.counts().rules[-1][1].packets == 1

    def test_the_largest_loads(self) -> None:
        with PolicyTable.create("ingress", MOST_ENTRIES) as table:
            assert table.program.test_run(tcp4()).retval == SHOT

    @pytest.mark.parametrize("capacity", [0, -1, MOST_ENTRIES + 1, True, "64"])
    def test_capacities_that_cannot_be(self, capacity: Any) -> None:
        with pytest.raises(OperandError, match=r"^PolicyTable: capacity must be an int in 1..2048, not ") as caught:
            PolicyTable.create("ingress", capacity)
        assert caught.value.field == "capacity"

    @pytest.mark.parametrize("fails", ["rules", "program", "policy"])
    def test_what_fails_leaves_nothing(self, fails: str, no_leaks: None, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(*_: Any, **__: Any) -> None:
            raise KernelError(12, "no memory")

        where = {"rules": "_inner", "program": "walking", "policy": "entries"}[fails]
        monkeypatch.setattr(f"ebpfasm.datapath.policy.table.{where}", refuse)
        with pytest.raises(KernelError, match="no memory"):
            PolicyTable.create("ingress", 4)
