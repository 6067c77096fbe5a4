"""Rules: which packets, and whether they pass."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from ebpfasm.datapath.addresses import network
from ebpfasm.datapath.policy.protocols import BY_NAME, FAMILY, has_ports, is_icmp, name_of
from ebpfasm.errors import OperandError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, Literal, NoReturn

    Action = Literal["allow", "deny"]
    Direction = Literal["ingress", "egress"]
    Address = str | IPv4Address | IPv6Address | IPv4Network | IPv6Network
    Network = IPv4Network | IPv6Network
    Port = int | str | tuple[int, int]
    Range = tuple[int, int]

__all__ = ["ACTIONS", "DIRECTIONS", "PEER", "Rule", "check_word"]

ACTIONS = ("allow", "deny")
DIRECTIONS = ("ingress", "egress")
PEER = {"ingress": "source", "egress": "destination"}
"""Which of a packet's addresses is the other side's."""
ADDRESSES = (str, IPv4Address, IPv6Address, IPv4Network, IPv6Network)
MOST = 256
"""Peers, ports or source ports of one rule."""


class Rule:
    """Which packets of a direction are allowed or denied; immutable.

    A packet matches that fits everything the rule says. What it does not say fits all packets: ``Rule("deny",
    "ingress")`` is for every one. A fragment that is not the first one has neither ports nor an ICMP type: it
    matches only rules that ask for none of them.

    Args:
        action: ``"allow"`` or ``"deny"``.
        direction: ``"ingress"``, to the endpoint, or ``"egress"``, from it.
        peers: addresses or prefixes of the other side, one of which fits: the source of ingress, the destination of
            egress. Both families may be among them; none of them is everybody.
        protocol: a name (``"tcp"``) or number, 0..255. In IPv6 it is that behind the extension headers.
        ports: destination ports, of TCP, UDP, SCTP, DCCP and UDP-Lite: text ``"80,443,8000-8100"``, a number
            0..65535, or several of these and of pairs, ``[80, 443, (8000, 8100)]``. A range has both ends in it.
        source_ports: likewise.
        icmp_type: 0..255, of ICMP (IPv4) and ICMPv6.
        icmp_code: 0..255, with a type.

    Raises:
        OperandError: one of them cannot be, or not with the others; ``field`` names it.
    """

    __slots__ = ("action", "direction", "icmp_code", "icmp_type", "peers", "ports", "protocol", "source_ports")

    action: Action
    direction: Direction
    peers: tuple[Network, ...]
    protocol: int | None
    ports: tuple[Range, ...]
    source_ports: tuple[Range, ...]
    icmp_type: int | None
    icmp_code: int | None

    def __init__(
        self,
        action: Action,
        direction: Direction,
        *,
        peers: Address | Iterable[Address] = (),
        protocol: str | int | None = None,
        ports: Port | Iterable[Port] = (),
        source_ports: Port | Iterable[Port] = (),
        icmp_type: int | None = None,
        icmp_code: int | None = None,
    ) -> None:
        keep = object.__setattr__
        keep(self, "action", check_word("Rule: action", action, ACTIONS))
        keep(self, "direction", check_word("Rule: direction", direction, DIRECTIONS))
        keep(self, "protocol", _protocol(protocol))
        keep(self, "peers", tuple(network(peer, "peers") for peer in _several("peers", peers, ADDRESSES)))
        keep(self, "ports", _ranges("ports", ports))
        keep(self, "source_ports", _ranges("source_ports", source_ports))
        keep(self, "icmp_type", None if icmp_type is None else _byte("icmp_type", icmp_type))
        keep(self, "icmp_code", None if icmp_code is None else _byte("icmp_code", icmp_code))
        self._check_together()

    def _check_together(self) -> None:
        known = name_of(self.protocol) if self.protocol is not None else "any protocol"
        for field, given in (("ports", self.ports), ("source_ports", self.source_ports)):
            if given and not has_ports(self.protocol):
                _wrong(field, given, f"{field} are for tcp, udp, sctp, dccp and udplite, not for {known}")
        if self.icmp_type is not None and not is_icmp(self.protocol):
            _wrong("icmp_type", self.icmp_type, f"icmp_type is for icmp and icmpv6, not for {known}")
        if self.icmp_code is not None and self.icmp_type is None:
            _wrong("icmp_code", self.icmp_code, f"icmp_code must come with an icmp_type, and {known} here has none")
        family = FAMILY.get(self.protocol) if self.protocol is not None else None
        for peer in self.peers:
            if family not in (None, peer.version):
                _wrong("peers", peer, f"peers: {peer} is IPv{peer.version}, and {known} is of IPv{family}")

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a rule cannot be changed: {name}")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"a rule cannot be changed: {name}")

    def _fields(self) -> tuple[Any, ...]:
        return (
            self.action, self.direction, self.peers, self.protocol, self.ports, self.source_ports, self.icmp_type,
            self.icmp_code,
        )  # fmt: skip

    def __eq__(self, other: object) -> bool:
        return self._fields() == other._fields() if isinstance(other, Rule) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._fields())

    def __reduce__(self) -> tuple[Any, ...]:
        return _rule, self._fields()

    def __str__(self) -> str:
        """The rule's line of text, which `Policy.parse` reads: ``allow ingress from 10.0.0.0/8 tcp port 80,443``."""
        words: list[str] = [self.action, self.direction]
        if self.peers:
            words += ["from" if self.direction == "ingress" else "to", ",".join(map(_peer_text, self.peers))]
        if self.protocol is not None:
            words.append(name_of(self.protocol))
        for name, ranges in (("source port", self.source_ports), ("port", self.ports)):
            if ranges:
                words += [name, ",".join(f"{low}" if low == high else f"{low}-{high}" for low, high in ranges)]
        for name, number in (("type", self.icmp_type), ("code", self.icmp_code)):
            if number is not None:
                words += [name, str(number)]
        return " ".join(words)

    def __repr__(self) -> str:
        return f"<Rule {self}>"


