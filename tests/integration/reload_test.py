"""A changed configuration takes effect, by signal, by request and as a ConfigMap changes; a bad one
does not.

Run: cd tests && python3 -m unittest -v integration.reload_test
"""
import json
import pathlib
import signal
import tempfile
import time
import unittest

from parts.config_map import ConfigMap
from parts.limpet import Limpet, static_job
from parts.nginx_targets import NginxTargets, loopback_addresses
from parts.process import wait_until


class ReloadTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.work = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.nginx = cls.enterClassContext(NginxTargets(cls.work / 'targets', loopback_addresses(2)))

    def setUp(self):
        self.directory = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(dir=self.work)))

    def config(self, *numbers):
        """One that scrapes these targets of the two."""
        return {
            'scrape_configs': [
                static_job(self.nginx.target(self.nginx.addresses[number]) for number in numbers)
            ]
        }

    def start(self, limpet):
        self.enterContext(limpet)
        return limpet.wait_ready()

    def wait_scraping(self, limpet, *numbers):
        wanted = {self.nginx.target(self.nginx.addresses[number]) for number in numbers}
        wait_until(
            lambda: {target['labels']['instance'] for target in limpet.active_targets()} == wanted,
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

    def test_sighup(self):
        # a file name of its own, so that no other change wakes the watch first
        limpet = self.start(Limpet(self.directory, self.config(0)))
        self.wait_scraping(limpet, 0)
        limpet.write_config(self.config(1))
        limpet.process.signal(signal.SIGHUP)
        self.wait_scraping(limpet, 1)

    def test_reload_request(self):
        limpet = self.start(Limpet(self.directory, self.config(0)))
        limpet.write_config(self.config(0, 1))
        self.assertEqual(limpet.get('/-/reload', method='POST').status, 200)
        self.wait_scraping(limpet, 0, 1)
        self.assertEqual(limpet.get('/-/reload').status, 405, 'a GET must not change anything')

    def test_an_edited_config_map_takes_effect_by_itself(self):
        mount = ConfigMap(self.directory / 'mount', {'limpet.yml': json.dumps(self.config(0))})
        limpet = self.start(
            Limpet(self.directory, None, config_file=mount.directory / 'limpet.yml')
        )
        self.wait_scraping(limpet, 0)
        mount.update({'limpet.yml': json.dumps(self.config(1))})
        self.wait_scraping(limpet, 1)
        mount.update({'limpet.yml': json.dumps(self.config(0, 1))})
        self.wait_scraping(limpet, 0, 1)

    def test_an_edited_file_takes_effect_by_itself(self):
        limpet = self.start(Limpet(self.directory, self.config(0)))
        limpet.write_config(self.config(1))
        self.wait_scraping(limpet, 1)

    def test_a_bad_configuration_is_refused_and_the_running_one_stays(self):
        limpet = self.start(Limpet(self.directory, self.config(0)))
        self.wait_scraping(limpet, 0)
        limpet.write_config('scrape_configs:\n- job_name: broken\n  scrape_intervall: 5s\n')
        answer = limpet.get('/-/reload', method='POST')
        self.assertGreaterEqual(answer.status, 400)
        self.assertRegex(answer.text, r'limpet\.yml:3:3: .*scrape_intervall')
        wait_until(
            lambda: limpet.metric('limpet_config_last_reload_successful') == 0,
            10,
            'the failure is shown',
        )
        self.wait_scraping(limpet, 0)
        limpet.write_config(self.config(1))
        self.assertEqual(limpet.get('/-/reload', method='POST').status, 200)
        self.assertEqual(limpet.metric('limpet_config_last_reload_successful'), 1)
        self.wait_scraping(limpet, 1)


if __name__ == '__main__':
    unittest.main()
