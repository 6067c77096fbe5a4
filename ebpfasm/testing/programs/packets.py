"""Statements about the packet and its context: fields, checked pointers, helpers that copy, and legacy access."""

from __future__ import annotations

from ebpfasm import asm
from ebpfasm.asm import JGE, JGT, JLT, Add, And, DWord, Label, LoadMem, Mov, StoreMem, Word
from ebpfasm.asm.register import RFP
from ebpfasm.testing.programs.choices import number
from ebpfasm.testing.programs.frame import CONTEXT
from ebpfasm.testing.programs.numbers import access, copy, fill
from ebpfasm.vm.sk_buff_fields import SK_BUFF

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ebpfasm.testing.programs.frame import Frame

__all__ = [
    "checksum", "context_load", "context_store", "helper", "legacy_load", "load_bytes", "packet", "redirect", "spill",
    "store_bytes", "through_pointer",
]  # fmt: skip

DATA, DATA_END, TSTAMP, CB = (SK_BUFF.places[name][0] for name in ("data", "data_end", "tstamp", "cb"))
CB_SIZE = 20

# tc_cls_act_is_valid_access() in net/core/filter.c
READABLE = (
    "len", "pkt_type", "mark", "queue_mapping", "protocol", "vlan_present", "vlan_tci", "vlan_proto", "priority",
    "ingress_ifindex", "ifindex", "tc_index", "cb", "hash", "tc_classid", "napi_id", "wire_len", "gso_segs", "gso_size",
)  # fmt: skip
WRITABLE = ("mark", "priority", "tc_index", "cb", "tc_classid", "queue_mapping")


def _place(frame: Frame, names: tuple[str, ...]) -> int:
    """The offset of one of these fields, or of one of its members."""
    start, size, count = SK_BUFF.places[frame.choices.pick(names)]
    return start + size * frame.choices.integer(0, count - 1)


