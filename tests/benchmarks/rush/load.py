"""Sixteen clients that ask one thing again as soon as it was answered: wrk where it is installed, else a plain client in a process of its own."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from itertools import count, cycle
from time import perf_counter

CONNECTIONS = 16

SCRIPT = """
local tokens, path, head, tail = {%(tokens)s}, %(path)s, %(head)s, %(tail)s
local requests, sent = {}, 0

local function formatted(number, body)
  local headers = {["Accept-Encoding"] = "gzip", ["Content-Type"] = body and "application/json" or nil}
  if #tokens > 0 then headers["Authorization"] = "Bearer " .. tokens[number %% #tokens + 1] end
  return wrk.format(body and "POST" or "GET", path, headers, body)
end

function init()
  for number = 0, math.max(#tokens, 1) - 1 do requests[number] = formatted(number) end
end

function request()
  sent = sent + 1
  if head then return formatted(sent, head .. sent .. tail) end
  return requests[sent %% (#requests + 1)]
end

function done(summary, latency)
  local wrong = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  io.write(string.format("\\nFIGURES [%%d, %%f, %%d, %%f, %%f, %%f]\\n", summary.requests, summary.duration / 1e6, wrong,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, latency.max / 1e3))
end
"""


@dataclass(frozen=True)
class Figures:
    """What came of it. seconds: how long it went on; wrong: requests that were refused or not answered; the others in milliseconds."""

    requests: int
    seconds: float
    wrong: int
    p50: float
    p99: float
    most: float

    @property
    def rate(self) -> float:
        """Answers as they should be, a second."""
        return (self.requests - self.wrong) / self.seconds

    def __str__(self) -> str:
        """What a rate does not tell."""
        return f"p50 {self.p50:.1f}, p99 {self.p99:.1f}, at most {self.most:.0f} ms{f', {self.wrong:,} refused' if self.wrong else ''}"


@dataclass(frozen=True)
class Load:
    """What is asked, for so many seconds. tokens: of whom, in turn. body: a POST, of its two halves with a number between them that is new each time."""

    port: int
    path: str
    seconds: int
    tokens: list[str] = field(default_factory=list)
    body: tuple[str, str] | None = None

    def run(self) -> Figures:
        """Ask, and measure."""
        if generator() != "wrk":
            done = subprocess.run([sys.executable, __file__], input=json.dumps(dataclasses.asdict(self)), capture_output=True, text=True, check=True)
            return Figures(*json.loads(done.stdout))
        with tempfile.NamedTemporaryFile("w", suffix=".lua", encoding="utf-8") as script:
            script.write(self._script())
            script.flush()
            command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{self.seconds}s", "--timeout", "30s", "-s", script.name, f"http://127.0.0.1:{self.port}"]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
        return Figures(*json.loads(done.stdout.rpartition("FIGURES")[2]))

    def _script(self) -> str:
        head, tail = ("nil", "nil") if self.body is None else map(_quoted, self.body)
        return SCRIPT % {"tokens": ", ".join(map(_quoted, self.tokens)), "path": _quoted(self.path), "head": head, "tail": tail}

    async def ask(self) -> Figures:
        """The same without wrk."""
        numbers, tokens = count(1), cycle(self.tokens or [""])
        times: list[float] = []
        wrong = 0
        until = perf_counter() + self.seconds

        def request() -> bytes:
            token = next(tokens)
            lines = [f"{'POST' if self.body else 'GET'} {self.path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}", "Accept-Encoding: gzip"]
            lines += [f"Authorization: Bearer {token}"] if token else []
            body = f"{self.body[0]}{next(numbers)}{self.body[1]}" if self.body else ""
            lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"] if body else []
            return "\r\n".join([*lines, "", body]).encode()

        async def client() -> None:
            nonlocal wrong
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            while (begun := perf_counter()) < until:
                writer.write(request())
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                length = head.partition(b"content-length:")[2].split(b"\r\n", 1)[0]
                await reader.readexactly(int(length))
                times.append((perf_counter() - begun) * 1000)
                wrong += not head.startswith(b"http/1.1 2")
            writer.close()

        begun = perf_counter()
        await asyncio.gather(*(client() for _ in range(CONNECTIONS)))
        seconds, times = perf_counter() - begun, sorted(times)
        return Figures(len(times), seconds, wrong, times[len(times) // 2], times[len(times) * 99 // 100], times[-1])


def generator() -> str:
    """Who asks."""
    return "wrk" if shutil.which("wrk") else "a plain client"


def _quoted(text: str) -> str:
    """A string of Lua; what JSON and tokens consist of stands in it as it is."""
    return f"[==[{text}]==]"


if __name__ == "__main__":
    import uvloop

    read = json.loads(sys.stdin.read())
    figures = uvloop.run(Load(**read).ask())
    print(json.dumps(dataclasses.astuple(figures)))
