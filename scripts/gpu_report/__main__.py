"""The raw results of gpu_check.sh as one JSON file and one page.

    python3 scripts/gpu_report RAW_FOLDER FILE.json    writes FILE.md as well
    python3 scripts/gpu_report --table FILE.json       prints the figures to reach beside what was measured
"""

import json
import os
import pathlib
import sys
import traceback

import collect
import figures
import page


def write(path, text):
    """Whole or not at all: the run may be cut off."""
    part = path.with_name(f".{path.name}.part")
    part.write_text(text)
    os.replace(part, path)


def page_of(document):
    """A program that was cut off or broken may leave a document of another form: the JSON has it all the same."""
    try:
        return page.page(document)
    except Exception:
        return "The page could not be made of these results:\n\n" + traceback.format_exc()


def main():
    if sys.argv[1] == "--table":
        print(page.figures_table(json.loads(pathlib.Path(sys.argv[2]).read_text())))
        return
    raw, file = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    document = collect.collect(raw)
    document["figures"] = figures.judge_all(document)
    write(file, json.dumps(document, indent=2) + "\n")
    write(file.with_suffix(".md"), page_of(document))


if __name__ == "__main__":
    main()
