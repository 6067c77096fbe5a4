"""Tunnels: their map, and the code that puts packets into them and takes packets out, in the vm and in the kernel."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from ipaddress import IPv4Address, IPv6Address, ip_network
from typing import Any

import pytest

import ebpfasm
from ebpfasm import Instructions, ProgramType, vm
from ebpfasm.asm import (
    JNE,
    R0,
    R1,
    R2,
    R3,
    R4,
    R6,
    RFP,
    Add,
    FnSkbSetTunnelKey,
    LoadMem,
    Mov,
    Return,
    StoreImm,
    Word,
)
from ebpfasm.asm.program import Label
from ebpfasm.datapath.addresses import AddressKey
from ebpfasm.datapath.counters import read_counters
from ebpfasm.datapath.delivery import deliver_block
from ebpfasm.datapath.encapsulation import encapsulate_block, encapsulation, reception_block
from ebpfasm.datapath.tunnels import (
    Count,
    Tunnel,
    TunnelValue,
    create_counts,
    create_tunnels,
)
from ebpfasm.errors import OperandError
from ebpfasm.uapi import MapFlag, MapType
from tests.datapath import frames
from tests.datapath.frames import ethernet, ipv4, tcp4, tcp6
from tests.datapath.packets import OK, SHOT

REDIRECT = 7  # TC_ACT_REDIRECT of <linux/pkt_cls.h>
DEVICE = 77
MTU = 1450
MAC = bytes.fromhex("02fedcba9876")
NODES = {
    "10.2.0.0/16": ("192.0.2.2", 5),
    "10.2.3.0/24": ("2001:db8::3", 6),
    "fd02::/32": ("192.0.2.2", 5),
    "fd02:0:3::/48": ("2001:db8::3", (1 << 24) - 1),
}
sides = [pytest.param(vm, id="vm"), pytest.param(ebpfasm, id="kernel", marks=pytest.mark.needs_kernel)]


@contextmanager
def maps(side: Any) -> Iterator[tuple[Any, Any]]:
    """The tunnels to `NODES`, and counters."""
    with ExitStack() as stack:
        tunnels: Any
        counts: Any
        if side is vm:
            tunnels = vm.Map.create(
                MapType.LPM_TRIE, key_size=20, value_size=32, max_entries=64, flags=MapFlag.NO_PREALLOC,
                key=AddressKey(), value=TunnelValue(), name="tunnels",
            )  # fmt: skip
            counts = vm.Map.create(
                MapType.PERCPU_ARRAY, key_size=4, value_size=16, max_entries=len(Count), name="cnt", value="=QQ"
            )
        else:
            tunnels, counts = stack.enter_context(create_tunnels(64)), stack.enter_context(create_counts())
        for prefix, tunnel in NODES.items():
            tunnels[prefix] = tunnel
        yield tunnels, counts


@contextmanager
def loaded(side: Any, code: Instructions) -> Iterator[Any]:
    with side.Program.load(ProgramType.SCHED_CLS, code) as program:
        yield program


def counted(counts: Any) -> dict[Count, tuple[int, ...]]:
    """What was counted at all: packets and bytes."""
    found = zip(Count, read_counters(counts), strict=True)
    return {count: tuple(number) for count, number in found if number != (0, 0)}


LONGEST = ethernet(frames.IPV4, ipv4("10.1.0.1", "10.2.0.1", frames.UDP, bytes(MTU - 20)))
CASES = {
    "IPv4 over IPv4": (tcp4(destination="10.2.0.1"), REDIRECT, Count.SENT),
    "IPv4 over IPv6": (tcp4(destination="10.2.3.1"), REDIRECT, Count.SENT),
    "IPv6 over IPv4": (tcp6(destination="fd02::1"), REDIRECT, Count.SENT),
    "IPv6 over IPv6": (tcp6(destination="fd02:0:3::1"), REDIRECT, Count.SENT),
    "no tunnel": (tcp4(destination="10.3.0.1"), OK, None),
    "no tunnel for IPv6": (tcp6(destination="fd03::1"), OK, None),
    "ARP": (ethernet(frames.ARP, bytes(28)), OK, None),
    "cut short": (ethernet(frames.VLAN, b"\0"), SHOT, Count.MALFORMED),
    "the longest": (LONGEST, REDIRECT, Count.SENT),
    "one byte more": (LONGEST + b"\0", SHOT, Count.TOO_LONG),
    "a tag is not of the packet": (
        ethernet(frames.IPV4, LONGEST[14:], (frames.VLAN,)), REDIRECT, Count.SENT,
    ),
    "one byte more behind a tag": (
        ethernet(frames.IPV4, LONGEST[14:] + b"\0", (frames.VLAN,)), SHOT, Count.TOO_LONG,
    ),
}  # fmt: skip


@pytest.mark.parametrize("side", sides)
def test_which_packets_are_sent_and_what_is_counted(side: Any) -> None:
    for name, (packet, verdict, count) in CASES.items():
        with (
            maps(side) as (tunnels, counts),
            loaded(side, encapsulation(tunnels, DEVICE, counts, mtu=MTU)) as program,
        ):
            assert program.test_run(packet).retval == verdict, name
            assert counted(counts) == ({} if count is None else {count: (1, len(packet))}), name


@pytest.mark.parametrize("side", sides)
@pytest.mark.parametrize(
    ("size", "verdict", "count"),
    [
        (1000, REDIRECT, Count.SENT),
        (MTU - 28, REDIRECT, Count.SENT),
        (MTU - 27, SHOT, Count.TOO_LONG),
        (0xFFFF, REDIRECT, Count.SENT),
    ],
)
def test_packets_to_be_cut_to_segments_may_be_longer(side: Any, size: int, verdict: int, count: Count) -> None:
    ctx = bytearray(192)
    ctx[176:180] = size.to_bytes(4, sys.byteorder)
    with (
        maps(side) as (tunnels, counts),
        loaded(side, encapsulation(tunnels, DEVICE, counts, mtu=MTU)) as program,
    ):
        assert program.test_run(LONGEST + bytes(600), ctx=bytes(ctx)).retval == verdict
        assert list(counted(counts)) == [count]


def test_into_which_tunnel_packets_go() -> None:
    expected = {
        "IPv4 over IPv4": vm.Tunnel(5, "192.0.2.2", flags=0x2104),  # NOCACHE, DONT_FRAGMENT, KEY; no checksum
        "IPv4 over IPv6": vm.Tunnel(6, "2001:db8::3", flags=0x2005),  # NOCACHE, KEY, CSUM
        "IPv6 over IPv4": vm.Tunnel(5, "192.0.2.2", flags=0x2104),
        "IPv6 over IPv6": vm.Tunnel((1 << 24) - 1, "2001:db8::3", flags=0x2005),
    }
    with maps(vm) as (tunnels, counts):
        program = encapsulation(tunnels, DEVICE, counts, mtu=MTU, mac=MAC)
        for name, (packet, _, count) in CASES.items():
            result = vm.run(program, packet, ctx=vm.SkBuff())
            assert result.redirect == ((DEVICE, 0) if count is Count.SENT else None), name
            if name in expected:
                assert result.tunnel == expected[name], name
                assert result.data == packet[:6] + MAC + packet[12:], name
            if count is not Count.SENT:
                assert result.tunnel is None, name


def test_what_follows_the_block_sees_the_packets_without_a_tunnel() -> None:
    with maps(vm) as (tunnels, counts):
        block = encapsulate_block(tunnels, DEVICE, counts, mtu=MTU, mac=MAC)
        program = Instructions([Mov.Reg(R6, R1), block, LoadMem(R0, R6, 0, Word), Return()])
        for packet in (tcp4(destination="10.3.0.1"), ethernet(frames.ARP, bytes(28))):
            assert vm.run(program, packet, ctx=vm.SkBuff()).retval == len(packet)


def reception(vni: int, counts: Any) -> Instructions:
    """A program that returns 42 for what is accepted, 43 if it has another packet type than one to the host."""
    return Instructions([
        Mov.Reg(R6, R1), reception_block(vni, counts), LoadMem(R1, R6, 4, Word), Mov.Imm(R0, 42),
        JNE.Imm(R1, 0, "other"), Return(), Mov.Imm(R0, 43).with_symbol("other"), Return(),
    ])  # fmt: skip


OTHER_HOST = bytes.fromhex("020000000001") + tcp4()[6:]


@pytest.mark.parametrize(
    ("tunnel", "answer", "count"),
    [
        (vm.Tunnel(5, "192.0.2.2"), 42, Count.RECEIVED),
        (vm.Tunnel(5, "2001:db8::2"), 42, Count.RECEIVED),
        (vm.Tunnel(6, "192.0.2.2"), SHOT, Count.UNKNOWN_VNI),
        (vm.Tunnel(0, "2001:db8::2"), SHOT, Count.UNKNOWN_VNI),
        (vm.Tunnel(0x80000005, "2001:db8::2"), SHOT, Count.UNKNOWN_VNI),
        (None, SHOT, Count.NO_TUNNEL),
    ],
)
def test_which_packets_are_received(tunnel: vm.Tunnel | None, answer: int, count: Count) -> None:
    with maps(vm) as (_, counts):
        ctx = vm.SkBuff(tunnel=tunnel)
        assert vm.run(reception(5, counts), OTHER_HOST, ctx=ctx).retval == answer
        assert counted(counts) == {count: (1, len(OTHER_HOST))}


@pytest.mark.needs_kernel
@pytest.mark.parametrize("flags", [0, 1])
@pytest.mark.parametrize(("vni", "answer"), [(5, 42), (6, SHOT)])
def test_reception_in_the_kernel(flags: int, vni: int, answer: int) -> None:
    """A key that the program sets itself is read as if the packet had come through that tunnel."""
    set_key: list[Any] = [
        Mov.Reg(R6, R1),
        *(StoreImm(RFP, place, 0, Word) for place in range(-28, 0, 4)),
        StoreImm(RFP, -28, vni, Word),
        Mov.Reg(R2, RFP),
        Add.Imm(R2, -28),
        Mov.Imm(R3, 28),
        Mov.Imm(R4, flags),
        FnSkbSetTunnelKey.Call(),
        Mov.Reg(R1, R6),
        Label("received"),
    ]
    with maps(ebpfasm) as (_, counts), loaded(ebpfasm, Instructions([*set_key, reception(5, counts)])) as program:
        assert program.test_run(OTHER_HOST).retval == answer
    with maps(ebpfasm) as (_, counts), loaded(ebpfasm, reception(5, counts)) as program:
        assert program.test_run(OTHER_HOST).retval == SHOT
        assert list(counted(counts)) == [Count.NO_TUNNEL]


def test_from_one_nodes_pod_to_the_policy_of_another_nodes() -> None:
    """The whole way in the vm: encapsulated by the sender's program, delivered where it comes out of the tunnel."""
    sent = tcp4("10.1.0.1", "10.2.0.9")
    with maps(vm) as (tunnels, counts):
        result = vm.run(encapsulation(tunnels, DEVICE, counts, mtu=MTU, mac=MAC), sent, ctx=vm.SkBuff())
    assert (result.redirect, result.tunnel) == ((DEVICE, 0), vm.Tunnel(5, "192.0.2.2", flags=0x2104))
    assert result.tunnel is not None
    with maps(vm) as (_, counts):
        endpoints = vm.Map.create(
            MapType.LPM_TRIE, key_size=20, value_size=4, max_entries=8, flags=MapFlag.NO_PREALLOC, key=AddressKey()
        )
        policies = vm.Map.create(MapType.PROG_ARRAY, key_size=4, value_size=4, max_entries=8)
        unheard = vm.Map.create(MapType.PERCPU_ARRAY, key_size=4, value_size=16, max_entries=8, value="=QQ")
        endpoints["10.2.0.9"] = 3
        policies[3] = vm.Program.load(ProgramType.SCHED_CLS, [Mov.Imm(R0, 33), Return()])
        program = Instructions(
            [Mov.Reg(R6, R1), reception_block(5, counts), deliver_block(endpoints, policies, unheard)]
        )
        received = vm.SkBuff(tunnel=vm.Tunnel(result.tunnel.id, "192.0.2.1"), ifindex=DEVICE)
        assert vm.run(program, result.data, ctx=received).retval == 33
        assert counted(counts) == {Count.RECEIVED: (1, len(sent))}


