"""Finishes the man pages that Doxygen wrote: one name for each function, the header to include, quotes as they are.

usage: man.py FOLDER-OF-PAGES
"""

import pathlib
import re
import sys

# What is documented on a page of a topic, as Doxygen heads it.
HEADING = re.compile(r'^\.SS "(?!Classes|Typedefs|Functions|Enum|Macros|Var|Detail)(.*)"$', re.MULTILINE)
CODE = re.compile(r"\\fC(.*?)\\fP")


def names(page: str) -> list[str]:
    """The functions and types of a page, which people look for by their own name."""
    headings = (re.sub(r"\\f.", "", heading) for heading in HEADING.findall(page))
    found = (re.match(r"(?:.*\(\* ?|.*?\b)(copilot_\w+)\)? ?(?:\(|$)", heading) for heading in headings)
    return sorted({match[1] for match in found if match})


def finished(page: str) -> str:
    # Doxygen writes the quotes of JSON as apostrophes, which JSON does not have.
    page = CODE.sub(lambda code: "\\fC" + code[1].replace("'", "\\(dq") + "\\fP", page)
    return page.replace(".SH SYNOPSIS\n.br\n.PP\n", ".SH SYNOPSIS\n.br\n.PP\n\\fC#include <copilot\\&.h>\\fP\n.PP\n", 1)


def main() -> None:
    folder = pathlib.Path(sys.argv[1])
    links = 0
    for path in sorted(folder.glob("copilot_*.3")):
        text = path.read_text(encoding="utf-8")
        is_topic = '.SH "Detailed Description"' in text and "#include" not in text
        text = finished(text) if is_topic else CODE.sub(lambda code: code[0].replace("'", "\\(dq"), text)
        path.write_text(text, encoding="utf-8")
        for name in names(text) if is_topic else ():
            link = folder / f"{name}.3"
            if not link.exists() or link.read_text(encoding="utf-8").startswith(".so "):
                link.write_text(f".so man3/{path.name}\n", encoding="utf-8")
                links += 1
    print(f"man pages: {links} functions and types by their own names")


if __name__ == "__main__":
    main()
