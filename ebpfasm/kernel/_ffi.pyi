"""What cffi generates has members that only its byte code knows: to a type checker they are anything."""

from typing import Any

ffi: Any
