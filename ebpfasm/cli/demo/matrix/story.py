"""What the demo of the matrix does, step by step; it records, and judges nothing."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from ebpfasm.cli.demo.matrix import table
from ebpfasm.cli.demo.matrix.places import HOST, LOOPBACK, MASTER, PODS, Network
from ebpfasm.cli.demo.matrix.probes import CELLS, Probes
from ebpfasm.cli.demo.matrix.stages import STAGES, Stage
from ebpfasm.cli.demo.traces import Traces
from ebpfasm.datapath.connectors.ipvlan import Ipvlan
from ebpfasm.datapath.connectors.veth import Veth
from ebpfasm.datapath.node import Node
from ebpfasm.datapath.policy import Policy
from ebpfasm.datapath.survey import survey
from ebpfasm.errors import DatapathError, NotSupported
from ebpfasm.kernel import netlink

if TYPE_CHECKING:
    from contextlib import ExitStack

    from ebpfasm.cli.demo.interrupts import Interrupts
    from ebpfasm.cli.demo.matrix.places import Place
    from ebpfasm.cli.demo.matrix.probes import Reached
    from ebpfasm.cli.demo.screen import Screen
    from ebpfasm.datapath.endpoint import Endpoint
    from ebpfasm.datapath.survey import Hook

__all__ = ["Outcome", "Story"]

PATIENCE_S = 15.0
"""How long devices may take until everything is reached for the first time."""

PICTURES = {
    "ipvlan": """\
   web                                     db
  ┌──────────────────────┐                ┌──────────────────────┐
  │ 10.0.0.11 fd00::11   │                │ 10.0.0.12 fd00::12   │
  │ eth0, ipvlan slave   │                │ eth0, ipvlan slave   │
  └──────────┬───────────┘                └──────────┬───────────┘
             └──────────────────┬────────────────────┘
  ┌─────────────────────────────┼──────────┐  ┌───────────────────────┐
  │ host  10.0.0.1 fd00::1      m0 ────────┼──┼──► x0         outside │
  │       (an ipvlan slave)                │  │ 192.0.2.2 2001:db8::2 │
  └────────────────────────────────────────┘  └───────────────────────┘""",
    "veth": """\
   web                                  db
  ┌──────────────────────┐             ┌──────────────────────┐
  │ 10.0.0.11 fd00::11   │             │ 10.0.0.12 fd00::12   │
  │ eth0                 │             │ eth0                 │
  └──────────┬───────────┘             └──────────┬───────────┘
  ┌──────────┼────────────────────────────────────┼──┐
  │ host     └───────────────┬────────────────────┘  │ ┌───────────────────────┐
  │ 10.0.0.1 fd00::1       routes ──► m0 ────────────┼─┼─► x0          outside │
  └──────────────────────────────────────────────────┘ │ 192.0.2.2 2001:db8::2 │
                                                       └───────────────────────┘""",
}


class Outcome(NamedTuple):
    """What one stage brought."""

    stage: Stage
    reached: Reached
    hooks: object
    """What was attached where, as the kernel told it then."""
    change_s: float
    """How long it took to exchange the policies."""
    counted: dict[str, int]
    """Packets by rule, in words, of every rule."""


class Story:
    """One run, and its record.

    Attributes:
        kind: of the pods' devices, as it turned out to be.
        outcomes: a record for each stage.
        traces: what was made in the kernel.
    """

    def __init__(self, pods: str, screen: Screen, interrupts: Interrupts) -> None:
        self.kind = pods
        self.outcomes: list[Outcome] = []
        self.network = Network()
        self.traces = Traces(self.network)
        self._screen = screen
        self._interrupts = interrupts

    def perform(self, undo: ExitStack) -> None:
        """Do it all; ``undo`` gets what takes it down.

        Raises:
            EbpfError: a step failed.
            Interrupted: a signal came.
        """
        screen, check = self._screen, self._interrupts.check
        screen.status("making four network namespaces …")
        self.network.build(undo, check)
        node = undo.enter_context(self._node())
        pods = {}
        for place in PODS:
            check()
            screen.status(f"connecting {place.name} …")
            pods[place] = node.connect(self.network.netns(place), (place.ipv4, place.ipv6), name=place.name)
        screen.line(f"\nThe pods' devices are {self._words()}.\n\n{PICTURES[self.kind]}")
        with Probes(self.network.netns) as probes:
            self._wait(probes)
            for stage in STAGES:
                self._go_through(stage, pods, probes)

    def _words(self) -> str:
        if self.kind == "ipvlan":
            return f"ipvlan slaves, in mode l3s, of the host's {MASTER}"
        return "veth"

    def _node(self) -> Node:
        """The host made ready for pods: on ipvlan where the kernel has it, unless veth is asked for."""
        host = self.network.netns(HOST)
        addresses = (f"{HOST.ipv4}/32", f"{HOST.ipv6}/128")
        if self.kind != "veth":
            try:
                node = Node.create(Ipvlan(MASTER, mode="l3s", host_addresses=addresses), netns=host)
            except DatapathError as error:
                if self.kind == "ipvlan" or not isinstance(error.__cause__, NotSupported):
                    raise
            else:
                self.kind = "ipvlan"
                return node
        self.kind = "veth"
        for address in addresses:
            netlink.add_address(LOOPBACK, address, host)
        return Node.create(Veth(), netns=host)

    def _wait(self, probes: Probes) -> None:
        """Wait until all is reached, which takes the devices a moment; or show that it is not, after some patience."""
        self._screen.status("waiting for the devices …")
        deadline = time.monotonic() + PATIENCE_S
        while probes.measure(self._interrupts.check) != frozenset(CELLS) and time.monotonic() < deadline:
            pass

    def _go_through(self, stage: Stage, pods: dict[Place, Endpoint], probes: Probes) -> None:
        screen, check = self._screen, self._interrupts.check
        before = self.outcomes[-1].reached if self.outcomes else None
        screen.heading(stage.name)
        policies = {rules.pod: Policy.parse(rules.text) for rules in stage.rules}
        for rules in stage.rules:
            for line in rules.text.splitlines():
                screen.line(f"  {rules.pod.name:10}{line}", "dim")
        check()
        start = time.perf_counter()
        for place, pod in pods.items():
            pod.set_ingress(policies.get(place))
            pod.set_egress(policies.get(place))
        change_s = time.perf_counter() - start
        if before is not None:
            screen.line(f"  put into their slots in {change_s * 1e3:.1f} ms; nothing else was touched", "dim")
        screen.status("asking every service …")
        reached = probes.measure(check)
        for line in table.lines(reached, reached if before is None else before, screen):
            screen.line(line)
        self.outcomes.append(Outcome(stage, reached, self._hooks(), change_s, _counted(pods)))

    def _hooks(self) -> tuple[tuple[str, str, tuple[Hook, ...]], ...]:
        """What the kernel says is attached where; and note what is there by its ids."""
        seen = survey(self.network.names)
        hooks = tuple((place.name, device.name, device.hooks) for place in seen.namespaces for device in place.devices)
        links = {each.link for _, _, of_device in hooks for hook in of_device for each in hook.attached if each.link}
        for kind, found in (("program", seen.programs), ("map", seen.maps), ("link", links)):
            self.traces.made[kind] = sorted({*self.traces.made[kind], *found})
        return hooks


def _counted(pods: dict[Place, Endpoint]) -> dict[str, int]:
    found = {}
    for place, pod in pods.items():
        for loaded in (pod.ingress, pod.egress):
            counts = getattr(loaded, "counts", None)
            if counts is not None:
                for rule, counted in counts().rules:
                    found[f"{place.name}: {rule}"] = counted.packets
    return found
