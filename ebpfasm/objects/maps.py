"""Maps: dictionaries and arrays shared by programs and user space."""

from __future__ import annotations

from os import fspath

from ebpfasm.kernel import info, machine, maps
from ebpfasm.kernel.fd import Fd
from ebpfasm.objects.owned import KernelObject
from ebpfasm.values.codecs import codec_for, value_codec_for
from ebpfasm.values.entries import Entries

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from ebpfasm.kernel.info import MapInfo

__all__ = ["Map"]

# enum bpf_map_type; MapType would cost every program that uses a map the import of enum.
PROG_ARRAY = 3


class Map(KernelObject, Entries):
    """A map in the kernel; made by `create`, or found by `from_pin` and `from_id`.

    Used like a dictionary: ``m[k]``, ``m[k] = v``, ``del m[k]``, ``k in m``, ``for k in m``, ``m.items()``.
    Keys and values are ints where their size is 1, 2, 4 or 8 bytes (in the machine's byte order, read
    as unsigned), bytes where it is another, or what the codec given for them says. The value of a
    per-CPU map is a list with one value for each possible CPU.

    A map may be used by several threads at once. Each single read or write is atomic as far as the
    kernel makes it so; what iteration sees while others write is not defined, but each key comes at
    most once.
    """

    __slots__ = ("_key", "_value", "_value_bytes", "flags", "key_size", "max_entries", "type", "value_size")

    def __init__(self, fd: Fd, about: MapInfo, key: object = None, value: object = None) -> None:
        super().__init__(fd, about.name)
        self.type = about.type
        self.key_size = about.key_size
        self.value_size = about.value_size
        self.max_entries = about.max_entries
        self.flags = about.map_flags
        self._key = codec_for(key, self.key_size, "key")
        self._value, self._value_bytes = value_codec_for(value, self.type, self.value_size, machine.possible_cpus)

    @classmethod
    def create(
        cls,
        type: int,
        *,
        key_size: int,
        value_size: int,
        max_entries: int,
        flags: int = 0,
        name: str = "",
        key: object = None,
        value: object = None,
        inner_map: Map | None = None,
        numa_node: int = 0,
        map_extra: int = 0,
    ) -> Map:
        """Make a map.

        Args:
            type: a `MapType`.
            key_size, value_size: bytes.
            max_entries: the most entries it can hold.
            flags: `MapFlag` s, 0 for none.
            name: at most 15 of ``A-Z a-z 0-9 _ .``, for people and ``bpftool``.
            key, value: a codec each: None for the usual, ``bytes``, a ``struct`` format such as ``"!IH"``,
                or an object with ``encode(value) -> bytes`` and ``decode(bytes)``.
            inner_map: for a map of maps, one of the kind it holds.
            numa_node: counts with ``MapFlag.NUMA_NODE``.
            map_extra: what some map types take besides.

        Raises:
            OperandError: a number does not fit, the name cannot be taken, or a codec does not fit the sizes.
            PermissionDenied: CAP_BPF is missing.
            KernelError: the kernel refuses the combination.
        """
        codec_for(key, key_size, "key")
        codec_for(value, value_size, "value")
        inner_fd = inner_map.fileno() if inner_map is not None else 0
        number = maps.map_create(
            type, key_size, value_size, max_entries, flags, name,
            inner_map_fd=inner_fd, numa_node=numa_node, map_extra=map_extra,
        )  # fmt: skip
        return cls._opened(number, f"map {name!r}", key, value)

    @classmethod
    def from_pin(cls, path: str | os.PathLike[str], *, key: object = None, value: object = None) -> Map:
        """The map pinned under ``path``.

        Raises:
            KernelError: nothing is pinned there, or not a map.
            PermissionDenied: it may not be opened.
        """
        from ebpfasm.kernel import pins

        path = fspath(path)
        return cls._opened(pins.obj_get(path), f"map pinned as {path}", key, value)

    @classmethod
    def from_id(cls, id: int, *, key: object = None, value: object = None) -> Map:
        """The map with that id.

        Raises:
            KernelError: there is none.
            PermissionDenied: CAP_SYS_ADMIN is missing.
        """
        from ebpfasm.kernel import ids

        return cls._opened(ids.map_fd_by_id(id), f"map {id}", key, value)

    @classmethod
    def ids(cls) -> Iterator[int]:
        """The ids of all maps in the kernel, whoever made them, from the lowest on.

        What is made or freed meanwhile may be among them or not.

        Raises:
            PermissionDenied: CAP_SYS_ADMIN is missing.
        """
        from ebpfasm.kernel import ids

        number = ids.next_map_id()
        while number is not None:
            yield number
            number = ids.next_map_id(number)

    @classmethod
    def _opened(cls, number: int, what: str, key: object, value: object) -> Map:
        fd = Fd(number, what)
        try:
            about = info.map_info(fd.fileno())
            if about.type == PROG_ARRAY:
                from ebpfasm.objects.program_array import ProgramArray

                return ProgramArray(fd, about, key, value)
            return cls(fd, about, key, value)
        except BaseException:
            fd.close()
            raise

    @property
    def info(self) -> MapInfo:
        """What the kernel tells of the map now, by the names of ``struct bpf_map_info``."""
        return info.map_info(self.fileno())

    @property
    def id(self) -> int:
        """The number by which the kernel and ``bpftool map show id`` know the map."""
        return self.info.id

    def freeze(self) -> None:
        """Let user space change the map no more; programs still may. It cannot be undone."""
        maps.map_freeze(self.fileno())

    def _lookup(self, key: bytes) -> bytes:
        return maps.lookup_elem(self._fd.fileno(), key, self._value_bytes)

    def _update(self, key: bytes, value: bytes, flags: int) -> None:
        maps.update_elem(self._fd.fileno(), key, value, flags)

    def _delete(self, key: bytes) -> None:
        maps.delete_elem(self._fd.fileno(), key)

    def _pop(self, key: bytes) -> bytes:
        return maps.lookup_and_delete_elem(self._fd.fileno(), key, self._value_bytes)

    def _next_key(self, key: bytes | None) -> bytes | None:
        return maps.next_key(self._fd.fileno(), key, self.key_size)

    def _read_batch(
        self, position: bytes | None, count: int, delete: bool
    ) -> tuple[list[tuple[bytes, bytes]], bytes | None]:
        from ebpfasm.kernel import batches

        read = batches.lookup_and_delete_batch if delete else batches.lookup_batch
        key_size, value_size = self.key_size, self._value_bytes
        keys, values, count, position = read(self._fd.fileno(), position, count, key_size, value_size)
        pairs = [
            (keys[at * key_size : (at + 1) * key_size], values[at * value_size : (at + 1) * value_size])
            for at in range(count)
        ]
        return pairs, position

    def _write_batch(self, pairs: list[tuple[bytes, bytes]], flags: int) -> None:
        from ebpfasm.kernel import batches

        keys, values = b"".join(key for key, _ in pairs), b"".join(value for _, value in pairs)
        batches.update_batch(self._fd.fileno(), keys, values, len(pairs), flags)

    def _delete_batch(self, keys: list[bytes]) -> None:
        from ebpfasm.kernel import batches

        batches.delete_batch(self._fd.fileno(), b"".join(keys), len(keys))
