"""A host and its pods: the policy array, the endpoint map, the hooks that packets to pods pass, and connecting pods."""

from __future__ import annotations

from ebpfasm.asm.program import Instructions
from ebpfasm.asm.register import R0
from ebpfasm.asm.table import Mov, Return
from ebpfasm.datapath import tc
from ebpfasm.datapath.connectors.connector import Connector, Interface
from ebpfasm.datapath.counters import Counted, read_counters
from ebpfasm.datapath.delivery import (
    MOST_ENDPOINTS,
    Count,
    create_counts,
    create_endpoints,
    create_policies,
    deliver_block,
    delivery,
)
from ebpfasm.datapath.endpoint import INGRESS, Endpoint
from ebpfasm.datapath.node_programs import SCHED_CLS, Delivery, load_allow, load_onward, object_name
from ebpfasm.datapath.pod_addresses import interface_addresses, leading_to
from ebpfasm.datapath.policy import CompiledPolicy, Policy, PolicyTable, Rule
from ebpfasm.datapath.policy.loaded import LoadedPolicy
from ebpfasm.datapath.steps import Steps
from ebpfasm.errors import ClosedError, DatapathError, OperandError
from ebpfasm.kernel.netns import NetNS
from ebpfasm.kernel.threads import in_thread
from ebpfasm.objects.programs import Program

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable
    from types import TracebackType
    from typing import Self

    from ebpfasm.datapath.addresses import Addressed
    from ebpfasm.datapath.clsact_link import ClsactLink
    from ebpfasm.datapath.connectors.connector import Hook, Site
    from ebpfasm.datapath.delivery import Missing
    from ebpfasm.datapath.endpoint import Loaded, Police
    from ebpfasm.datapath.overlay import Overlay, OverlaySite
    from ebpfasm.datapath.pod_addresses import Address
    from ebpfasm.datapath.policy.rule import Direction
    from ebpfasm.kernel.netns import NetNSLike
    from ebpfasm.objects.links import Link
    from ebpfasm.objects.maps import Map

__all__ = ["Delivery", "Node"]


