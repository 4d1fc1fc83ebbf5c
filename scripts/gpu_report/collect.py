"""The raw results of gpu_check.sh as one document. What is missing, cut off or broken is told in it, and never an error."""

import json
import re

import profile_csv


def read_text(path):
    return path.read_text(errors="replace") if path.exists() else ""


def read_lines(path):
    """Lines of fields between tabs."""
    return [line.split("\t") for line in read_text(path).splitlines()]


def last_line(path):
    return next((line.strip() for line in reversed(read_text(path).splitlines()) if line.strip()), "")


def read_stages(raw):
    """The last result of each stage, with the last line of its log where it is not ok."""
    stages = {}
    for fields in read_lines(raw / "stages.txt"):
        if len(fields) == 3:
            name, seconds, result = fields
            said = "" if result == "ok" else last_line(raw / f"{name}.log")
            stages[name] = {"seconds": int(seconds), "result": result, "said": said}
    return stages


TEST_LINE = re.compile(r"^\[ *(RUN|OK|FAILED|SKIPPED) *\] ([\w/]+\.[\w/]+)(?:,.*)?(?: \(\d+ ms\))?$")


def read_suite_log(path):
    """Tests by what became of them. One that began and did not end is what the process died or hung in."""
    states = {}
    for line in read_text(path).splitlines():
        if match := TEST_LINE.match(line):
            states[match[2]] = match[1].lower()
    return states


def read_suites(raw, name):
    """Tests of one process for each suite: {"tests", "passed", "skipped", "failed", "unfinished", "died"}. None where none ran."""
    folder = raw / name
    if not folder.is_dir():
        return None
    states = {}
    for log in sorted(folder.glob("*.log")):
        states |= read_suite_log(log)
    codes = {fields[0]: int(fields[1]) for fields in read_lines(raw / f"{name}.txt") if len(fields) == 3}

    def of(state):
        return sorted(test for test, found in states.items() if found == state)

    suites = {log.stem for log in folder.glob("*.log")}
    return {
        "tests": len(states),
        "passed": len(of("ok")),
        "skipped": len(of("skipped")),
        "failed": of("failed"),
        "unfinished": of("run"),
        # Codes above 1 are no answer of GoogleTest: a signal, a time limit, a finding of a sanitizer.
        "died": {suite: code for suite, code in sorted(codes.items()) if code > 1},
        "cut_off": sorted(suites - {suite.replace("/", "_") for suite in codes}),
    }


def read_losses(path):
    losses = []
    for line in read_text(path).splitlines():
        try:
            losses.append(json.loads(line)["loss"])
        except (ValueError, KeyError):
            break  # the last line of a run that was cut off
    return losses


def compare_losses(raw):
    """Where the curves of GPU and CPU are furthest apart."""
    cpu, gpu = (read_losses(raw / f"loss_{name}.jsonl") for name in ("cpu", "gpu"))
    if not cpu or len(cpu) != len(gpu):
        return None
    differences = [abs(g - c) / abs(c) for c, g in zip(cpu, gpu)]
    worst = max(range(len(differences)), key=differences.__getitem__)
    return {
        "steps": len(differences),
        "largest_relative_difference": differences[worst],
        "at_step": worst + 1,
        "first_loss": cpu[0],
        "last_loss": cpu[-1],
    }


def read_documents(raw, document):
    """Every NAME.json as document[NAME]. One that is no JSON is listed under "unreadable"."""
    document["unreadable"] = []
    for path in sorted(raw.glob("*.json")):
        try:
            document[path.stem] = json.loads(path.read_text(errors="replace"))
        except ValueError as error:
            document["unreadable"].append(f"{path.name}: {error}")
    for path in sorted(raw.glob("*.part")):
        document["unreadable"].append(f"{path.name}: the program did not end")


def seconds_of(row):
    """The time that a row of a document tells, where it does: of a token, where it tells how many there are in a second."""
    if row.get("tokens_per_s"):
        return 1 / row["tokens_per_s"]
    return row.get("seconds", row.get("step_seconds"))


def timed_rows(document):
    """{what a row says of itself: seconds} of every list of rows with a time in a document."""
    return {", ".join(f"{key} {row[key]}" for key in ("name", "form", "type", "format", "test", "math", "rows") if key in row):
            seconds_of(row)
            for rows in document.values() if isinstance(rows, list)
            for row in rows if isinstance(row, dict) and seconds_of(row) is not None}


def compare_switches(raw, document):
    """Each line of switches.txt: the same rows with the variable and without."""
    switches = []
    for index, line in (fields for fields in read_lines(raw / "switches.txt") if len(fields) == 2):
        with_it, without = (timed_rows(document.get(f"switch_{index}_{name}") or {}) for name in ("with", "without"))
        switches.append({"switch": line, "rows": [{"what": what, "seconds": with_it[what], "seconds_without": without[what]}
                                                  for what in with_it if what in without]})
    return switches


def collect(raw):
    document = {
        "machine": {fields[0]: fields[1] for fields in read_lines(raw / "machine.txt") if fields[1:] and fields[1]},
        "stages": read_stages(raw),
        "tests": read_suites(raw, "tests"),
        "memcheck": read_suites(raw, "memcheck"),
        "racecheck": read_suites(raw, "racecheck"),
        "loss": compare_losses(raw),
        "ladder": read_text(raw / "ladder.txt"),
        "profiles": {path.stem.removeprefix("profile_"): profile_csv.read(read_text(path))
                     for path in sorted(raw.glob("profile_*.csv"))},
    }
    read_documents(raw, document)
    document["switches"] = compare_switches(raw, document)
    return document
