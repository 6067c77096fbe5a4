"""Policies at a device, against frames of all shapes from a packet socket, whose sender may say what they are not."""

from __future__ import annotations

import socket
from errno import ENOBUFS
from pathlib import Path
from random import Random
from typing import Any

import pytest

from ebpfasm import AttachType
from ebpfasm.datapath import CompiledPolicy, Policy, PolicyTable, attach
from ebpfasm.kernel.netns import run_in
from tests.datapath import frames
from tests.datapath.policy.chance import make_packet, make_policy
from tests.datapath.policy.model import judge
from tests.datapath.policy.sides import counted
from tests.net import Veth, eventually

pytestmark = [pytest.mark.needs_kernel, pytest.mark.needs_netns]

FRAMES = 150


@pytest.fixture
def quiet_veth(veth: Veth) -> Veth:
    """A pair on which the near end sends nothing by itself, such as router solicitations."""
    run_in(veth.netns, Path("/proc/sys/net/ipv6/conf/all/disable_ipv6").write_text, "1")
    return veth


def send(veth: Veth, sent: list[tuple[bytes, int]]) -> None:
    """Send frames from the near end, each with the EtherType that is said of it."""
    sender = run_in(veth.netns, socket.socket, socket.AF_PACKET, socket.SOCK_RAW, 0)
    with sender:
        for frame, said in sent:
            try:
                sender.sendto(frame, (veth.name, said))
            except OSError as error:
                if error.errno != ENOBUFS:  # which says that the policy dropped it
                    raise


@pytest.mark.parametrize("form", [CompiledPolicy.load, PolicyTable.create])
def test_frames_from_a_packet_socket(form: Any, quiet_veth: Veth) -> None:
    random = Random(7)
    policy = make_policy(random, 20)
    sent = []
    for _ in range(FRAMES):
        frame = make_packet(random)
        ethertype = int.from_bytes(frame[12:14])
        sent.append((frame, random.choice((ethertype, ethertype, frames.ARP, frames.IPV4, frames.IPV6))))
    counts: dict[Any, list[int]] = {}
    for frame, said in sent:
        found = judge(policy, "egress", frame, said)
        for counter in (found.counter, *(["fragment"] if found.fragment else [])):
            count = counts.setdefault(counter, [0, 0])
            count[0] += 1
            count[1] += len(frame)
    with (
        make(form, policy) as loaded,
        attach(quiet_veth.index, loaded.program, AttachType.TCX_EGRESS, netns=quiet_veth.netns),
    ):
        send(quiet_veth, sent)
        eventually(lambda: loaded.counts().packets == FRAMES)
        assert counted(loaded.counts()) == counts


def make(form: Any, policy: Policy) -> Any:
    return form("egress", 200, policy=policy) if form == PolicyTable.create else form(policy, "egress")


def test_who_says_arp_of_ip_or_ip_of_arp_gets_nothing_past(quiet_veth: Veth) -> None:
    """On IPVLAN in mode L3 a frame with the EtherType of ARP would be delivered as the IPv4 its sender says it is."""
    policy = Policy.parse("default egress deny")
    with (
        CompiledPolicy.load(policy, "egress") as loaded,
        attach(quiet_veth.index, loaded.program, AttachType.TCX_EGRESS, netns=quiet_veth.netns),
    ):
        disguised = frames.ethernet(frames.ARP, frames.tcp4()[14:])
        send(quiet_veth, [(disguised, frames.IPV4), (frames.tcp4(), frames.ARP), (disguised, frames.ARP)])
        counts = loaded.counts()
        assert (counts.malformed.packets, counts.default.packets, counts.not_ip.packets) == (1, 1, 1)
