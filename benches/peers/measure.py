"""What the parts of a bench share: how something is run and measured, and how figures are shown."""
import os
import pathlib
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
WORK = ROOT / "target" / "peers"


def run(command, cpus=None, **more):
    """Processor seconds, wall seconds and most KiB of one run."""
    # Results that stand in their place already are read before they are replaced: a first check has none.
    if "--results" in command:
        pathlib.Path(command[command.index("--results") + 1]).unlink(missing_ok=True)
    begun = time.monotonic()
    pin = (lambda: os.sched_setaffinity(0, cpus)) if cpus else None
    child = subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, preexec_fn=pin, **more)
    said = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    # A check of a file with rows to be mended ends in 1.
    if child.returncode not in (0, 1):
        sys.exit(f"{command}: {child.returncode}\n{said.decode(errors='replace')}")
    return usage.ru_utime + usage.ru_stime, time.monotonic() - begun, usage.ru_maxrss


def medians(commands, rounds, cpus=None):
    """The medians of each command, all run in turn."""
    taken = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            taken[name].append(run(command, cpus))
    return {name: [statistics.median(column) for column in zip(*runs)] for name, runs in taken.items()}


def table(title, measured, floor, rows):
    print(f"\n{title}\n")
    print("| program | processor time | a row | of the floor | wall time | most memory |")
    print("| --- | --- | --- | --- | --- | --- |")
    least = measured[floor][0]
    for name, (cpu, wall, memory) in measured.items():
        print(f"| {name} | {cpu:.2f} s | {cpu / rows * 1e6:.1f} us | {cpu / least:.2f} | {wall:.2f} s | {memory / 1024:.0f} MiB |")


def needs(rolo):
    """The yardsticks, their environment, and rolo."""
    WORK.mkdir(parents=True, exist_ok=True)
    if rolo is None:
        # As packages hold it.
        subprocess.run(["cargo", "build", "--profile", "dist", "--locked", "--bin", "rolo"], cwd=ROOT, check=True)
        rolo = ROOT / "target" / "dist" / "rolo"
    environment = {**os.environ, "CARGO_TARGET_DIR": str(WORK / "rust")}
    subprocess.run(["cargo", "build", "--release", "--locked"], cwd=HERE / "rust", check=True, env=environment)
    python = WORK / "venv" / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", WORK / "venv"], check=True)
        packages = ["phonenumbers", "email-validator", "aiohttp", "openpyxl"]
        subprocess.run([python, "-m", "pip", "install", "--quiet", *packages], check=True)
    return rolo, WORK / "rust" / "release", python
