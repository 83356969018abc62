"""Holds that every link of a built site leads to a file, and to a place in it. The argument is the site's folder.

Links within the references are their tools' own business: only what the pages themselves point to is followed there.
"""

from __future__ import annotations

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.places: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.places.update(filter(None, (given.get("id"), given.get("name"))))
        link = given.get("href") if tag in {"a", "link"} else given.get("src")
        if link:
            self.links.append(link)


def main(site: Path) -> int:
    pages: dict[Path, Page] = {}

    def page(path: Path) -> Page:
        if path not in pages:
            pages[path] = Page(path.read_text(errors="replace"))
        return pages[path]

    broken, seen = [], 0
    for source in sorted(site.rglob("*.html")):
        if source.is_relative_to(site / "api"):
            continue
        for link in page(source).links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            seen += 1
            target = (source.parent / unquote(parts.path)).resolve() if parts.path else source
            target = target / "index.html" if target.is_dir() else target
            if not target.is_file():
                broken.append(f"{source.relative_to(site)}: {link}: there is no such file")
            elif parts.fragment and target.suffix == ".html" and unquote(parts.fragment) not in page(target).places:
                broken.append(f"{source.relative_to(site)}: {link}: there is no such place")
    for line in broken:
        print(line, file=sys.stderr)
    print(f"links: {seen} links of {len(pages)} pages, {len(broken)} broken")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
