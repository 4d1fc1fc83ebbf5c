#!/usr/bin/env python3
"""Counts the cases of the last ctest in a build folder, since ctest counts suites, and names those that were skipped although others
of their suite ran: ctest says nothing of these. Usage: scripts/cases.py build/release"""
import pathlib
import re
import sys


def counts(log):
    passed = skipped = 0
    silent = []
    for output in log.split("\nOutput:\n")[1:]:
        ran = sum(int(n) for n in re.findall(r"^\[  PASSED  \] (\d+) tests?\.$", output, re.M))
        names = re.findall(r"^\[  SKIPPED \] ([^ ]+)$", output, re.M)  # only in the list at the end; elsewhere a time follows
        passed += ran
        skipped += len(names)
        if ran:
            silent += names
    return passed, skipped, silent


def main():
    folder = pathlib.Path(sys.argv[1])
    passed, skipped, silent = counts((folder / "Testing/Temporary/LastTest.log").read_text(errors="replace"))
    print(f"{folder}: {passed:,} cases passed, {skipped:,} were skipped" + "".join(f"\n  skipped: {name}" for name in silent))


main()
