"""How the documentation is built: ``make docs``."""

from __future__ import annotations

import sys
from importlib.metadata import version as version_of
from pathlib import Path
from typing import TYPE_CHECKING

from sphinx.errors import ExtensionError

if TYPE_CHECKING:
    from sphinx.application import Sphinx

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "_ext"), str(HERE.parent)]

project = "ebpfasm"
author = "the ebpfasm developers"
project_copyright = "the ebpfasm developers, MIT licence"
release = version_of("ebpfasm")
version = release

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.doctest",
    "sphinx.ext.napoleon",
    "builder_words",
    "vm_helpers",
]
exclude_patterns = ["_build", "_ext"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

html_theme = "furo"
html_title = f"ebpfasm {release}"

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_default_options = {"members": True, "show-inheritance": True}
napoleon_google_docstring = True
default_role = "code"


def before_snippets(app: Sphinx) -> None:
    """Tell the snippets marked ``:skipif: no_kernel`` whether to run, and the reader of the build why not."""
    if app.builder.name == "doctest":
        from ebpfasm.testing.privileges import required, why_no_kernel

        reason = why_no_kernel()
        app.config.doctest_global_setup = f"no_kernel = {reason!r}"
        if reason and required():
            raise ExtensionError(f"EBPFASM_REQUIRE_KERNEL is set, and snippets cannot run: {reason}")
        if reason:
            print(f"snippets that need bpf(2) are skipped: {reason}", file=sys.stderr)


def setup(app: Sphinx) -> None:
    """Connect the above."""
    app.connect("builder-inited", before_snippets)
