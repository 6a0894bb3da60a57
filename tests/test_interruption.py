"""Ctrl-C, SIGTERM and SIGHUP end a process between critical sections; a second request does not wait."""

import os
import signal
import threading
import time

import pytest

from relnas_mm import interruption
from relnas_mm.errors import reports_user_errors
from relnas_mm.interruption import Interrupted, advising, deferred, interruptible

pytestmark = [
    pytest.mark.unit,
    pytest.mark.usefixtures("usual_signals"),
    pytest.mark.skipif(os.name != "posix", reason="sends POSIX's signals to itself"),
]
NUMBERS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


def ask(number=signal.SIGTERM):
    os.kill(os.getpid(), number)
    time.sleep(0.01)  # Python calls handlers between bytecodes


@pytest.mark.parametrize("number", NUMBERS)
def test_a_tool_ends_with_the_exit_code_of_the_signal(number, capsys):
    @reports_user_errors
    def main():
        with advising("rerun the command to resume"):
            ask(number)

    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 128 + number
    word = {"SIGINT": "interrupted", "SIGTERM": "terminated", "SIGHUP": "hung up"}[number.name]
    assert capsys.readouterr().err == f"{word}; rerun the command to resume\n"


def test_a_critical_section_is_completed():
    steps = []
    with pytest.raises(Interrupted), interruptible():
        with deferred():
            with deferred():
                ask()
                steps.append("inner")
            steps.append("outer")
        steps.append("never")
    assert steps == ["inner", "outer"]


def test_a_repeated_signal_is_one_request_and_a_later_one_does_not_wait(monkeypatch):
    steps = []
    with pytest.raises(Interrupted) as ended, interruptible(), deferred():
        ask(signal.SIGINT)
        ask(signal.SIGTERM)  # what a launcher adds to Ctrl-C
        steps.append("saved")
        monkeypatch.setattr(interruption, "SAME_REQUEST", 0.0)
        ask(signal.SIGINT)
        steps.append("never")
    assert steps == ["saved"] and ended.value.number == signal.SIGINT
    interruption._request.pending = None
    with interruptible():
        pass  # no request is left over for the next work


def test_what_is_saved_after_a_request_is_completed_too():
    saved = []
    with pytest.raises(Interrupted), interruptible():
        try:
            ask()
        except KeyboardInterrupt:
            with deferred():
                ask()
                saved.append(True)
            raise
    assert saved == [True]


def test_ignored_signals_stay_ignored_and_handlers_come_back():
    former = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    before = signal.getsignal(signal.SIGTERM)
    try:
        with interruptible():
            ask(signal.SIGHUP)
            assert signal.getsignal(signal.SIGTERM) != before
        assert signal.getsignal(signal.SIGTERM) == before and signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, former)


def test_in_another_thread_nothing_is_changed():
    reached = []

    def work():
        with interruptible(), deferred():
            reached.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert reached == [True]


def test_forked_workers_end_by_the_first_signal():
    with interruptible(), deferred():
        for _ in range(30):  # at once, before the child has come to itself
            child = os.fork()
            if child == 0:
                time.sleep(60)
                os._exit(0)
            os.kill(child, signal.SIGTERM)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGTERM


def test_a_forked_search_is_asked_for_itself():
    with interruptible(), deferred():
        child = os.fork()
        if child == 0:
            code = 0
            try:
                with interruptible():
                    ask()
            except Interrupted as request:
                code = request.exit_code
            finally:
                os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 143
