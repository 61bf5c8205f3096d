"""scrape_config_files: jobs in files of their own, which come, change, break and go while limpet
runs.

Run: cd tests && python3 -m unittest -v integration.scrape_config_files_test
"""
import json
import pathlib
import tempfile
import unittest

from parts.config_map import ConfigMap
from parts.limpet import Limpet, run_limpet
from parts.process import free_port, wait_until


class ScrapeConfigFilesTest(unittest.TestCase):
    def setUp(self):
        self.directory = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.jobs = self.directory / 'jobs'

    def job(self, name):
        """Nobody listens there: the targets are what counts."""
        return {'job_name': name, 'static_configs': [{'targets': [f'127.0.0.1:{free_port()}']}]}

    def file(self, *names):
        return json.dumps({'scrape_configs': [self.job(name) for name in names]})

    def start(self):
        limpet = Limpet(
            self.directory,
            {'scrape_config_files': ['jobs/*.yml'], 'scrape_configs': [self.job('main')]},
        )
        return self.enterContext(limpet).wait_ready()

    def write(self, name, text):
        new = self.directory / 'new'
        new.write_text(text)
        new.rename(self.jobs / name)

    def wait_jobs(self, limpet, *names):
        wait_until(
            lambda: sorted(target['scrapePool'] for target in limpet.active_targets())
            == sorted(names),
            20,
            lambda: f'jobs {names}\n{limpet.process.log_tail()}',
        )

    def test_files_come_change_and_go(self):
        limpet = self.start()  # the directory is not even there
        self.wait_jobs(limpet, 'main')
        self.jobs.mkdir()
        self.write('a.yml', self.file('a'))
        self.wait_jobs(limpet, 'main', 'a')
        self.write('b.yml', self.file('b', 'c'))
        self.wait_jobs(limpet, 'main', 'a', 'b', 'c')
        self.write('a.yml', self.file('d'))
        self.wait_jobs(limpet, 'main', 'b', 'c', 'd')
        (self.jobs / 'b.yml').unlink()
        self.wait_jobs(limpet, 'main', 'd')
        # and the file itself
        limpet.write_config({'scrape_configs': [self.job('other')]})
        self.wait_jobs(limpet, 'other')

    def test_a_broken_file_is_refused_and_the_running_configuration_stays(self):
        self.jobs.mkdir()
        self.write('a.yml', self.file('a'))
        limpet = self.start()
        self.wait_jobs(limpet, 'main', 'a')
        self.write('b.yml', 'scrape_configs:\n- job_name: main\n')
        wait_until(
            lambda: limpet.metric('limpet_config_last_reload_successful') == 0, 15, 'a refusal'
        )
        error = limpet.get('/health').json()['checks']['config']['error']
        self.assertIn('jobs/b.yml:2:13: scrape_configs[0].job_name: "main" is the name of', error)
        self.wait_jobs(limpet, 'main', 'a')
        check = run_limpet('check-config', limpet.config_file)
        self.assertEqual(check.returncode, 1)
        self.assertIn('jobs/b.yml:2:13: ', check.stderr)
        self.write('b.yml', self.file('b'))
        self.wait_jobs(limpet, 'main', 'a', 'b')
        self.assertEqual(limpet.metric('limpet_config_last_reload_successful'), 1)

    def test_a_mounted_config_map_of_jobs(self):
        mount = ConfigMap(self.jobs, {'a.yml': self.file('a')})
        limpet = self.start()
        self.wait_jobs(limpet, 'main', 'a')
        mount.update({'a.yml': self.file('b')})
        self.wait_jobs(limpet, 'main', 'b')
        mount.update({'a.yml': self.file('b', 'c')})
        self.wait_jobs(limpet, 'main', 'b', 'c')


if __name__ == '__main__':
    unittest.main()
