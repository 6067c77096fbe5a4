"""The helper functions of the vm: what the kernel's do, on the memory of a run."""

from __future__ import annotations

from ebpfasm.asm import helpers as words
from ebpfasm.asm.helpers import HELPERS as WORDS
from ebpfasm.uapi.program_type import ProgramType
from ebpfasm.vm.helpers import (
    checksums,
    control,
    maps,
    packets,
    printing,
    redirects,
    ring_buffers,
    rooms,
    surroundings,
    tunnels,
    xdp,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ebpfasm.asm.jump import Helper as Word

    Helper = Callable[..., int]

__all__ = ["HELPERS", "missing", "not_for"]

_TC = frozenset({ProgramType.SCHED_CLS, ProgramType.SCHED_ACT})
_TC_XMIT = _TC | {ProgramType.LWT_XMIT}
_ROUTES = _TC_XMIT | {ProgramType.LWT_IN, ProgramType.LWT_OUT}
_SOCKETS = _TC | {ProgramType.SOCKET_FILTER, ProgramType.CGROUP_SKB}
_XDP = frozenset({ProgramType.XDP})
_ALL = _SOCKETS | _ROUTES | _XDP
"""The program types the vm has a context for."""

# Each helper, its function here, and the program types it is for: bpf_base_func_proto() and tc_cls_act_func_proto()
# and the like, kernel/bpf/helpers.c and net/core/filter.c.
# fmt: off
_ROWS: tuple[tuple[Word, Helper, frozenset[int]], ...] = (
    (words.FnMapLookupElem,         maps.map_lookup_elem,              _ALL),
    (words.FnMapUpdateElem,         maps.map_update_elem,              _ALL),
    (words.FnMapDeleteElem,         maps.map_delete_elem,              _ALL),
    (words.FnMapLookupPercpuElem,   maps.map_lookup_percpu_elem,       _ALL),
    (words.FnMapPushElem,           maps.map_push_elem,                _ALL),
    (words.FnMapPopElem,            maps.map_pop_elem,                 _ALL),
    (words.FnMapPeekElem,           maps.map_peek_elem,                _ALL),
    (words.FnForEachMapElem,        maps.for_each_map_elem,            _ALL),
    (words.FnTailCall,              control.tail_call,                 _ALL),
    (words.FnLoop,                  control.loop,                      _ALL),
    (words.FnKtimeGetNs,            surroundings.ktime_get_ns,         _ALL),
    (words.FnKtimeGetBootNs,        surroundings.ktime_get_ns,         _ALL),
    (words.FnKtimeGetCoarseNs,      surroundings.ktime_get_ns,         _ALL),
    (words.FnGetPrandomU32,         surroundings.get_prandom_u32,      _ALL),
    (words.FnGetSmpProcessorId,     surroundings.get_smp_processor_id, _ALL),
    (words.FnGetNumaNodeId,         surroundings.get_numa_node_id,     _ALL),
    (words.FnTracePrintk,           printing.trace_printk,             _ALL),
    (words.FnTraceVprintk,          printing.trace_vprintk,            _ALL),
    (words.FnRingbufOutput,         ring_buffers.ringbuf_output,       _ALL),
    (words.FnRingbufReserve,        ring_buffers.ringbuf_reserve,      _ALL),
    (words.FnRingbufSubmit,         ring_buffers.ringbuf_submit,       _ALL),
    (words.FnRingbufDiscard,        ring_buffers.ringbuf_discard,      _ALL),
    (words.FnRingbufQuery,          ring_buffers.ringbuf_query,        _ALL),
    (words.FnSkbLoadBytes,          packets.skb_load_bytes,            _ALL - _XDP),
    (words.FnSkbLoadBytesRelative,  packets.skb_load_bytes_relative,   _SOCKETS),
    (words.FnSkbStoreBytes,         packets.skb_store_bytes,           _TC_XMIT),
    (words.FnSkbPullData,           packets.skb_pull_data,             _ROUTES),
    (words.FnSkbChangeType,         packets.skb_change_type,           _TC),
    (words.FnSetHash,               packets.set_hash,                  _TC),
    (words.FnSetHashInvalid,        packets.set_hash_invalid,          _TC_XMIT),
    (words.FnSkbChangeTail,         rooms.skb_change_tail,             _TC_XMIT),
    (words.FnSkbChangeHead,         rooms.skb_change_head,             _TC_XMIT),
    (words.FnSkbAdjustRoom,         rooms.skb_adjust_room,             _TC),
    (words.FnSkbChangeProto,        rooms.skb_change_proto,            _TC),
    (words.FnSkbVlanPush,           rooms.skb_vlan_push,               _TC),
    (words.FnSkbVlanPop,            rooms.skb_vlan_pop,                _TC),
    (words.FnL3CsumReplace,         checksums.l3_csum_replace,         _TC_XMIT),
    (words.FnL4CsumReplace,         checksums.l4_csum_replace,         _TC_XMIT),
    (words.FnCsumDiff,              checksums.csum_diff,               _ROUTES | _XDP),
    (words.FnCsumUpdate,            checksums.csum_update,             _TC_XMIT),
    (words.FnCsumLevel,             checksums.csum_level,              _TC_XMIT),
    (words.FnRedirect,              redirects.redirect,                _TC_XMIT | _XDP),
    (words.FnRedirectPeer,          redirects.redirect_peer,           _TC),
    (words.FnRedirectNeigh,         redirects.redirect_neigh,          _TC),
    (words.FnSkbSetTunnelKey,       tunnels.skb_set_tunnel_key,        _TC_XMIT),
    (words.FnSkbGetTunnelKey,       tunnels.skb_get_tunnel_key,        _TC_XMIT),
    (words.FnXdpGetBuffLen,         xdp.xdp_get_buff_len,              _XDP),
    (words.FnXdpAdjustHead,         xdp.xdp_adjust_head,               _XDP),
    (words.FnXdpAdjustMeta,         xdp.xdp_adjust_meta,               _XDP),
    (words.FnXdpAdjustTail,         xdp.xdp_adjust_tail,               _XDP),
    (words.FnXdpLoadBytes,          xdp.xdp_load_bytes,                _XDP),
    (words.FnXdpStoreBytes,         xdp.xdp_store_bytes,               _XDP),
)
# fmt: on

HELPERS: dict[int, Helper] = {word.number: function for word, function, _ in _ROWS}
"""The function of each helper by number: it takes the machine and the helper's arguments. Those with a default need
not have been written; None stands for them then."""

TYPES: dict[int, frozenset[int]] = {word.number: types for word, _, types in _ROWS}
"""Of the program types the vm has a context for, those the kernel allows a helper to."""


def missing(number: int) -> str:
    """What to say of a helper there is no function for."""
    if not 0 < number < len(WORDS):
        return f"calls helper {number}, which the vm does not know; give it a function: helpers={{{number}: function}}"
    word = WORDS[number]
    return (
        f"calls {word.kernel_name} (helper {number}), which the vm does not have; "
        f"give it a function: helpers={{asm.{word.name}: function}}"
    )


def not_for(number: int, program_type: int) -> str | None:
    """What to say of a helper that the kernel does not have for programs of a type; None if it has."""
    if program_type not in _ALL or program_type in TYPES.get(number, _ALL):
        return None
    return f"calls {WORDS[number].kernel_name}, which programs of type {ProgramType(program_type).name} cannot use"
