"""file_sd_configs and http_sd_configs: lists of targets that change, break and heal while limpet
runs.

Run: cd tests && python3 -m unittest -v integration.target_lists_test
"""
import json
import pathlib
import tempfile
import time
import unittest

from parts.config_map import ConfigMap
from parts.limpet import Limpet
from parts.nginx_targets import NginxTargets, loopback_addresses
from parts.process import wait_until
from parts.target_list_server import TargetListServer


class TargetListsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.work = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.nginx = cls.enterClassContext(NginxTargets(cls.work / 'targets', loopback_addresses(3)))

    def setUp(self):
        self.directory = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(dir=self.work)))

    def groups(self, *numbers, **labels):
        targets = [self.nginx.target(self.nginx.addresses[number]) for number in numbers]
        return [{'targets': targets, 'labels': labels}]

    def start(self, job, wait_ready=True):
        limpet = Limpet(
            self.directory,
            {'scrape_configs': [{'job_name': 'lists', 'scrape_interval': '1s', **job}]},
        )
        self.enterContext(limpet)
        return limpet.wait_ready() if wait_ready else limpet.wait_healthy()

    def write(self, name, content):
        """In one step, as a program that keeps such files does it."""
        path = self.directory / name
        new = path.with_name(path.name + '.new')
        new.write_text(content if isinstance(content, str) else json.dumps(content))
        new.rename(path)

    def instances(self, limpet):
        return {target['labels']['instance'] for target in limpet.active_targets()}

    def wait_scraping(self, limpet, *numbers):
        wanted = {self.nginx.target(self.nginx.addresses[number]) for number in numbers}
        wait_until(
            lambda: self.instances(limpet) == wanted,
            15,
            lambda: f'targets {wanted}\n{limpet.process.log_tail()}',
        )
        since_s = time.time()
        wait_until(
            lambda: self.nginx.scraped_addresses(since_s)
            >= {self.nginx.addresses[number] for number in numbers},
            15,
            f'scrapes of {wanted}',
        )

    def check(self, limpet, kind):
        """What /health says of the one list."""
        (check,) = limpet.get('/health').json()['checks'][kind]
        return check

    def test_files_that_are_edited(self):
        self.write('a.json', self.groups(0, rack='r1'))
        self.write('b.yml', 'not read')
        # the name is taken from the configuration file's directory
        limpet = self.start({'file_sd_configs': [{'files': ['*.json']}]})
        self.wait_scraping(limpet, 0)
        (target,) = limpet.active_targets()
        self.assertEqual(target['labels']['rack'], 'r1')
        self.assertEqual(
            target['discoveredLabels']['__meta_filepath'], str(self.directory / 'a.json')
        )
        self.write('a.json', self.groups(1))
        self.wait_scraping(limpet, 1)
        self.write('b.json', self.groups(2))
        self.wait_scraping(limpet, 1, 2)
        (self.directory / 'a.json').unlink()
        self.wait_scraping(limpet, 2)

    def test_a_broken_file_keeps_its_targets(self):
        self.write('a.json', self.groups(0))
        self.write('b.yaml', '- targets: []\n')
        limpet = self.start({'file_sd_configs': [{'files': ['a.json', '*.yaml']}]})
        self.wait_scraping(limpet, 0)
        self.write('a.json', '[{"targets":\n  ["x", 5]}]')
        wait_until(
            lambda: self.check(limpet, 'file_sd')['status'] == 'degraded', 15, 'the error is shown'
        )
        place = f'{self.directory}/a.json:2:9: [0].targets[1]: expected text, found a number'
        self.assertEqual(self.check(limpet, 'file_sd')['error'], place)
        self.assertIn('expected text, found a number', limpet.process.log())
        metrics = limpet.metrics()
        values = {dict(key)['__name__']: value for key, value in metrics.items()}
        self.assertEqual(values['limpet_sd_file_files_broken'], 1)
        self.assertEqual(values['limpet_sd_file_read_errors_total'], 1)
        self.assertEqual(values['limpet_sd_file_targets'], 1)
        # the others are taken up all the same
        self.write('b.yaml', f'- targets: ["{self.nginx.target(self.nginx.addresses[1])}"]\n')
        self.wait_scraping(limpet, 0, 1)
        self.write('a.json', self.groups(2))
        self.wait_scraping(limpet, 1, 2)
        self.assertEqual(self.check(limpet, 'file_sd')['status'], 'ok')

    def test_a_mounted_config_map_of_targets(self):
        mount = ConfigMap(self.directory / 'mount', {'a.json': json.dumps(self.groups(0))})
        limpet = self.start({'file_sd_configs': [{'files': ['mount/*.json']}]})
        self.wait_scraping(limpet, 0)
        mount.update({'a.json': json.dumps(self.groups(1))})
        self.wait_scraping(limpet, 1)
        mount.update({'a.json': json.dumps(self.groups(0, 2))})
        self.wait_scraping(limpet, 0, 2)

    def test_a_server_that_fails_and_recovers(self):
        server = self.enterContext(TargetListServer())
        server.answer('down', status=503)
        limpet = self.start(
            {'http_sd_configs': [{'url': server.url, 'refresh_interval': '1s'}]}, wait_ready=False
        )
        wait_until(lambda: len(server.requests) >= 2, 15, 'requests')
        self.assertEqual(limpet.get('/-/ready').status, 503)
        self.assertIn('HTTP status 503', limpet.get('/-/ready').text)
        self.assertEqual(self.check(limpet, 'http_sd')['status'], 'failing')
        server.answer(self.groups(0))
        limpet.wait_ready()
        self.wait_scraping(limpet, 0)
        _, headers = server.requests[-1]
        self.assertEqual(headers['X-Prometheus-Refresh-Interval-Seconds'], '1')
        self.assertTrue(headers['User-Agent'].startswith('limpet/'))
        (target,) = limpet.active_targets()
        self.assertEqual(target['discoveredLabels']['__meta_url'], server.url)
        for bad in (
            {'body': self.groups(1), 'content_type': 'text/html'},
            {'body': '[{"targets": [7]}]'},
            {'body': 'gone', 'status': 404},
        ):
            server.answer(**bad)
            before = limpet.metric('limpet_sd_http_failures_total')
            wait_until(
                lambda: limpet.metric('limpet_sd_http_failures_total') >= before + 2,
                15,
                f'failures with {bad}',
            )
            self.assertEqual(self.check(limpet, 'http_sd')['status'], 'degraded')
            self.wait_scraping(limpet, 0)
        server.answer(self.groups(1, 2))
        self.wait_scraping(limpet, 1, 2)
        self.assertEqual(self.check(limpet, 'http_sd')['status'], 'ok')


if __name__ == '__main__':
    unittest.main()
