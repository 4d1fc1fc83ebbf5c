#!/usr/bin/env python3
"""The raw results of gpu_check.sh as one JSON file and one page.

    scripts/gpu_report.py RAW_FOLDER FILE.json        writes FILE.md as well
"""

import json
import pathlib
import sys


def read_lines(path):
    """Lines of fields between tabs."""
    return [line.split("\t") for line in path.read_text().splitlines()] if path.exists() else []


def last_line(path):
    lines = path.read_text(errors="replace").split("\n") if path.exists() else []
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def read_stages(raw):
    """The last result of each stage, with the last line of its log where it is not ok."""
    stages = {}
    for name, seconds, result in read_lines(raw / "stages.txt"):
        said = "" if result == "ok" else last_line(raw / f"{name}.log")
        stages[name] = {"seconds": int(seconds), "result": result, "said": said}
    return stages


def read_tests(raw):
    path = raw / "tests.json"
    if not path.exists():
        return None
    document = json.loads(path.read_text())
    cases = [case for suite in document["testsuites"] for case in suite["testsuite"]]
    return {
        "tests": document["tests"],
        "failed": [f'{c["classname"]}.{c["name"]}' for c in cases if c.get("failures")],
        "skipped": sum(case["result"] == "SKIPPED" for case in cases),
    }


def compare_losses(raw):
    """Where the curves of GPU and CPU are furthest apart."""
    paths = [raw / "loss_cpu.jsonl", raw / "loss_gpu.jsonl"]
    if not all(path.exists() for path in paths):
        return None
    cpu, gpu = ([json.loads(line)["loss"] for line in path.read_text().splitlines()] for path in paths)
    differences = [abs(g - c) / abs(c) for c, g in zip(cpu, gpu, strict=True)]
    worst = max(range(len(differences)), key=differences.__getitem__)
    return {
        "steps": len(differences),
        "largest_relative_difference": differences[worst],
        "at_step": worst + 1,
        "first_loss": cpu[0],
        "last_loss": cpu[-1],
    }


def collect(raw):
    document = {
        "machine": {fields[0]: fields[1] for fields in read_lines(raw / "machine.txt") if fields[1:] and fields[1]},
        "stages": read_stages(raw),
        "tests": read_tests(raw),
        "sanitizer": [dict(zip(("tool", "exit_code", "summary"), fields)) for fields in read_lines(raw / "sanitizer.txt")],
        "loss": compare_losses(raw),
    }
    for path in sorted(raw.glob("*.json")):
        if path.stem != "tests":
            document[path.stem] = json.loads(path.read_text())
    return document


# What the goals are about. Each finds its number in the document; what is missing raises KeyError, TypeError or IndexError.


def entry(table_rows, /, **wanted):
    return next(row for row in table_rows if all(row.get(key) == value for key, value in wanted.items()))


def cube(d, name):
    return entry(d["vectors"]["cubes"], name=name)["tera_operations_per_second"]


def share_of_copy(d, format):
    """At one row, as in generation."""
    return entry(d["vectors"]["vectors"], format=format, rows=1)["share_of_copy"]


def training(d, math):
    return entry(d["training"]["modes"], math=math)["tokens_per_second"]


def peer_training(d, math):
    return d["peer"][f"training {math} compiled"]["tokens_per_second"]


def speed(d, bench, format, test):
    return entry(d[bench]["rows"], format=format, test=test)["tokens_per_s"]


def decode_gain(d, format):
    return speed(d, "bench_large", format, "tg128") / speed(d, "bench_large", "fp32", "tg128")


