"""Delivery: the program that finds the endpoint a packet goes to, and tail-calls its policy.

Two maps serve a whole node: ``endpoints`` knows the endpoint of an address, by the longest prefix, and ``policies``
has each endpoint's ingress policy at its id, as Cilium's ``cilium_call_policy`` does. Whoever brings packets to
pods runs `delivery`: at a hook of the host, or, where packets from pod to pod meet no such hook, in the sender's own
egress program (`deliver_block`).
"""

from __future__ import annotations

from enum import IntEnum

from ebpfasm.asm.helpers import FnMapLookupElem, FnTailCall
from ebpfasm.asm.program import Instructions, Label
from ebpfasm.asm.register import R0, R1, R2, R3, R6, R8, R9, RFP, Word
from ebpfasm.asm.table import Add, Ja, JEq, LoadMapPtr, LoadMem, Mov, Return
from ebpfasm.datapath import counters
from ebpfasm.datapath.addresses import AddressKey
from ebpfasm.datapath.packet import KEY, KEY_SIZE, destination, network_header
from ebpfasm.errors import OperandError
from ebpfasm.objects.maps import Map

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    from ebpfasm.asm.instruction import Instruction
    from ebpfasm.asm.wide import HasFileno

    MapLike = int | str | HasFileno
    Missing = Literal["drop", "pass"]

__all__ = ["Count", "create_counts", "create_endpoints", "create_policies", "deliver_block", "delivery"]

# MapType.PROG_ARRAY and LPM_TRIE, MapFlag.NO_PREALLOC; uapi would cost the import of all its enumerations.
PROG_ARRAY, LPM_TRIE = 3, 11
NO_PREALLOC = 1

OK, SHOT = 0, 2
"""TC_ACT_OK and TC_ACT_SHOT of <linux/pkt_cls.h>."""
INGRESS_IFINDEX = 36
"""offsetof(struct __sk_buff, ingress_ifindex)"""
MOST_ENDPOINTS = 65536


class Count(IntEnum):
    """What a delivery counts, and at which index: the packets that it does not hand to a policy."""

    NO_ENDPOINT = 0
    """To an address that is no endpoint's; it passes."""
    NO_POLICY = 1
    """To an endpoint without a policy in the array; dropped or passed, as the program was made."""
    NOT_IP = 2
    """Neither IPv4 nor IPv6, such as ARP; it passes."""
    MALFORMED = 3
    """It ends before the destination's address, or is not what its sender says; dropped."""


def create_endpoints(max_entries: int = MOST_ENDPOINTS, *, name: str = "endpoints") -> Map:
    """Make the map from address or prefix to endpoint id.

    Keys are what `AddressKey` takes, values the ids, 0..2³²-1: ``endpoints["10.0.0.7"] = 3``.

    Args:
        max_entries: the most addresses and prefixes; memory is taken as they come.

    Raises what `Map.create` raises.
    """
    return Map.create(
        LPM_TRIE, key_size=KEY_SIZE, value_size=4, max_entries=max_entries, flags=NO_PREALLOC, name=name,
        key=AddressKey(),
    )  # fmt: skip


def create_policies(max_entries: int = MOST_ENDPOINTS, *, name: str = "policies") -> Map:
    """Make the array of ingress policies; endpoint ids are 0..max_entries-1.

    Raises what `Map.create` raises.
    """
    return Map.create(PROG_ARRAY, key_size=4, value_size=4, max_entries=max_entries, name=name)


def create_counts(name: str = "cnt_deliver") -> Map:
    """Make the counters of one delivery, indexed by `Count`; `ebpfasm.datapath.counters.read_counters` reads them."""
    return counters.create_counters(name, len(Count))


def deliver_block(
    endpoints: MapLike, policies: MapLike, counts: MapLike, *, missing: Missing = "drop", prefix: str = "deliver_"
) -> Instructions:
    """Hand the packet to the policy of the endpoint it goes to; needs the context in R6, and ends the program.

    Args:
        endpoints, policies: the node's maps, or names to bind later.
        counts: the map of `create_counts`.
        missing: what becomes of packets to an endpoint that has no policy, or whose id is beyond the array.
        prefix: of the block's labels.

    Raises:
        OperandError: ``missing`` is neither ``"drop"`` nor ``"pass"``.
    """
    if missing not in ("drop", "pass"):
        raise OperandError(
            f"deliver_block: missing must be 'drop' or 'pass', not {missing!r}", field="missing", value=missing
        )

    def ending(label: str, count: Count, verdict: int) -> list[Instruction]:
        return [
            Mov.Imm(R8, count).with_symbol(f"{prefix}{label}").with_comment(count.name.lower().replace("_", " ")),
            Mov.Imm(R9, verdict),
        ]

    end = f"{prefix}end"
    return Instructions(
        [
            network_header(prefix, not_ip=f"{prefix}not_ip", malformed=f"{prefix}malformed"),
            destination(prefix, truncated=f"{prefix}malformed"),
            LoadMapPtr(R1, endpoints),
            Mov.Reg(R2, RFP),
            Add.Imm(R2, KEY),
            FnMapLookupElem.Call(),
            JEq.Imm(R0, 0, f"{prefix}no_endpoint"),
            LoadMem(R3, R0, 0, Word).with_comment("the endpoint's id"),
            Mov.Reg(R1, R6),
            LoadMapPtr(R2, policies),
            FnTailCall.Call(),
            *ending("no_policy", Count.NO_POLICY, OK if missing == "pass" else SHOT),
            Ja.Label(end),
            *ending("no_endpoint", Count.NO_ENDPOINT, OK),
            Ja.Label(end),
            *ending("not_ip", Count.NOT_IP, OK),
            Ja.Label(end),
            *ending("malformed", Count.MALFORMED, SHOT),
            Label(end),
            counters.count_block(prefix, counts, R8),
            Mov.Reg(R0, R9),
            Return(),
        ]
    )


def delivery(
    endpoints: MapLike,
    policies: MapLike,
    counts: MapLike,
    *,
    missing: Missing = "drop",
    skip_from: int | None = None,
) -> Instructions:
    """The program for a hook that packets to pods pass, of type SCHED_CLS, to be loaded with expected_attach_type 0.

    Args:
        endpoints, policies, counts, missing: as in `deliver_block`.
        skip_from: the index of a device whose packets were policed when they came in through it, such as an
            overlay's: they pass at once, and are not counted.

    Raises:
        OperandError: ``missing`` cannot be, or ``skip_from`` is no index of a device.
    """
    begin = [Mov.Reg(R6, R1)]
    end = []
    if skip_from is not None:
        if isinstance(skip_from, bool) or not isinstance(skip_from, int) or not 0 < skip_from <= 0x7FFFFFFF:
            raise OperandError(
                f"delivery: skip_from must be an interface's index in 1..2147483647, not {skip_from!r}",
                field="skip_from", value=skip_from, low=1, high=0x7FFFFFFF,
            )  # fmt: skip
        begin += [
            LoadMem(R1, R6, INGRESS_IFINDEX, Word),
            JEq.Imm(R1, skip_from, "policed").with_comment("came in where it was policed already"),
        ]
        end = [Mov.Imm(R0, OK).with_symbol("policed"), Return()]
    block = deliver_block(endpoints, policies, counts, missing=missing)
    return Instructions([*begin, block, *end])
