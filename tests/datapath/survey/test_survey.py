"""What a survey finds in the kernel of pods that are really there."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from ebpfasm import AttachType, Map, MapType, NetNS, Program, asm
from ebpfasm.datapath import Pod, attach_clsact, attach_tcx, delivery, tunnels
from ebpfasm.datapath.encapsulation import encapsulation
from ebpfasm.datapath.policy import CompiledPolicy, Policy
from ebpfasm.datapath.survey import Attachment, Entry, Hook, Namespace, SeenMap, SeenProgram, Survey, survey, taking
from ebpfasm.datapath.survey.model import Device
from ebpfasm.datapath.tc import attach_netkit
from ebpfasm.errors import KernelError
from ebpfasm.kernel import devices, netlink
from ebpfasm.kernel.netns import run_in
from tests.datapath.frames import tcp4, tcp6
from tests.datapath.packets import OK, SHOT, returning
from tests.net import Veth, refusal_as_nobody

pytestmark = [pytest.mark.needs_kernel, pytest.mark.needs_netns]

PACKET = bytes(64)


def place(seen: Survey, name: str) -> Namespace:
    (found,) = (each for each in seen.namespaces if each.name == name)
    return found


def only_device(seen: Survey, name: str) -> Device:
    (device,) = place(seen, name).devices
    return device


def test_nothing(veth: Veth) -> None:
    seen = survey([veth.netns, veth.peer_netns])
    assert seen == Survey((), {}, {})
    assert seen.empty


def test_a_pod(veth: Veth) -> None:
    with returning(OK, name="verdict") as program, Pod.connect(veth.netns, name="pod7", program=program) as pod:
        seen = survey([veth.netns, veth.peer_netns])
        device = only_device(seen, veth.netns)
        assert (device.name, device.kind, device.up, device.mtu) == ("eth0", "veth", True, 1500)
        assert (device.ifindex, f"{veth.address}/24" in device.addresses) == (veth.index, True)
        (hook,) = device.hooks
        assert hook.where == "egress"
        (attachment,) = hook.attached
        assert attachment.program == pod.entry.id
        # Its other end belongs to it, though it has no program.
        other = only_device(seen, veth.peer_netns)
        assert (other.hooks, other.ifindex) == ((), veth.peer_index)
        assert device.lower is not None
        assert seen.device(device.lower) == other
        assert seen.programs == {
            program.id: SeenProgram(program.id, "verdict", "SCHED_CLS", program.tag, 2, ()),
            pod.entry.id: SeenProgram(
                pod.entry.id, "entry", "SCHED_CLS", pod.entry.tag, 6, (pod.slots.id,), Entry(pod.slots.id, 0, 0)
            ),
        }
        assert seen.maps == {
            pod.slots.id: SeenMap(pod.slots.id, "pod7", "PROG_ARRAY", 4, 4, 1, "slots", {0: program.id}, {})
        }
        assert not seen.empty


def test_it_is_found_among_all_namespaces_too(veth: Veth) -> None:
    with NetNS(veth.netns) as opened, Pod.connect(veth.netns, name="pod7") as pod:
        seen = survey()
        found = place(seen, veth.netns)
        assert (found.inode, found.own) == (opened.inode, False)
        assert found.devices[0].hooks[0].attached[0].program == pod.entry.id
        assert seen.maps[pod.slots.id].slots == {}
        own = run_in(opened, survey)
        assert [each.inode for each in own.namespaces if each.own] == [opened.inode]
        assert own.namespaces[0].own


@pytest.mark.needs_tcx
def test_tcx_links_in_their_order(veth: Veth) -> None:
    with (
        returning(-1, name="first") as first,
        returning(OK, name="second") as second,
        attach_tcx("eth0", first, AttachType.TCX_INGRESS, netns=veth.netns) as one,
        attach_tcx("eth0", second, AttachType.TCX_INGRESS, netns=veth.netns) as two,
        attach_clsact("eth0", second, AttachType.TCX_INGRESS, netns=veth.netns, name="last", priority=7, handle=9),
    ):
        (hook,) = only_device(survey([veth.netns]), veth.netns).hooks
        assert hook == Hook(
            "ingress",
            (
                Attachment(first.id, "tcx", link=one.id),
                Attachment(second.id, "tcx", link=two.id),
                Attachment(second.id, "clsact", filter="last", priority=7, handle=9),
            ),
        )


def test_clsact_at_both_hooks(veth: Veth) -> None:
    with (
        returning(OK) as program,
        attach_clsact("eth0", program, AttachType.TCX_INGRESS, netns=veth.netns),
        attach_clsact("eth0", program, AttachType.TCX_EGRESS, netns=veth.netns),
    ):
        seen = survey([veth.netns])
        hooks = only_device(seen, veth.netns).hooks
        assert [hook.where for hook in hooks] == ["ingress", "egress"]
        assert {each.way for hook in hooks for each in hook.attached} == {"clsact"}
        # The other end is in a namespace that was not looked at.
        lower = only_device(seen, veth.netns).lower
        assert lower is not None
        assert (lower.ifindex, lower.namespace, seen.device(lower)) == (veth.peer_index, None, None)


def test_slots_lead_on_and_round(veth: Veth) -> None:
    """A program in a slot has an array of its own, with itself in it, and another program."""
    with (
        Map.create(MapType.PROG_ARRAY, key_size=4, value_size=4, max_entries=8, name="inner") as inner,
        Program.load(3, calling(inner), name="caller") as caller,
        returning(SHOT, name="far") as far,
        Pod.connect(veth.netns, program=caller) as pod,
    ):
        inner[2], inner[5] = caller, far
        seen = survey([veth.netns])
        assert set(seen.programs) == {pod.entry.id, caller.id, far.id}
        assert seen.programs[caller.id].entry is None
        assert seen.maps[inner.id].slots == {2: caller.id, 5: far.id}


def test_endpoints_policies_and_counters(veth: Veth) -> None:
    with (
        delivery.create_endpoints(100) as endpoints,
        delivery.create_policies(100) as policies,
        delivery.create_counts("cnt_deliver") as counts,
        Program.load(3, delivery.delivery(endpoints, policies, counts), name="deliver_x") as program,
        Pod.connect(veth.netns, program=program),
    ):
        endpoints["10.0.0.2"], endpoints["10.0.0.0/8"], endpoints["fd00::/64"], endpoints["::/0"] = 7, 8, 9, 10
        policies[7] = program
        program.test_run(PACKET)
        program.test_run(PACKET)
        seen = survey([veth.netns])
        maps = {found.name: found for found in seen.maps.values()}
        assert maps["endpoints"].role == "endpoints"
        assert list(maps["endpoints"].entries.items()) == [
            ("::/0", 10), ("10.0.0.0/8", 8), ("10.0.0.2/32", 7), ("fd00::/64", 9),
        ]  # fmt: skip
        assert (maps["policies"].role, maps["policies"].slots) == ("slots", {7: program.id})
        assert maps["cnt_deliver"].role == "counters"
        # The device's own packets, of IPv6, may count as well: under another name.
        assert maps["cnt_deliver"].entries["not ip"] == {"packets": 2, "bytes": 2 * len(PACKET)}


def test_tunnels_and_what_the_overlay_counts(veth: Veth) -> None:
    with (
        tunnels.create_tunnels(100) as prefixes,
        tunnels.create_counts() as counts,
        Program.load(3, encapsulation(prefixes, 1, counts, mtu=30), name="encapsulate") as program,
        Pod.connect(veth.netns, program=program),
    ):
        prefixes["10.1.0.0/16"], prefixes["fd00::/64"] = ("192.0.2.2", 7), ("2001:db8::2", 8)
        program.test_run(tcp4(destination="10.1.0.2"))
        maps = {found.name: found for found in survey([veth.netns]).maps.values()}
        assert (maps["tunnels"].role, maps["tunnels"].entries) == (
            "tunnels",
            {"10.1.0.0/16": {"remote": "192.0.2.2", "vni": 7}, "fd00::/64": {"remote": "2001:db8::2", "vni": 8}},
        )
        assert list(maps["cnt_overlay"].entries) == ["too long"]


def test_what_the_rules_of_a_policy_count(veth: Veth) -> None:
    policy = Policy.parse("allow ingress from 10.0.0.0/8 tcp port 80\ndeny ingress from 10.0.0.0/8\n")
    with (
        CompiledPolicy.load(policy, "ingress", name="policy_web") as loaded,
        Pod.connect(veth.netns, program=loaded.program),
    ):
        for frame in (tcp4(), tcp4(to=22), tcp4(to=23), tcp6()):
            loaded.program.test_run(frame)
        maps = {found.name: found for found in survey([veth.netns]).maps.values()}
        length = len(tcp4())
        entries = maps["cnt_web"].entries
        assert entries["rule 1"] == {"packets": 1, "bytes": length}
        assert entries["rule 2"] == {"packets": 2, "bytes": 2 * length}
        # The device's own packets, of IPv6, count as well.
        assert set(entries) - {"neighbour"} == {"rule 1", "rule 2", "default"}


def test_counters_of_other_programs(veth: Veth) -> None:
    with (
        Map.create(MapType.ARRAY, key_size=4, value_size=8, max_entries=3, name="cnt_mine") as counts,
        Map.create(MapType.HASH, key_size=4, value_size=8, max_entries=3, name="cnt_hash") as other,
        Program.load(3, using(counts, other), name="uses") as program,
        Pod.connect(veth.netns, program=program),
    ):
        counts[2] = 5
        maps = survey([veth.netns]).maps
        assert (maps[counts.id].role, maps[counts.id].entries) == ("counters", {"2": 5})
        assert (maps[other.id].role, maps[other.id].type, maps[other.id].entries) == ("other", "HASH", {})


def test_pins(veth: Veth, bpffs: Path) -> None:
    with returning(OK) as program, Pod.connect(veth.netns, name="pod7", program=program, pin=bpffs / "pod7") as pod:
        program.pin(bpffs / "b")
        program.pin(bpffs / "a")
        seen = survey([veth.netns])
        assert seen.maps[pod.slots.id].pins == (str(bpffs / "pod7"),)
        assert seen.programs[program.id].pins == (str(bpffs / "a"), str(bpffs / "b"))


def test_a_pinned_array_that_nothing_leads_to(bpffs: Path) -> None:
    with Map.create(MapType.PROG_ARRAY, key_size=4, value_size=4, max_entries=1, name="left") as left:
        with returning(OK) as program:
            left[0] = program
            number = program.id
        assert left.id not in survey().maps
        left.pin(bpffs / "left")
        seen = survey()
        assert (seen.maps[left.id].slots, number in seen.programs) == ({0: number}, True)


def test_a_device_on_another_one(netns: Callable[[], str], veth: Veth) -> None:
    """What hangs on a device with programs belongs to it."""
    with returning(OK) as program, attach_clsact("eth0", program, AttachType.TCX_INGRESS, netns=veth.netns):
        seen = survey([veth.peer_netns, veth.netns])
        assert [each.name for each in seen.namespaces] == [veth.peer_netns, veth.netns]
        lower = only_device(seen, veth.peer_netns).lower
        assert lower is not None
        assert seen.device(lower) == only_device(seen, veth.netns)


def test_a_namespace_that_is_not_there() -> None:
    with pytest.raises(KernelError, match="no network namespace 'nowhere-at-all'"):
        survey(["nowhere-at-all"])


def test_what_goes_meanwhile_is_left_out(veth: Veth, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program and the map that are gone when they are asked for."""
    with returning(OK) as program, Pod.connect(veth.netns, program=program) as pod:
        opened = Program.from_id
        gone = {program.id}

        def from_id(id: int) -> Program:
            return opened(0x7FFFFFFF if id in gone else id)

        monkeypatch.setattr(taking.Program, "from_id", from_id)
        seen = survey([veth.netns])
        assert set(seen.programs) == {pod.entry.id}
        assert seen.maps[pod.slots.id].slots == {0: program.id}
        gone.add(pod.entry.id)
        seen = survey([veth.netns])
        assert (seen.programs, seen.maps) == ({}, {})
        assert only_device(seen, veth.netns).hooks[0].attached[0].program == pod.entry.id


