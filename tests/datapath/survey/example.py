"""A survey as it could be: two pods on IPVLAN, a host slave, a host outside, policies and counters."""

from __future__ import annotations

from ebpfasm.datapath.survey import (
    Attachment,
    Device,
    End,
    Entry,
    Hook,
    Namespace,
    SeenMap,
    SeenProgram,
    Survey,
)

HOST, POD1, POD2 = 4026531840, 4026532201, 4026532302


def device(
    index: int,
    name: str,
    kind: str,
    *addresses: str,
    mode: str = "",
    lower: End | None = None,
    hooks: tuple[Hook, ...] = (),
    up: bool = True,
) -> Device:
    return Device(index, name, kind, mode, up, 1500, addresses, lower, hooks)


def hook(where: str, program: int, way: str = "tcx", link: int = 7) -> Hook:
    if way == "clsact":
        return Hook(where, (Attachment(program, way, filter="polEntry", priority=1, handle=1),))
    return Hook(where, (Attachment(program, way, link=link),))


def program(id: int, name: str, *maps: int, entry: Entry | None = None, units: int = 120) -> SeenProgram:
    return SeenProgram(id, name, "SCHED_CLS", f"{id * 0x9E3779B97F4A7C15 % 2**64:016x}", units, maps, entry)


def array(id: int, name: str, slots: dict[int, int], max_entries: int = 1, pins: tuple[str, ...] = ()) -> SeenMap:
    return SeenMap(id, name, "PROG_ARRAY", 4, 4, max_entries, "slots", slots, {}, pins)


def counters(id: int, name: str, **counted: int | dict[str, int | str]) -> SeenMap:
    entries = {key.replace("_", " "): value for key, value in counted.items()}
    return SeenMap(id, name, "PERCPU_ARRAY", 4, 8, 8, "counters", {}, entries)


MASTER, SLAVE = End(3, HOST), "ipvlan"
IPVLAN = Survey(
    namespaces=(
        Namespace(
            HOST, "this namespace", True,
            (
                device(3, "eth0", "", "192.0.2.10/24", hooks=(hook("ingress", 30, "clsact"),)),
                device(7, "iph", SLAVE, "10.0.0.1/32", mode="l3s", lower=MASTER, hooks=(hook("egress", 31, link=41),)),
            ),
        ),
        Namespace(
            POD1, "pod1", False,
            (
                device(
                    2, "eth0", SLAVE, "10.0.0.11/32", "fd00::11/128", "fe80::1/64",
                    mode="l3s", lower=MASTER, hooks=(hook("egress", 40, link=42),),
                ),
            ),
        ),
        Namespace(
            POD2, "pod2", False,
            (
                device(
                    2, "eth0", SLAVE, "10.0.0.12/32", "fd00::12/128",
                    mode="l3s", lower=MASTER, hooks=(hook("egress", 50, link=43),),
                ),
            ),
        ),
    ),
    programs={
        each.id: each
        for each in (
            program(30, "deliver_0", 100, 101, 110),
            program(31, "deliver_1", 100, 101, 111),
            program(40, "entry", 120, entry=Entry(120, 0, 0), units=6),
            program(41, "policy_out_web", 121, 100, 101, 130),
            program(42, "policy_in_web", 122),
            program(50, "entry", 140, entry=Entry(140, 0, 2), units=6),
            program(51, "onward", 100, 101, 130),
            program(52, "policy_in_db", 142),
        )
    },
    maps={
        each.id: each
        for each in (
            SeenMap(
                100, "endpoints", "LPM_TRIE", 20, 4, 4096, "endpoints", {},
                {"10.0.0.11/32": 11, "10.0.0.12/32": 12, "fd00::11/128": 11, "fd00::12/128": 12},
            ),
            array(101, "policies", {11: 42, 12: 52}, 4096, ("/sys/fs/bpf/ebpfasm/policies",)),
            counters(110, "cnt_0", delivered=120, not_IP=3),
            counters(111, "cnt_1", delivered=14),
            array(120, "web", {0: 41}),
            counters(121, "cnt_out_web", rule_1={"packets": 5, "bytes": 490}),
            counters(122, "cnt_in_web", rule_1={"packets": 40, "bytes": 3360}, default={"packets": 1, "bytes": 98}),
            counters(130, "cnt_senders", delivered=9),
            array(140, "db", {0: 51}),
            counters(142, "cnt_in_db", default={"packets": 80, "bytes": 7840}),
        )
    },
)  # fmt: skip


def pair() -> Survey:
    """A veth pair with a stub at its host end; its slot is empty."""
    pod = device(2, "eth0", "veth", "10.0.0.2/32", lower=End(9, HOST))
    host = device(9, "to-pod1", "veth", lower=End(2, POD1), hooks=(hook("ingress", 40),))
    return Survey(
        (Namespace(HOST, "this namespace", True, (host,)), Namespace(POD1, "pod1", False, (pod,))),
        {40: program(40, "entry", 120, entry=Entry(120, 0, 0), units=6)},
        {120: array(120, "pod1", {})},
    )


def round_trip() -> Survey:
    """A program in a slot of its own array; and an array that is pinned with a program that nothing else uses."""
    place = Namespace(HOST, "this namespace", True, (device(3, "eth0", "", hooks=(hook("ingress", 1),)),))
    return Survey(
        (place,),
        {each.id: each for each in (program(1, "start", 8), program(2, "again", 8), program(3, "stray", 9))},
        {8: array(8, "round", {0: 2, 3: 2}, 4), 9: array(9, "lost", {1: 3}, 4, ("/sys/fs/bpf/lost",))},
    )


def crowd(number: int) -> Survey:
    """So many pods, each with its policies."""
    master = device(3, "eth0", "", hooks=(hook("ingress", 1),))
    places = [Namespace(HOST, "this namespace", True, (master,))]
    programs, maps = [program(1, "deliver_0", 1, 2)], [array(2, "policies", {}, 4096)]
    endpoints = {}
    for id in range(1, number + 1):
        name = f"pod{id}"
        slave = device(2, "eth0", SLAVE, f"10.0.0.{id}/32", mode="l3s", lower=MASTER, hooks=(hook("egress", 10 * id),))
        places.append(Namespace(POD1 + id, name, False, (slave,)))
        programs += [
            program(10 * id, "entry", 10 * id, entry=Entry(10 * id, 0, 0)),
            program(10 * id + 1, f"policy_{name}", 1, 2, 10 * id + 1),
            program(10 * id + 2, f"policy_{name}", 10 * id + 2),
        ]
        counted = {"packets": id, "bytes": 98 * id}
        maps += [
            array(10 * id, name, {0: 10 * id + 1}),
            counters(10 * id + 1, "cnt_policy", rule_1=counted),
            counters(10 * id + 2, "cnt_policy", default=counted),
        ]
        maps[0].slots[id] = 10 * id + 2
        endpoints[f"10.0.0.{id}/32"] = id
    maps.append(SeenMap(1, "endpoints", "LPM_TRIE", 20, 4, 4096, "endpoints", {}, endpoints))
    return Survey(tuple(places), {each.id: each for each in programs}, {each.id: each for each in maps})
