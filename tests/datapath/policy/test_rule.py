"""Rules: what they take, how they are written, and what is refused, by name, value and range."""

from __future__ import annotations

import copy
import pickle
from ipaddress import IPv4Network, ip_address, ip_network
from typing import Any

import pytest

from ebpfasm.datapath.policy import Policy, Rule
from ebpfasm.errors import OperandError

WRITTEN = {
    "allow ingress": Rule("allow", "ingress"),
    "deny egress to 10.0.0.1": Rule("deny", "egress", peers=ip_address("10.0.0.1")),
    "allow ingress from 10.0.0.0/8,fd00::/8 tcp port 80,443,8000-8100": Rule(
        "allow", "ingress", peers=["10.0.0.0/8", ip_network("fd00::/8")], protocol="tcp", ports="80,443, 8000-8100"
    ),
    "deny ingress udp source port 53 port 1024-65535": Rule(
        "deny", "ingress", protocol=17, source_ports=53, ports=[(1024, 65535)]
    ),
    "allow egress sctp port 1,2": Rule("allow", "egress", protocol="sctp", ports=(1, 2)),
    "allow egress icmp type 8": Rule("allow", "egress", protocol="icmp", icmp_type=8),
    "deny egress to fd00::/8 icmpv6 type 1 code 4": Rule(
        "deny", "egress", peers="fd00::/8", protocol="icmpv6", icmp_type=1, icmp_code=4
    ),
    "allow egress protocol 99": Rule("allow", "egress", protocol=99),
}


@pytest.mark.parametrize("text", WRITTEN)
def test_how_rules_are_written(text: str) -> None:
    rule = WRITTEN[text]
    assert str(rule) == text
    assert repr(rule) == f"<Rule {text}>"
    assert Policy.parse(text).rules == (rule,)
    assert pickle.loads(pickle.dumps(rule)) == rule == copy.deepcopy(rule)
    assert hash(pickle.loads(pickle.dumps(rule))) == hash(rule)


def test_what_it_keeps() -> None:
    rule = Rule("allow", "ingress", peers=("10.0.0.0/8",), protocol="tcp", ports=[80, (1, 2), "5-6,7"])
    assert rule.peers == (IPv4Network("10.0.0.0/8"),)
    assert (rule.protocol, rule.ports, rule.source_ports) == (6, ((80, 80), (1, 2), (5, 6), (7, 7)), ())
    assert rule != Rule("allow", "ingress")
    assert rule != str(rule)
    for name in ("action", "color"):
        with pytest.raises(AttributeError, match=f"a rule cannot be changed: {name}"):
            setattr(rule, name, "deny")
    with pytest.raises(AttributeError, match="a rule cannot be changed: action"):
        del rule.action