GOALS = [  # name, goal, unit, value
    ("int8 product 8192^3 with quantize_rows and epilogue", 1200, "TOP/s", lambda d: cube(d, "int8")),
    ("the same against TF32", 3, "x", lambda d: cube(d, "int8") / cube(d, "tf32")),
    ("int8 matrix-vector product, of a copy's bandwidth", 0.75, "", lambda d: share_of_copy(d, "int8")),
    ("int4 matrix-vector product", 0.75, "", lambda d: share_of_copy(d, "int4")),
    ("int8 weight-only matrix-vector product", 0.75, "", lambda d: share_of_copy(d, "int8-weight-only")),
    ("int4 weight-only matrix-vector product", 0.75, "", lambda d: share_of_copy(d, "int4-weight-only")),
    ("GPT-2 124M training, TF32", 215e3, "tokens/s", lambda d: training(d, "tf32")),
    ("the same against PyTorch compiled", 1, "x", lambda d: training(d, "tf32") / peer_training(d, "tf32")),
    ("GPT-2 124M training, FP32", 48e3, "tokens/s", lambda d: training(d, "fp32")),
    ("decode at batch 1, 1.2 billion parameters, int8 against FP32", 3.2, "x", lambda d: decode_gain(d, "int8")),
    ("decode at batch 1, int4 against FP32", 5.5, "x", lambda d: decode_gain(d, "int4")),
    ("prefill of 512 tokens, int8 against FP32", 8, "x",
     lambda d: speed(d, "bench_large", "int8", "pp512") / speed(d, "bench_large", "fp32", "pp512")),
    ("prefill of 512 tokens, int8 against TF32", 1.8, "x",
     lambda d: speed(d, "bench_large_tf32", "int8", "pp512") / speed(d, "bench_large_tf32", "fp32", "pp512")),
    ("loss curves of GPU and CPU, largest relative difference", 1e-3, "at most",
     lambda d: d["loss"]["largest_relative_difference"]),
]


def measured(value, document):
    try:
        return value(document)
    except (KeyError, TypeError, IndexError, StopIteration, ZeroDivisionError):
        return None


def goal_rows(document):
    rows = []
    for name, goal, unit, value in GOALS:
        number = measured(value, document)
        at_most = unit == "at most"
        ratio = None if number is None else (goal / number if at_most and number else number / goal)
        met = None if number is None else (number <= goal if at_most else number >= goal)
        rows.append({"name": name, "goal": goal, "unit": unit, "measured": number, "ratio_to_goal": ratio, "met": met})
    return rows


# The page.


def number(value):
    if value is None or isinstance(value, str):
        return value or "not measured"
    return str(value) if isinstance(value, int) else f"{value:.4g}" if abs(value) < 1e4 else f"{value:,.0f}"


def table(titles, rows):
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join("| " + " | ".join(number(cell) for cell in line) + " |" for line in lines) + "\n"


def rows_of(document, path, columns):
    """The rows of a list in the document as cells."""
    for key in path:
        document = (document or {}).get(key)
    return [[row.get(column, row.get("error", "")) for column in columns] for row in document or []]


def section(title, titles, rows):
    return f"### {title}\n\n" + (table(titles, rows) if rows else "Not measured.\n")


def answers(d):
    """The questions of a first GPU: what libraries and chip do."""
    trial = ["name", "answer", "kernels", "tera_operations_per_second"]
    trials = rows_of(d, ["cublaslt", "trials"], trial)
    launches = d.get("products", {}).get("launches")
    copy = d.get("products", {}).get("copy", {}).get("read_and_written_gb_per_second")
    titles = ["trial", "answer", "kernels", "TOP/s"]
    product = ["name", "form", "type", "tera_operations_per_second"]
    return [
        f"Copy within the device: {number(copy)} GB/s read and written.\n",
        section("a. Products by cuBLASLt", ["shape", "form", "type", "TOP/s"], rows_of(d, ["products", "products"], product)),
        section("b. int8 with few rows, 4096 x 4096", ["rows", "seconds"], rows_of(d, ["products", "few_rows"], ["rows", "seconds"])),
        section("c. Is GELU part of the product? One kernel: yes", titles, [r for r in trials if "int8" not in r[0]]),
        section("d. int8 with FP32 sums", titles, [r for r in trials if "fp32 sums" in r[0]]),
        section("e. int8 results, bias, a factor for each row", titles, [r for r in trials if "int8 to int" in r[0]]),
        section("f. Sums of ones over odd K: elements that are wrong", ["type", "rows", "k", "wrong"],
                rows_of(d, ["products", "all_ones"], ["type", "rows", "k", "wrong"])),
        section("g. Starting 100 empty kernels", ["one by one, s", "as a graph, s"],
                [[launches["eager_seconds"], launches["graph_seconds"]]] if launches else []),
        section("h. Products of few rows, 8192 x 8192, weights out of cache",
                ["format", "rows", "seconds", "with quantize_rows", "GB/s", "of a copy"],
                rows_of(d, ["vectors", "vectors"],
                        ["format", "rows", "seconds", "seconds_with_quantize_rows", "weight_gb_per_second", "share_of_copy"])),
    ]


