"""What the classroom's server can take, and how fast it judges, against stated rivals in the same run.

    python tests/benchmarks/classroom.py [--only PART …] [--students 200] [--seconds 10] [--rivals FOLDER] [--ctfd PORT] …

board: reads of the overall board by 16 keep-alive connections, all students in turn. posts: fresh answers to conv2d by 16 connections, with nobody
who judges them and then with the judge at work. grading: answers to conv2d (solution, blind answer and every known mistake, equally often) from the
first post to the last verdict, in the sandbox "server" where this machine has all its layers. listeners: browsers on /events, and how long a change
takes to reach the last. The server is `kit class serve` with SQLite on 127.0.0.1, in a process of its own; every part has a fresh copy of the class.

nbgrader grades every one of these answers once (or --notebooks of them) in notebooks with the same checks; it is installed under --rivals when it is
not there. CTFd is on no package index: --ctfd names the port of one that runs on this machine, with as many users; without it the board is compared
with a figure that was measured elsewhere, and says so. Nothing else should run on the machine meanwhile.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from rush import nbgrader
from rush.listeners import Plan, listening
from rush.load import CONNECTIONS, Load, generator
from rush.school import SLUG, School, answers, make, mixed
from rush.served import serving

from grader.client import sandbox_layers

BOARD, SUBMISSIONS = "/api/v1/boards/overall", "/api/v1/submissions"
STATED_CTFD = 391.0  # reads/s of its scoreboard by 16 connections, p99 1.4 s: measured elsewhere on the same kind of machine
CHANGES = 3
WARM_SECONDS = 2


@dataclass(frozen=True)
class Bench:
    """What every part needs."""

    school: School
    folder: Path
    sandbox: str
    size: argparse.Namespace


def board(bench: Bench) -> None:
    """Reads of a board out of the server's memory."""
    with serving(bench.school, bench.folder / "board", bench.sandbox) as server:
        server.warm()
        load = Load(server.port, BOARD, bench.size.seconds, bench.school.tokens)
        Load(server.port, BOARD, WARM_SECONDS, bench.school.tokens).run()
        ours = load.run()
    show("board", f"{ours.rate:,.0f}", "reads/s", f"{ours}; at least 5,000/s, or 10 x CTFd")
    if bench.size.ctfd:
        theirs = Load(bench.size.ctfd, "/api/v1/scoreboard", bench.size.seconds).run()
        show("", f"{theirs.rate:,.0f}", "reads/s", f"{theirs}; the scoreboard of CTFd, asked in the same way")
        show("", f"{ours.rate / theirs.rate:.1f}", "x")
    else:
        show(
            "",
            f"{ours.rate / STATED_CTFD:.1f}",
            "x",
            f"to the {STATED_CTFD:.0f}/s, p99 1400 ms, of CTFd as measured elsewhere: none is here (--ctfd)",
        )


def posts(bench: Bench) -> None:
    """Answers that are handed in."""
    source = f"{answers()[0].source}\n# answer NUMBER of this run\n"
    head, _mark, tail = json.dumps({"exercise": SLUG, "source": source}).partition("NUMBER")
    warm = head.replace("# answer", "# warm")
    for judge, said in ((False, "at least 300/s, p99 under 100 ms; nobody judges"), (True, "the same while the judge works")):
        with serving(bench.school, bench.folder / f"posts-{judge}", bench.sandbox, judge=judge) as server:
            if judge:
                server.warm()
            Load(server.port, SUBMISSIONS, WARM_SECONDS, bench.school.tokens, (warm, tail)).run()
            figures = Load(server.port, SUBMISSIONS, bench.size.seconds, bench.school.tokens, (head, tail)).run()
            kept = server.rows("SELECT count(*) FROM submissions WHERE source LIKE '%# answer %'")[0][0]
        show("" if judge else "posts", f"{figures.rate:,.0f}", "posts/s", f"{figures}; {said}")
        show("", f"{kept:,}", "kept", f"of {figures.requests - figures.wrong:,} accepted, and up to {CONNECTIONS} under way at the end")