@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        ({"action": "pass"}, "action", "Rule: action must be 'allow' or 'deny', not 'pass'"),
        ({"direction": "in"}, "direction", "Rule: direction must be 'ingress' or 'egress', not 'in'"),
        ({"action": None}, "action", "Rule: action must be 'allow' or 'deny', not None"),
        (
            {"peers": "10.0.0.1/8"},
            "peers",
            "peers: 10.0.0.1/8 has bits set beyond its prefix; the prefix is 10.0.0.0/8, the address 10.0.0.1",
        ),
        ({"peers": "10.0.0.0/40"}, "peers", "peers: '10.0.0.0/40' does not appear to be an IPv4 or IPv6 network"),
        ({"peers": ["::1", "web"]}, "peers", "peers: 'web' does not appear to be an IPv4 or IPv6 network"),
        ({"peers": 7}, "peers", "Rule: peers must be one or several, not 7"),
        ({"peers": [7]}, "peers", "peers: must be an address or a prefix such as '10.0.0.0/8', not 7"),
        ({"peers": ["::1"] * 257}, "peers", "Rule: peers must be at most 256, not 257"),
        ({"protocol": 256}, "protocol", "Rule: protocol must be an int in 0..255, not 256"),
        ({"protocol": -1}, "protocol", "Rule: protocol must be an int in 0..255, not -1"),
        ({"protocol": True}, "protocol", "Rule: protocol must be an int in 0..255, not True"),
        ({"protocol": "tcp", "ports": 65536}, "ports", "Rule: ports must be an int in 0..65535, not 65536"),
        ({"protocol": "tcp", "ports": [(1, 70000)]}, "ports", "Rule: ports must be an int in 0..65535, not 70000"),
        ({"protocol": "tcp", "ports": [(9, 8)]}, "ports", "Rule: ports: range 9-8 is reversed; it must be 8-9"),
        ({"protocol": "tcp", "ports": "9-8"}, "ports", "Rule: ports: range 9-8 is reversed; it must be 8-9"),
        (
            {"protocol": "tcp", "ports": "http"},
            "ports",
            "Rule: ports must be a port such as 80 or a range such as 8000-8100, not 'http'",
        ),
        (
            {"protocol": "tcp", "ports": "80,"},
            "ports",
            "Rule: ports must be a port such as 80 or a range such as 8000-8100, not ''",
        ),
        ({"protocol": "tcp", "ports": [None]}, "ports", "Rule: ports must be an int in 0..65535, not None"),
        ({"protocol": "tcp", "ports": 1.5}, "ports", "Rule: ports must be one or several, not 1.5"),
        (
            {"protocol": "tcp", "source_ports": -1},
            "source_ports",
            "Rule: source_ports must be an int in 0..65535, not -1",
        ),
        ({"protocol": "tcp", "ports": ",".join(["1"] * 257)}, "ports", "Rule: ports must be at most 256, not 257"),
        (
            {"ports": 80},
            "ports",
            "Rule: ports are for tcp, udp, sctp, dccp and udplite, not for any protocol",
        ),
        (
            {"protocol": "icmp", "source_ports": 80},
            "source_ports",
            "Rule: source_ports are for tcp, udp, sctp, dccp and udplite, not for icmp",
        ),
        ({"icmp_type": 8}, "icmp_type", "Rule: icmp_type is for icmp and icmpv6, not for any protocol"),
        ({"protocol": 99, "icmp_type": 8}, "icmp_type", "Rule: icmp_type is for icmp and icmpv6, not for protocol 99"),
        ({"protocol": "icmp", "icmp_type": 256}, "icmp_type", "Rule: icmp_type must be an int in 0..255, not 256"),
        (
            {"protocol": "icmp", "icmp_type": 3, "icmp_code": "x"},
            "icmp_code",
            "Rule: icmp_code must be an int in 0..255, not 'x'",
        ),
        (
            {"protocol": "icmp", "icmp_code": 1},
            "icmp_code",
            "Rule: icmp_code must come with an icmp_type, and icmp here has none",
        ),
        (
            {"protocol": "icmpv6", "peers": ["fd00::1", "10.0.0.0/8"]},
            "peers",
            "Rule: peers: 10.0.0.0/8 is IPv4, and icmpv6 is of IPv6",
        ),
        (
            {"protocol": "icmp", "peers": "fd00::1"},
            "peers",
            "Rule: peers: fd00::1/128 is IPv6, and icmp is of IPv4",
        ),
    ],
)
def test_what_is_refused(fields: dict[str, Any], field: str, message: str) -> None:
    with pytest.raises(OperandError) as caught:
        Rule(**{"action": "allow", "direction": "ingress"} | fields)
    assert str(caught.value) == message
    assert caught.value.field == field


def test_the_range_of_a_number_is_told() -> None:
    with pytest.raises(OperandError) as caught:
        Rule("allow", "ingress", protocol="tcp", ports=65536)
    assert (caught.value.value, caught.value.low, caught.value.high) == (65536, 0, 65535)


def test_unknown_protocols_are_told_the_known_ones() -> None:
    with pytest.raises(OperandError, match=r"^Rule: protocol must be one of icmp, igmp, .*, or a number, not 'http'$"):
        Rule("allow", "ingress", protocol="http")


class TestPolicy:
    def test_directions_have_their_own_rules_and_defaults(self) -> None:
        one, other = Rule("allow", "ingress"), Rule("allow", "egress", protocol="tcp")
        policy = Policy([one, other], egress="allow")
        assert (policy.of("ingress"), policy.of("egress")) == ((one,), (other,))
        assert (policy.default("ingress"), policy.default("egress")) == ("deny", "allow")
        assert policy == pickle.loads(pickle.dumps(policy))
        assert policy != Policy([other, one], egress="allow")
        assert policy != Policy([one, other])
        assert len({policy, Policy([one, other], egress="allow")}) == 1
        assert repr(policy) == "<Policy of 2 rules, default ingress deny, egress allow>"
        with pytest.raises(AttributeError, match="a policy cannot be changed: rules"):
            policy.rules = ()

    @pytest.mark.parametrize(
        ("make", "message"),
        [
            (lambda: Policy(["allow ingress"]), "Policy: a rule must be a Rule, not 'allow ingress'"),  # type: ignore[list-item]
            (lambda: Policy(ingress="no"), "Policy: ingress must be 'allow' or 'deny', not 'no'"),  # type: ignore[arg-type]
            (lambda: Policy().of("both"), "direction must be 'ingress' or 'egress', not 'both'"),  # type: ignore[arg-type]
            (lambda: Policy().compile("both", "c"), "direction must be 'ingress' or 'egress', not 'both'"),  # type: ignore[arg-type]
        ],
    )
    def test_what_is_refused(self, make: Any, message: str) -> None:
        with pytest.raises(OperandError) as caught:
            make()
        assert str(caught.value) == message
