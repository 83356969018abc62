"""Makes the site of the documentation from the pages of this folder's parent. Run by `make docs`."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path

from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parents[2]
WORKSPACE = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]
SOURCE = f"{WORKSPACE['repository']}/blob/main"

project = "copilot-native"
version = release = WORKSPACE["version"]
copyright = "the copilot-native authors, MIT licence"
extensions = ["myst_parser"]
exclude_patterns = ["site"]
source_suffix = {".md": "markdown"}
myst_heading_anchors = 4
myst_enable_extensions = ["colon_fence"]
html_theme = "furo"
html_title = f"copilot-native {version}"
html_static_path = ["style"]
html_css_files = ["wide.css"]
html_copy_source = False
html_show_sphinx = False
html_extra_path = ["llms.txt"]
# Generated tables stand under small headings.
suppress_warnings = ["myst.header"]


def mend(app: Sphinx, page: str, text: list[str]) -> None:
    """README is the first page. Links to files that are no pages lead to the repository."""
    docs = ROOT / "docs"
    here = (docs / page).parent
    place = here
    if page == "index":
        place = ROOT
        text[0] = (ROOT / "README.md").read_text() + text[0]
    # What only rustdoc reads.
    text[0] = text[0].replace("```rust,no_run", "```rust")

    def link(found: re.Match[str]) -> str:
        target, hash_sign, anchor = found[1].partition("#")
        path = (place / target).resolve()
        if not target or "://" in target or not path.exists():
            return found[0]
        is_page = path.is_relative_to(docs) and path.suffix in {".md", ".svg", ".png"}
        to = os.path.relpath(path, here) if is_page else f"{SOURCE}/{path.relative_to(ROOT)}"
        return f"]({to}{hash_sign}{anchor})"

    text[0] = re.sub(r"\]\(([^)\s]+)\)", link, text[0])


def setup(app: Sphinx) -> None:
    app.connect("source-read", mend)