@pytest.mark.parametrize("side", sides)
def test_the_map_is_used_like_a_dictionary(side: Any) -> None:
    with maps(side) as (tunnels, _):
        assert tunnels["10.2.3.4"] == Tunnel(IPv6Address("2001:db8::3"), 6)
        assert tunnels["10.2.0.0/16"].remote == IPv4Address("192.0.2.2")
        assert {str(prefix): (str(tunnel.remote), tunnel.vni) for prefix, tunnel in tunnels.items()} == NODES
        tunnels[ip_network("10.2.0.0/16")] = IPv4Address("192.0.2.9"), 1
        assert tunnels["10.2.0.1"] == (IPv4Address("192.0.2.9"), 1)
        del tunnels["10.2.0.0/16"]
        assert "10.2.0.1" not in tunnels


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("192.0.2.2", "tunnel: must be an address and a VNI, not '192.0.2.2'"),
        (("node", 1), "remote: 'node' does not appear to be an IPv4 or IPv6 address"),
        (("224.0.0.1", 1), "remote: must be the address of another node, that needs no scope, not 224.0.0.1"),
        (("::", 1), "remote: must be the address of another node, that needs no scope, not ::"),
        (("fe80::1%eth0", 1), "remote: must be the address of another node, that needs no scope, not fe80::1%eth0"),
        (("fe80::1", 1), "remote: must be the address of another node, that needs no scope, not fe80::1"),
        (("127.0.0.1", 1), "remote: must be the address of another node, that needs no scope, not 127.0.0.1"),
        (("192.0.2.2", 1 << 24), "vni must be in 0..16777215, not 16777216"),
        (("192.0.2.2", -1), "vni must be in 0..16777215, not -1"),
        (("192.0.2.2", True), "vni must be in 0..16777215, not True"),
    ],
)
def test_what_is_no_tunnel(value: Any, message: str) -> None:
    with pytest.raises(OperandError) as caught:
        TunnelValue().encode(value)
    assert str(caught.value) == message


def test_a_vni_that_is_none() -> None:
    with pytest.raises(OperandError, match=r"vni must be in 0\.\.16777215, not 16777216"):
        reception_block(1 << 24, "counts")
