"""The parts of a bench that send: rolo, a script and a bare loop against a server in a process of its own.

The server is `rolo sandbox --listen`, new for each run, so that every contact is new to it; its time is not counted.
"""
import os
import shutil
import statistics
import subprocess

from measure import HERE, WORK, run, table

PARTS = ["upload", "again", "ledger", "export", "sandbox"]

ACCOUNT = """[accounts.peer]
service = "chatwoot"
base_url = "{address}/chatwoot"
account_id = 1
token = {{ env = "TOKEN" }}
unthrottled = true
in_flight = 64
"""
MAPPING = "".join(f'[columns.{name}]\nfield = "{name}"\n' for name in ["first_name", "last_name", "phone", "email"])


class Server:
    """A server, and what it takes to send to it; nothing is left of either."""

    def __init__(self, rolo):
        self.folder = WORK / "sending"
        shutil.rmtree(self.folder, ignore_errors=True)
        self.state = self.folder / "state"
        self.state.mkdir(parents=True, mode=0o700)
        command = [rolo, "sandbox", "--listen", "127.0.0.1:0", "--memory", "--unthrottled"]
        command += ["--state-dir", self.folder / "server"]
        self.child = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.address = next(word for word in self.child.stdout.readline().decode().split() if word.startswith("http"))
        self.config = self.folder / "rolo.toml"
        self.config.write_text(ACCOUNT.format(address=self.address), encoding="utf-8")
        self.mapping = self.folder / "map.toml"
        self.mapping.write_text(MAPPING + '[columns.tags]\ntags = "add"\n', encoding="utf-8")
        self.rolo = rolo

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.terminate()
        self.child.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def send(self, path):
        """rolo's import of a file: processor seconds, wall seconds, most KiB."""
        given = ["--config", self.config, "--state-dir", self.state, "--mapping", self.mapping, "--yes", "--quiet"]
        return run([self.rolo, "import", path, "--to", "peer", "--results", self.folder / "results.csv", *given], env=ENV)

    def ledger(self):
        return sum(file.stat().st_size for file in self.state.glob("ledger.sqlite*"))


ENV = {**os.environ, "TOKEN": "sandbox"}


def people(rows):
    """People with two identifiers and two tags, no two of whom are the same."""
    path = WORK / f"people-{rows}.csv"
    if not path.exists():
        tags = ["lead-2023", "vip-hot", "promo-a", "event-emea", "newsletter", "opt-in", "plan-b", "src-c"]
        with open(path, "w", encoding="utf-8") as out:
            out.write("first_name,last_name,phone,email,tags\n")
            for n in range(rows):
                two = f"{tags[n % 8]};{tags[(n + 1 + n // 8 % 7) % 8]}"
                out.write(f"Ann,Smith{n % 97},+49151{n:08},ann.smith{n}@example.com,{two}\n")
    return path


def upload(rolo, floors, python, rows, rounds):
    """First imports of a tenth of the rows and of all of them, beside a script and a bare loop."""
    for count in [rows // 10, rows]:
        path = people(count)
        calls = path.with_suffix(".calls")
        with open(calls, "w", encoding="utf-8") as out:
            subprocess.run([python, HERE / "python" / "calls.py", path], stdout=out, check=True)
        taken = {}
        for _ in range(rounds):
            with Server(rolo) as server:
                taken.setdefault("rolo import", []).append(server.send(path))
            with Server(rolo) as server:
                base = f"{server.address}/chatwoot"
                script = [python, HERE / "python" / "upload.py", path, WORK / "python.csv", base, 64]
                taken.setdefault("upload.py (aiohttp)", []).append(run(script, env=ENV))
            with Server(rolo) as server:
                loop = [floors / "post_loop", f"{server.address}/chatwoot", calls, 64]
                taken.setdefault("post_loop", []).append(run(loop, env=ENV))
        measured = {name: [statistics.median(column) for column in zip(*runs)] for name, runs in taken.items()}
        table(f"First import into Chatwoot, {count:,} rows of two calls", measured, "post_loop", count)
        ours, script = measured["rolo import"][0], measured["upload.py (aiohttp)"][0]
        print(f"\n{ours / count / 2 * 1e6:.0f} us a call (bar 40); rows a processor second: {script / ours:.2f} of aiohttp's (bar 3)")


def again(rolo, rows, rounds):
    """The same file again: a row beyond the first thousand, so that what a command costs by itself is left out."""
    taken = {}
    for count in [1_000, rows]:
        with Server(rolo) as server:
            server.send(people(count))
            taken[count] = statistics.median(server.send(people(count))[0] for _ in range(rounds))
    each = (taken[rows] - taken[1_000]) / (rows - 1_000)
    print(f"\nThe same file of {rows:,} rows again: {taken[rows]:.2f} s, {each * 1e6:.1f} us a row (bar 20)")


def ledger(rolo):
    """Bytes of the ledger, whose folder is empty before."""
    rows = 20_000
    with Server(rolo) as server:
        server.send(people(rows))
        first = server.ledger()
        server.send(people(rows))
        second = server.ledger() - first
    print(f"\nThe ledger after a first import of {rows:,} rows: {first / rows:.0f} bytes a row (bar 400)")
    print(f"What the same file again adds: {second / rows:.1f} bytes a row (bar 8)")


def export(rolo, rows):
    """The most memory of an export, of a tenth of the contacts and of all."""
    for count in [rows // 10, rows]:
        with Server(rolo) as server:
            server.send(people(count))
            given = ["--config", server.config, "--state-dir", server.folder / "other", "--quiet"]
            command = [rolo, "export", server.folder / "out.csv", "--from", "peer", *given]
            cpu, _, memory = run(command, env=ENV)
        print(f"\nExport of {count:,} contacts: {memory / 1024:.0f} MiB (bar 64, flat), {cpu:.1f} s")


def sandbox(rolo, rows):
    """The most memory of an import into the embedded sandbox, its contacts on the disk."""
    state = WORK / "sandbox-state"
    shutil.rmtree(state, ignore_errors=True)
    with Server(rolo) as server:
        given = ["--mapping", server.mapping, "--state-dir", state, "--unthrottled", "--yes", "--quiet"]
        command = [rolo, "import", people(rows), "--to", "sandbox:chatwoot", "--results", WORK / "rolo.csv", *given]
        cpu, _, memory = run(command)
    shutil.rmtree(state, ignore_errors=True)
    print(f"\nEmbedded sandbox, {rows:,} contacts: {memory / 1024:.0f} MiB (bar 400 for 200,000), {cpu:.1f} s")


def parts(wanted, rolo, floors, python, rows, rounds):
    """Those of the parts that are wanted."""
    if "upload" in wanted:
        upload(rolo, floors, python, rows, rounds)
    if "again" in wanted:
        again(rolo, rows, rounds)
    if "ledger" in wanted:
        ledger(rolo)
    if "export" in wanted:
        export(rolo, rows)
    if "sandbox" in wanted:
        sandbox(rolo, 2 * rows)
