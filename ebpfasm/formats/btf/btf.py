"""BTF as it is read: types by id and by name, each built when it is asked for."""

from __future__ import annotations

import os

from ebpfasm.errors import BtfError, TypeNotFound
from ebpfasm.formats.btf import layout, types
from ebpfasm.formats.btf.header import Sections, split
from ebpfasm.formats.btf.index import Index, scan
from ebpfasm.formats.btf.types import VOID, Member, Type, Void
from ebpfasm.formats.btf.wire import read_type

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TypeVar

    from ebpfasm.formats.btf.header import Bytes

    T = TypeVar("T", bound=Type)

__all__ = ["Btf"]

KERNEL = "/sys/kernel/btf"

KEPT_TYPES = 4096
"""Types that are kept once they are built; when there are more, all are forgotten."""


class Btf:
    """The types of a kernel, a module of it, or an object file.

    Ids count from 1; 0 is void. Those of BTF that is split from a base, as a module's is from the kernel's, go on where
    the base's end, and the types of the base are found through it too.

    ``byteorder`` is the data's; ``pointer_size`` that of a pointer in it, 8 if nobody sets another: BPF's own.
    """

    def __init__(self, index: Index, base: Btf | None = None) -> None:
        self._index = index
        self.base = base
        self.byteorder = index.sections.byteorder
        self.pointer_size: int = base.pointer_size if base is not None else 8
        self.first_id = len(base) if base is not None else 1
        self._kept: dict[int, Type] = {}

    @classmethod
    def from_bytes(cls, data: bytes, base: Btf | None = None) -> Btf:
        """Read BTF, in either byte order, such as the section ``.BTF`` of an object.

        Raises:
            BtfError: it is not BTF, a type is cut off or of no known kind. What is wrong within a type is told when the
                type is asked for; `check` asks for all.
        """
        return cls._of(bytes(data), base)

    @classmethod
    def _of(cls, data: Bytes, base: Btf | None) -> Btf:
        sections = split(data, is_split=base is not None)
        if base is not None and sections.byteorder != base.byteorder:
            raise BtfError(f"the base is in {base.byteorder}-endian byte order, this in {sections.byteorder}")
        return cls(Index(sections, *scan(sections), base._index if base is not None else None), base)

    @classmethod
    def from_file(cls, path: str | os.PathLike[str], base: Btf | None = None) -> Btf:
        """Read a file of BTF, as of BTFHub or below ``/sys/kernel/btf``.

        Raises:
            BtfError: as `from_bytes`.
            OSError: it cannot be read.
        """
        with open(path, "rb") as opened:
            return cls._of(opened.read(), base)

    @classmethod
    def kernel(cls, module: str = "", base: Btf | None = None) -> Btf:
        """The BTF of the running kernel, or of a module of it.

        The index is kept in the user's cache directory for the next process.

        Args:
            base: the kernel's, if it has been read already; only for a module.

        Raises:
            TypeNotFound: this kernel has no BTF, or no such module with BTF.
            BtfError: as `from_bytes`.
        """
        if module and (module.startswith(".") or "/" in module or "\0" in module):
            raise TypeNotFound(f"{module!r} is no name of a module")
        if module and base is None:
            base = cls.kernel()
        path = f"{KERNEL}/{module or 'vmlinux'}"
        try:
            data = _mapped(path)
        except OSError as error:
            what = f"module {module} has" if module else "this kernel has"
            raise TypeNotFound(f"{what} no BTF: {path}: {error.strerror}") from error
        return cls._of(data, base) if module else cls._cached(data, path)

    @classmethod
    def _cached(cls, data: Bytes, path: str) -> Btf:
        from ebpfasm.formats.btf import cache

        sections = split(data)
        name = os.path.basename(path)
        key = cache.key_of(path, len(data))
        known = cache.load(key, name)
        if known is not None:
            return cls(Index(sections, *known))
        index = Index(sections, *scan(sections))
        cache.store(key, name, index.positions, index.names)
        return cls(index)

    @property
    def sections(self) -> Sections:
        """The data this was read from."""
        return self._index.sections

    def __len__(self) -> int:
        """How many types there are, void and those of the base included: one more than the highest id."""
        return self.first_id + len(self._index.positions)

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        return f"<Btf of {len(self._index.positions)} types, {self.byteorder}-endian>"

    def __getitem__(self, type_id: int) -> Type:
        """The type with an id.

        Raises:
            TypeNotFound: there is no such type.
            BtfError: its fields have values they cannot have, or its names are not there.
        """
        found = self._kept.get(type_id)
        if found is not None:
            return found
        if type_id < self.first_id:
            if self.base is not None:
                return self.base[type_id]
            if type_id == VOID:
                return Void()
        if not self.first_id <= type_id < len(self):
            raise TypeNotFound(f"type ids are in 0..{len(self) - 1}, not {type_id}", type_id=type_id)
        try:
            found = read_type(self.sections.words, self._index.positions[type_id - self.first_id], self.string)
        except BtfError as error:
            raise BtfError(f"type {type_id}: {error}", type_id=type_id) from None
        if len(self._kept) >= KEPT_TYPES:
            self._kept.clear()
        self._kept[type_id] = found
        return found

    def __iter__(self) -> Iterator[Type]:
        """All types in the order of their ids, from void on."""
        return map(self.__getitem__, range(len(self)))

    def own_ids(self) -> range:
        """The ids of this data's types, without those of the base."""
        return range(self.first_id, len(self))

    def string(self, offset: int) -> str:
        """Return the string at an offset; those of split BTF go on where the base's end.

        Raises:
            BtfError: there is none.
        """
        if offset < self._index.first_string and self.base is not None:
            return self.base.string(offset)
        return self.sections.string(offset - self._index.first_string)

    def ids_by_name(self, name: str) -> tuple[int, ...]:
        """Return the ids of all types with a name, in their order."""
        of_base = self.base.ids_by_name(name) if self.base is not None else ()
        return (*of_base, *(self.first_id + number for number in self._index.find(name)))

    def id_by_name(self, name: str, kind: type[Type] | tuple[type[Type], ...] = Type) -> int:
        """Return the id of the first type with a name, of a kind or one of several.

        Raises:
            TypeNotFound: there is none.
        """
        for type_id in self.ids_by_name(name):
            if isinstance(self[type_id], kind):
                return type_id
        kinds = kind if isinstance(kind, tuple) else (kind,)
        labels = "" if Type in kinds else " or ".join(one.label for one in kinds) + " "
        raise TypeNotFound(f"there is no type {labels}{name}")

    def type_by_name(self, name: str, kind: type[T] = Type) -> T:  # type: ignore[assignment]
        """Return the first type with a name: ``btf.type_by_name("task_struct", Struct)``.

        Raises:
            TypeNotFound: there is none of that kind.
        """
        found = self[self.id_by_name(name, kind)]
        assert isinstance(found, kind)
        return found

    def types_by_name(self, name: str, kind: type[T] = Type) -> list[T]:  # type: ignore[assignment]
        """Return all types with a name, of a kind."""
        return [found for type_id in self.ids_by_name(name) if isinstance(found := self[type_id], kind)]

    def resolve(self, type_id: int) -> tuple[int, Type]:
        """Return id and type behind typedefs and modifiers such as const.

        Raises:
            BtfError: the chain has more than 64 of them, or comes back to itself.
        """
        return layout.resolve(self, type_id)

    def size_of(self, type_id: int) -> int:
        """Return the size of a type in bytes.

        Raises:
            BtfError: it has none, as void, a function or a declared struct have none, or it is too large.
        """
        return layout.size_of(self, type_id)

    def alignment_of(self, type_id: int) -> int:
        """Return the alignment in bytes that a type has as a C compiler lays it out; 1 for a packed struct.

        Raises:
            BtfError: it has none, or refers to itself.
        """
        return layout.alignment_of(self, type_id)

    def member(self, type_id: int, path: str) -> Member:
        """Return a member by its name, or by several with dots for members of members; also one of an anonymous struct.

        Its offset is from the start of ``type_id``.

        Raises:
            TypeNotFound: there is no such member.
            BtfError: something before a dot is no struct or union.
        """
        return layout.find_member(self, type_id, path)

    def members(self, type_id: int) -> list[Member]:
        """Return the named members of a struct or union, those of anonymous ones in it at their place.

        Raises:
            BtfError: it is no struct or union, or contains itself.
        """
        type_id, composite = self.resolve(type_id)
        if not isinstance(composite, (types.Struct, types.Union)):
            raise BtfError(f"type {type_id} has no members, it is {composite.label} {composite.name}", type_id=type_id)
        return list(layout.flat_members(self, composite))

    def to_c(self, type_id: int) -> str:
        """Return the definition of a type in C, as bpftool prints it; of one without a name what C calls it.

        Raises:
            BtfError: it is too large to print, refers to itself, or is a section or tag.
        """
        from ebpfasm.formats.btf.c import definition

        return definition(self, type_id)

    def to_raw(self, type_id: int) -> str:
        """Return a type with its fields, as ``bpftool btf dump`` prints it.

        Raises:
            BtfError: as ``btf[type_id]``.
        """
        from ebpfasm.formats.btf.raw import raw

        return raw(self, type_id)

    def check(self) -> None:
        """Build every type once, and see that what they refer to is there.

        Raises:
            BtfError: the first type with something wrong.
        """
        from ebpfasm.formats.btf.references import references

        for type_id in self.own_ids():
            for other in references(self[type_id]):
                if other >= len(self):
                    raise BtfError(
                        f"type {type_id} refers to type {other}: ids are in 0..{len(self) - 1}", type_id=type_id
                    )

    def deduplicated(self) -> Btf:
        """Return the same types, each once: see `ebpfasm.formats.btf.deduplicate`.

        Raises:
            BtfError: a type cannot be read, or refers to one that is not there.
        """
        from ebpfasm.formats.btf.deduplication import deduplicate

        return deduplicate(self)[0].build()


def _mapped(path: str) -> Bytes:
    """Return a file of the kernel's BTF, mapped where the kernel can do that (since Linux 6.16)."""
    import mmap

    with open(path, "rb") as opened:
        size = os.fstat(opened.fileno()).st_size
        try:
            return mmap.mmap(opened.fileno(), size, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ)
        except (OSError, ValueError):
            return opened.read()
