"""Commands with the folder that each starts from and the one that it must leave."""

import shutil
import time

from end_state import Watched, differences, end_of
from octet import RUN
from sample import write_sample

RUN_ANEW = ["run", "tiny.yaml", "--out", RUN]
TRAIN_ANEW = ["train", "tiny.yaml", "--out", RUN]


def kibibytes_in(folder):
    """In blocks of 4 KiB; files with several names once."""
    files = {path.stat().st_ino: path.stat().st_size for path in folder.rglob("*") if path.is_file()}
    return sum((size + 4095) // 4096 * 4 for size in files.values())


def files_in(folder):
    return sum(1 for _ in folder.rglob("*"))


class Scenario:
    def __init__(self, name, arguments, start, monotone=True):
        self.name, self.arguments, self.start, self.monotone = name, arguments, start, monotone
        self.end, self.seconds = None, 0.0
        self.kibibytes_before, self.files_before, self.new_kibibytes, self.new_files = 0, 0, 0, 0

    def place(self, folder):
        """Makes `folder` the state from which the command starts. Its run folder stays: it may be a small disk."""
        folder.mkdir(exist_ok=True)
        write_sample(folder)
        run = folder / RUN
        for path in run.iterdir() if run.exists() else ():
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        if self.start is not None:
            shutil.copytree(self.start, run, dirs_exist_ok=True)

    def watch(self, reference, folder):
        return Watched(reference, folder / RUN, self.monotone)

    def problems_at_end(self, folder):
        return differences(end_of(folder / RUN), self.end)

    def measure(self, octet, folder):
        """Runs the command without a blow, for its end and its time."""
        self.place(folder)
        run = folder / RUN
        self.kibibytes_before, self.files_before = kibibytes_in(run), files_in(run)
        begin = time.monotonic()
        result = octet.run(folder, self.arguments)
        self.seconds = time.monotonic() - begin
        if result.code != 0:
            raise SystemExit(f"error: torture: {self.name}, uninterrupted, ended with {result.code}: {result.err}")
        self.end = end_of(run)
        self.new_kibibytes = max(0, kibibytes_in(run) - self.kibibytes_before)
        self.new_files = max(0, files_in(run) - self.files_before)


def make_scenarios(octet, folder):
    """Each stage with nothing there, and again on a finished run."""
    snapshots = {"nothing": None}

    def add(name, arguments, start, leaves=None, monotone=True):
        scenario = Scenario(name, arguments, snapshots[start], monotone)
        place = folder / "scenario"
        if place.exists():
            shutil.rmtree(place)
        scenario.measure(octet, place)
        if leaves:
            snapshots[leaves] = folder / f"snapshot-{leaves}"
            shutil.copytree(place / RUN, snapshots[leaves])
        scenarios.append(scenario)

    scenarios = []
    add("run", RUN_ANEW, "nothing", leaves="finished")
    add("train", TRAIN_ANEW, "nothing", leaves="trained")
    add("quantize", ["quantize", RUN], "trained", leaves="quantized")
    add("eval", ["eval", RUN], "quantized", leaves="evaluated")
    add("report", ["report", RUN], "evaluated")
    add("run again", ["run", RUN], "finished")
    add("train again", ["train", RUN, "train.resume=never"], "trained", monotone=False)
    add("quantize again", ["quantize", RUN], "finished")
    add("eval again", ["eval", RUN], "finished")
    add("report again", ["report", RUN], "finished")
    return {scenario.name: scenario for scenario in scenarios}
