"""scripts/torture.sh: see there."""

import argparse
import pathlib
import shutil
import signal
import sys
import tempfile
import time

import full_disk
import kills
import read_only
import together
from end_state import Reference
from octet import Octet
from sample import write_sample
from scenarios import make_scenarios
from tally import HEADER, Tally

# Each with its share of --seconds and its number of trials, or hits, for 1000 kills.
PHASES = {"kills": (kills.phase, 0.4, 1000), "no exchange": (kills.phase_without_exchange, 0.1, 200),
          "full disk": (full_disk.phase, 0.2, 200), "read only": (read_only.phase, 0.1, 1),
          "together": (together.phase, 0.2, 200)}


def read_options():
    parser = argparse.ArgumentParser(prog="scripts/torture.sh", description="ends octet in every bad way there is")
    parser.add_argument("--kills", type=int, default=1000, help="how many; the other phases follow (default 1000)")
    parser.add_argument("--seconds", type=float, default=0, help="about as long at most (default: no limit)")
    parser.add_argument("--seed", type=int, help="of all random choices (default: another each time)")
    parser.add_argument("--binary", default="build/release/octet", help="default: build/release/octet")
    parser.add_argument("--work", help="a folder to work in, for its file system (default: that of temporary files)")
    parser.add_argument("--only", choices=[name.replace(" ", "-") for name in PHASES], help="one phase")
    parser.add_argument("--keep", action="store_true", help="keep the folders of trials that fail")
    options = parser.parse_args()
    if options.seed is None:
        options.seed = int(time.time())
    return options


def run_phases(options, work):
    begin = time.monotonic()
    octet = Octet(options.binary)
    folder = work / "reference"
    folder.mkdir()
    write_sample(folder)
    reference = Reference(octet, folder)
    scenarios = make_scenarios(octet, folder)
    tallies = []
    left = max(1.0, options.seconds - (time.monotonic() - begin)) if options.seconds else 0
    for name, (phase, share, count) in PHASES.items():
        if options.only in (None, name.replace(" ", "-")):
            tallies.append(Tally(name, options, left * (1 if options.only else share)))
            phase(octet, reference, scenarios, work / "trial", tallies[-1], max(1, count * options.kills // 1000))
    return tallies


def main():
    options = read_options()
    # A handler of Python's own, so that children begin with the default one even where a shell in the background has them ignored.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(130))
    work = pathlib.Path(tempfile.mkdtemp(prefix="torture-", dir=options.work))
    print(f"seed {options.seed}, in {work}", flush=True)
    tallies = []
    try:
        tallies = run_phases(options, work)
    finally:
        if not options.keep:
            shutil.rmtree(work, ignore_errors=True)
    print(HEADER)
    for tally in tallies:
        print(tally.row())
    return 1 if any(tally.failures for tally in tallies) else 0


sys.exit(main())
