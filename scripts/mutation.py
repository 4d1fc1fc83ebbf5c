#!/usr/bin/env python3
"""Plants single mistakes in product code, one at a time, and counts those that no test notices.

    scripts/mutation.py [--count 200] [--seed 1] [--folder quant ...] [--list] [--again]

Which mistakes there are stands in mutation_parts/mutants.py: signs, comparisons, bounds, constants, operands exchanged,
negations dropped, minimum for maximum. The sample depends on the seed and the code alone. Work is done on a copy of the
checkout in build/mutation/tree, so the checkout is never touched. Results go to build/mutation/results.jsonl, and a call
goes on where an earlier one of the same code ended (--again forgets them). A mistake that does not compile counts as none
and the next takes its place; a test program that does not end counts as one that noticed. First the tests of the folder
itself run, then those of the folders above it. The last lines are a table, and every mistake that survived: mend the tests
until one fails, or add it to scripts/mutation_survivors.txt with the reason why it changes nothing.
"""

import argparse
import collections
import dataclasses
import json
import os
import pathlib
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
from mutation_parts.mutants import mutants_of

ROOT = pathlib.Path(__file__).resolve().parent.parent
WORK = ROOT / "build/mutation"
TREE, BUILD, RESULTS = WORK / "tree", WORK / "build", WORK / "results.jsonl"
KNOWN = ROOT / "scripts/mutation_survivors.txt"  # KEY  FILE  REASON

# Each folder with the test programs that look at it first, and those that may see it from above; behind a colon, the
# tests of a program that has many others.
MANUAL = "cli_cli:Configs.*"  # ranges of keys
FOLDERS = {
    "io": (["io_unit"], ["nn_unit", "train_unit"]),
    "tensor/ops": (["tensor_grad", "tensor_kernel", "tensor_unit"], ["nn_unit", "nn_golden", "nn_grad"]),
    "nn": (["nn_unit", "nn_golden", "nn_grad"], [MANUAL, "quant_unit", "train_unit"]),
    "quant": (["quant_unit"], [MANUAL, "nn_unit", "eval_unit"]),
    "text": (["text_unit", "text_golden"], [MANUAL, "train_unit"]),
    "train": (["train_unit", "train_golden"], [MANUAL, "eval_unit"]),
    "eval": (["eval_unit"], ["report_unit", "cli_cli"]),
    "report": (["report_unit"], ["cli_cli"]),
}
# What these write is for people: a picture or a page with a colour too many is no mistake that a test should notice.
CHARTS = ("activations", "chart_script", "gnuplot", "outliers", "speed", "tradeoff", "training", "weights")
WORDS = ("all", "charts", "headline", "notices", "verdict")
PAGES = ("html", "markdown", "summary", "table", *(f"sections/{name}" for name in WORDS))
FOR_PEOPLE = (*(f"report/charts/{name}" for name in CHARTS), *(f"report/run/{name}" for name in PAGES), "eval/speed/bench_text")
SECONDS = 180  # a test program takes at most some ten


@dataclasses.dataclass
class Result:
    key: str
    folder: str
    file: str
    line: int
    kind: str
    before: str
    after: str
    noticed_by: str  # a test program; "compiler" where it does not compile; empty: nobody