def context_load(frame: Frame) -> None:
    """Read a field of the context."""
    choices = frame.choices
    dst = choices.pick(frame.free())
    if choices.integer(0, 7) == 7:
        frame.put(LoadMem(dst, CONTEXT, TSTAMP, DWord), dst)
        return
    offset, size = _place(frame, READABLE), 4
    narrow = choices.integer(0, 3)
    if narrow == 3:  # bpf_ctx_narrow_access_ok() in include/linux/filter.h
        size = choices.pick((2, 1))
        offset += size * choices.integer(0, 4 // size - 1)
    plain = [one for one in frame.author.pools.loads[size] if one.form.name == "LoadMem"]
    frame.put(choices.pick(plain).made(dst, CONTEXT, off=offset), dst)


def context_store(frame: Frame) -> None:
    """Write a field of the context."""
    choices = frame.choices
    pools = frame.author.pools
    kind = choices.integer(0, 4)
    if kind == 4:
        offset, size = TSTAMP, 8
    elif kind == 3:
        size = choices.pick((8, 4, 2, 1))
        offset = CB + size * choices.integer(0, CB_SIZE // size - 1)
    else:
        offset, size = _place(frame, WRITABLE), 4
    # Constants only since commit 0d80a619c113 "bpf: allow ctx writes using BPF_ST_MEM instruction".
    if pools.release >= (6, 3) and choices.integer(0, 2) == 2:
        frame.emit(choices.pick(pools.constants[size]).made(CONTEXT, off=offset, imm=number(choices, 32)))
    else:
        frame.emit(choices.pick(pools.stores[size]).made(CONTEXT, frame.number(), off=offset))


def packet(frame: Frame) -> None:
    """Have a register point into the packet, and do something where it is known to be long enough."""
    choices = frame.choices
    start = frame.spare()
    end = frame.spare(start)
    room = choices.integer(1, 34)
    frame.emit(LoadMem(start, CONTEXT, DATA, Word), LoadMem(end, CONTEXT, DATA_END, Word))
    behind = frame.spare(start, end)
    distance = [register for register in frame.numbers() if register not in (start, end, behind)]
    if distance and choices.integer(0, 3) == 3:
        frame.emit(Mov.Reg(behind, choices.pick(distance)), And.Imm(behind, choices.pick((1, 7, 15, 31))))
        frame.emit(Add.Reg(start, behind))
    elif choices.integer(0, 2) == 2:
        frame.emit(Add.Imm(start, choices.integer(0, 14)))
    frame.emit(Mov.Reg(behind, start), Add.Imm(behind, room))
    short = frame.label("short")
    frame.emit(choices.pick((JGT.Reg(behind, end, short), JLT.Reg(end, behind, short), JGE.Reg(behind, end, short))))
    before = frame.state.copy()
    frame.point(start, "packet", room)
    frame.block(4)
    frame.emit(Label(short))
    frame.state.meet(before)


def through_pointer(frame: Frame) -> None:
    """An access where a register points."""
    choices = frame.choices
    base = choices.pick(sorted(frame.state.pointers))
    region, room = frame.state.pointers[base]
    size = choices.pick([size for size in (8, 4, 2, 1) if size <= room])
    what = choices.integer(0, 5)
    atomics = region != "packet"  # kernel/bpf/verifier.c, atomic_ptr_type_ok
    step = size
    if region != "frame" and choices.integer(0, 3) == 3 and not (atomics and what >= 1):
        step = 1
    offset = step * choices.integer(0, (room - size) // step)
    access(frame, base, offset, size, what, atomics=atomics)


def load_bytes(frame: Frame) -> None:
    """Copy bytes of the packet to the stack."""
    choices = frame.choices
    size = choices.integer(1, 16)
    slot = frame.slot(16)
    copy(frame, 2)
    if choices.integer(0, 2) < 2:
        frame.put(Mov.Imm(2, choices.integer(0, 64)), 2)
    else:
        frame.emit(And.Imm(2, 63))
    frame.emit(Mov.Reg(1, CONTEXT))
    frame.address(3, slot)
    frame.emit(Mov.Imm(4, size))
    if choices.integer(0, 2) == 2:
        frame.emit(Mov.Imm(5, choices.integer(0, 2)))
        frame.called(asm.FnSkbLoadBytesRelative.Call())
    else:
        frame.called(asm.FnSkbLoadBytes.Call())
    frame.wrote(slot, size)


def store_bytes(frame: Frame) -> None:
    """Copy bytes of the stack into the packet, which moves it as far as pointers to it know."""
    choices = frame.choices
    size = choices.integer(1, 16)
    slot = frame.slot(16)
    fill(frame, slot, 16)
    copy(frame, 2)
    if choices.integer(0, 2) < 2:
        frame.put(Mov.Imm(2, choices.integer(0, 64)), 2)
    else:
        frame.emit(And.Imm(2, 63))
    frame.emit(Mov.Reg(1, CONTEXT))
    frame.address(3, slot)
    frame.emit(Mov.Imm(4, size), Mov.Imm(5, choices.integer(0, 4)))
    frame.called(asm.FnSkbStoreBytes.Call())
    frame.drop("packet")


def checksum(frame: Frame) -> None:
    """The checksum of bytes on the stack, or of what changed between two runs of them."""
    if frame.author.pools.release < (6, 13):  # the vm folds it to 16 bits, as Linux does since then
        load_bytes(frame)
        return
    choices = frame.choices
    sizes = choices.pick(((0, 8), (8, 0), (8, 8), (4, 12), (16, 4)))
    slots = [frame.slot(16) for _ in sizes]
    for slot, size in zip(slots, sizes, strict=True):
        if size:
            fill(frame, slot, 16)
    copy(frame, 5)
    for register, slot, size in zip((1, 3), slots, sizes, strict=True):
        if size:
            frame.address(register, slot)
        else:
            frame.emit(Mov.Imm(register, 0))
        frame.emit(Mov.Imm(register + 1, size))
    frame.called(asm.FnCsumDiff.Call())


# fmt: off
HELPERS = (
    # Each with what its arguments after the context may be; None is any number.
    (asm.FnSkbPullData,      ((0, 1, 14, 34, 64, 5000),)),
    (asm.FnSkbChangeType,    ((0, 1, 2, 3, 4, 7),)),
    (asm.FnSetHash,          (None,)),
    (asm.FnSetHashInvalid,   ()),
    # Not shorter: of a packet cut within its network header, bpf_skb_adjust_room() moves what was cut off, too
    # (bpf_skb_generic_push(), net/core/filter.c), and what is beyond a packet's end is not defined.
    (asm.FnSkbChangeTail,    ((13, 54, 60, 64, 100), (0, 0, 1))),
    (asm.FnSkbChangeHead,    ((0, 1, 14, 64, 4000), (0, 0, 1))),
    (asm.FnSkbAdjustRoom,    ((0, 4, 20, -4, -20, 300), (0, 1, 2), (0, 1, 2, 4, 32))),
    (asm.FnSkbChangeProto,   ((0x0008, 0xDD86, 0x0800), (0, 0, 1))),
    (asm.FnSkbVlanPush,      ((0x0081, 0xA888, 0x0800), (0, 5, 0x1005, 0xFFFF))),
    (asm.FnSkbVlanPop,       ()),
    (asm.FnL3CsumReplace,    ((0, 1, 24, 40, 100), None, None, (0, 2, 4, 3, 16))),
    (asm.FnL4CsumReplace,    ((0, 1, 36, 40, 100), None, None, (0, 2, 4, 18, 20, 34, 66, 96, 256))),
    (asm.FnCsumUpdate,       (None,)),
    (asm.FnCsumLevel,        ((0, 1, 2, 3, 4),)),
)
# fmt: on
"""Helpers that take the context and numbers, and whose answer is the same each time."""


def helper(frame: Frame) -> None:
    """Have a helper change the packet, or what is known of it."""
    choices = frame.choices
    word, arguments = choices.pick(HELPERS)
    for register, options in enumerate(arguments, 2):
        if options is None:
            copy(frame, register)
        else:
            frame.put(Mov.Imm(register, choices.pick(options)), register)
    frame.forget(1)
    frame.emit(Mov.Reg(1, CONTEXT))
    frame.called(word.Call())
    frame.drop("packet")


def redirect(frame: Frame) -> None:
    """Ask for the packet to leave elsewhere."""
    choices = frame.choices
    word = choices.pick((asm.FnRedirect, asm.FnRedirectPeer, asm.FnRedirectNeigh))
    copy(frame, 1)
    frame.put(Mov.Imm(2, 0 if word is asm.FnRedirectNeigh else choices.integer(0, 2)), 2)
    if word is asm.FnRedirectNeigh:  # without an address: pointer and length are 0
        frame.put(Mov.Imm(3, 0), 3)
        frame.put(Mov.Imm(4, choices.integer(0, 1)), 4)
    frame.called(word.Call())


def legacy_load(frame: Frame) -> None:
    """Read from the packet as classic BPF did; beyond its end the program is over."""
    choices, pools = frame.choices, frame.author.pools
    if choices.integer(0, 1):
        template = choices.pick(pools.indirect_packet_loads)
        source = frame.number()
        imm = choices.integer(0, 8)
        if choices.integer(0, 3) and source not in frame.locked:
            frame.emit(And.Imm(source, 15))
        instruction = template.made(src=source, imm=imm)
    else:
        instruction = choices.pick(pools.packet_loads).made(imm=choices.integer(0, 40))
    frame.called(instruction)


def spill(frame: Frame) -> None:
    """Keep the context on the stack and take it back."""
    slot = frame.slot(8)
    register = frame.spare()
    frame.emit(StoreMem(RFP, slot, CONTEXT, DWord), LoadMem(register, RFP, slot, DWord))
    frame.put(LoadMem(register, register, SK_BUFF.places["mark"][0], Word), register)
    frame.emit(StoreMem(RFP, slot, register, DWord))  # so that nothing reads a pointer there later
    frame.wrote(slot, 8)
