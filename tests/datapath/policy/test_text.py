"""Policies as text: what is read, that what is written is read back, and every mistake with its place."""

from __future__ import annotations

from random import Random

import pytest

from ebpfasm.datapath.policy import Policy, Rule
from ebpfasm.errors import OperandError, PolicySyntaxError
from tests.datapath.policy.chance import make_policy

TEXT = """
# Who may talk to web
allow ingress from 10.0.0.0/8, fd00::/8 tcp port 80,443, 8000-8100   # the world
  deny   ingress from any udp

allow egress to 10.0.0.53 udp source port 1024-65535 port 53
allow egress any
allow ingress protocol 99
allow ingress icmpv6 type 1 code 4#unreachable
default ingress deny
default egress allow
"""


def test_what_is_read() -> None:
    assert Policy.parse(TEXT) == Policy(
        [
            Rule("allow", "ingress", peers=["10.0.0.0/8", "fd00::/8"], protocol="tcp", ports=[80, 443, (8000, 8100)]),
            Rule("deny", "ingress", protocol="udp"),
            Rule(
                "allow", "egress", peers="10.0.0.53", protocol="udp", source_ports=[(1024, 65535)], ports=53,
            ),
            Rule("allow", "egress"),
            Rule("allow", "ingress", protocol=99),
            Rule("allow", "ingress", protocol="icmpv6", icmp_type=1, icmp_code=4),
        ],
        ingress="deny",
        egress="allow",
    )  # fmt: skip


def test_nothing_denies() -> None:
    assert Policy.parse("") == Policy.parse("# nothing\n\n") == Policy()
    assert (Policy().ingress, Policy().egress) == ("deny", "deny")


@pytest.mark.parametrize("seed", range(200))
def test_what_is_written_is_read_back(seed: int) -> None:
    policy = make_policy(Random(seed))
    assert Policy.parse(str(policy)) == policy


MISTAKES = {
    "allow": (6, "'ingress' or 'egress' is missing"),
    "alow ingress": (1, "'allow' or 'deny' or 'default' expected, not 'alow'"),
    "allow in": (7, "'ingress' or 'egress' expected, not 'in'"),
    "allow ingress to 10.0.0.1": (15, "ingress is 'from' somebody, not 'to'"),
    "allow egress from 10.0.0.1": (14, "egress is 'to' somebody, not 'from'"),
    "allow ingress from": (19, "an address or prefix is missing"),
    "allow ingress from 10.0.0.1/8": (
        20, "10.0.0.1/8 has bits set beyond its prefix; the prefix is 10.0.0.0/8, the address 10.0.0.1"),
    "allow ingress from 10.0.0.0/8,web tcp": (31, "'web' does not appear to be an IPv4 or IPv6 network"),
    "allow ingress from 10.0.0.0/8, tcp": (32, "'tcp' does not appear to be an IPv4 or IPv6 network"),
    "allow ingress from 10.0.0.0/8,": (31, "an address or prefix is missing"),
    "allow ingress from fe80::1%eth0": (20, "'fe80::1%eth0' has a scope, which no packet carries"),
    "allow ingress from ::1,10.0.0.1 icmpv6": (24, "10.0.0.1/32 is IPv4, and icmpv6 is of IPv6"),
    "allow ingress tcp port": (23, "a port is missing"),
    "allow ingress tcp port 80,,443": (27, "a port is missing"),
    "allow ingress tcp port 80,70000": (27, "a port must be in 0..65535, not 70000"),
    "allow ingress tcp port 80-70000": (27, "a port must be in 0..65535, not 70000"),
    "allow ingress tcp port 80-": (27, "a port must be a number in 0..65535, not ''"),
    "allow ingress tcp port http": (24, "a port must be a number in 0..65535, not 'http'"),
    "allow ingress tcp port 99999999999999999999": (24, "a port must be in 0..65535, not 99999999999999999999"),
    "allow ingress tcp port 90-80": (24, "range 90-80 is reversed; it must be 80-90"),
    "allow ingress tcp source 80": (26, "'port' expected after 'source'"),
    "allow ingress port 80": (
        15, "ports need a protocol that has them before: tcp, udp, sctp, dccp or udplite"),
    "allow ingress icmp port 80": (
        20, "ports need a protocol that has them before: tcp, udp, sctp, dccp or udplite"),
    "allow ingress tcp type 8": (19, "a type needs icmp or icmpv6 before"),
    "allow ingress icmp type 256": (25, "the ICMP type must be in 0..255, not 256"),
    "allow ingress icmp type 8 code": (31, "the ICMP code is missing"),
    "allow ingress icmp code 8": (20, "nothing expected here, not 'code'"),
    "allow ingress protocol 256": (24, "the protocol's number must be in 0..255, not 256"),
    "allow ingress tcp port 80 please": (27, "nothing expected here, not 'please'"),
    "allow ingress , tcp": (15, "a protocol is missing"),
    "default ingress": (16, "'allow' or 'deny' is missing"),
    "default both deny": (9, "'ingress' or 'egress' expected, not 'both'"),
    "default ingress deny all": (22, "nothing expected here, not 'all'"),
}  # fmt: skip


@pytest.mark.parametrize("line", MISTAKES)
def test_mistakes_and_their_places(line: str) -> None:
    column, reason = MISTAKES[line]
    with pytest.raises(PolicySyntaxError) as caught:
        Policy.parse(f"# a comment\n{line}  # what was meant")
    error = caught.value
    assert (error.line, error.column, error.reason) == (2, column, reason)
    assert error.source.startswith(line)
    assert isinstance(error, ValueError)


def test_a_protocol_nobody_knows() -> None:
    with pytest.raises(PolicySyntaxError, match=r"unknown word 'http'; a protocol is one of icmp, igmp, .*, or 'proto"):
        Policy.parse("allow ingress http")


def test_all_mistakes_at_once() -> None:
    with pytest.raises(PolicySyntaxError) as caught:
        Policy.parse(
            "allow ingress tcp port 99999\nallow egress\n\ndeny egress to x\ndefault egress deny\ndefault egress deny"
        )
    assert [(error.line, error.column) for error in caught.value.errors] == [(1, 24), (4, 16), (6, 9)]
    assert caught.value.complete
    assert str(caught.value) == (
        "line 1, column 24: a port must be in 0..65535, not 99999\n"
        "    allow ingress tcp port 99999\n"
        "                           ^\n"
        "line 4, column 16: 'x' does not appear to be an IPv4 or IPv6 network\n"
        "    deny egress to x\n"
        "                   ^\n"
        "line 6, column 9: the default of egress was given already\n"
        "    default egress deny\n"
        "            ^"
    )


def test_reading_stops_after_a_thousand_mistakes() -> None:
    with pytest.raises(PolicySyntaxError, match="reading stopped after 1000, there are others") as caught:
        Policy.parse("no\n" * 2000)
    assert (len(caught.value.errors), caught.value.complete) == (1000, False)


@pytest.mark.parametrize("text", [None, b"allow ingress", 7])
def test_what_is_no_text(text: str) -> None:
    with pytest.raises(OperandError, match=r"^Policy.parse: text must be a str, not "):
        Policy.parse(text)
