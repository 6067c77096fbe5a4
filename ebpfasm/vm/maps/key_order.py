"""An order of keys to walk a hash by, which holds while keys come and go."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Iterable

__all__ = ["KeyOrder"]

SLACK = 64  # so many keys that are gone do no harm


class KeyOrder:
    """Keys in the order they came; one that comes again stands where it stood, as in a kernel's bucket.

    Keys that are gone stay in their places until they outnumber the others, so each step of a walk is cheap
    whatever is deleted on the way, and no step costs the map anything that is never walked.
    """

    __slots__ = ("_first", "_keys", "_places")

    def __init__(self, keys: Iterable[bytes]) -> None:
        self._keys = list(keys)
        self._places = {key: place for place, key in enumerate(self._keys)}
        self._first = 0  # before this place there is no key that is there

    def add(self, key: bytes) -> None:
        """A key came."""
        place = self._places.setdefault(key, len(self._keys))
        if place == len(self._keys):
            self._keys.append(key)
        elif place < self._first:
            self._first = place

    def after(self, key: bytes | None, live: dict[bytes, object]) -> bytes | None:
        """The key after ``key`` of those that are there, the first after None and after one that is not."""
        if len(self._keys) > 2 * len(live) + SLACK:
            self.__init__(self._there(live))  # type: ignore[misc]
        keys = self._keys
        if key is not None and key in live:
            places = range(self._places[key] + 1, len(keys))
        else:
            places = range(self._first, len(keys))
            key = None
        for place in places:
            if keys[place] in live:
                if key is None:
                    self._first = place
                return keys[place]
        return None

    def _there(self, live: Container[bytes]) -> list[bytes]:
        return [key for key in self._keys if key in live]
