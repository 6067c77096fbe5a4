"""Policies as text: one rule a line, ``#`` begins a comment.

.. code-block:: text

    policy   = { [ rule | default ] [ "#" comment ] newline }
    default  = "default" direction action
    rule     = action direction [ peers ] [ protocol [ ports | icmp ] ]
    action   = "allow" | "deny"
    direction = "ingress" | "egress"
    peers    = ( "from" | "to" ) ( "any" | prefix { "," prefix } )     "from" of ingress, "to" of egress
    protocol = "any" | name | "protocol" number
    ports    = [ "source" "port" range { "," range } ] [ "port" range { "," range } ]
    range    = number [ "-" number ]
    icmp     = "type" number [ "code" number ]

What a line means is what the `Rule` of these words means. A direction without a ``default`` line denies.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from ebpfasm.datapath.addresses import network
from ebpfasm.datapath.policy.policy import Policy
from ebpfasm.datapath.policy.protocols import BY_NAME, has_ports, is_icmp
from ebpfasm.datapath.policy.rule import ACTIONS, DIRECTIONS, Rule
from ebpfasm.errors import OperandError, PolicySyntaxError

if TYPE_CHECKING:
    from typing import Any

__all__ = ["parse"]

WORD = re.compile(r",|[^\s,#]+")
MOST_ERRORS = 1000
PREPOSITIONS = {"ingress": "from", "egress": "to"}


class Word(NamedTuple):
    """A word of a line, and where it stands, from 1."""

    text: str
    column: int


class Mistake(Exception):
    """What is wrong, and where in the line."""

    def __init__(self, reason: str, column: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.column = column


def parse(text: str) -> Policy:
    """The policy that ``text`` is.

    Raises:
        PolicySyntaxError: with all mistakes, the first of each line.
        OperandError: it is no text.
    """
    if not isinstance(text, str):
        raise OperandError(f"Policy.parse: text must be a str, not {text!r}", field="text", value=text)
    rules: list[Rule] = []
    defaults: dict[str, Any] = {}
    errors: list[PolicySyntaxError] = []
    for number, line in enumerate(text.splitlines(), 1):
        words = _Words(line)
        try:
            if words.next is None:
                continue
            if words.next.text == "default":
                _default(words, defaults)
            else:
                rules.append(_rule(words))
        except Mistake as mistake:
            errors.append(PolicySyntaxError(mistake.reason, line=number, column=mistake.column, source=line))
            if len(errors) == MOST_ERRORS:
                break
    if errors:
        first = errors[0]
        raise PolicySyntaxError(
            first.reason, line=first.line, column=first.column, source=first.source, errors=tuple(errors),
            complete=len(errors) < MOST_ERRORS,
        )  # fmt: skip
    return Policy(rules, **defaults)


class _Words:
    """The words of a line, one after the other."""

    def __init__(self, line: str) -> None:
        code = line.partition("#")[0]
        self._words = [Word(found[0], found.start() + 1) for found in WORD.finditer(code)]
        self._at = 0
        self.end = len(code.rstrip()) + 1

    @property
    def next(self) -> Word | None:
        """The word that comes, None at the end."""
        return self._words[self._at] if self._at < len(self._words) else None

    @property
    def column(self) -> int:
        """Where the next word is, or the end."""
        return self.next.column if self.next is not None else self.end

    def take(self, wanted: str) -> Word:
        """The next word; ``wanted`` says what it should be, where there is none."""
        word = self.next
        if word is None or word.text == ",":
            raise Mistake(f"{wanted} is missing", self.column)
        self._at += 1
        return word

    def take_if(self, text: str) -> Word | None:
        """The next word if it is this one."""
        word = self.next
        if word is None or word.text != text:
            return None
        self._at += 1
        return word

    def one_of(self, words: tuple[str, ...]) -> str:
        """The next word, which must be one of these."""
        wanted = " or ".join(map(repr, words))
        word = self.take(wanted)
        if word.text not in words:
            raise Mistake(f"{wanted} expected, not {word.text!r}", word.column)
        return word.text

    def listed(self, wanted: str) -> list[Word]:
        """Words with commas between them."""
        found = [self.take(wanted)]
        while self.take_if(","):
            found.append(self.take(wanted))
        return found

    def number(self, wanted: str, most: int) -> int:
        """The next word, which must be a number."""
        word = self.take(wanted)
        return _number(word.text, word.column, wanted, most)


def _default(words: _Words, defaults: dict[str, Any]) -> None:
    words.take_if("default")
    column = words.column
    direction = words.one_of(DIRECTIONS)
    action = words.one_of(ACTIONS)
    _nothing_more(words)
    if direction in defaults:
        raise Mistake(f"the default of {direction} was given already", column)
    defaults[direction] = action


def _rule(words: _Words) -> Rule:
    begin = words.column
    action: Any = words.one_of((*ACTIONS, "default"))
    direction: Any = words.one_of(DIRECTIONS)
    peers = _peers(words, direction)
    fields: dict[str, Any] = {}
    place = words.column
    protocol = _protocol(words)
    if has_ports(protocol):
        if words.take_if("source"):
            if not words.take_if("port"):
                raise Mistake("'port' expected after 'source'", words.column)
            fields["source_ports"] = _ranges(words)
        if words.take_if("port"):
            fields["ports"] = _ranges(words)
    elif is_icmp(protocol) and words.take_if("type"):
        fields["icmp_type"] = words.number("the ICMP type", 0xFF)
        if words.take_if("code"):
            fields["icmp_code"] = words.number("the ICMP code", 0xFF)
    _nothing_more(words, protocol)
    for peer, column in peers:  # here, where a mistake has a place
        try:
            Rule(action, direction, peers=peer, protocol=protocol)
        except OperandError as error:
            raise Mistake(_bare(error), column) from None
    try:
        return Rule(action, direction, peers=[peer for peer, _ in peers], protocol=protocol, **fields)
    except OperandError as error:
        raise Mistake(_bare(error), place if error.field != "peers" else begin) from None


def _peers(words: _Words, direction: str) -> list[tuple[Any, int]]:
    wanted = PREPOSITIONS[direction]
    word = words.next
    if word is None or word.text not in PREPOSITIONS.values():
        return []
    if word.text != wanted:
        raise Mistake(f"{direction} is {wanted!r} somebody, not {word.text!r}", word.column)
    words.take(wanted)
    if words.take_if("any"):
        return []
    found = []
    for peer in words.listed("an address or prefix"):
        try:
            found.append((network(peer.text, "peers"), peer.column))
        except OperandError as error:
            raise Mistake(_bare(error), peer.column) from None
    return found


def _protocol(words: _Words) -> int | None:
    word = words.next
    if word is None or word.text in ("source", "port", "type"):
        return None
    words.take("a protocol")
    if word.text == "any":
        return None
    if word.text == "protocol":
        return words.number("the protocol's number", 0xFF)
    if word.text not in BY_NAME:
        raise Mistake(
            f"unknown word {word.text!r}; a protocol is one of {', '.join(BY_NAME)}, or 'protocol' and its number",
            word.column,
        )
    return BY_NAME[word.text]


def _ranges(words: _Words) -> list[tuple[int, int]]:
    found = []
    for word in words.listed("a port"):
        low, dash, high = word.text.partition("-")
        first = _number(low, word.column, "a port", 0xFFFF)
        last = _number(high, word.column + len(low) + 1, "a port", 0xFFFF) if dash else first
        if first > last:
            raise Mistake(f"range {first}-{last} is reversed; it must be {last}-{first}", word.column)
        found.append((first, last))
    return found


def _number(text: str, column: int, wanted: str, most: int) -> int:
    if not (text.isascii() and text.isdigit()):
        raise Mistake(f"{wanted} must be a number in 0..{most}, not {text!r}", column)
    if len(text) > 9 or int(text) > most:
        raise Mistake(f"{wanted} must be in 0..{most}, not {text}", column)
    return int(text)


def _nothing_more(words: _Words, protocol: int | None = None) -> None:
    word = words.next
    if word is None:
        return
    reason = f"nothing expected here, not {word.text!r}"
    if word.text in ("port", "source") and not has_ports(protocol):
        reason = "ports need a protocol that has them before: tcp, udp, sctp, dccp or udplite"
    elif word.text == "type" and not is_icmp(protocol):
        reason = "a type needs icmp or icmpv6 before"
    raise Mistake(reason, word.column)


def _bare(error: OperandError) -> str:
    """The error's message without the name of who raised it."""
    return str(error).removeprefix("Rule: ").removeprefix("peers: ")
