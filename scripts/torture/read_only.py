"""Folders that cannot be written: refused with the reason, and nothing changed; what only reads works."""

import os
import shutil

from octet import RUN
from small_disk import can_mount, mount, unmount

READERS = (["inspect"], ["generate", "--prompt", "The", "--tokens", "3"])


class Mounted:
    """The run folder on a disk that can only be read."""

    reason = "Read-only file system"

    def __init__(self, run):
        self.run = run
        mount("--bind", str(run), str(run))
        mount("-o", "remount,bind,ro", str(run))

    def close(self):
        unmount(self.run)


class Forbidden:
    """The run folder without permission to write, which says nothing to root."""

    reason = "Permission denied"

    def __init__(self, run):
        self.folders = [run, *(path for path in run.rglob("*") if path.is_dir())]
        self._set(0o555)

    def close(self):
        self._set(0o755)

    def _set(self, mode):
        for folder in self.folders:
            folder.chmod(mode)


def snapshot(folder):
    """Names, sizes and times of everything in it."""
    return {path: (path.lstat().st_size, path.lstat().st_mtime_ns) for path in [folder, *folder.rglob("*")]}


def readers_fail(octet, folder):
    """What only reads needs nothing that can be written."""
    results = {verb[0]: octet.run(folder, [*verb, f"{RUN}/checkpoints/last"]) for verb in READERS}
    return [f"octet {verb}, which only reads, ended with {result.code}: {result.err}"
            for verb, result in results.items() if result.code != 0]


def trial(octet, scenario, folder, tally, kind):
    tally.trial()
    scenario.place(folder)
    run = folder / RUN
    run.mkdir(exist_ok=True)
    before = snapshot(run)
    forbidden = kind(run)
    try:
        result = octet.run(folder, scenario.arguments)
        tally.hits += result.code != 0
        problems = []
        if result.code != 1 or result.err.count("error: ") != 1 or RUN not in result.err or kind.reason not in result.err:
            problems.append(f"ended with {result.code}: {result.err}")
        if snapshot(run) != before:
            problems.append("something changed")
        if (run / "checkpoints/last").exists():
            problems += readers_fail(octet, folder)
    finally:
        forbidden.close()
    tally.judge(folder, scenario.name, problems)
    shutil.rmtree(folder)


def phase(octet, reference, scenarios, folder, tally, wanted):
    del reference, wanted
    kinds = [Mounted] if can_mount() else []
    if os.geteuid() != 0:
        kinds.append(Forbidden)
    tally.note(", ".join(kind.reason for kind in kinds) or "left out: root without the right to mount")
    for kind in kinds:
        for scenario in scenarios.values():
            if tally.trials and not tally.more():
                return
            trial(octet, scenario, folder, tally, kind)
