"""Delivery: addresses as keys, the program that hands packets to their destinations' policies, and its counters."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from errno import EINVAL
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

import ebpfasm
from ebpfasm import Instructions, ProgramType, vm
from ebpfasm.asm import R0, Mov, Return
from ebpfasm.datapath.addresses import AddressKey
from ebpfasm.datapath.counters import read_counters
from ebpfasm.datapath.delivery import (
    Count,
    create_counts,
    create_endpoints,
    create_policies,
    deliver_block,
    delivery,
)
from ebpfasm.errors import KernelError, KeyNotFound, OperandError
from ebpfasm.uapi import MapFlag, MapType
from tests.datapath import frames
from tests.datapath.frames import ethernet, tcp4, tcp6
from tests.datapath.packets import OK, SHOT

ENDPOINTS = {"10.0.0.1": 1, "10.0.0.0/24": 2, "10.0.0.9": 3, "fd00::1": 1, "fd00::/64": 2, "10.0.0.8": 99}
POLICIES = {1: 11, 2: 12}
"""What the policies of endpoints 1 and 2 return; 3 has none, and 99 is beyond the array."""
SLOTS = 8


class Maps(NamedTuple):
    endpoints: Any
    policies: Any
    counts: Any


class TestKeys:
    def test_both_families(self) -> None:
        key = AddressKey()
        for text, length, address in (
            ("10.0.0.1", 128, "::ffff:10.0.0.1"),
            ("10.0.0.0/8", 104, "::ffff:10.0.0.0"),
            ("0.0.0.0/0", 96, "::ffff:0.0.0.0"),
            ("fd00::1", 128, "fd00::1"),
            ("fd00::/64", 64, "fd00::"),
            ("::/0", 0, "::"),
        ):
            encoded = key.encode(text)
            assert encoded[4:] == ip_address(address).packed
            assert int.from_bytes(encoded[:4], sys.byteorder) == length
            assert key.decode(encoded) == ip_network(text)

    @given(st.ip_addresses(), st.integers(0, 128))
    def test_they_come_back(self, address: Any, length: int) -> None:
        prefix = ip_network((address, length % (address.max_prefixlen + 1)), strict=False)
        encoded = AddressKey().encode(prefix)
        mapped = prefix.version == 6 and prefix.prefixlen >= 96 and prefix.network_address.ipv4_mapped is not None
        assert mapped or AddressKey().decode(encoded) == prefix
        assert AddressKey().encode(str(prefix)) == encoded == AddressKey().encode(encoded)
        assert AddressKey().encode(address) == AddressKey().encode(str(address))

    @pytest.mark.parametrize(
        ("value", "message"),
        [
            (
                "10.0.0.1/8",
                "key: 10.0.0.1/8 has bits set beyond its prefix; the prefix is 10.0.0.0/8, the address 10.0.0.1",
            ),
            ("pod", "key: 'pod' does not appear to be an IPv4 or IPv6 network"),
            ("10.0.0.0/33", "key: '10.0.0.0/33' does not appear to be an IPv4 or IPv6 network"),
            ("fe80::1%eth0", "key: 'fe80::1%eth0' has a scope, which no packet carries"),
            (7, "key: must be an address or a prefix such as '10.0.0.0/8', not 7"),
            (None, "key: must be an address or a prefix such as '10.0.0.0/8', not None"),
            (b"short", "key: an address's key has 20 bytes, not 5"),
        ],
    )  # fmt: skip
    def test_what_is_none(self, value: Any, message: str) -> None:
        with pytest.raises(OperandError) as caught:
            AddressKey().encode(value)
        assert str(caught.value) == message
        assert (caught.value.field, caught.value.value) == ("key", value)


def maps_of_the_vm() -> Maps:
    create = vm.Map.create
    return Maps(
        create(
            MapType.LPM_TRIE, key_size=20, value_size=4, max_entries=64, flags=MapFlag.NO_PREALLOC, key=AddressKey(),
            name="endpoints",
        ),
        create(MapType.PROG_ARRAY, key_size=4, value_size=4, max_entries=SLOTS, name="policies"),
        create(MapType.PERCPU_ARRAY, key_size=4, value_size=16, max_entries=len(Count), name="cnt", value="=QQ"),
    )  # fmt: skip


@contextmanager
def delivering(side: Any, *, missing: Any = "drop", skip_from: int | None = None) -> Iterator[tuple[Any, Maps]]:
    """A loaded delivery, of the kernel or the vm, with `ENDPOINTS` and `POLICIES`."""
    with ExitStack() as stack:
        if side is vm:
            maps = maps_of_the_vm()
        else:
            maps = Maps(
                *(
                    stack.enter_context(made)
                    for made in (create_endpoints(64), create_policies(SLOTS), create_counts("cnt_test"))
                )
            )
        for address, endpoint in ENDPOINTS.items():
            maps.endpoints[address] = endpoint
        for endpoint, verdict in POLICIES.items():
            with side.Program.load(ProgramType.SCHED_CLS, [Mov.Imm(R0, verdict), Return()]) as policy:
                maps.policies[endpoint] = policy
        code = delivery(*maps, missing=missing, skip_from=skip_from)
        yield stack.enter_context(side.Program.load(ProgramType.SCHED_CLS, code, name="deliver_test")), maps


CASES = {
    "an endpoint": (tcp4(destination="10.0.0.1"), 11, None),
    "an endpoint's IPv6 address": (tcp6(destination="fd00::1"), 11, None),
    "a prefix": (tcp4(destination="10.0.0.77"), 12, None),
    "a prefix of IPv6": (tcp6(destination="fd00::7:7"), 12, None),
    "behind a tag": (ethernet(frames.IPV4, tcp4(destination="10.0.0.1")[14:], (frames.VLAN,)), 11, None),
    "no endpoint": (tcp4(destination="10.0.1.1"), OK, Count.NO_ENDPOINT),
    "no endpoint in IPv6": (tcp6(destination="fd01::1"), OK, Count.NO_ENDPOINT),
    "no policy": (tcp4(destination="10.0.0.9"), SHOT, Count.NO_POLICY),
    "an id beyond the array": (tcp4(destination="10.0.0.8"), SHOT, Count.NO_POLICY),
    "ARP": (ethernet(frames.ARP, bytes(28)), OK, Count.NOT_IP),
    "a tag cut short": (ethernet(frames.VLAN, b"\0"), SHOT, Count.MALFORMED),
    "cut short behind a tag": (ethernet(frames.IPV4, tcp4()[14:33], (frames.VLAN,)), SHOT, Count.MALFORMED),
}

sides = [pytest.param(vm, id="vm"), pytest.param(ebpfasm, id="kernel", marks=pytest.mark.needs_kernel)]


@pytest.mark.parametrize("side", sides)
def test_where_packets_go_and_what_is_counted(side: Any) -> None:
    with delivering(side) as (program, maps):
        for name, (packet, verdict, counted) in CASES.items():
            before = read_counters(maps.counts)
            assert program.test_run(packet).retval == verdict, name
            for count, old, new in zip(Count, before, read_counters(maps.counts), strict=True):
                more = count is counted
                assert new == (old.packets + more, old.bytes + more * len(packet)), name


@pytest.mark.parametrize("side", sides)
def test_a_missing_policy_may_pass_and_a_new_one_counts_at_once(side: Any) -> None:
    packet = tcp4(destination="10.0.0.9")
    with delivering(side, missing="pass") as (program, maps):
        assert program.test_run(packet).retval == OK
        with side.Program.load(ProgramType.SCHED_CLS, [Mov.Imm(R0, 7), Return()]) as policy:
            maps.policies[3] = policy
        assert program.test_run(packet).retval == 7
        del maps.policies[3]
        assert program.test_run(packet).retval == OK
        assert read_counters(maps.counts)[Count.NO_POLICY].packets == 2
        del maps.endpoints["10.0.0.9"]
        assert program.test_run(packet).retval == 12, "the prefix around it"


@pytest.mark.parametrize("side", sides)
def test_packets_of_one_device_were_policed_already(side: Any) -> None:
    def from_device(index: int) -> bytes:
        ctx = bytearray(192)
        ctx[36:40] = index.to_bytes(4, sys.byteorder)
        return bytes(ctx)

    with delivering(side, skip_from=5) as (program, maps):
        try:
            found = program.test_run(tcp4(destination="10.0.0.9"), ctx=from_device(5))
        except KernelError as error:
            if error.errno != EINVAL:
                raise
            pytest.skip("a test run of this kernel takes no ingress_ifindex")
        assert found.retval == OK
        assert sum(read_counters(maps.counts)[Count.NO_POLICY]) == 0
        assert program.test_run(tcp4(destination="10.0.0.9"), ctx=from_device(1)).retval == SHOT


@pytest.mark.needs_kernel
def test_the_endpoint_map_is_used_like_a_dictionary() -> None:
    with create_endpoints(4) as endpoints:
        endpoints["10.0.0.0/24"] = 7
        endpoints[ip_address("fd00::1")] = 2**32 - 1
        assert dict(endpoints.items()) == {IPv4Network("10.0.0.0/24"): 7, IPv6Network("fd00::1/128"): 2**32 - 1}
        assert endpoints["10.0.0.9"] == 7, "the kernel looks up the longest prefix"
        assert ip_address("10.0.1.9") not in endpoints
        with pytest.raises(KeyNotFound, match=r"there is no entry under '10.0.0.9'"):
            del endpoints["10.0.0.9"]
        with pytest.raises(OperandError, match=r"value must be in -2147483648..4294967295"):
            endpoints["10.0.0.1"] = 2**32
        with pytest.raises(OperandError, match=r"has bits set beyond its prefix"):
            endpoints["10.0.0.1/24"] = 1


@pytest.mark.parametrize("missing", ["Drop", None, True, 0])
def test_what_is_no_answer_to_a_missing_policy(missing: Any) -> None:
    with pytest.raises(OperandError, match=r"^deliver_block: missing must be 'drop' or 'pass', not ") as caught:
        deliver_block("endpoints", "policies", "counts", missing=missing)
    assert caught.value.field == "missing"


@pytest.mark.parametrize("index", [0, -1, 2**31, True, "eth0"])
def test_what_is_no_device_to_skip(index: Any) -> None:
    with pytest.raises(OperandError, match=r"^delivery: skip_from must be an interface's index in 1..2147483647"):
        delivery("endpoints", "policies", "counts", skip_from=index)


def test_the_encoding(encoding_snapshot: Any) -> None:
    program = delivery("endpoints", "policies", "cnt_deliver", skip_from=7)
    encoding_snapshot(program)
    assert isinstance(program, Instructions)
    assert max(requirement.release for requirement in program.requirements().all) <= (5, 10)
