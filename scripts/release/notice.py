#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""notice.py FILE

Writes the licences and notices of the libraries in the built program. Whoever distributes the program must include them.
"""

import pathlib
import sys

from inventory import inventory

HEAD = """pidns-exporter
Copyright 2026 The pidns-exporter authors

The program is licensed under the Apache License, version 2.0. The BPF programs in it are licensed under the BSD 2-Clause License or
the GNU General Public License, version 2 only, at your choice.

It contains the following software of others. The libraries that it loads at run time are not contained.
"""


def main() -> None:
    root = pathlib.Path(__file__).parents[2]
    components = [c for c in inventory(root, (root / "VERSION").read_text().strip(), None) if c.terms]
    # Each text once, after the list of everything that it applies to.
    texts: dict[str, list[str]] = {}
    for component in components:
        for path in component.terms:
            names = texts.setdefault(pathlib.Path(path).read_text().strip("\n"), [])
            names.append(f"{component.name} {component.version}")
    rows = "".join(f"  {c.name} {c.version}: {c.licence}\n" for c in components)
    parts = [HEAD, rows, *(f"{'-' * 78}\n{', '.join(names)}:\n\n{text}\n" for text, names in texts.items())]
    parts.append(f"{'-' * 78}\nBPF programs:\n\n{(root / 'bpf/LICENSE.BSD-2-Clause').read_text()}")
    pathlib.Path(sys.argv[1]).write_text("\n".join(parts))


if __name__ == "__main__":
    main()
