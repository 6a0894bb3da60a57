"""Progress of long steps: a bar with an ETA on a terminal, lines in a log file, nothing for short steps."""

import http.server
import os
import pty
import re
import subprocess
import sys
import textwrap
import threading

import pytest
from helpers import ROOT

import relnas_mm.progress
from relnas_mm.models.checkpoints.download import download
from relnas_mm.progress import progress_bar, with_progress

pytestmark = pytest.mark.unit

STEPS = """
import time
from relnas_mm import progress
progress.QUIET_SECONDS = progress.LINE_SECONDS = {quiet}
for number in progress.with_progress(range(40), 40, "headers [of] images"):
    time.sleep(0.02)
    if number == 30:
        print("in the middle", flush=True)
print("done", flush=True)
"""


def on_terminal(code: str, **environment: str) -> str:
    """What code writes to a terminal of 80 columns."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": "80", **environment}
    command = [sys.executable, "-c", textwrap.dedent(code)]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment) as running:
        os.close(theirs)
        parts = []
        try:
            while part := os.read(ours, 1 << 16):
                parts.append(part)
        except OSError:  # Linux reports the end of a terminal so
            pass
        os.close(ours)
    assert running.returncode == 0
    return b"".join(parts).decode()


def test_a_terminal_shows_a_bar_and_what_is_printed_above_it():
    out = on_terminal(STEPS.format(quiet=0.0))
    bars = re.findall(r"headers \[of\] images.*?(\d+)/40.*?eta.*?(\d:\d\d:\d\d)", out)
    assert len(bars) >= 3 and bars == sorted(bars, key=lambda bar: int(bar[0]))
    assert "in the middle\r\n" in out and out.rstrip().endswith("done")
    assert "\x1b[?25l" in out and "\x1b[?25h" in out  # the cursor is hidden, and back


@pytest.mark.parametrize("environment", [{}, {"RANK": "1"}, {"SLURM_PROCID": "1"}, {"TERM": "dumb"}])
def test_short_steps_and_other_processes_than_the_first_show_nothing(environment):
    quiet = 0.0 if any("1" in value for value in environment.values()) else 60.0
    assert on_terminal(STEPS.format(quiet=quiet), **environment) == "in the middle\r\ndone\r\n"


def test_a_log_file_gets_lines(monkeypatch, capsys):
    monkeypatch.setattr(relnas_mm.progress, "LINE_SECONDS", 0.0)
    monkeypatch.setattr(relnas_mm.progress, "_SAMPLE_SECONDS", 0.0)
    assert list(with_progress(range(5), 5, "headers")) == list(range(5))
    out, err = capsys.readouterr()
    lines = err.splitlines()
    assert out == "" and lines[0] == "headers: 1/5, eta -:--:--" and lines[-1] == "headers: 5/5, eta 0:00:00"
    with progress_bar("file", 2_500_000, in_bytes=True) as advance:
        advance(1_000_000)
    with progress_bar("file", None, in_bytes=True) as advance:
        advance(1_000_000)
    assert capsys.readouterr().err == "file: 1.0/2.5 MB, eta -:--:--\nfile: 1.0/? MB, eta unknown\n"
    with progress_bar("file", 2, enabled=False) as advance:
        advance(1)
    assert capsys.readouterr().err == ""


def test_lines_come_now_and_then(monkeypatch, capsys):
    clock = iter(range(1000))
    monkeypatch.setattr("relnas_mm.progress.time.monotonic", lambda: float(next(clock)))
    assert len(list(with_progress(range(60), 60, "headers"))) == 60
    assert len(capsys.readouterr().err.splitlines()) == 12  # one in five seconds


class Server(http.server.BaseHTTPRequestHandler):
    """Serves 100,000 bytes; below /short, the connection ends after 5."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "100000")
        self.end_headers()
        self.wfile.write(bytes(5 if self.path == "/short" else 100_000))

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def test_a_download_is_complete_or_absent(server, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(relnas_mm.progress, "LINE_SECONDS", 0.0)
    monkeypatch.setattr(relnas_mm.progress, "_SAMPLE_SECONDS", 0.0)
    download(f"{server}/whole", tmp_path / "new" / "weights.pth")
    assert (tmp_path / "new" / "weights.pth").read_bytes() == bytes(100_000)
    assert capsys.readouterr().err.endswith("weights.pth: 100.0/100.0 kB, eta 0:00:00\n")
    with pytest.raises(OSError, match="ended after 5 of 100000 bytes"):
        download(f"{server}/short", tmp_path / "new" / "short.pth")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["weights.pth"]
