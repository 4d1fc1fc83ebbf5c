"""Kernels in the CSV of a profiler: Nsight Compute's, one line a launch (or one a launch and metric), or the summary of Nsight Systems."""

import csv
import re

TIME, READ, WRITTEN = "gpu__time_duration.sum", "dram__bytes_read.sum", "dram__bytes_write.sum"


def number(text):
    try:
        return float(text.replace(",", ""))
    except ValueError:
        return 0.0


def short_name(name):
    """Without arguments, return type, name spaces and the values of templates that are long."""
    name = re.sub(r"\(anonymous namespace\)::|octet::cuda::|octet::", "", name)
    name = name.split("(")[0] if not name.startswith("(") else name
    name = name.removeprefix("void ").strip()
    return name if len(name) <= 70 else name[:67] + "..."


def table_in(text):
    """The rows behind the line that begins the table: profilers print other lines before it, and programs their own."""
    lines = text.splitlines()
    for index, line in enumerate(lines):
        if line.startswith('"ID"') or line.startswith("Time (%)"):
            return list(csv.DictReader(line for line in lines[index:] if line and not line.startswith("==")))
    return []


def launches_of(rows):
    """(name, seconds, bytes) of each launch. Times in nanoseconds and bytes, as --print-units base says."""
    if "Metric Name" in rows[0]:
        values = {}
        for row in rows:
            values.setdefault((row["ID"], row["Kernel Name"]), {})[row["Metric Name"]] = number(row["Metric Value"])
        found = [(name, metrics) for (_, name), metrics in values.items()]
    else:  # the line of units has no ID
        found = [(row["Kernel Name"], {key: number(row.get(key) or "") for key in (TIME, READ, WRITTEN)}) for row in rows if row["ID"]]
    return [(name, 1e-9 * m.get(TIME, 0), m.get(READ, 0) + m.get(WRITTEN, 0)) for name, m in found]


def read(text):
    """[{"kernel", "launches", "seconds", "bytes"}], the longest first; bytes None where only times are known."""
    rows = table_in(text)
    if not rows:
        return []
    kernels = {}
    if "Total Time (ns)" in rows[0]:
        for row in rows:
            name = short_name(row["Name"])
            kernels[name] = {"kernel": name, "launches": int(number(row["Instances"])),
                             "seconds": 1e-9 * number(row["Total Time (ns)"]), "bytes": None}
    else:
        for name, seconds, moved in launches_of(rows):
            kernel = kernels.setdefault(short_name(name), {"kernel": short_name(name), "launches": 0, "seconds": 0.0, "bytes": 0.0})
            kernel["launches"] += 1
            kernel["seconds"] += seconds
            kernel["bytes"] += moved
    return sorted(kernels.values(), key=lambda kernel: -kernel["seconds"])
