#!/usr/bin/env python3
"""rolo beside what people use instead, in one run: processor time, wall time and memory, with ratios.

    run.py [--rows N] [--rounds N] [--minutes N] [--part NAME]... [--rolo PROGRAM]

Builds rolo and the yardsticks, makes the files, and runs everything in turn, round by round, so that what
the machine does besides falls on all alike. Figures are medians of the rounds. All it makes stands in
target/peers. Parts: check, threads, memory, many, xlsx, start, upload, again, ledger, export, sandbox, pacing. `many`
checks ten million rows and `pacing` takes ten minutes: both are run only when they are named. The parts from
`upload` on are in sending.py and pacing.py.
"""
import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import time

import pacing
import sending
from measure import HERE, WORK, medians, needs, run, table

PARTS = ["check", "threads", "memory", "xlsx", "start", *sending.PARTS]


def contacts(shape, rows):
    path = WORK / f"{shape}-{rows}.csv"
    if not path.exists():
        maker = HERE / "python" / "gen_contacts.py"
        made = path.with_suffix(".part")
        subprocess.run([sys.executable, maker, "--rows", str(rows), "--seed", "42", "--shape", shape, "--out", made], check=True)
        made.rename(path)
    return path


def distinct(rows):
    """Rows with two identifiers each, no two of which are the same."""
    path = WORK / f"distinct-{rows}.csv"
    if not path.exists():
        with open(path, "w", encoding="utf-8") as out:
            out.write("name,phone,email\n")
            for n in range(rows):
                out.write(f"Ann,+49151{n:08},p{n}@example.com\n")
    return path


def mapping(shape):
    """The mapping of a shape: every column is sent, phones are read by the country beside them."""
    lines = ["[columns.phone]", 'field = "phone"']
    if shape != "narrow":
        lines.append('region_column = "country"')
    if shape != "phones":
        lines += ["[columns.email]", 'field = "email"', "[columns.tags]", 'tags = "add"']
    if shape == "narrow":
        lines += ["[columns.name]", 'field = "name"']
    if shape == "wide":
        for name in ["first_name", "last_name", "language"]:
            lines += [f"[columns.{name}]", f'field = "{name}"']
        lines += ["[columns.country]", 'field = "custom.country"']
        for number in range(1, 36):
            lines += [f"[columns.cf_{number:02}]", f'field = "custom.cf_{number:02}"']
    path = WORK / f"{shape}.toml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def check(rolo, path, shape, results="rolo.csv"):
    state = ["--state-dir", WORK / "state", "--quiet"]
    return [rolo, "check", path, "--mapping", mapping(shape), "--results", WORK / results, *state]


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rows", type=int, default=100_000)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--part", action="append", choices=[*PARTS, "many", "pacing"])
    arguments.add_argument("--minutes", type=float, default=10, help="how long `pacing` lasts")
    arguments.add_argument("--rolo", type=pathlib.Path, help="a program that is built already")
    arguments.add_argument("--no-python", action="store_true", help="leave the slow yardsticks out")
    given = arguments.parse_args()
    parts = given.part or PARTS
    rolo, floors, python = needs(given.rolo)
    rows, rounds = given.rows, given.rounds
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        model = next((line.split(":", 1)[1].strip() for line in info if line.startswith("model name")), "unknown")
    print(f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} x {model}, load {os.getloadavg()[0]:.1f}, medians of {rounds}")

    if "check" in parts:
        for shape in ["narrow", "wide", "phones"]:
            path = contacts(shape, rows)
            commands = {
                "check_floor --duplicates": [floors / "check_floor", path, WORK / "floor.csv", "--duplicates"],
                "rolo check": check(rolo, path, shape),
            }
            if shape != "phones" and not given.no_python:
                commands["check.py"] = [python, HERE / "python" / "check.py", path, WORK / "python.csv"]
            table(f"Check, {shape}, {rows:,} rows", medians(commands, rounds), "check_floor --duplicates", rows)

    if "threads" in parts:
        print("\nTwo processors against one, `rolo check`, wall time\n\n| file | one | two | ratio |\n| --- | --- | --- | --- |")
        for shape in ["narrow", "wide"]:
            command = {shape: check(rolo, contacts(shape, rows), shape)}
            one, two = [], []
            for _ in range(rounds):
                one.append(medians(command, 1, {0})[shape][1])
                two.append(medians(command, 1, {0, 1})[shape][1])
            one, two = statistics.median(one), statistics.median(two)
            print(f"| {shape} | {one:.2f} s | {two:.2f} s | {one / two:.2f} |")

    for part, count in [("memory", 1_000_000), ("many", 10_000_000)]:
        if part in parts:
            path = distinct(count)
            command = [rolo, "check", path, "--results", WORK / "rolo.csv", "--state-dir", WORK / "state", "--quiet"]
            cpu, wall, memory = run(command)
            bar = 64 + count * 16 / 2**20
            print(f"\n{count:,} distinct rows: {memory / 1024:.0f} MiB (bar {bar:.0f}), {cpu:.1f} s, wall {wall:.1f} s")

    if "xlsx" in parts:
        path, book = contacts("narrow", rows), WORK / f"narrow-{rows}.xlsx"
        commands = {"xlsx_floor write": [floors / "xlsx_floor", "write", path, book]}
        if not given.no_python:
            commands["xlsx.py write"] = [python, HERE / "python" / "xlsx.py", "write", path, WORK / "python.xlsx"]
        table(f"Write a workbook, {rows:,} rows", medians(commands, rounds), "xlsx_floor write", rows)
        commands = {
            "xlsx_floor read": [floors / "xlsx_floor", "read", book],
            "rolo check, of the workbook": check(rolo, book, "narrow"),
            "rolo check, of the CSV": check(rolo, path, "narrow"),
            "rolo check, of the CSV, results as a workbook": check(rolo, path, "narrow", "rolo.xlsx"),
        }
        table(f"Read a workbook, {rows:,} rows", medians(commands, rounds), "xlsx_floor read", rows)
        # The results as text, of which the floor makes the same two sheets.
        run(check(rolo, path, "narrow", "results.csv"))
        commands = {
            "xlsx_floor results": [floors / "xlsx_floor", "results", WORK / "results.csv", WORK / "floor.xlsx"],
            "rolo check, results as text": check(rolo, path, "narrow", "rolo.csv"),
            "rolo check, results as a workbook": check(rolo, path, "narrow", "rolo.xlsx"),
        }
        table(f"Write results, {rows:,} rows", medians(commands, rounds), "xlsx_floor results", rows)

    sending.parts(parts, rolo, floors, python, rows, rounds)
    if "pacing" in parts:
        pacing.pacing(rolo, python, given.minutes)

    if "start" in parts:
        took = statistics.median(run([rolo, "--version"])[1] for _ in range(20))
        size = rolo.stat().st_size / 1e6
        print(f"\n`rolo --version`: {took * 1000:.1f} ms; the program has {size:.1f} MB")


if __name__ == "__main__":
    main()
