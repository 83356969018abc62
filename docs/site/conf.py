"""Makes the site of the documentation from the pages of this folder's parent. Run by `make docs`."""

from __future__ import annotations

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
html_copy_source = False
html_show_sphinx = False
html_extra_path = ["llms.txt"]
# Generated tables stand under small headings.
suppress_warnings = ["myst.header"]


def outside(app: Sphinx, page: str, text: list[str]) -> None:
    """Links to files that are no pages lead to the repository."""
    place = (ROOT / "docs" / page).parent
    docs = ROOT / "docs"

    def link(found: re.Match[str]) -> str:
        target, _, anchor = found[1].partition("#")
        path = (place / target).resolve()
        is_page = path.is_relative_to(docs) and path.suffix in {".md", ".svg", ".png"}
        if is_page or not path.exists() or "://" in target or not target:
            return found[0]
        return f"]({SOURCE}/{path.relative_to(ROOT)}{'#' + anchor if anchor else ''})"

    text[0] = re.sub(r"\]\(([^)\s]+)\)", link, text[0])


def first_page(app: Sphinx, page: str, text: list[str]) -> None:
    """README is the first page: its links are those of the repository's root."""
    if page == "index":
        readme = (ROOT / "README.md").read_text().replace("```rust,no_run", "```rust")
        readme = re.sub(r"\]\(docs/", "](", readme)
        readme = re.sub(r"\]\((?=[A-Za-z][^):]*\))(?![^)]*\.md[)#])", "](../", readme)
        readme = re.sub(r"\]\((CONTRIBUTING|CHANGELOG|SECURITY|CODE_OF_CONDUCT)", r"](../\1", readme)
        text[0] = readme + text[0]


def setup(app: Sphinx) -> None:
    app.connect("source-read", first_page, priority=400)
    app.connect("source-read", outside)
