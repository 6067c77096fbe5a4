"""Attaching programs to the traffic-control hooks of a device, in any network namespace."""

from __future__ import annotations

from errno import EACCES, ENXIO

from ebpfasm.errors import KernelError, NotSupported, OperandError
from ebpfasm.kernel.interfaces import ifindex as index_of
from ebpfasm.kernel.netns import NetNS, run_in
from ebpfasm.objects.links import Link
from ebpfasm.objects.programs import Program

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ebpfasm.datapath.clsact_link import ClsactLink
    from ebpfasm.datapath.connectors.connector import Hook
    from ebpfasm.kernel.netns import NetNSLike

__all__ = ["attach", "attach_at", "attach_clsact", "attach_netkit", "attach_tcx"]

SCHED_CLS = 3
"""ProgramType.SCHED_CLS; uapi would cost the import of enum."""
HOOKS = {46: "ingress", 47: "egress"}
"""AttachType.TCX_INGRESS and TCX_EGRESS, which name the two hooks whatever attaches there."""
NETKIT = {54: "primary", 55: "peer"}
"""AttachType.NETKIT_PRIMARY and NETKIT_PEER."""
NO_PRIMARY = {  # netkit_dev_fetch(), drivers/net/netkit.c
    ENXIO: "is no netkit device",
    EACCES: "is the peer of its pair, and both programs are attached at the primary",
}


def attach(ifindex: int | str, program: Program, where: int, *, netns: NetNSLike = None) -> Link | ClsactLink:
    """Attach to a device's hook: by `attach_tcx` where the kernel has tcx (Linux 6.6), else by `attach_clsact`.

    Arguments and errors are those of these two.
    """
    try:
        return attach_tcx(ifindex, program, where, netns=netns)
    except NotSupported as error:
        if error.feature != "tcx":
            raise
    return attach_clsact(ifindex, program, where, netns=netns)


def attach_tcx(
    ifindex: int | str,
    program: Program,
    where: int,
    *,
    netns: NetNSLike = None,
    flags: int = 0,
    relative: int = 0,
    expected_revision: int = 0,
) -> Link:
    """Attach a program to a device's ingress or egress with a tcx link (Linux 6.6).

    The program stays attached as long as the link is open or pinned. What it returns is the verdict:
    -1 (TCX_NEXT) goes on to the next program, 0 (TCX_PASS) lets the packet pass and skips what follows,
    clsact included, 2 (TCX_DROP) drops it.

    Args:
        ifindex: the device's number or name, in ``netns``.
        program: of type SCHED_CLS.
        where: `AttachType.TCX_INGRESS` or `AttachType.TCX_EGRESS`.
        netns: the network namespace the device is in: a `NetNS`, name, path, descriptor or object with
            ``fileno()``; ``NetNS.of_pid(pid)`` for a process's; None for the caller's own. The calling
            thread does not enter it. `attach_clsact` makes its requests over a `Conversation`.
        flags, relative, expected_revision: its place among other programs, as in `Link.create`.

    Raises:
        AlreadyAttached: this program is attached there already.
        NotSupported: the kernel has no tcx.
        KernelError: there is no such device or namespace.
        OperandError: the program is of another type, or an argument can mean nothing.
        PermissionDenied: CAP_SYS_ADMIN is missing to enter the namespace. To attach, the kernel asks for no
            capability besides those that loading the program took.
    """
    side = _side("attach_tcx", program, where)
    with NetNS(netns) as place:
        device, index = _device(ifindex, place)
        name = f"tcx {side} of {device}"
        return _create(program, index, where, name, place, flags, relative, expected_revision)


def attach_clsact(
    ifindex: int | str,
    program: Program,
    where: int,
    *,
    netns: NetNSLike = None,
    name: str = "polEntry",
    priority: int = 1,
    handle: int = 1,
) -> ClsactLink:
    """Attach a program to a device's ingress or egress with a cls_bpf filter in direct-action mode.

    Makes the device's clsact qdisc if it has none. Attaching the same program again at the same place
    gives another link to the same filter. What the program returns is the verdict: 0 (TC_ACT_OK) lets the
    packet pass, 2 (TC_ACT_SHOT) drops it, -1 (TC_ACT_UNSPEC) goes on to the next filter.

    Args:
        ifindex, program, where, netns: as in `attach_tcx`.
        name: of the filter, as ``tc filter show`` has it; Cilium's is ``polEntry``.
        priority: 1..65535; lower runs first.
        handle: 1..2³²-1.

    Raises:
        AlreadyAttached: there is another program at this priority and handle.
        NotSupported: the kernel has no clsact or cls_bpf.
        KernelError: there is no such device or namespace.
        OperandError: the program is of another type, or an argument can mean nothing.
        PermissionDenied: CAP_NET_ADMIN is missing, or CAP_SYS_ADMIN to enter the namespace.
    """
    from ebpfasm.datapath.clsact_link import ClsactLink  # rtnetlink, which tcx does without
    from ebpfasm.kernel.conversation import Conversation

    side = _side("attach_clsact", program, where)
    place = NetNS(netns)
    try:
        device, index = _device(ifindex, place)
    except BaseException:
        place.close()
        raise
    talk = netns if isinstance(netns, Conversation) and netns.is_here else None
    return ClsactLink.create(program, place, index, device, side, name, priority, handle, talk)


