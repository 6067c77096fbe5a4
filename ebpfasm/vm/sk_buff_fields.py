"""The fields of ``struct __sk_buff``, and what programs of each type may do with them."""

from __future__ import annotations

from ebpfasm.uapi.program_type import ProgramType
from ebpfasm.vm.access import Access, Structure

__all__ = ["SK_BUFF", "access_of", "link_layer_types", "packet_writers"]

SK_BUFF = Structure(
    "__sk_buff",
    ("len", 4, 1),
    ("pkt_type", 4, 1),
    ("mark", 4, 1),
    ("queue_mapping", 4, 1),
    ("protocol", 4, 1),
    ("vlan_present", 4, 1),
    ("vlan_tci", 4, 1),
    ("vlan_proto", 4, 1),
    ("priority", 4, 1),
    ("ingress_ifindex", 4, 1),
    ("ifindex", 4, 1),
    ("tc_index", 4, 1),
    ("cb", 4, 5),
    ("hash", 4, 1),
    ("tc_classid", 4, 1),
    ("data", 4, 1),
    ("data_end", 4, 1),
    ("napi_id", 4, 1),
    ("family", 4, 1),
    ("remote_ip4", 4, 1),
    ("local_ip4", 4, 1),
    ("remote_ip6", 4, 4),
    ("local_ip6", 4, 4),
    ("remote_port", 4, 1),
    ("local_port", 4, 1),
    ("data_meta", 4, 1),
    ("flow_keys", 8, 1),
    ("tstamp", 8, 1),
    ("wire_len", 4, 1),
    ("gso_segs", 4, 1),
    ("sk", 8, 1),
    ("gso_size", 4, 1),
    ("tstamp_type", 1, 1),
    ("", 1, 3),
    ("hwtstamp", 8, 1),
)

# Sizes a field may be accessed in are added up: 7 is 1, 2 or 4 bytes.
NARROW, WHOLE, DOUBLE = 1 | 2 | 4, 4, 8

# bpf_skb_is_valid_access(), net/core/filter.c: what all program types have in common. `sk` may be read, too, as a
# pointer to a socket, which the vm does not have.
READS = dict.fromkeys(
    (
        "len", "pkt_type", "mark", "queue_mapping", "protocol", "vlan_present", "vlan_tci", "vlan_proto", "priority",
        "ingress_ifindex", "ifindex", "tc_index", "hash", "napi_id", "gso_segs", "gso_size",
    ),
    NARROW,
) | {"cb": NARROW | DOUBLE}  # fmt: skip
WRITES = {"cb": NARROW | DOUBLE}
DIRECT = {"data": WHOLE, "data_end": WHOLE}
TC_READS = (
    READS
    | DIRECT
    | dict.fromkeys(("tc_classid", "wire_len"), NARROW)
    | {"data_meta": WHOLE, "tstamp": DOUBLE, "hwtstamp": DOUBLE, "tstamp_type": 1}
)
TC_WRITES = (
    WRITES | dict.fromkeys(("mark", "queue_mapping", "priority", "tc_index", "tc_classid"), WHOLE) | {"tstamp": DOUBLE}
)
CGROUP_READS = (
    READS
    | DIRECT
    | dict.fromkeys(("family", "remote_port", "local_port"), NARROW)
    | dict.fromkeys(("remote_ip4", "local_ip4", "remote_ip6", "local_ip6"), WHOLE)
    | {"tstamp": DOUBLE, "hwtstamp": DOUBLE}
)
MARK = WRITES | {"mark": WHOLE, "priority": WHOLE}

RIGHTS = {
    ProgramType.SOCKET_FILTER: (READS, WRITES),
    ProgramType.SCHED_CLS: (TC_READS, TC_WRITES),
    ProgramType.SCHED_ACT: (TC_READS, TC_WRITES),
    ProgramType.CGROUP_SKB: (CGROUP_READS, MARK | {"tstamp": DOUBLE}),
    ProgramType.LWT_IN: (READS | DIRECT, MARK),
    ProgramType.LWT_OUT: (READS | DIRECT, MARK),
    ProgramType.LWT_XMIT: (READS | DIRECT, MARK),
}
"""What programs of each type read and write; the types are those whose context is a ``__sk_buff``."""

link_layer_types = frozenset({ProgramType.SCHED_CLS, ProgramType.SCHED_ACT})
"""Whose packets begin with the Ethernet header (is_l2 of bpf_prog_test_run_skb(), net/bpf/test_run.c)."""

packet_writers = link_layer_types | {ProgramType.LWT_XMIT}
"""Who may write to the packet directly (may_access_direct_pkt_data(), kernel/bpf/verifier.c)."""

_accesses: dict[int, Access] = {}


def access_of(program_type: int) -> Access:
    """What programs of a type may do with a ``__sk_buff``."""
    access = _accesses.get(program_type)
    if access is None:
        access = _accesses[program_type] = Access(SK_BUFF, program_type, *RIGHTS[ProgramType(program_type)])
    return access
