"""limpet as a process: how it ends, what it does with its storage path, its log lines.

Run: cd tests && python3 -m unittest -v integration.process_test
"""
import json
import pathlib
import signal
import tempfile
import unittest

from parts.delivery import compare
from parts.limpet import Limpet, static_job
from parts.nginx_targets import NginxTargets, loopback_addresses, moving_page
from parts.process import wait_until
from parts.victoria_metrics import VictoriaMetrics


class ProcessTest(unittest.TestCase):
    def setUp(self):
        self.work = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.nginx = self.enterContext(NginxTargets(self.work / 'targets', loopback_addresses(5)))
        self.config = {'scrape_configs': [static_job(map(self.nginx.target, self.nginx.addresses))]}

    def start(self, name='limpet', **options):
        return self.enterContext(Limpet(self.work / name, self.config, **options))

    def test_sigterm_and_sigint_end_it_cleanly(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            limpet = self.start().wait_ready()
            limpet.process.signal(number)
            self.assertEqual(limpet.process.wait(10), 0, limpet.process.log_tail())

    def test_sigterm_with_the_receiver_up_leaves_nothing_behind(self):
        receiver = self.enterContext(VictoriaMetrics(self.work / 'receiver'))
        self.config['remote_write'] = [{'url': receiver.write_url}]
        limpet = self.start().wait_ready()
        limpet.wait_targets_up(5)
        wait_until(lambda: len(self.nginx.scrapes()) >= 15, 20, 'three scrapes of each')
        self.assertEqual(limpet.terminate(), 0)
        self.start().wait_ready()
        until_s = self.nginx.scrapes()[-1].end_s
        result = None

        def arrived():
            nonlocal result
            result = compare(self.nginx.scrapes(), receiver.export(), moving_page, until_s=until_s)
            return not result.missing

        wait_until(arrived, 20, lambda: result.summary())
        self.assertEqual((result.wrong, result.unexplained), ([], []))

    def test_a_second_one_on_the_same_storage_is_refused(self):
        first = self.start('first').wait_ready()
        second = self.start('second', storage_path=first.storage_path)
        self.assertEqual(second.process.wait(20), 1)
        said = second.process.log()
        self.assertIn(str(first.storage_path), said)
        self.assertRegex(said.lower(), 'lock|in use|another')
        self.assertEqual(first.get('/-/ready').status, 200)

    def test_a_port_in_use_is_refused(self):
        first = self.start('first').wait_ready()
        second = Limpet(self.work / 'second', self.config)
        second.port = first.port
        self.enterContext(second)
        self.assertEqual(second.process.wait(20), 1)
        self.assertIn(str(first.port), second.process.log())

    def test_a_storage_path_that_cannot_be_made_is_refused(self):
        in_the_way = self.work / 'file'
        in_the_way.write_text('')
        limpet = self.start(storage_path=in_the_way / 'storage')
        self.assertEqual(limpet.process.wait(20), 1)
        self.assertIn(str(in_the_way), limpet.process.log())

    def test_json_log_lines(self):
        limpet = self.start(flags=['--log.format=json']).wait_ready()
        limpet.terminate()
        lines = limpet.process.log().splitlines()
        self.assertTrue(lines)
        for line in lines:
            self.assertIsInstance(json.loads(line), dict, line)


if __name__ == '__main__':
    unittest.main()
