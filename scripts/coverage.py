# SPDX-License-Identifier: Apache-2.0
"""coverage.py LEAST SOURCES <SUMMARY

Prints the line coverage of each module, by the summary of llvm-cov export. Fails if one is below LEAST percent.
"""
import collections
import json
import pathlib
import sys

# Parses flags and ends the process: each of its commands is run by the kernel tests, in processes of their own.
EXECUTABLE = "pidns-exporter"


def main():
    least, sources = float(sys.argv[1]), pathlib.Path(sys.argv[2])
    files = {}
    for file in json.load(sys.stdin)["data"][0]["files"]:
        path = pathlib.Path(file["filename"])
        if path.is_relative_to(sources):
            lines = file["summary"]["lines"]
            files[path.relative_to(sources)] = (lines["covered"], lines["count"])
    modules = collections.defaultdict(lambda: (0, 0))
    for path, (covered, count) in files.items():
        modules[path.parts[0]] = (modules[path.parts[0]][0] + covered, modules[path.parts[0]][1] + count)
    print("| module | lines | covered, % |")
    print("|---|---|---|")
    for module, (covered, count) in sorted(modules.items()):
        print(f"| {module} | {count} | {100 * covered / count:.1f} |")
    low = sorted(
        (100 * covered / count, str(path), count - covered) for path, (covered, count) in files.items()
        if count and 100 * covered / count < least)
    if low:
        print(f"Files below {least:.0f} %:")
        for percent, path, lines in low:
            print(f"    {path}: {percent:.1f} %, {lines} lines not covered")
    missed = [
        module for module, (covered, count) in modules.items() if 100 * covered < least * count and module != EXECUTABLE]
    print(f"{len(modules)} modules, {len(missed)} below {least:.0f} %: {', '.join(sorted(missed)) or 'none'}")
    sys.exit(bool(missed))


main()
