#!/usr/bin/env python3
"""Joins the page's template, style, scripts, and the chart library with its licences into one C file.

usage: bundle.py OUT.c TEMPLATE.html STYLE.css ECHARTS_FOLDER SCRIPT.js...

The C file holds the page before and behind its data. The scripts' hashes go into the page's
Content-Security-Policy, so that no other script can run.
"""

import base64
import hashlib
import html
import pathlib
import sys


def check_sums(folder):
    """Ends with a sentence when a vendored file is not the one that was taken."""
    for line in (folder / "SHA256SUMS").read_text().splitlines():
        wanted, name = line.split()
        if hashlib.sha256((folder / name).read_bytes()).hexdigest() != wanted:
            sys.exit(f"{folder / name} is not the file that SHA256SUMS names")


def source_hash(script):
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def licences(folder):
    order = ["NOTICE", "echarts", "d3", "zrender", "tslib"]
    parts = (f"== {name} ==\n\n{(folder / 'licenses' / name).read_text().strip()}" for name in order)
    return html.escape("\n\n\n".join(parts), quote=False)


def c_string(name, text):
    """A char array; split into pieces, since compilers have a limit for one literal's line."""
    escapes = {ord('"'): '\\"', ord("\\"): "\\\\", ord("\n"): "\\n", ord("\t"): "\\t", ord("?"): "\\?"}
    data = text.encode()
    lines = []
    for start in range(0, len(data), 200):
        piece = "".join(escapes.get(b) or (chr(b) if 32 <= b < 127 else f"\\{b:03o}")
                        for b in data[start:start + 200])
        lines.append(f'"{piece}"')
    return f"const char {name}[] =\n" + "\n".join(lines) + ";\n" \
           f"const size_t {name}_bytes = sizeof({name}) - 1;\n"


def main():
    out, template, style, echarts, *scripts = map(pathlib.Path, sys.argv[1:])
    check_sums(echarts)
    library = (echarts / "echarts.js").read_text()
    own = '"use strict";\n(() => {\n' + "\n".join(s.read_text() for s in scripts) + "\n})();\n"
    for script in (library, own):
        if "</script" in script.lower() or "<!--" in script:
            sys.exit("a script holds what ends a script element")
    page = template.read_text()
    for mark, text in {
        "@HASHES@": f"{source_hash(library)} {source_hash(own)}",
        "@STYLE@": style.read_text(),
        "@LICENCES@": licences(echarts),
        "@ECHARTS@": library,
        "@SCRIPT@": own,
    }.items():
        if page.count(mark) != 1:
            sys.exit(f"{template} holds {mark} {page.count(mark)} times, not once")
        page = page.replace(mark, text)
    head, tail = page.split("@DATA@")
    out.write_text('#include "page_template.h"\n\n' + c_string("page_head", head) + "\n" +
                   c_string("page_tail", tail))


main()