class Node:
    """A host whose pods are policed; made by `Node.create`.

    Packets to a pod are policed where the host meets them, never at the pod's device: whoever has a packet
    for a pod looks its destination up in `endpoints` and tail-calls the program at that index in `policies`,
    as Cilium does (``cilium_call_policy``). Where that is depends on the connector: hooks of the host, and,
    where packets between two pods pass none of them, the sender's own program.

    A context manager; closing it disconnects its pods and takes everything down.

    Attributes:
        connector: what pods are connected by.
        host: the network namespace it is the host in.
        endpoints: the map from address or prefix to endpoint id.
        policies: the program array of ingress policies, by endpoint id.
        missing: what becomes of a packet whose receiver has no policy: ``"drop"`` or ``"pass"``.
        allow: the program in the slot of a pod to which everything may be sent.
        deliveries: the programs at the host's hooks.
        onward: what an egress program does last with what it lets through, as a block of instructions that ends
            the program (R6 is the context): it hands packets to their receivers' policies, or puts them into the
            overlay. None where packets just go on.
        pods: the connected pods by endpoint id.
        overlay: the overlay at work, or None.
    """

    __slots__ = (
        "_steps", "_to_pod_counts", "_to_pods", "allow", "attach", "connector", "deliveries", "endpoints", "host",
        "missing", "onward", "onward_program", "overlay", "pods", "policies", "sender_counts", "site",
    )  # fmt: skip

    host: NetNS
    endpoints: Map
    policies: Map
    allow: Program
    site: Site
    sender_counts: Map | None
    """What senders' programs did with packets to other pods, by `Count`; None where they do not deliver."""
    onward_program: Program | None
    """`onward` as a program, which is in the slot of a pod without an egress policy."""

    def __init__(self, connector: Connector, missing: Missing, attach: Callable[..., Link | ClsactLink]) -> None:
        self.connector = connector
        self.missing = missing
        self.attach = attach
        self.pods: dict[int, Endpoint] = {}
        self.deliveries: tuple[Delivery, ...] = ()
        self.onward: Instructions | None = None
        self.onward_program = None
        self.overlay: OverlaySite | None = None
        self.sender_counts = None
        self._to_pods: Program | None = None
        self._to_pod_counts: Map | None = None
        self._steps = Steps(f"node with {connector.kind} pods", "")

    @classmethod
    def create(
        cls,
        connector: Connector,
        *,
        netns: NetNSLike = None,
        overlay: Overlay | None = None,
        capacity: int = 4096,
        missing: Missing = "drop",
        attach: Callable[..., Link | ClsactLink] = tc.attach,
    ) -> Node:
        """Prepare a host for pods.

        Args:
            connector: what pods are connected by: `Ipvlan`, `Veth`, `Netkit`.
            netns: the host's network namespace; None for the caller's.
            overlay: what carries packets to pods of other nodes.
            capacity: how many endpoint ids there are, 1..65536: they are 0..capacity-1. Each takes 8 bytes.
            missing: ``"drop"`` or ``"pass"`` packets to a pod that has no policy; they are counted.
            attach: `attach_tcx`, `attach_clsact`, or `attach`, which takes the first that the kernel has.

        Raises:
            OperandError: an argument can mean nothing.
            DatapathError: a step failed; the cause is chained, and everything done before it is undone.
        """
        if isinstance(capacity, bool) or not isinstance(capacity, int) or not 1 <= capacity <= MOST_ENDPOINTS:
            raise OperandError(
                f"Node.create: capacity must be in 1..{MOST_ENDPOINTS}, not {capacity!r}",
                field="capacity", value=capacity, low=1, high=MOST_ENDPOINTS,
            )  # fmt: skip
        if missing not in {"drop", "pass"}:
            raise OperandError(
                f"Node.create: missing must be 'drop' or 'pass', not {missing!r}", field="missing", value=missing
            )
        if not isinstance(connector, Connector):
            raise OperandError(
                f"Node.create: connector must be Ipvlan(…), Veth(…), Netkit(…) or another Connector, not {connector!r}",
                field="connector", value=connector,
            )  # fmt: skip
        if overlay is not None:
            from ebpfasm.datapath.overlay import Overlay

            if not isinstance(overlay, Overlay):
                raise OperandError(
                    f"Node.create: overlay must be an Overlay or None, not {overlay!r}", field="overlay", value=overlay
                )
        node = cls(connector, missing, attach)
        try:
            in_thread(node._build, netns, overlay, capacity)
        except BaseException:
            node.close()  # an interrupt came while the last steps were done; nothing is left to undo otherwise
            raise
        return node

    def _build(self, netns: NetNSLike, overlay: Overlay | None, capacity: int) -> None:
        steps = self._steps
        with steps:
            self.host = steps.do("opening the host's network namespace", NetNS, netns)
            steps.done("let go of the host's network namespace", self.host.close)
            self.endpoints = steps.do("making its endpoint map", create_endpoints)
            steps.done("closed its endpoint map", self.endpoints.close)
            self.policies = steps.do("making its policy array", create_policies, capacity)
            steps.done("closed its policy array", self.policies.close)
            self.allow = steps.do("loading the program that allows everything", load_allow)
            steps.done("closed the program that allows everything", self.allow.close)
            self.site = steps.do(
                f"preparing it for {self.connector.kind} pods", self.connector.prepare, steps, self.host
            )
            if overlay is not None:
                steps.do("checking that it can have an overlay", self._check_overlay)
                self.overlay = steps.do("making its overlay", overlay.prepare, steps, self.host)
            self._build_onward()
            for hook in self.site.hooks:
                self._deliver_at(hook, self._delivery)
            if self.overlay is not None:
                for hook in self.overlay.hooks:
                    self._deliver_at(hook, self.overlay.delivery if self.site.keeps_origin else self.overlay.reception)
                steps.do("starting its overlay", self.overlay.start, steps)

    def _check_overlay(self) -> None:
        if self.site.sender_delivers:
            raise OperandError(
                f"overlay: packets of {self.connector.kind} pods cannot be redirected to the host's VXLAN device, "
                "since their programs run in the pods' namespaces; use Veth or Netkit with it",
                field="overlay", value=self.connector.kind,
            )  # fmt: skip

    def _build_onward(self) -> None:
        """What senders' programs do last: deliver, encapsulate, or nothing."""
        steps = self._steps
        if self.site.sender_delivers:
            self.sender_counts = steps.do("making its senders' counters", create_counts, "cnt_senders")
            steps.done("closed its senders' counters", self.sender_counts.close)
            self.onward = deliver_block(self.endpoints, self.policies, self.sender_counts, missing=self.missing)
        elif self.overlay is not None:
            self.onward = self.overlay.encapsulate_block() + Instructions([Mov.Imm(R0, 0), Return()])
        if self.onward is not None:
            self.onward_program = steps.do("loading what pods without an egress policy run", load_onward, self.onward)
            steps.done("closed what pods without an egress policy run", self.onward_program.close)

    def _deliver_at(self, hook: Hook, code: Callable[..., Instructions]) -> None:
        steps = self._steps
        words = f"delivery of packets {hook.seen} at {hook.device}"
        counts = steps.do(f"making the counters of {words}", create_counts, object_name("cnt_", hook.device))
        steps.done(f"closed the counters of {words}", counts.close)
        program = steps.do(f"loading the {words}", self._load, code, counts, object_name("deliver_", hook.device))
        steps.done(f"closed the {words}", program.close)
        link = steps.do(f"attaching the {words}", tc.attach_at, hook, program, self.attach)
        steps.done(f"detached the {words}", link.close)
        self.deliveries += (Delivery(hook, program, counts, link),)

    def connect(
        self,
        netns: NetNSLike,
        addresses: Iterable[Address] | Address,
        *,
        id: int | None = None,
        name: str = "",
        device: str = "eth0",
        prefixes: Iterable[Addressed] | Addressed = (),
        ingress: Police = None,
        egress: Police = None,
        mtu: int | None = None,
        mac: str | None = None,
        rp_filter: int | None = None,
        default_route: bool = True,
        pin: str | os.PathLike[str] | None = None,
        miss: int = 0,
    ) -> Endpoint:
        """Give a pod its device, and all its packets their policies from the first one on.

        Args:
            netns: the pod's network namespace: a `NetNS`, name, path or descriptor. It is held open while the
                pod is connected.
            addresses: the pod's, IPv4 and IPv6: ``"10.0.0.7"``, or with the prefix length they are to have on the
                device, ``"10.0.0.7/24"``.
            id: its endpoint id, 0..capacity-1; None for the lowest from 1 that is free.
            name: at most 15 of ``A-Z a-z 0-9 _ .``, for people; ``pod<id>`` if empty.
            device: what its device is called in its namespace.
            prefixes: networks behind the pod that lead to it as well.
            ingress, egress: what polices packets to it and from it, as in `Endpoint.set_ingress` and
                `Endpoint.set_egress`; None lets everything through.
            mtu, mac, rp_filter, default_route: of the device, as in `Interface`; with an overlay its MTU is the
                overlay's unless another is given.
            pin: a path on a bpf file system that keeps the pod's program array, as in `Pod.connect`.
            miss: the entry stub's verdict while its slot is empty: 0 passes packets, 2 drops them.

        Raises:
            OperandError: an argument can mean nothing.
            DatapathError: a step failed, such as an id or address that is taken; ``.step`` says which, the cause
                is chained, and everything done before it is undone.
            ClosedError: the node was closed.
        """
        if self.closed:
            raise ClosedError("Node.connect: the node is closed")
        if id is None:
            id = self._free_id()
        elif isinstance(id, bool) or not isinstance(id, int) or not 0 <= id < self.policies.max_entries:
            raise OperandError(
                f"Node.connect: id must be in 0..{self.policies.max_entries - 1}, not {id!r}",
                field="id", value=id, low=0, high=self.policies.max_entries - 1,
            )  # fmt: skip
        own = interface_addresses(addresses)
        leading = leading_to(own, prefixes)
        if mtu is None and self.overlay is not None:
            mtu = self.overlay.mtu
        interface = Interface(device, own, mtu, mac, rp_filter, default_route)
        endpoint = Endpoint(self, id, name or f"pod{id}", interface, leading)
        try:
            in_thread(endpoint._compose, netns, ingress, egress, pin, miss)
        except BaseException:
            endpoint.close()  # an interrupt came while the last steps were done
            raise
        return endpoint

    def compile(self, policy: Policy, direction: Direction, name: str = "policy") -> CompiledPolicy:
        """Load a policy for pods of this node, to be given to several of them; the caller closes it."""
        then = None if direction == INGRESS else self.onward
        return CompiledPolicy.load(policy, direction, name=name, then=then)

    def table(
        self, direction: Direction, capacity: int = 256, *, policy: Policy | None = None, name: str = "policy"
    ) -> PolicyTable:
        """Rules in maps for pods of this node, which change without loading a program; the caller closes it.

        The arguments and errors are those of `PolicyTable.create`.
        """
        then = None if direction == INGRESS else self.onward
        return PolicyTable.create(direction, capacity, policy=policy, name=name, then=then)

    def loaded(self, police: Police, direction: Direction, name: str) -> Loaded | None:
        """Make a `Policy` one that is loaded; give back everything else as it is.

        Raises:
            OperandError: it polices the other direction, or is text or a single rule.
        """
        if isinstance(police, Policy):
            return self.compile(police, direction, f"policy_{name}"[:15])
        reason = ""
        if isinstance(police, LoadedPolicy) and police.direction != direction:
            reason = f"{police!r} polices {police.direction}"
        elif isinstance(police, (str, Rule)):
            made = "Policy.parse(…)" if isinstance(police, str) else "Policy([…])"
            reason = f"must be a policy or a program, not {police!r}; {made} makes a policy of it"
        if reason:
            raise OperandError(f"{direction}: {reason}", field=direction, value=police)
        return police

    def delivery_to_pods(self) -> Program:
        """The program at the hooks of single pods, loaded when the first of them is connected."""
        if self._to_pods is None:
            self._to_pods = self._load_to_pods()
        return self._to_pods

    def counts(self) -> dict[Count, Counted]:
        """What delivery did with packets, over all hooks, CPUs and senders' programs."""
        maps = [delivery.counts for delivery in self.deliveries]
        maps += [counts for counts in (self.sender_counts, self._to_pod_counts) if counts is not None]
        read = [read_counters(counts) for counts in maps]
        return {
            count: Counted(sum(each[count].packets for each in read), sum(each[count].bytes for each in read))
            for count in Count
        }

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return not self._steps.any

    def close(self) -> None:
        """Disconnect all pods, the newest first, and take everything down. Closing again does nothing.

        Everything is taken down even when a part fails; the first failure is raised at the end. So is an interrupt
        (Ctrl-C) that comes meanwhile.
        """
        if not self.closed:
            in_thread(self._take_down)

    def _take_down(self) -> None:
        failure: Exception | None = None
        for endpoint in reversed(tuple(self.pods.values())):
            try:
                endpoint.close()
            except Exception as why:
                failure = failure or why
        self._steps.undo_all(failure)
        if failure is not None:
            raise failure

    def _delivery(self, endpoints: Map, policies: Map, counts: Map, *, missing: Missing) -> Instructions:
        # What the overlay delivered is not policed again, where that can be told.
        skip = self.overlay.ifindex if self.overlay is not None and self.site.keeps_origin else None
        return delivery(endpoints, policies, counts, missing=missing, skip_from=skip)

    def _load(self, code: Callable[..., Instructions], counts: Map, name: str) -> Program:
        instructions = code(self.endpoints, self.policies, counts, missing=self.missing)
        return Program.load(SCHED_CLS, instructions, name=name)

    def _load_to_pods(self) -> Program:
        counts = self._to_pod_counts = create_counts("cnt_to_pods")
        self._steps.done("closed the counters of delivery to pods", counts.close)
        program = self._load(self._delivery, counts, "deliver_to_pod")
        self._steps.done("closed delivery to pods", program.close)
        return program

    def _free_id(self) -> int:
        for id in range(1, self.policies.max_entries):
            if id not in self.pods:
                return id
        raise DatapathError(
            f"{self._steps.subject}: all of its {self.policies.max_entries} endpoint ids are taken, but for 0 perhaps",
            pod="", step="choosing an endpoint id",
        )  # fmt: skip

    def __enter__(self) -> Self:
        if self.closed:
            raise ClosedError("the node is closed")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Node with {len(self.pods)} {self.connector.kind} pods{': closed' if self.closed else ''}>"
