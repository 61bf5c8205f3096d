"""agent/quickstart.sh on what is built already: it ends well, it ends on a signal, and it leaves
nothing running.

Run: cd tests && python3 -m unittest -v integration.quickstart_test
"""
import os
import pathlib
import signal
import tempfile
import unittest

from parts.process import TESTS, Process, wait_until

QUICKSTART = TESTS.parent / 'agent' / 'quickstart.sh'


class QuickstartTest(unittest.TestCase):
    def setUp(self):
        self.work = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.environment = {
            'KUBECONFIG': '',
            'LIMPET_REMOTE_WRITE_URL': '',
            'TMPDIR': str(self.work),
        }

    def start(self, *args, **environment):
        return self.enterContext(
            Process([QUICKSTART, *args], self.work / 'log', env={**self.environment, **environment})
        )

    def left_running(self):
        """Processes whose environment names this test's folder."""
        mark = f'TMPDIR={self.work}'.encode()
        left = []
        for directory in pathlib.Path('/proc').iterdir():
            try:
                if (
                    directory.name.isdigit()
                    and int(directory.name) != os.getpid()
                    and mark in (directory / 'environ').read_bytes()
                ):
                    left.append((directory / 'cmdline').read_bytes().replace(b'\0', b' ').decode())
            except OSError:
                continue  # ended while we looked
        return left

    def assert_nothing_left(self):
        wait_until(lambda: not self.left_running(), 10, lambda: f'all ended: {self.left_running()}')
        self.assertEqual([path.name for path in self.work.iterdir()], ['log'])

    def test_once(self):
        quickstart = self.start('--once')
        self.assertEqual(quickstart.wait(240), 0, quickstart.log())
        for pod in ('api-1', 'api-2', 'api-3'):
            self.assertRegex(
                quickstart.log(), rf'default/{pod}  http://127\.0\.0\.\d+:\d+/metrics  up'
            )
            self.assertRegex(quickstart.log(), rf'(?m)^  {pod}  \d{{2,}}$')
        self.assert_nothing_left()

    def test_once_says_why_not(self):
        quickstart = self.start(
            '--once', '--timeout', '3', LIMPET_REMOTE_WRITE_URL='http://127.0.0.1:1/write'
        )
        self.assertEqual(quickstart.wait(240), 1)
        self.assertIn('no samples yet of api-1', quickstart.log())
        self.assert_nothing_left()

    def test_signals_stop_it_all(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            (self.work / 'log').unlink(missing_ok=True)
            quickstart = self.start()
            wait_until(
                lambda: 'Ctrl-C stops it all' in quickstart.log() or not quickstart.running(),
                240,
                quickstart.log_tail,
            )
            quickstart.signal(number)
            self.assertEqual(quickstart.wait(20), 0, quickstart.log())
            self.assert_nothing_left()


if __name__ == '__main__':
    unittest.main()