def attach_netkit(ifindex: int | str, program: Program, where: int, *, netns: NetNSLike = None) -> Link:
    """Attach a program to one end of a netkit pair (Linux 6.7); both are attached at the primary.

    The program stays attached as long as the link is open or pinned. What it returns is the verdict, as with tcx.

    Args:
        ifindex: the primary's number or name, in ``netns``.
        program: of type SCHED_CLS.
        where: `AttachType.NETKIT_PRIMARY` for packets that the primary sends, which are those to the pod; or
            `AttachType.NETKIT_PEER` for those the peer sends, which are those from the pod.
        netns: the namespace the primary is in, as in `attach_tcx`.

    Raises:
        AlreadyAttached: this program is attached there already.
        NotSupported: the kernel has no netkit.
        KernelError: there is no such device or namespace, or the device is no netkit primary.
        OperandError: the program is of another type, or an argument can mean nothing.
    """
    check_program("attach_netkit", program)
    if where not in NETKIT:
        raise OperandError(
            f"attach_netkit: where must be AttachType.NETKIT_PRIMARY or AttachType.NETKIT_PEER, not {where!r}",
            field="where",
            value=where,
        )
    with NetNS(netns) as place:
        device, index = _device(ifindex, place)
        name = f"netkit {NETKIT[where]} of {device}"
        try:
            return _create(program, index, where, name, place)
        except KernelError as error:
            why = NO_PRIMARY.get(error.errno or 0)
            if why is None:
                raise
            message = f"attaching program {program.name!r} to {name} in {place}: {device} {why}"
            raise KernelError(error.errno or 0, message, command=error.command) from error


def attach_at(hook: Hook, program: Program, attach: Callable[..., Link | ClsactLink] = attach) -> Link | ClsactLink:
    """Attach a program at a hook of a connector, of whatever kind it is.

    Args:
        hook: the place.
        program: of type SCHED_CLS.
        attach: what attaches where the hook is a device's ingress or egress: `attach_tcx`, `attach_clsact` or
            `attach`, which takes the first that the kernel has.

    Raises:
        EbpfError: what the function used raises.
    """
    way = attach_netkit if hook.where in NETKIT else attach
    return way(hook.ifindex, program, hook.where, netns=hook.netns)


def check_program(word: str, program: Program) -> None:
    """Refuse what tc cannot run, before the kernel does it with a bare EINVAL."""
    if not isinstance(program, Program):
        raise OperandError(f"{word}: program must be a Program, not {program!r}", field="program", value=program)
    if program.type != SCHED_CLS:
        from ebpfasm.uapi import ProgramType

        raise OperandError(
            f"{word}: tc takes programs of type SCHED_CLS, and program {program.name!r} "
            f"is of type {ProgramType(program.type).name}",
            field="program",
            value=program,
        )


def _create(
    program: Program,
    index: int,
    where: int,
    name: str,
    place: NetNS,
    flags: int = 0,
    relative: int = 0,
    expected_revision: int = 0,
) -> Link:
    """Make a link in the device's namespace; an interrupt leaves none."""
    made: list[Link] = []

    def create() -> None:
        made.append(
            Link.create(
                program,
                index,
                where,
                flags=flags,
                relative=relative,
                expected_revision=expected_revision,
                name=name,
            )
        )

    try:
        run_in(place, create)
    except NotSupported:
        raise
    except KernelError as error:
        raise _about(error, f"attaching program {program.name!r} to {name} in {place}") from error
    except BaseException:
        for link in made:  # interrupted, and attached all the same
            link.close()
        raise
    return made[0]


def _side(word: str, program: Program, where: int) -> str:
    """Ingress or egress, once program and hook are known to go together."""
    check_program(word, program)
    if where not in HOOKS:
        raise OperandError(
            f"{word}: where must be AttachType.TCX_INGRESS or AttachType.TCX_EGRESS, not {where!r}",
            field="where",
            value=where,
        )
    return HOOKS[where]


def _device(given: int | str, place: NetNS) -> tuple[str, int]:
    """How messages call the device, and its number."""
    if isinstance(given, str):
        return given, index_of(given, place)
    if isinstance(given, bool) or not isinstance(given, int) or not 0 < given <= 0x7FFFFFFF:
        raise OperandError(
            f"ifindex: a device is a name or a number in 1..2147483647, not {given!r}",
            field="ifindex", value=given, low=1, high=0x7FFFFFFF,
        )  # fmt: skip
    return f"interface {given}", given


def _about(error: KernelError, doing: str) -> KernelError:
    """The same error, with what was being done before its message."""
    return type(error)(error.errno or 0, f"{doing}: {error}", command=error.command)
