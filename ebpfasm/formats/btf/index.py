"""Where each type stands, and which types have a name, without a type being built."""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_left
from zlib import crc32

from ebpfasm.errors import BtfError
from ebpfasm.formats.btf.header import LONGEST_NAME, Sections
from ebpfasm.formats.btf.wire import FIXED_WORDS, words_needed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ebpfasm.formats.btf.header import Words

__all__ = ["Index", "scan"]

SEARCHES = 24
"""So many names are searched in the bytes, each for a millisecond or so; then a table of all names is made."""

MOST_PLACES = 24
"""Places of one name, also as the end of others, that are searched for one by one among those of the types' names."""

TOO_MANY_PLACES = 1 << 14
"""A name that stands more often than this among the strings is looked up in the table."""


def scan(sections: Sections) -> tuple[array[int], array[int]]:
    """Return the word at which each type starts, and the offset of each type's name.

    Raises:
        BtfError: a type is of no known kind, or the last one is cut off.
    """
    words = sections.copied_words()
    positions: list[int] = []
    append = positions.append
    steps: dict[int, int] = {}
    at, end = 0, len(words)
    while at < end:
        try:
            while at < end:
                step = steps[words[at + 1]]
                append(at)
                at += step
        except KeyError:
            # There are some hundred different ones in a kernel.
            try:
                steps[words[at + 1]] = words_needed(words[at + 1])
            except BtfError as error:
                raise BtfError(f"type {len(positions) + 1}: {error}", type_id=len(positions) + 1) from None
        except IndexError:
            append(at)
            at += FIXED_WORDS
    if at != end:
        raise BtfError(f"type {len(positions)} is cut off: it needs {at - end} words more", type_id=len(positions))
    return array("I", positions), array("I", list(map(words.__getitem__, positions)))


class Index:
    """Positions of the types, and the search for their names.

    Args:
        positions: the word at which each type starts.
        base: the index of what this BTF is split from; offsets of strings count on from there.
    """

    def __init__(self, sections: Sections, positions: Words, names: Words, base: Index | None = None) -> None:
        self.sections = sections
        self.positions = positions
        self.names = names
        self.base = base
        self.first_string = base.strings_end if base is not None else 0
        self.strings_end: int = self.first_string + len(sections.strings)
        self._hashes: array[int] | None = None
        self._searches = 0

    def find(self, name: str) -> list[int]:
        """Return which types have a name, counted from 0."""
        try:
            encoded = name.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            return []
        if not encoded or len(encoded) > LONGEST_NAME or b"\0" in encoded:
            return []
        if self._hashes is None:
            self._searches += 1
            if self._searches <= SEARCHES and self.base is None:
                found = self._searched(encoded)
                if found is not None:
                    return found
            self._hashes = self._hash_all()
        return self._hashed(encoded)

    def _searched(self, name: bytes) -> list[int] | None:
        """Find a name by searching for its text and then for its offset; None if there is too much to look at."""
        places = self._places(name)
        if places is None:
            return None
        if len(places) > MOST_PLACES:
            wanted = set(places)
            return [number for number, offset in enumerate(self.names) if offset in wanted]
        found: list[int] = []
        names = self.names.tobytes()
        for place in places:
            pattern = place.to_bytes(4, sys.byteorder)
            at = names.find(pattern)
            while at >= 0:
                if at % 4 == 0:
                    found.append(at // 4)
                at = names.find(pattern, at + 1)
        return sorted(found)

    def _places(self, name: bytes) -> list[int] | None:
        """Return where a name is among the strings, also as the end of another; None if that is in too many places."""
        strings, ended = self.sections.strings, name + b"\0"
        found: list[int] = []
        at = strings.find(ended)
        while at >= 0:
            found.append(at)
            if len(found) > TOO_MANY_PLACES:
                return None
            at = strings.find(ended, at + 1)
        return found

    def _hashed(self, name: bytes) -> list[int]:
        hashes, wanted = self._hashes or (), crc32(name)
        found = []
        at = bisect_left(hashes, wanted << 32)
        while at < len(hashes) and hashes[at] >> 32 == wanted:
            number = hashes[at] & 0xFFFFFFFF
            if self._name_at(self.names[number]) == name:
                found.append(number)
            at += 1
        return found

    def _name_at(self, offset: int) -> bytes:
        """Return a name, or nothing where there is none or a longer one than may be."""
        if offset < self.first_string and self.base is not None:
            return self.base._name_at(offset)
        strings, start = self.sections.strings, offset - self.first_string
        stop = strings.find(b"\0", start, start + LONGEST_NAME + 1)
        return strings[start:stop] if stop >= 0 else b""

    def _hash_all(self) -> array[int]:
        """Return hash and number of each type that has a name, as one number, sorted."""
        name_at = self._name_at
        hashes = [crc32(name_at(offset)) << 32 | number for number, offset in enumerate(self.names) if offset]
        hashes.sort()
        return array("Q", hashes)
