"""The document as a page in Markdown, and its figures as a table for a terminal."""


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
    for name in ("training_tf32", "training_fp32", "training_bf16"):
        run = d.get(name) or {}
        for mode in run.get("modes", []):
            phases = mode["phases"]
            rows.append([mode["math"], run.get("batch"), mode["tokens_per_second"], mode["share_of_peak"], mode["device_memory_gib"],
                         phases["forward_seconds"], phases["backward_seconds"], phases["optimizer_seconds"]])
    return rows


def peer_rows(d):
    rows = []
    for part, value in (d.get("peer") or {}).items():
        if isinstance(value, dict):
            cells = [(key, cell) for key, cell in value.items() if cell is not None]
            cells = [(f"{key} {inner}" if isinstance(cell, dict) else key, found)
                     for key, cell in cells for inner, found in (cell.items() if isinstance(cell, dict) else [("", cell)])]
            rows.append([part, ", ".join(f"{key} {number(cell)}" for key, cell in cells)])
    return rows


def bench_rows(d):
    return [[bench, *row] for bench in ("bench_4", "bench_1", "bench_tf32_4", "bench_tf32_1")
            for row in rows_of(d, [bench, "rows"], ["format", "test", "tokens_per_s", "speedup", "gbps", "share_of_limit"])]


MOST_KERNELS = 25  # of a profile on the page; the JSON has all


def profile_section(name, kernels):
    """Kernels by the time they take; the copy's bandwidth, measured apart, is what GB/s is to be compared with."""
    seconds = sum(kernel["seconds"] for kernel in kernels)
    if not seconds:
        return f"### {name}\n\nNot measured.\n"
    rows = [[kernel["kernel"].replace("|", "/"), kernel["launches"], 1e6 * kernel["seconds"], kernel["seconds"] / seconds,
             None if kernel["bytes"] is None else 1e-6 * kernel["bytes"],
             None if kernel["bytes"] is None else 1e-9 * kernel["bytes"] / kernel["seconds"]]
            for kernel in kernels[:MOST_KERNELS] if kernel["seconds"]]
    launches = sum(kernel["launches"] for kernel in kernels)
    return (f"### {name}\n\n{launches} kernels, {1e6 * seconds:,.0f} microseconds in them.\n\n"
            + table(["kernel", "launches", "microseconds", "share", "MB", "GB/s"], rows))


def tests_line(name, suites):
    if not suites:
        return f"{name}: not run.\n"
    died = "".join(f"\n- {suite}: process ended with code {code}" for suite, code in suites["died"].items())
    died += "".join(f"\n- {suite}: no time to end" for suite in suites["cut_off"])
    return (f'{name}: {suites["tests"]} tests, {suites["passed"]} passed, {suites["skipped"]} skipped, {len(suites["failed"])} failed, '
            f'{len(suites["unfinished"])} did not end.' + "".join(f"\n- failed: {test}" for test in suites["failed"])
            + "".join(f"\n- did not end: {test}" for test in suites["unfinished"]) + died + "\n")


def switch_sections(d):
    return [section(f'`{switch["switch"]}`', ["what", "seconds with it", "without", "without / with"],
                    [[row["what"], row["seconds"], row["seconds_without"], row["seconds_without"] / row["seconds"]] for row in switch["rows"]])
            for switch in d["switches"]]


def errors_of(d):
    """What programs said of sections that failed."""
    lines = [f'- {name}, {error["section"]}: {error["message"]}'.replace("\n", " ")[:300] for name, part in d.items()
             if isinstance(part, dict) for error in part.get("errors") or []]
    lines += [f"- {line}" for line in d["unreadable"]]
    return "Errors:\n\n" + "\n".join(lines) + "\n" if lines else ""


def page(d):
    machine = d["machine"]
    dry = "**A dry run without a GPU: it shows that the script works, and measures nothing.**\n\n" if machine.get("dry_run") else ""
    loss = d["loss"] or {}
    figures = [[f["name"], f'{number(f["goal"])} {f["unit"]}'.strip() + (f' ({f["card"]})' if f["card"] else ""), f["measured"],
                f["status"]] for f in d["figures"]]
    parts = [
        f'# Speed on a GPU\n\n{dry}Written by `scripts/gpu_check.sh` on {machine.get("date")}, at commit {machine.get("commit")}.\n',
        "".join(f"    {key}: {value}\n" for key, value in machine.items() if key not in ("date", "commit", "dry_run")),
        "## Figures to reach\n\n" + table(["what", "reach", "measured", "status"], figures),
        "## Stages\n\n" + table(["stage", "seconds", "result", "said"],
                                [[name, s["seconds"], s["result"], s["said"].replace("|", "/")[:160] or " "]
                                 for name, s in d["stages"].items()]),
        errors_of(d),
        *(tests_line(title, d[name]) for title, name in (("Tests", "tests"), ("compute-sanitizer, memory", "memcheck"),
                                                         ("compute-sanitizer, races", "racecheck"))),
        "## Training\n\nGPT-2 124M.\n\n"
        + table(["math", "batch", "tokens/s", "of measured peak", "GiB", "forward s", "backward s", "optimizer s"], training_rows(d)),
        f'Loss on GPU and CPU: {number(loss["largest_relative_difference"])} apart at most, at step {loss["at_step"]} of '
        f'{loss["steps"]}.\n' if loss else "Loss on GPU and CPU: not measured.\n",
        "## Models of 4 and 1 layers, 2048 wide\n\n"
        + table(["run", "format", "test", "tokens/s", "speedup", "GB/s", "of limit"], bench_rows(d)),
        section("Products of many rows, 8192^3", ["operation", "seconds", "TOP/s"],
                rows_of(d, ["vectors", "cubes"], ["name", "seconds", "tera_operations_per_second"])),
        "## Ladder\n\n" + (d["ladder"] or "Not run.\n"),
        "## Switches\n", *switch_sections(d),
        "## Kernels\n", *(profile_section(name, kernels) for name, kernels in d["profiles"].items()),
        "## PyTorch\n\n" + table(["part", "result"], peer_rows(d)),
        "## What libraries and chip do\n", *answers(d),
    ]
    return "\n".join(part for part in parts if part)


def figures_table(d):
    """For a terminal: the last thing that the check says."""
    rows = [["what", "reach", "measured", ""]]
    rows += [[f["name"], f'{number(f["goal"])} {f["unit"]}'.strip() + (f' ({f["card"]})' if f["card"] else ""),
              number(f["measured"]) if f["measured"] is not None else "", f["status"]] for f in d["figures"]]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
    tests = d["tests"]
    if tests:
        lines.append(f'tests: {tests["passed"]} of {tests["tests"]} passed, {tests["skipped"]} skipped, {len(tests["failed"])} failed, '
                     f'{len(tests["unfinished"])} did not end')
    counts = {status: sum(f["status"] == status for f in d["figures"]) for status in ("PASS", "MISS", "no goal", "not measured")}
    lines.append(", ".join(f"{count} {status}" for status, count in counts.items()))
    return "\n".join(lines)
