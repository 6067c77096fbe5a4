"""One pod of a node: its device, its entry stub, and what is to happen to packets from it and to it."""

from __future__ import annotations

from errno import EEXIST, ENODEV
from functools import partial

from ebpfasm.datapath.pod import Pod
from ebpfasm.datapath.tc import attach_at
from ebpfasm.errors import KernelError, KeyExists, KeyNotFound
from ebpfasm.kernel import netlink
from ebpfasm.kernel.conversation import Conversation
from ebpfasm.kernel.netns import NetNS

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from ipaddress import IPv4Network, IPv6Network
    from typing import TypeAlias

    from ebpfasm.datapath.connectors.connector import Hook, Interface, Plugged
    from ebpfasm.datapath.node import Node
    from ebpfasm.datapath.policy import Policy
    from ebpfasm.datapath.policy.loaded import LoadedPolicy
    from ebpfasm.datapath.policy.rule import Direction
    from ebpfasm.kernel.netns import NetNSLike
    from ebpfasm.objects.programs import Program

    Loaded: TypeAlias = "LoadedPolicy | Program"
    Police: TypeAlias = "Policy | Loaded | None"
    """What polices one direction; None lets everything through."""

__all__ = ["Endpoint"]

BPF_NOEXIST = 1  # UpdateFlag.NOEXIST
INGRESS: Direction = "ingress"
EGRESS: Direction = "egress"


