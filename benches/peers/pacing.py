"""The part of a bench that takes its time: how much of a quota is used, and whether a call is refused.

Imports into a service of five calls a second, which `limited.py` plays before `rolo sandbox`, until they are stopped;
by one process, and by two that share a ledger. All of them run side by side: they wait, and hardly compute.
"""
import json
import pathlib
import shutil
import signal
import subprocess
import time

from measure import HERE, WORK
from sending import ENV

KINDS = ["fixed", "sliding", "bucket"]
JITTER = 20
LIMIT = 5

ACCOUNT = """[accounts.peer]
service = "respondio"
base_url = "{address}/respondio"
token = {{ env = "TOKEN" }}
"""


class Paced:
    """A limited service, and one or two processes that import into it."""

    def __init__(self, rolo, python, kind, processes, seconds):
        self.kind, self.processes = kind, processes
        self.folder = WORK / "pacing" / f"{kind}-{processes}"
        shutil.rmtree(self.folder, ignore_errors=True)
        state = self.folder / "state"
        state.mkdir(parents=True, mode=0o700)
        server = [rolo, "sandbox", "--listen", "127.0.0.1:0", "--memory", "--unthrottled", "--state-dir", self.folder / "server"]
        self.server = self.start(server)
        passed_to = self.first_line(self.server)
        self.limited = self.start([python, HERE / "python" / "limited.py", kind, passed_to, JITTER])
        config = self.folder / "rolo.toml"
        config.write_text(ACCOUNT.format(address=self.first_line(self.limited)), encoding="utf-8")
        self.imports = []
        for number in range(processes):
            path = self.people(number, seconds * LIMIT * 2)
            given = ["--config", config, "--state-dir", state, "--results", self.folder / f"{number}.csv", "--yes", "--quiet"]
            self.imports.append(self.start([rolo, "import", path, "--to", "peer", *given]))

    def start(self, command):
        words = [str(word) for word in command]
        return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=ENV)

    def first_line(self, child):
        return next(word for word in child.stdout.readline().decode().split() if word.startswith("http"))

    def people(self, number, rows):
        path = self.folder / f"people-{number}.csv"
        with open(path, "w", encoding="utf-8") as out:
            out.write("first_name,phone\n")
            out.writelines(f"Ann,+4915{number}{row:08}\n" for row in range(rows))
        return path

    def stop(self):
        for process in self.imports:
            process.send_signal(signal.SIGINT)
        codes = [process.wait() for process in self.imports]
        self.limited.terminate()
        counted = json.loads(self.limited.communicate()[0].decode().splitlines()[-1])
        self.server.terminate()
        self.server.wait()
        return codes, counted


def pacing(rolo, python, minutes):
    """Every kind of counting, with one process and with two."""
    seconds = round(minutes * 60)
    running = [Paced(pathlib.Path(rolo), python, kind, processes, seconds) for kind in KINDS for processes in [1, 2]]
    time.sleep(seconds)
    print(f"\nFive calls a second, {minutes:g} minutes, calls up to {JITTER} ms late\n")
    print("| counted by | processes | calls | of the limit (bar 0.97) | refused (bar 0) |\n| --- | --- | --- | --- | --- |")
    for paced in running:
        codes, counted = paced.stop()
        share = (counted["calls"] - counted["refused"]) / (counted["seconds"] * LIMIT)
        ended = "" if all(code == 4 for code in codes) else f", ended with {codes}"
        print(f"| {paced.kind} | {paced.processes}{ended} | {counted['calls']:,} | {share:.3f} | {counted['refused']} |")
