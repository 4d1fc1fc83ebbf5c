#!/usr/bin/env python3
"""Says what clang-tidy finds in the sources that are not yet known to be clean; .clang-tidy says what it looks for.

    scripts/tidy.py [--changed] [--seconds N] [FILE ...]

The whole tree takes half an hour of two cores. So scripts/tidy_clean.txt lists, by what is in them (the first digits of their
Git blob ids), the sources and headers that were found clean, and only others are looked at: those that changed last first,
a header by way of a source that includes it. What is found clean is listed from then on, so a call that was stopped goes on
where it ended. A new .clang-tidy makes the whole list void. Commit the list after a call that looked at everything.

scripts/test.sh asks for what is --changed since that commit alone, and begins no file after some --seconds: what is left then
is counted in the last line. With either the list stays as it is. The compiler of the check is clang, without precompiled headers, in build/tidy. Kernels (*.cu) and
what only they include are not looked at.
"""

import argparse
import concurrent.futures
import functools
import json
import os
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build/tidy"
LIST = ROOT / "scripts/tidy_clean.txt"
RULES = ".clang-tidy"
DIGITS = 12


def lines_of(*command):
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()


def configure():
    subprocess.run([ROOT / "scripts/setup.sh", "clang-14", "clang-tidy-14", "libomp-14-dev"], check=True)
    options = ["-DCMAKE_CXX_COMPILER=clang++-14", "-DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON", "-DOCTET_TESTS=ON", "-DOCTET_CUDA=OFF"]
    lines_of("cmake", "-G", "Ninja", "-S", ".", "-B", str(BUILD), *options)
    lines_of("cmake", "--build", str(BUILD), "--target", "octet_commit")  # writes a header
    commands = json.loads((BUILD / "compile_commands.json").read_text())
    return {os.path.relpath(each["file"], ROOT) for each in commands if each["file"].endswith(".cpp")}


def ids_of(files):
    """What is in each file now, committed or not."""
    return dict(zip(files, [each[:DIGITS] for each in lines_of("git", "hash-object", *files)]))


def changed():
    """Files that are not as in the last commit of the list, new ones with them."""
    since = lines_of("git", "log", "-1", "--format=%H", "--", str(LIST)) or ["HEAD"]
    return set(lines_of("git", "diff", "--name-only", since[0]) + lines_of("git", "ls-files", "--others", "--exclude-standard"))


def newest_first(files):
    """Files with changes that are not committed, then in the order of the history."""
    recent = [line[3:] for line in lines_of("git", "status", "--porcelain", "--untracked-files=all")]
    recent += lines_of("git", "log", "--format=", "--name-only")
    return [file for file in dict.fromkeys(recent + sorted(files)) if file in files]


def source_of(header, includes):
    """A source that reads the header: the one beside it, or else the first that includes it, by whatever way."""
    beside = header[:-2] + ".cpp"
    if header in includes.get(beside, ()):
        return beside
    seen, level = {header}, [header]
    while level:
        users = sorted(file for file, read in includes.items() if read & set(level) and file not in seen)
        for file in users:
            if file.endswith(".cpp"):
                return file
        seen.update(users)
        level = users
    return None


def check(source, deadline):
    """What clang-tidy says about a source and the headers that it includes; None where there is no time left."""
    if time.monotonic() > deadline:
        return None
    command = ["clang-tidy-14", "--quiet", "--warnings-as-errors=*", "-p", str(BUILD), source]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return run.stdout or run.stderr if run.returncode != 0 else ""


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--changed", action="store_true", help="only what changed since the last commit of the list")
    parser.add_argument("--seconds", type=float, help="begin no file after these")
    parser.add_argument("files", nargs="*", metavar="FILE", help="look at these alone (all)")
    arguments = parser.parse_args()
    if arguments.changed and subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True).returncode != 0:
        print("clang-tidy: left out, since Git cannot say here what changed")
        return
    start = time.monotonic()
    deadline = start + (arguments.seconds if arguments.seconds is not None else float("inf"))
    sources = configure()
    headers = {file for file in lines_of("git", "ls-files", "--cached", "--others", "--exclude-standard", "*.h") if (ROOT / file).is_file()}
    ids = ids_of(sorted(sources | headers | {RULES}))
    known = set(LIST.read_text().split()) if LIST.exists() else set()
    if ids[RULES] not in known:
        known = {ids[RULES]}
    includes = {file: set(re.findall(r'#include "([^"]+)"', (ROOT / file).read_text())) for file in sources | headers}

    # Which new files a look at each source settles.
    settles = {}
    wanted = {os.path.relpath(file, ROOT) for file in arguments.files} or (changed() if arguments.changed else sources | headers)
    for file in newest_first(sources | headers):
        if file in wanted and ids[file] not in known:
            source = file if file in sources else source_of(file, includes)
            if source in sources:
                settles.setdefault(source, {source}).add(file)

    dirty, left = 0, 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for source, found in zip(settles, pool.map(functools.partial(check, deadline=deadline), settles)):
            if found is None:
                left += 1
            elif found:
                dirty += 1
                print(found, flush=True)
            elif arguments.seconds is None and not arguments.changed:
                known |= {ids[file] for file in settles[source]}
                LIST.write_text("\n".join(sorted(known & (set(ids.values()) | {ids[RULES]}))) + "\n")
    print(f"clang-tidy: {len(settles) - left} sources looked at in {time.monotonic() - start:.0f} s, {dirty} with findings"
          + (f"; no time for {left} more: scripts/tidy.py looks at all" if left else ""))
    sys.exit(1 if dirty else 0)


if __name__ == "__main__":
    main()
