"""Kills at random moments, several in a row, and now and then a signal that a program may answer."""

import shutil
import signal
import subprocess
import time

from octet import GENTLE, RUN, wait_for_save, wait_until

MOST_BLOWS = 6
# `octet run` goes through all stages, so it is tried most.
WEIGHTS = {"run": 10, "train": 4, "run again": 2}
GENTLE_SHARE = 0.1
SAVES = {"run": 30, "train": 20}  # about as many things as a command writes
LONGEST_SAVE = 0.003
# Some file systems cannot exchange two folders in one step. Here the call fails as it does there.
WITHOUT_EXCHANGE = ["strace", "-qqf", "--seccomp-bpf", "-o", "/dev/null", "-e", "trace=renameat2",
                    "-e", "inject=renameat2:error=EINVAL"]


def blow(process, scenario, run, rng):
    """Ends the process at a random moment, or lets it end. True where the blow fell on a running process."""
    if rng.random() < GENTLE_SHARE:
        number = rng.choice(GENTLE)
        # Before the program has begun, it cannot answer.
        wait_until(lambda: process.catches(signal.SIGINT), process)
    else:
        number = signal.SIGKILL
    if rng.random() < 0.5:
        wait_for_save(process, run, rng.randint(1, SAVES.get(scenario.name, 6)))
        time.sleep(rng.uniform(0.0, LONGEST_SAVE))
    else:
        time.sleep(rng.uniform(0.0, 1.05 * scenario.seconds))
    return number, process.send(number)


def problems_of_exit(number, result):
    """Killed, or finished before; with a gentle signal, said so and ended with 130."""
    if result.code == 0 or (number == signal.SIGKILL and result.code == -signal.SIGKILL):
        return []
    if number in GENTLE and result.code == 130 and "interrupted" in result.err:
        return []
    return [f"ended with {result.code} after signal {int(number)}: {result.err}"]


def trial(octet, reference, scenario, folder, tally, before=()):
    """Some blows, each followed by the same command; then that command to its end."""
    rng = tally.trial()
    if folder.exists():
        shutil.rmtree(folder)
    scenario.place(folder)
    watched = scenario.watch(reference, folder)
    problems = watched.problems()
    for count in range(rng.randint(1, MOST_BLOWS)):
        process = octet.start(folder, scenario.arguments, before)
        number, hit = blow(process, scenario, folder / RUN, rng)
        result = process.wait()
        tally.hits += hit and result.code != 0
        problems += problems_of_exit(number, result) + watched.problems()
        if problems or result.code == 0:
            break
    if not problems:
        result = octet.run(folder, scenario.arguments, before=before)
        if result.code != 0:
            problems.append(f"did not go on: ended with {result.code}: {result.err}")
        problems += watched.problems() + scenario.problems_at_end(folder)
    tally.judge(folder, f"{scenario.name}, after {count + 1} blows", problems)


def phase(octet, reference, scenarios, folder, tally, wanted):
    names = [name for name in scenarios for _ in range(WEIGHTS.get(name, 1))]
    while tally.hits < wanted and tally.more():
        # The names in turn, so that a short form sees each of them.
        name = names[tally.trials * 7 % len(names)]
        trial(octet, reference, scenarios[name], folder, tally)


def phase_without_exchange(octet, reference, scenarios, folder, tally, wanted):
    if shutil.which("strace") is None or subprocess.run([*WITHOUT_EXCHANGE, "true"]).returncode != 0:
        tally.note("left out: needs strace")
        return
    names = ("run again", "quantize again", "run", "train")
    while tally.hits < wanted and tally.more():
        trial(octet, reference, scenarios[names[tally.trials % len(names)]], folder, tally, WITHOUT_EXCHANGE)
