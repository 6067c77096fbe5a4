"""The compiler: listings that people read, programs the kernel takes, what allowed packets go on with."""

from __future__ import annotations

from typing import Any

import pytest

import ebpfasm.datapath.policy
from ebpfasm import Program, ProgramType, vm
from ebpfasm.asm import R0, R6, LoadMem, Mov, Return, Word
from ebpfasm.asm.program import Instructions
from ebpfasm.datapath.counters import Counted
from ebpfasm.datapath.delivery import create_counts, create_endpoints, create_policies, deliver_block
from ebpfasm.datapath.policy import CompiledPolicy, Policy, Rule
from ebpfasm.datapath.policy.counts import FIRST_RULE
from ebpfasm.errors import ClosedError, OperandError
from tests.datapath import frames
from tests.datapath.frames import tcp4, tcp6
from tests.datapath.packets import OK, SHOT
from tests.datapath.policy.sides import ALLOWED, InVm

WEB = Policy.parse("""
allow ingress from 10.0.0.0/8 tcp port 80,443,8000-8100
deny ingress from fd00::/8,192.0.2.1 udp source port 1024-65535 port 53
allow ingress icmpv6 type 128
allow egress to 10.0.0.0/8
default egress deny
""")


@pytest.mark.parametrize("direction", ["ingress", "egress"])
def test_the_encoding(encoding_snapshot: Any, direction: Any) -> None:
    encoding_snapshot(WEB.compile(direction, "cnt_web").instructions)


def test_the_listing_has_each_rule_beside_its_code() -> None:
    listing = WEB.compile("ingress", "cnt_web").listing(arrows=False)
    lines = [line.split("  ;")[-1].strip() for line in listing.splitlines()]
    for number, rule in enumerate(WEB.of("ingress"), 1):
        assert f"{number}: {rule}" in lines
    assert "ipv4_rule_1:" in lines
    assert "ipv6_rule_1:" not in lines, "IPv6 packets do not walk rules of IPv4"
    assert "ipv4_rule_3:" not in lines
    assert {"ipv4_rule_2:", "ipv6_rule_2:"} <= set(lines)
    assert "default ingress deny" in lines


def test_what_it_says_of_itself() -> None:
    compiled = WEB.compile("ingress", "cnt_web")
    assert compiled.counters == FIRST_RULE + 3
    assert list(compiled.rules) == [FIRST_RULE, FIRST_RULE + 1, FIRST_RULE + 2]
    assert repr(compiled) == f"<Compiled ingress of 3 rules, {compiled.instructions.units} units>"
    assert max(need.release for need in compiled.instructions.requirements().all) <= (5, 10)


RETURNS_ALLOWED = Instructions([LoadMem(R0, R6, 0, Word), Mov.Imm(R0, ALLOWED), Return()])


def test_what_is_allowed_goes_on_and_the_rest_does_not() -> None:
    policy = Policy.parse("allow egress tcp port 80\ndeny egress tcp\nallow egress icmp\ndefault egress deny")
    loaded = InVm(policy, "egress", RETURNS_ALLOWED)
    solicitation = frames.ethernet(frames.IPV6, frames.ipv6("fe80::1", "ff02::1", 58, frames.icmp(135), hops=255))
    for packet, verdict in (
        (tcp4(), ALLOWED),
        (tcp6(), ALLOWED),
        (tcp4(to=81), SHOT),
        (frames.ethernet(frames.ARP, bytes(28)), OK),
        (solicitation, OK),
        (tcp4()[:36], SHOT),
    ):
        assert loaded.program.test_run(packet, ctx=vm.SkBuff()).retval == verdict


# What never runs the verifier refuses, so none of it may be in the program.
REACHED = {
    "no rules, deny": "default ingress deny",
    "no rules, allow": "default ingress allow",
    "nothing is denied": "allow ingress\ndefault ingress allow",
    "nothing is allowed": "deny ingress from 10.0.0.1\ndeny ingress",
    "rules behind one for everything": "allow ingress tcp\ndeny ingress\nallow ingress udp\ndefault ingress allow",
    "behind one for all of a family": "deny ingress from 0.0.0.0/0\nallow ingress tcp port 1",
    "behind one for both families": "allow ingress from ::/0,0.0.0.0/0\nallow ingress tcp port 1",
    "all ports": "allow ingress tcp source port 0-65535 port 0-65535",
    "only of one family": "allow ingress icmp type 8",
}


@pytest.mark.needs_kernel
@pytest.mark.parametrize("then", [None, RETURNS_ALLOWED])
@pytest.mark.parametrize("name", REACHED)
def test_nothing_is_out_of_reach(name: str, then: Any) -> None:
    with CompiledPolicy.load(Policy.parse(REACHED[name]), "ingress", then=then) as loaded:
        assert loaded.program.test_run(tcp4()).retval in {OK, SHOT, ALLOWED}


