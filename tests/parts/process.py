"""Programs started by a test: output to a log file, an end that is certain, waits with a deadline.

A program gets SIGKILL from the kernel when the thread that started it ends, so that a killed test
leaves nothing behind; start programs from a thread that lives as long as they should.
"""
import ctypes
import os
import pathlib
import random
import shlex
import signal
import socket
import subprocess
import time
import unittest
import urllib.error

from parts.fetch import fetch

TESTS = pathlib.Path(__file__).resolve().parent.parent
_LIBC = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1


class NotAvailable(unittest.SkipTest):
    """A part that this machine cannot have; what needs it is skipped, and says which part."""


def binary(name):
    """Path of a part's program; tests/parts.sh brings it where it is not in the cache yet."""
    result = subprocess.run(
        [str(TESTS / 'parts.sh'), name],
        capture_output=True,
        text=True,
        check=False,
        timeout=1800,
    )
    if result.returncode == 3:
        raise NotAvailable(f'{name}: {result.stderr.strip().splitlines()[-1]}')
    if result.returncode != 0:
        raise RuntimeError(f'parts.sh {name} ended with {result.returncode}:\n{result.stderr}')
    return result.stdout.strip()


def free_port(address='127.0.0.1'):
    """A port that nothing listens on: below the range the kernel takes outgoing ports from."""
    for _ in range(200):
        port = random.randint(10_000, 31_000)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
                return port
            except OSError:
                continue
    raise RuntimeError('no free port found')


def wait_until(condition, timeout_s, what, interval_s=0.05):
    """Polls condition() until it is true and returns that value; TimeoutError with `what` (str or
    callable).
    """
    deadline = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimeoutError(f'not within {timeout_s} s: {what() if callable(what) else what}')
        time.sleep(interval_s)


class Process:
    """A running program. Use as a context manager, or call stop()."""

    def __init__(self, args, log_path, env=None, cwd=None):
        self.args = [str(arg) for arg in args]
        self.log_path = pathlib.Path(log_path)
        with open(self.log_path, 'ab') as log:
            # a session of its own: Ctrl-C on the terminal reaches the test alone, which then stops
            # its parts
            self._popen = subprocess.Popen(
                self.args,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=cwd,
                env={**os.environ, **(env or {})},
                start_new_session=True,
                preexec_fn=lambda: _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL),
            )

    @property
    def pid(self):
        return self._popen.pid

    def exit_code(self):
        """None while it runs; minus the signal's number where a signal ended it."""
        return self._popen.poll()

    def running(self):
        return self.exit_code() is None

    def signal(self, number):
        if self.running():
            self._popen.send_signal(number)

    def wait(self, timeout_s):
        """The exit code; TimeoutError when it goes on running."""
        try:
            return self._popen.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise TimeoutError(
                f'{self.args[0]} has not ended within {timeout_s} s\n{self.log_tail()}'
            ) from None

    def kill(self):
        self.signal(signal.SIGKILL)
        self._popen.wait(10)

    def stop(self, timeout_s=10):
        """SIGTERM, then SIGKILL when that takes too long. Calling it again is fine."""
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        try:
            self._popen.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.kill()

    def log(self):
        return self.log_path.read_text(errors='replace')

    def log_tail(self, lines=20):
        return '\n'.join(self.log().splitlines()[-lines:])

    def wait_http(self, url, timeout_s=30, **fetch_options):
        """Until url answers 200. A program that ended meanwhile is an error at once, with its log's
        end.
        """
        last = 'nothing tried yet'

        def answered():
            nonlocal last
            if not self.running():
                raise RuntimeError(
                    f'{shlex.join(self.args)} ended with {self.exit_code()}:\n{self.log_tail()}'
                )
            try:
                response = fetch(url, timeout_s=5, **fetch_options)
                last = f'status {response.status}'
                return response.status == 200
            except (OSError, urllib.error.URLError) as error:
                last = str(error)
                return False

        wait_until(answered, timeout_s, lambda: f'{url} answers 200 ({last})\n{self.log_tail()}')

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