def check_word(what: str, value: Any, words: tuple[str, ...]) -> Any:
    """One of some words; ``what`` is what for, its last word being the field.

    Raises:
        OperandError: it is none of them.
    """
    if value not in words:
        allowed = " or ".join(map(repr, words))
        raise OperandError(f"{what} must be {allowed}, not {value!r}", field=what.rsplit(maxsplit=1)[-1], value=value)
    return value


def _rule(*fields: Any) -> Rule:
    action, direction, peers, protocol, ports, source_ports, icmp_type, icmp_code = fields
    return Rule(
        action, direction, peers=peers, protocol=protocol, ports=ports, source_ports=source_ports,
        icmp_type=icmp_type, icmp_code=icmp_code,
    )  # fmt: skip


def _peer_text(peer: Network) -> str:
    return str(peer.network_address) if peer.prefixlen == peer.max_prefixlen else str(peer)


def _protocol(given: str | int | None) -> int | None:
    if given is None:
        return None
    if isinstance(given, str):
        if given not in BY_NAME:
            _wrong("protocol", given, f"protocol must be one of {', '.join(BY_NAME)}, or a number, not {given!r}")
        return BY_NAME[given]
    return _byte("protocol", given)


def _byte(field: str, given: Any) -> int:
    return _number(field, given, 0xFF)


def _number(field: str, given: Any, most: int) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or not 0 <= given <= most:
        _wrong(field, given, f"{field} must be an int in 0..{most}, not {given!r}", 0, most)
    return int(given)


def _several(field: str, given: Any, single: tuple[type, ...]) -> tuple[Any, ...]:
    """What may be one or several, as several."""
    if isinstance(given, single):
        return (given,)
    try:
        found = tuple(given)
    except TypeError:
        _wrong(field, given, f"{field} must be one or several, not {given!r}")
    if len(found) > MOST:
        _wrong(field, len(found), f"{field} must be at most {MOST}, not {len(found)}", 0, MOST)
    return found


def _ranges(field: str, given: Any) -> tuple[Range, ...]:
    found: list[Range] = []
    for each in _several(field, given, (int, str)):
        if isinstance(each, str):
            found += (_range_of_text(field, part.strip()) for part in each.split(","))
        elif _is_pair(each):
            low, high = (_number(field, end, 0xFFFF) for end in each)
            if low > high:
                _wrong(field, each, f"{field}: range {low}-{high} is reversed; it must be {high}-{low}")
            found.append((low, high))
        else:
            found.append((_number(field, each, 0xFFFF),) * 2)
    if len(found) > MOST:
        _wrong(field, len(found), f"{field} must be at most {MOST}, not {len(found)}", 0, MOST)
    return tuple(found)


def _is_pair(given: object) -> bool:
    return isinstance(given, tuple) and len(given) == 2 and all(type(end) is int for end in given)


def _range_of_text(field: str, text: str) -> Range:
    low, dash, high = text.partition("-")
    ends = (low.strip(), high.strip()) if dash else (low, low)
    if not all(end.isascii() and end.isdigit() for end in ends):
        _wrong(field, text, f"{field} must be a port such as 80 or a range such as 8000-8100, not {text!r}")
    return _ranges(field, [(int(ends[0]), int(ends[1]))])[0]


def _wrong(field: str, value: object, message: str, low: int | None = None, high: int | None = None) -> NoReturn:
    raise OperandError(f"Rule: {message}", field=field, value=value, low=low, high=high)