def thousand(kind: str) -> Policy:
    """A thousand rules of one kind, the last of which matches only TCP from 10.255.255.255 or fd00::ffff to port 9."""
    make = {
        "prefixes and ports": lambda i: {"peers": f"10.{i >> 8}.{i & 255}.0/24", "protocol": "tcp", "ports": i + 10},
        "addresses": lambda i: {"peers": f"10.0.{i >> 8}.{i & 255}", "protocol": "udp"},
        "IPv6 addresses and ranges": lambda i: {"peers": f"fd00:{i:x}::7", "protocol": 6, "ports": [(i + 10, i + 20)]},
        "ports": lambda i: {"protocol": "tcp", "ports": i + 10},
        "ranges": lambda i: {"protocol": "tcp", "ports": [(10 + 3 * i, 5000 + 4 * i)]},
        "protocols": lambda i: {"protocol": i % 240 + 7},
        "many of each": lambda i: {
            "peers": [f"10.{i >> 8}.{i & 255}.1", f"fd00::{i:x}"], "protocol": "tcp", "ports": [i + 10, 2 * i + 20],
            "source_ports": [(i, i + 30)],
        },
    }[kind]  # fmt: skip
    last = Rule("allow", "ingress", peers=["10.255.255.255", "fd00::ffff"], protocol="tcp", ports=9)
    return Policy([*(Rule("deny", "ingress", **make(i)) for i in range(999)), last])


KINDS = (
    "prefixes and ports", "addresses", "IPv6 addresses and ranges", "ports", "ranges", "protocols", "many of each",
)  # fmt: skip


@pytest.mark.needs_kernel
@pytest.mark.parametrize("kind", KINDS)
def test_a_thousand_rules_load(kind: str) -> None:
    with CompiledPolicy.load(thousand(kind), "ingress", name="policy_many") as loaded:
        for packet in (tcp4("10.255.255.255", to=9, by=60000), tcp6("fd00::ffff", to=9, by=60000)):
            assert loaded.program.test_run(packet).retval == OK
        assert loaded.counts().rules[-1][1].packets == 2
        assert loaded.counts().packets == 2
        assert loaded.program.info.verified_insns in {0, None} or loaded.program.info.verified_insns < 500_000


def test_a_thousand_rules_need_no_new_kernel() -> None:
    for kind in KINDS:
        code = thousand(kind).compile("ingress", "cnt").instructions
        assert max(need.release for need in code.requirements().all) <= (5, 10)


@pytest.mark.needs_kernel
class TestLoaded:
    def test_it_has_its_names_and_goes_into_a_slot(self) -> None:
        with (
            CompiledPolicy.load(WEB, "ingress", name="policy_web") as loaded,
            create_policies(4) as policies,
        ):
            assert (loaded.program.name, loaded.counters.name) == ("policy_web", "cnt_web")
            policies[2] = loaded
            assert policies[2] == loaded.program.id
            assert loaded.policy is WEB
            assert repr(loaded) == "<CompiledPolicy 'policy_web', ingress of 3 rules>"
        assert loaded.closed
        assert repr(loaded).endswith(": closed>")
        with pytest.raises(ClosedError):
            loaded.fileno()
        loaded.close()

    def test_counts(self) -> None:
        with CompiledPolicy.load(WEB, "ingress") as loaded:
            for _ in range(3):
                assert loaded.program.test_run(tcp4(to=443)).retval == OK
            assert loaded.program.test_run(tcp4(to=444)).retval == SHOT
            counts = loaded.counts()
            assert counts.rules[0] == (WEB.of("ingress")[0], Counted(3, 3 * len(tcp4())))
            assert (counts.default, counts.packets) == (Counted(1, len(tcp4())), 4)
            assert str(counts).splitlines()[0] == (
                f"{3:12} {3 * len(tcp4()):15}  allow ingress from 10.0.0.0/8 tcp port 80,443,8000-8100"
            )
            assert "(default)" in str(counts)
            assert repr(counts) == "<Counts of 4 packets, 3 rules>"

    @pytest.mark.parametrize("name", ["a name", "much_too_long_name"])
    def test_a_name_that_cannot_be_leaves_nothing(self, name: str, no_leaks: None) -> None:
        with pytest.raises(OperandError, match="name"):
            CompiledPolicy.load(WEB, "ingress", name=name)

    def test_allowed_packets_are_delivered(self) -> None:
        """As on IPVLAN, where the sender's egress program calls the receiver's policy."""
        with (
            create_endpoints(4) as endpoints,
            create_policies(4) as policies,
            create_counts() as counts,
            Program.load(ProgramType.SCHED_CLS, [Mov.Imm(R0, ALLOWED), Return()]) as receiver,
        ):
            endpoints["10.0.0.2"] = 1
            policies[1] = receiver
            block = deliver_block(endpoints, policies, counts)
            with CompiledPolicy.load(WEB, "egress", then=block) as sender:
                assert sender.program.test_run(tcp4(destination="10.0.0.2")).retval == ALLOWED
                assert sender.program.test_run(tcp4(destination="10.0.0.3")).retval == OK
                assert sender.program.test_run(tcp4(destination="192.0.2.1")).retval == SHOT
                assert sender.counts().rules[0][1].packets == 2


def test_public_names() -> None:
    assert all(hasattr(ebpfasm.datapath.policy, name) for name in ebpfasm.datapath.policy.__all__)
    with pytest.raises(AttributeError, match=r"module 'ebpfasm.datapath.policy' has no attribute 'Rules'"):
        _ = ebpfasm.datapath.policy.Rules  # type: ignore[attr-defined]
