"""limpet scrape: one real scrape, printed as it would be delivered.

Run: cd tests && python3 -m unittest -v integration.scrape_command_test
"""
import json
import pathlib
import re
import tempfile
import unittest

from parts.limpet import run_limpet
from parts.nginx_targets import NginxTargets, loopback_addresses
from parts.process import free_port

PAGE = (
    '# HELP requests_total Requests.\n# TYPE requests_total counter\n'
    'requests_total{code="200"} 7\n# TYPE temperature gauge\ntemperature -0.5\n'
    'old 4 1700000000000\nhostile{text="\x1b[31m"} 1\n'
)


class ScrapeCommandTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.work = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.nginx = cls.enterClassContext(
            NginxTargets(cls.work / 'targets', loopback_addresses(1), [PAGE] * 100)
        )
        cls.target = cls.nginx.target(cls.nginx.addresses[0])

    def setUp(self):
        self.directory = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(dir=self.work)))

    def scrape(self, *args, code=0):
        result = run_limpet('scrape', *args)
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        return result

    def config(self, *jobs):
        path = pathlib.Path(tempfile.mkdtemp(dir=self.directory)) / 'limpet.yml'
        path.write_text(
            json.dumps({'global': {'external_labels': {'cluster': 'c1'}}, 'scrape_configs': jobs})
        )
        return f'--config.file={path}'

    def samples(self, result):
        """{name: (labels without it, value)} of --json."""
        records = [json.loads(line) for line in result.stdout.splitlines()]
        return {
            record['labels'].pop('__name__'): (record['labels'], record['value'])
            for record in records
        }

    def test_the_samples_as_text(self):
        lines = self.scrape(self.target).stdout.splitlines()
        labels = f'instance="{self.target}",job="scrape"'
        time = r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z'
        self.assertRegex(
            lines[0],
            f'^{time} {re.escape("requests_total{code=" + chr(34) + "200" + chr(34))},'
            f'{re.escape(labels)}}} 7 # counter$',
        )
        self.assertRegex(lines[1], f'^{time} temperature{{{re.escape(labels)}}} -0.5 # gauge$')
        self.assertEqual(lines[2], f'2023-11-14T22:13:20.000Z old{{{labels}}} 4')
        self.assertIn(r'text="\x1b[31m"', lines[3])
        self.assertTrue(any(' up{' in line and line.endswith(' 1 # gauge') for line in lines))

    def test_the_samples_as_json(self):
        result = self.scrape(f'http://{self.target}/metrics', '--json')
        first = json.loads(result.stdout.splitlines()[0])
        self.assertEqual(first['type'], 'counter')
        self.assertEqual(first['help'], 'Requests.')
        self.assertEqual(first['value'], '7')
        self.assertEqual(first['labels']['instance'], self.target)
        self.assertGreater(first['timestamp_ms'], 1_700_000_000_000)

    def test_a_job_of_the_configuration(self):
        job = {
            'job_name': 'api',
            'relabel_configs': [{'source_labels': ['__meta_pod'], 'target_label': 'pod'}],
            'metric_relabel_configs': [
                {'source_labels': ['__name__'], 'regex': 'old|hostile', 'action': 'drop'}
            ],
        }
        config = self.config(job, {'job_name': 'other', 'sample_limit': 2})
        samples = self.samples(
            self.scrape(self.target, config, '--job=api', '--label=__meta_pod=p1', '--json')
        )
        labels = {'instance': self.target, 'job': 'api', 'pod': 'p1', 'cluster': 'c1'}
        self.assertEqual(samples['temperature'], (labels, '-0.5'))
        self.assertEqual(samples['scrape_samples_scraped'][1], '4')
        self.assertEqual(samples['scrape_samples_post_metric_relabeling'][1], '2')
        self.assertNotIn('old', samples)
        limited = self.scrape(self.target, config, '--job=other', '--json', code=1)
        self.assertIn('sample limit exceeded', limited.stderr)
        self.assertEqual(self.samples(limited)['up'][1], '0')

    def test_a_scrape_that_fails(self):
        missing = self.scrape(f'http://{self.target}/absent', code=1)
        self.assertIn('404', missing.stderr)
        self.assertRegex(missing.stdout, r' up\{.*\} 0 ')
        away = self.scrape(f'127.0.0.1:{free_port()}', code=1)
        self.assertIn('refused', away.stderr)
        self.assertRegex(away.stdout, r' up\{.*\} 0 ')

    def test_what_makes_no_sense_is_refused(self):
        drop = {'job_name': 'picky', 'relabel_configs': [{'action': 'drop', 'regex': '.*'}]}
        dropped = self.scrape(self.target, self.config(drop), code=1)
        self.assertIn('relabel_configs of job picky drop this target', dropped.stderr)
        two = self.config({'job_name': 'a'}, {'job_name': 'b'})
        for args, about in (
            ([self.target, two], 'which one'),
            ([self.target, two, '--job=c'], 'has: a, b'),
            ([self.target, '--timeout=soon'], '--timeout'),
            ([self.target, '--protocols=Morse'], 'Morse'),
            ([self.target, '--label=novalue'], '--label'),
            (['http://user:pass@host/'], 'URL'),
            (['ftp://host/'], 'URL'),
            ([self.target, f'--config.file={self.directory}/absent.yml'], 'absent.yml'),
            ([self.target, self.config({'job_name': 'a', 'colour': 1})], 'limpet.yml:1:'),
        ):
            result = self.scrape(*args, code=2)
            self.assertIn(about, result.stderr)
            self.assertEqual(result.stdout, '')


if __name__ == '__main__':
    unittest.main()
