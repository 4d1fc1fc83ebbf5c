"""Disks that are full at any moment of a command, which goes on once there is room. Charts may be left out with a notice."""

import shutil

from octet import RUN
from small_disk import FileSizeLimit, MountedDisk, can_mount


def shrink(disk, scenario, rng):
    """Leaves less room than the command needs; now and then just enough."""
    if isinstance(disk, MountedDisk) and rng.random() < 0.25:
        count = scenario.files_before + rng.randint(2, 10 + scenario.new_files)
        return f"{count} files" if disk.shrink(files=count) else None
    first = scenario.kibibytes_before if isinstance(disk, MountedDisk) else 0
    room = first + rng.randrange(0, 100 + scenario.new_kibibytes, 4)
    return f"{room} KiB" if disk.shrink(kibibytes=room) else None


def trial(octet, reference, scenario, folder, tally, kind):
    rng = tally.trial()
    disk = kind(folder / RUN)
    try:
        scenario.place(folder)
        watched = scenario.watch(reference, folder)
        watched.problems()
        room = shrink(disk, scenario, rng)
        result = octet.run(folder, scenario.arguments, limit=disk.limit())
        tally.hits += result.code != 0
        problems = watched.problems()
        if result.code != 0 and not (result.code == 1 and names_path_and_reason(result.err, disk)):
            problems.append(f"ended with {result.code}: {result.err}")
        disk.grow()
        if not problems:
            result = octet.run(folder, scenario.arguments)
            if result.code != 0:
                problems.append(f"did not go on: ended with {result.code}: {result.err}")
            problems += watched.problems() + scenario.problems_at_end(folder)
        tally.judge(folder, f"{scenario.name}, room for {room}", problems)
    finally:
        disk.close()
        shutil.rmtree(folder, ignore_errors=True)


def names_path_and_reason(message, disk):
    """One message, with a path in the run folder."""
    return (message.count("error: ") == 1 and f"{RUN}/" in message
            and any(reason in message for reason in disk.reasons))


def phase(octet, reference, scenarios, folder, tally, wanted):
    kind = MountedDisk if can_mount() else FileSizeLimit
    tally.note("a small disk" if kind is MountedDisk else "no mount allowed: a limit on the size of files")
    names = list(scenarios)
    while tally.trials < wanted and tally.more():
        name = names[tally.trials % len(names)]
        trial(octet, reference, scenarios[name], folder, tally, kind)