def test_while_pods_come_and_go(veth: Veth) -> None:
    """Whatever a survey meets, it is no error."""
    stop = threading.Event()
    failures: list[BaseException] = []

    def connect() -> None:
        try:
            while not stop.is_set():
                with returning(OK) as program, Pod.connect(veth.netns, program=program, attach=attach_clsact):
                    pass
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=connect)
    thread.start()
    try:
        for _ in range(20):
            survey([veth.netns, veth.peer_netns])
    finally:
        stop.set()
        thread.join()
    assert failures == []


def test_without_privileges_it_says_so() -> None:
    answer = refusal_as_nobody(survey)
    assert answer.startswith("PermissionDenied")
    assert "CAP_SYS_ADMIN" in answer


def calling(array: Map) -> asm.Instructions:
    """Tail-call slot 1, and pass."""
    return asm.Instructions(
        [
            asm.Mov.Imm(asm.R3, 1),
            asm.LoadMapPtr(asm.R2, array),
            asm.FnTailCall.Call(),
            asm.Mov.Imm(asm.R0, 0),
            asm.Return(),
        ]
    )


def using(*maps: Map) -> asm.Instructions:
    loads = [asm.LoadMapPtr(asm.R1, each) for each in maps]
    return asm.Instructions([*loads, asm.Mov.Imm(asm.R0, 0), asm.Return()])


