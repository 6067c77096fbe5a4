"""What keeps the lab from running."""

from __future__ import annotations

__all__ = ["LabError"]


class LabError(Exception):
    """Something that the lab needs is missing, or is not what it must be; the message says what to do about it."""