class Endpoint(Pod):
    """A pod that is connected to a node; made by `Node.connect`.

    All that a `Pod` is, with its array, its entry stub and `swap`; and besides it the device, the pod's
    addresses in the node's endpoint map, and the two programs that police it. Closing it takes the device away.

    Attributes:
        id: its endpoint id: the index of its ingress program in the node's policy array.
        netns: its network namespace, which it holds open.
        interface: the pod's device as it was asked for.
        prefixes: the addresses, and prefixes behind it, that lead to it.
        plugged: the device as the connector made it.
    """

    __slots__ = ("_node", "_owned", "_police", "id", "interface", "netns", "plugged", "prefixes")

    netns: NetNS
    plugged: Plugged

    def __init__(
        self,
        node: Node,
        id: int,
        name: str,
        interface: Interface,
        prefixes: tuple[IPv4Network | IPv6Network, ...],
    ) -> None:
        super().__init__(name, interface.name)
        self._node = node
        self._police: dict[Direction, Loaded | None] = {INGRESS: None, EGRESS: None}
        self._owned: dict[Direction, LoadedPolicy | Program] = {}
        self.id = id
        self.interface = interface
        self.prefixes = prefixes

    @property
    def ingress(self) -> Loaded | None:
        """What polices packets to the pod; None where all are let through."""
        return self._police[INGRESS]

    @property
    def egress(self) -> Loaded | None:
        """What polices packets from the pod, unless `swap` put another program there; None where all pass."""
        return self._police[EGRESS]

    def set_ingress(self, police: Police) -> None:
        """Police packets to the pod by another policy, or program, from the next packet on.

        Args:
            police: a `Policy`, which is compiled; rules that are loaded already (`CompiledPolicy`, `PolicyTable`)
                or a program, which stay the caller's to close; or None to let everything through.

        Raises:
            OperandError: it is neither, or a policy of the other direction.
            KernelError: the program is none of type SCHED_CLS with expected_attach_type 0.
            ClosedError: the pod was closed.
        """
        self._open()
        self._put(INGRESS, police)

    def set_egress(self, police: Police) -> None:
        """Police packets from the pod by another policy, or program, from the next packet on.

        Args:
            police: as for `set_ingress`. A program of your own must do itself what a policy does with what it
                allows: continue with ``Node.onward``, which hands packets to the policies of their receivers.

        Raises:
            OperandError: it is neither, or a policy of the other direction.
            KernelError: the program is none of type SCHED_CLS with expected_attach_type 0.
            ClosedError: the pod was closed.
        """
        self._open()
        self._put(EGRESS, police)

    def _compose(
        self,
        netns: NetNSLike,
        ingress: Police,
        egress: Police,
        pin: str | os.PathLike[str] | None,
        miss: int,
    ) -> None:
        """Do all steps, or none; no packet goes by before its programs are in place."""
        node, steps = self._node, self._steps
        with steps:
            steps.do(f"taking endpoint id {self.id}", self._take_id)
            steps.done(f"gave back endpoint id {self.id}", self._give_back_id)
            self.netns = steps.do("opening its network namespace", NetNS, netns)
            steps.done("let go of its network namespace", self.netns.close)
            self._make_entry(pin, miss)
            steps.done("closed its policies", self._close_owned)
            if egress is not None or node.onward_program is not None:
                steps.do("putting its egress policy into slot 0", self._put, EGRESS, egress)
            steps.do(f"putting its ingress policy into slot {self.id} of the node's", self._put, INGRESS, ingress)
            steps.done(f"emptied slot {self.id} of the node's policies", self._clear_ingress)
            for prefix in self.prefixes:
                steps.do(f"leading {prefix} to endpoint {self.id}", self._lead, prefix)
                steps.done(f"led {prefix} to it no more", partial(self._lead_no_more, prefix))
            with Conversation(self.netns) as pod, Conversation(node.host) as host:
                made = steps.do("making its device", partial(node.site.plug, steps, pod, self.interface, host=host))
                self._attach(made)
                # Undone first: the device passes nothing any more when its programs are detached.
                steps.done(f"brought {self.device} down", partial(self._stop, made.ifindex))
                steps.do("starting its device", partial(node.site.start, steps, pod, self.interface, made, host=host))
            to_pod = None if made.to_pod is None else self._lasting(made.to_pod)
            self.plugged = made._replace(from_pod=self._lasting(made.from_pod), to_pod=to_pod)

    def _stop(self, ifindex: int) -> None:
        try:
            netlink.set_down(ifindex, self.netns)
        except KernelError as error:
            if error.errno != ENODEV:
                raise

    def _lasting(self, hook: Hook) -> Hook:
        """The hook without the conversation it was made in."""
        return hook._replace(netns=self.netns if hook.netns == self.netns else self._node.host)

    def _attach(self, plugged: Plugged) -> None:
        steps, hook, attach = self._steps, plugged.from_pod, self._node.attach
        words = f"attaching its entry stub at {hook.device} in {hook.netns}"
        self._link(steps.do(words, attach_at, hook, self.entry, attach))
        if plugged.to_pod is not None:
            hook = plugged.to_pod
            words = f"delivery at {hook.device}"
            program = steps.do(f"loading the {words}", self._node.delivery_to_pods)
            link = steps.do(f"attaching {words} in {hook.netns}", attach_at, hook, program, attach)
            steps.done(f"detached {words}", link.close)

    def _take_id(self) -> None:
        other = self._node.pods.setdefault(self.id, self)
        if other is not self:
            raise KeyExists(EEXIST, f"endpoint id {self.id} is that of pod {other.name!r}")

    def _give_back_id(self) -> None:
        del self._node.pods[self.id]

    def _lead(self, prefix: IPv4Network | IPv6Network) -> None:
        try:
            self._node.endpoints.update(prefix, self.id, flags=BPF_NOEXIST)
        except KeyExists as error:
            whose = next((pod for pod in self._node.pods.values() if prefix in pod.prefixes and pod is not self), None)
            told = f"pod {whose.name!r} (endpoint {whose.id})" if whose else f"endpoint {self._node.endpoints[prefix]}"
            raise KeyExists(EEXIST, f"{prefix} leads to {told} already", command=error.command) from None

    def _lead_no_more(self, prefix: IPv4Network | IPv6Network) -> None:
        try:
            del self._node.endpoints[prefix]
        except KeyNotFound:
            pass

    def _put(self, direction: Direction, police: Police) -> None:
        """Have ``police`` run for one direction, then give up what ran before."""
        loaded = self._node.loaded(police, direction, self.name)
        try:
            if direction == INGRESS:
                self._node.policies[self.id] = self._node.allow if loaded is None else loaded
            else:
                program = self._node.onward_program if loaded is None else loaded
                if program is None:
                    self.clear()
                else:
                    self.swap(program)
        except BaseException:
            if loaded is not None and loaded is not police:
                loaded.close()
            raise
        self._police[direction] = loaded
        before = self._owned.pop(direction, None)
        if loaded is not None and loaded is not police:
            self._owned[direction] = loaded
        if before is not None:
            before.close()

    def _clear_ingress(self) -> None:
        try:
            del self._node.policies[self.id]
        except KeyNotFound:
            pass

    def _close_owned(self) -> None:
        while self._owned:
            self._owned.popitem()[1].close()

    def _open(self) -> None:
        self.slots.fileno()  # raises when it is closed

    def __repr__(self) -> str:
        return f"<Endpoint {self.id} {self.name!r} on {self.device}{': closed' if self.closed else ''}>"