def call(*command, seconds=None):
    """Whether a command succeeds; one that takes too long does not."""
    environment = dict(os.environ, OMP_WAIT_POLICY="passive", OMP_NUM_THREADS="2")
    try:
        return subprocess.run(command, capture_output=True, env=environment, timeout=seconds).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def sources_of(folder):
    names = subprocess.run(["git", "ls-files", folder], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    product = [name for name in names if name.endswith((".cpp", ".h"))]
    return [name for name in product if not name.startswith(FOR_PEOPLE)]


def sample_of(folders, count, seed):
    """`count` mutants of each folder's share, in an order of their own, with spare ones for those that do not compile."""
    by_folder = {}
    for folder in folders:
        found = [(folder, m) for name in sources_of(folder) for m in mutants_of(name, (ROOT / name).read_text())]
        by_folder[folder] = sorted(found, key=lambda each: each[1].order(seed))
    total = sum(map(len, by_folder.values()))
    return {folder: (round(count * len(found) / total), found) for folder, found in by_folder.items()}


def make_tree(programs):
    """A copy of the checkout with its tests built: shared libraries, so that a mistake costs one object and one library."""
    files = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    for name in filter(None, files):
        source, copy = ROOT / name, TREE / name
        if source.is_file() and (not copy.exists() or copy.read_bytes() != source.read_bytes()):
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, copy)
            shutil.copymode(source, copy)
    options = ["-DCMAKE_BUILD_TYPE=Mutation", "-DCMAKE_CXX_FLAGS=-O1", "-DBUILD_SHARED_LIBS=ON", "-DOCTET_CUDA=OFF"]
    options += ["-DOCTET_BENCH=OFF", "-DOCTET_TESTS=ON", "-G", "Ninja"]
    subprocess.run(["cmake", "-S", TREE, "-B", BUILD, *options], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", BUILD, "--target", "octet", *targets(programs)], check=True)


def targets(programs):
    return [f"test_{program.partition(':')[0]}" for program in programs]


def noticed_by(mutant, own, others):
    path = TREE / mutant.file
    right = path.read_text()
    try:
        path.write_text(right[: mutant.start] + mutant.new + right[mutant.end :])
        for programs in (own, others):
            if not call("cmake", "--build", BUILD, "--target", "octet", *targets(programs)):
                return "compiler"
            for program in programs:
                name, _, tests = program.partition(":")
                options = ["--gtest_brief=1", "--gtest_fail_fast", f"--gtest_filter={tests or '*'}"]
                if not call(BUILD / "tests" / f"test_{name}", *options, seconds=SECONDS):
                    return program
        return ""
    finally:
        path.write_text(right)


def known_survivors():
    lines = KNOWN.read_text().splitlines() if KNOWN.exists() else []
    return {line.split()[0]: line.split(maxsplit=2)[2] for line in lines if line and not line.startswith("#")}


def show(results):
    known = known_survivors()
    counts = collections.defaultdict(collections.Counter)
    for result in results:
        own = FOLDERS[result.folder][0]
        column = "own" if result.noticed_by in own else "others" if result.noticed_by else "known" if result.key in known else "nobody"
        counts[result.folder][column] += 1
        counts["all"][column] += 1
    print(f"\n{'folder':<12} {'planted':>8} {'own tests':>10} {'others':>8} {'no change':>10} {'survived':>9}")
    for folder in [*FOLDERS, "all"]:
        count = counts[folder]
        if count:
            print(f"{folder:<12} {count.total():>8} {count['own']:>10} {count['others']:>8} {count['known']:>10} {count['nobody']:>9}")
    for result in results:
        if not result.noticed_by and result.key not in known:
            print(f"\n{result.file}:{result.line}: {result.kind}  [{result.key}]\n-{result.before}\n+{result.after}")
    return counts["all"]["nobody"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=200, help="how many mistakes to plant")
    parser.add_argument("--seed", type=int, default=1, help="of the sample")
    parser.add_argument("--folder", nargs="+", choices=FOLDERS, default=list(FOLDERS), help="of product code")
    parser.add_argument("--list", action="store_true", help="show the sample and plant nothing")
    parser.add_argument("--again", action="store_true", help="forget the results of earlier calls")
    options = parser.parse_args()

    sample = sample_of(options.folder, options.count, options.seed)
    if options.list:
        for count, found in sample.values():
            for _, mutant in found[:count]:
                print(f"{mutant.file}:{mutant.line}: {mutant.kind}  [{mutant.key}]\n-{mutant.before}\n+{mutant.after}")
        return 0
    if options.again:
        RESULTS.unlink(missing_ok=True)
    WORK.mkdir(parents=True, exist_ok=True)
    done = {}
    for line in RESULTS.read_text().splitlines() if RESULTS.exists() else []:
        result = Result(**json.loads(line))
        done[result.key] = result
    make_tree(sorted({program for folder in options.folder for side in FOLDERS[folder] for program in side}))
    results = []
    for folder, (count, found) in sample.items():
        planted = 0
        for _, mutant in found:
            if planted == count:
                break
            result = done.get(mutant.key)
            if result is None or not result.noticed_by:  # a test may have come since
                by = noticed_by(mutant, *FOLDERS[folder])
                result = Result(mutant.key, folder, mutant.file, mutant.line, mutant.kind, mutant.before, mutant.after, by)
                with RESULTS.open("a") as file:
                    file.write(json.dumps(dataclasses.asdict(result)) + "\n")
            if result.noticed_by == "compiler":
                continue
            planted += 1
            results.append(result)
            print(f"{folder} {planted}/{count}  {mutant.file}:{mutant.line}  {result.noticed_by or 'nobody'}", file=sys.stderr)
    return 1 if show(results) else 0


if __name__ == "__main__":
    sys.exit(main())
