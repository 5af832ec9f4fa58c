"""A person in a folder who runs the real `kit`, in a pipe or in a terminal."""

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
MINI_BANK = HERE / "mini_bank"
KIT = Path(sys.executable).with_name("kit")


@dataclass(frozen=True)
class Run:
    """What a command said and how it ended."""

    status: int
    out: str
    err: str


@dataclass(frozen=True)
class Learner:
    """A person in a folder."""

    folder: Path
    env: dict[str, str] = field(default_factory=dict)

    def kit(self, *arguments: str, stdin: str = "", cwd: Path | None = None, **env: str) -> Run:
        """Run kit in a pipe."""
        done = subprocess.run(
            [KIT, *arguments], cwd=cwd or self.folder, env=self.env | env, input=stdin.encode(), capture_output=True, timeout=120, check=False
        )
        return Run(done.returncode, done.stdout.decode(), done.stderr.decode())

    def terminal(self, *arguments: str, typed: str = "", **env: str) -> Run:
        """Run kit in a pseudo-terminal of 80 columns; out holds both streams."""
        import pty

        reader, writer = pty.openpty()
        process = subprocess.Popen(
            [KIT, *arguments], cwd=self.folder, env=self.env | {"TERM": "xterm-256color", "COLUMNS": "80"} | env,
            stdin=writer, stdout=writer, stderr=writer, start_new_session=True,
        )  # fmt: skip
        os.close(writer)
        if typed:
            os.write(reader, typed.encode())
        pieces: list[bytes] = []
        while True:
            try:
                piece = os.read(reader, 65536)
            except OSError:  # Linux reports the end of a pseudo-terminal so
                break
            if not piece:
                break
            pieces.append(piece)
        os.close(reader)
        return Run(process.wait(timeout=60), b"".join(pieces).decode(errors="replace"), "")

    def write(self, slug: str, source: str | bytes) -> Path:
        """Put an answer in its place."""
        path = self.folder / slug / f"{slug.replace('-', '_')}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(source if isinstance(source, bytes) else source.encode())
        return path