@pytest.mark.needs_ipvlan
@pytest.mark.parametrize("mode", ["l2", "l3", "l3s"])
def test_an_ipvlan_slave(netns: Callable[[], str], mode: str) -> None:
    host, pod, outside = netns(), netns(), netns()
    master, _ = netlink.create_veth("m0", "x0", netns=host, peer_netns=outside)
    slave = devices.create_ipvlan("eth0", master, mode=mode, netns=pod, master_netns=host)
    with Pod.connect(pod):
        seen = survey([host, pod])
        device = only_device(seen, pod)
        assert (device.ifindex, device.kind, device.mode, device.up) == (slave, "ipvlan", mode, False)
        assert device.lower is not None
        assert seen.device(device.lower) == only_device(seen, host)
        assert (only_device(seen, host).name, only_device(seen, host).hooks) == ("m0", ())


@pytest.mark.needs_netkit
def test_both_hooks_of_a_netkit_pair(netns: Callable[[], str]) -> None:
    host, pod = netns(), netns()
    primary, _ = devices.create_netkit("to-pod", "eth0", netns=host, peer_netns=pod, mode="l2")
    with (
        returning(OK, name="from") as outgoing,
        returning(OK, name="to") as incoming,
        attach_netkit(primary, outgoing, AttachType.NETKIT_PEER, netns=host) as one,
        attach_netkit(primary, incoming, AttachType.NETKIT_PRIMARY, netns=host) as two,
    ):
        seen = survey([host, pod])
        device = only_device(seen, host)
        assert (device.kind, device.mode) == ("netkit", "l2")
        assert device.hooks == (
            Hook("primary", (Attachment(incoming.id, "netkit", link=two.id),)),
            Hook("peer", (Attachment(outgoing.id, "netkit", link=one.id),)),
        )
        other = only_device(seen, pod)
        assert (other.name, other.kind, other.hooks) == ("eth0", "netkit", ())
        assert device.lower is not None
        assert seen.device(device.lower) == other
