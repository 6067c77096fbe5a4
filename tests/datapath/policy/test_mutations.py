"""What checks policies is checked: each of these mistakes, in the library or in the model, is found by chance."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from ebpfasm import vm
from ebpfasm.datapath import headers, packet
from ebpfasm.datapath.policy import compiler, entries, frame, scan, walk
from ebpfasm.datapath.policy.counts import Count
from ebpfasm.datapath.policy.rule import Rule
from tests.datapath.policy import model
from tests.datapath.policy.chance import make_packet, make_policy
from tests.datapath.policy.sides import InVm, TableInVm, assert_as_the_model

SEEDS = 40
PACKETS = 60


def with_rules(change: Callable[[Rule], Any]) -> Callable[..., list[Any]]:
    """The groups of the compiler, for rules that are changed first."""
    right = compiler._groups
    return lambda rule, family: right(change(rule), family)


def narrower(rule: Rule) -> Rule:
    """A rule whose ranges of ports end one port early."""
    ports = [(low, max(low, high - 1)) for low, high in rule.ports]
    return Rule(
        rule.action, rule.direction, peers=rule.peers, protocol=rule.protocol, ports=ports,
        source_ports=rule.source_ports, icmp_type=rule.icmp_type, icmp_code=rule.icmp_code,
    )  # fmt: skip


def shorter(peer: Any) -> list[scan.Comparison]:
    """Comparisons of a prefix without those of its last word."""
    found = RIGHT_PREFIX(peer)
    return found[1:] if len(found) > 1 else found


RIGHT_PREFIX = compiler._prefix

MISTAKES: dict[str, tuple[Any, str, Any, type]] = {
    "a bit of the fragment's offset is not looked at": (headers, "OFFSET_MASK", 0x1FFE, InVm),
    "an IPv6 fragment's flag counts as offset": (headers, "IPV6_OFFSET_MASK", 0xFFFF, InVm),
    "one extension header less": (headers, "MOST_EXTENSIONS", 7, InVm),
    "mobility headers are not followed": (headers, "SAME_SHAPE", (0, 43, 60, 139, 140), InVm),
    "UDP-Lite has no ports": (headers, "WITH_PORTS", (6, 17, 33, 132), InVm),
    "the hop limit is the payload's length": (frame, "HOP_LIMIT", 5, InVm),
    "neighbour discovery from afar": (frame, "ON_LINK", 254, InVm),
    "neighbour discovery ends before redirects": (frame, "NEIGHBOUR_DISCOVERY", (7702784 - 1024, 7702784 - 1), InVm),
    "one tag less": (packet, "MOST_TAGS", 3, InVm),
    "the other side is this side": (
        compiler, "PEER", {"ingress": "destination", "egress": "source"}, InVm),
    "the maps' entries are too few": (walk, "ENTRY_SIZE", {4: 32, 6: 48}, TableInVm),
    "denied is allowed": (compiler, "VERDICT", {"allow": "allow", "deny": "allow"}, InVm),
    "ranges end early": (compiler, "_groups", with_rules(narrower), InVm),
    "a word of a prefix is forgotten": (compiler, "_prefix", shorter, InVm),
    "rules of the other family apply": (compiler, "applies", lambda rule, family: True, InVm),
    "entries of the other family apply": (entries, "applies", lambda rule, family: True, TableInVm),
    "ranges of entries begin anywhere": (
        entries, "selectors", lambda rule: [(0, high) for _, high in RIGHT_SELECTORS(rule)], TableInVm),
    "model: HIP is a protocol": (model, "EIGHTS", (0, 43, 60, 135, 140), InVm),
    "model: only one kind of tag": (model, "TAGS", (0x8100,), InVm),
    "model: SCTP has no ports": (model, "WITH_PORTS", (6, 17, 33, 136), TableInVm),
}  # fmt: skip

RIGHT_SELECTORS = entries.selectors


def chance_finds_it(form: Any) -> None:
    for seed in range(SEEDS):
        random = Random(f"mutation {seed}")
        policy = make_policy(random, 8)
        frames = [make_packet(random) for _ in range(PACKETS)]
        for direction in ("ingress", "egress"):
            assert_as_the_model(policy, direction, frames, form(policy, direction), ctx=vm.SkBuff())


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    where, what, wrong, form = MISTAKES[name]
    monkeypatch.setattr(where, what, wrong)
    with pytest.raises(AssertionError):
        chance_finds_it(form)


def test_a_mistake_in_counting_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frame, "_fragment", lambda family, counts: [NOTHING.with_symbol(f"{family}_fragment")])
    with pytest.raises(AssertionError):
        chance_finds_it(InVm)


NOTHING = frame.Mov.Imm(frame.R9, Count.FRAGMENT)