def training_rows(d):
    rows = []
    for mode in (d.get("training") or {}).get("modes", []):
        phases = mode["phases"]
        rows.append([mode["math"], mode["tokens_per_second"], mode["share_of_peak"], mode["device_memory_gib"],
                     phases["forward_seconds"], phases["backward_seconds"], phases["optimizer_seconds"]])
    return rows


def peer_rows(d):
    rows = []
    for part, value in (d.get("peer") or {}).items():
        if isinstance(value, dict):
            flat = value if part != "products" else {k: v.get("tera_operations_per_second") for k, v in value.items()}
            rows.append([part, ", ".join(f"{key} {number(cell)}" for key, cell in flat.items() if cell is not None)])
    return rows


def bench_rows(d):
    return [[bench, *row] for bench in ("bench_large", "bench_97m", "bench_large_tf32")
            for row in rows_of(d, [bench, "rows"], ["format", "test", "tokens_per_s", "speedup", "gbps", "share_of_limit"])]


def page(d):
    machine = d["machine"]
    dry = "**A dry run without a GPU: it shows that the script works, and measures nothing.**\n\n" if machine.get("dry_run") else ""
    tests = d["tests"] or {"tests": None, "failed": [], "skipped": None}
    loss = d["loss"] or {}
    goals = [[row["name"], f'{number(row["goal"])} {row["unit"]}'.strip(), row["measured"], row["ratio_to_goal"],
              {True: "yes", False: "no", None: ""}[row["met"]] or " "] for row in d["goals"]]
    parts = [
        f'# Speed on a GPU\n\n{dry}Written by `scripts/gpu_check.sh` on {machine.get("date")}, at commit {machine.get("commit")}.\n',
        "".join(f"    {key}: {value}\n" for key, value in machine.items() if key not in ("date", "commit", "dry_run")),
        "## Goals\n\n" + table(["what", "goal", "measured", "ratio to the goal", "met"], goals),
        "## Stages\n\n" + table(["stage", "seconds", "result", "said"],
                                [[name, s["seconds"], s["result"], s["said"].replace("|", "/")[:160] or " "] for name, s in d["stages"].items()]),
        f'Tests: {number(tests["tests"])}, skipped {number(tests["skipped"])}, failed {len(tests["failed"])}'
        + "".join(f"\n- {name}" for name in tests["failed"]) + "\n",
        "".join(f'{row["tool"]}: exit code {row["exit_code"]}, {row.get("summary") or "no summary"}\n\n' for row in d["sanitizer"]),
        "## Training\n\nGPT-2 124M, batch " + number((d.get("training") or {}).get("batch")) + ".\n\n"
        + table(["math", "tokens/s", "of measured peak", "GiB", "forward s", "backward s", "optimizer s"], training_rows(d)),
        f'Loss on GPU and CPU: {number(loss.get("largest_relative_difference"))} apart at most, at step '
        f'{number(loss.get("at_step"))} of {number(loss.get("steps"))}.\n',
        "## Whole models\n\n" + table(["run", "format", "test", "tokens/s", "speedup", "GB/s", "of limit"], bench_rows(d)),
        section("Products of many rows, 8192^3", ["operation", "seconds", "TOP/s"],
                rows_of(d, ["vectors", "cubes"], ["name", "seconds", "tera_operations_per_second"])),
        "## PyTorch\n\n" + table(["part", "result"], peer_rows(d)),
        "## What libraries and chip do\n", *answers(d),
    ]
    return "\n".join(part for part in parts if part)


def main():
    raw, file = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    document = collect(raw)
    document["goals"] = goal_rows(document)
    file.write_text(json.dumps(document, indent=2) + "\n")
    file.with_suffix(".md").write_text(page(document))


if __name__ == "__main__":
    main()