def grading(bench: Bench) -> None:
    """Verdicts, against nbgrader's."""
    handed_in = mixed(bench.size.submissions)
    with serving(bench.school, bench.folder / "grading", bench.sandbox) as server:
        server.warm()
        begun = time.perf_counter()
        wanted = {server.submit(answer.source, number % bench.size.students): answer.right for number, answer in enumerate(handed_in)}
        while server.rows("SELECT 1 FROM gradings WHERE state IN ('pending', 'running') LIMIT 1"):
            time.sleep(0.05)
        seconds = time.perf_counter() - begun
        judged = dict(server.rows("SELECT submission_id, passed FROM verdicts WHERE submission_id >= ?", min(wanted)))
    agreed = sum(judged.get(number) == right for number, right in wanted.items())
    rate = len(judged) / seconds
    show("grading", f"{rate:.2f}", "verdicts/s", f"{len(judged)} of {len(wanted)} in {seconds:.1f} s, {agreed} as they should be")
    try:
        (bench.folder / "nbgrader").mkdir()
        theirs = nbgrader.autograde(bench.size.rivals, bench.folder / "nbgrader", mixed(bench.size.notebooks))
    except (OSError, subprocess.CalledProcessError) as error:
        show("", "none", "", f"nbgrader is not installed and cannot be: {error}")
        return
    each = theirs.seconds / theirs.notebooks
    said = f"{theirs.notebooks} in {theirs.seconds:.1f} s, {theirs.agreed} as they should be; nbgrader {theirs.version} autograde"
    show("", f"{1 / each:.2f}", "verdicts/s", said)
    show("", f"{rate * each:.1f}", "x", "at least 30 for each submission")


def listeners(bench: Bench) -> None:
    """Browsers that wait for news."""
    wrong = next(answer for answer in answers() if not answer.right)  # a right one would be timed while we listen
    bodies = [json.dumps({"exercise": SLUG, "source": f"{wrong.source}\n# change {number}\n"}) for number in range(CHANGES)]
    with serving(bench.school, bench.folder / "listeners", bench.sandbox) as server:
        server.warm()
        alone = server.megabytes()
        with listening(Plan(server.port, bench.size.listeners, bench.school.tokens, bodies)) as heard:
            crowded = server.megabytes()
    fewest, last = min(each.listeners for each in heard), [each.last for each in heard]
    show("listeners", f"{fewest:,}", "heard", f"the fewest of {CHANGES} changes, of {bench.size.listeners:,} who listen")
    show("", f"{median(last):.2f}", "s", f"until the last of them heard, median; {max(last):.2f} s at most")
    show("", f"{crowded:.0f}", "MB", f"the server's process with them, {alone:.0f} MB without; under 400 MB")


PARTS: dict[str, Callable[[Bench], None]] = {"board": board, "posts": posts, "grading": grading, "listeners": listeners}


def show(part: str, figure: str, unit: str, said: str = "") -> None:
    """A line of the table."""
    print(f"{part:<10} {figure:>9} {unit:<11} {said}".rstrip(), flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), metavar="PART")
    for option, default in (("students", 200), ("seconds", 10), ("submissions", 200), ("notebooks", len(answers())), ("listeners", 1000)):
        parser.add_argument(f"--{option}", type=int, default=default)
    parser.add_argument("--rivals", type=Path, default=Path(tempfile.gettempdir()) / "kit-rivals")
    parser.add_argument("--ctfd", type=int, metavar="PORT")
    size = parser.parse_args()
    missing = [layer.name for layer in sandbox_layers("server") if not layer.on]
    sandbox = "local" if missing else "server"
    print(f"python tests/benchmarks/classroom.py {' '.join(sys.argv[1:])}")
    print(f"{len(os.sched_getaffinity(0))} cores, load {os.getloadavg()[0]:.1f} before, Python {platform.python_version()}, {generator()} asks,")
    print(f"sandbox {sandbox}{' (not here: ' + ', '.join(missing) + ')' if missing else ''}, {size.students} students, {size.seconds} s each\n")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bench = Bench(make(folder / "school.db", size.students), folder, sandbox, size)
        for part in size.only:
            PARTS[part](bench)


if __name__ == "__main__":
    main()
