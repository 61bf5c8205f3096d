"""limpet targets: what would be scraped, and what it says where that cannot be known.

Run: cd tests && python3 -m unittest -v integration.targets_command_test
"""
import json
import pathlib
import tempfile
import unittest

from parts.limpet import run_limpet
from parts.pod import running_pod, write_pod
from parts.process import free_port
from parts.standin_api import StandinApi
from parts.target_list_server import TargetListServer


class TargetsCommandTest(unittest.TestCase):
    def setUp(self):
        self.directory = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.config_file = self.directory / 'limpet.yml'

    def run_targets(self, jobs, *flags, code=0):
        self.config_file.write_text(json.dumps({'scrape_configs': jobs}))
        result = run_limpet('targets', f'--config.file={self.config_file}', *flags)
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        return result

    def test_static_targets_and_relabelling(self):
        job = {
            'job_name': 'static',
            'scrape_interval': '30s',
            'static_configs': [{'targets': ['b:1', 'a:1', 'drop:1', 'a:1'], 'labels': {'x': 'y'}}],
            'relabel_configs': [
                {'source_labels': ['__address__'], 'regex': 'drop.*', 'action': 'drop'}
            ],
        }
        result = self.run_targets([job, {'job_name': 'empty'}])
        lines = result.stdout.splitlines()
        self.assertEqual(
            [line.split() for line in lines[:3]],
            [
                ['JOB', 'URL', 'INTERVAL', 'TIMEOUT', 'LABELS'],
                ['static', 'http://a:1/metrics', '30s', '10s']
                + ['{instance="a:1",job="static",x="y"}'],
                ['static', 'http://b:1/metrics', '30s', '10s']
                + ['{instance="b:1",job="static",x="y"}'],
            ],
        )
        self.assertEqual(lines[-1], '2 targets, 1 dropped by relabelling (static: 1)')
        self.assertEqual(result.stderr, '')

    def test_json_is_that_of_the_api(self):
        job = {'job_name': 'static', 'static_configs': [{'targets': ['a:1']}]}
        data = json.loads(self.run_targets([job], '--json').stdout)
        self.assertEqual(data['status'], 'success')
        (target,) = data['data']['activeTargets']
        self.assertEqual(target['scrapePool'], 'static')
        self.assertEqual(target['scrapeUrl'], 'http://a:1/metrics')
        self.assertEqual(target['labels'], {'instance': 'a:1', 'job': 'static'})
        self.assertEqual(target['discoveredLabels']['__address__'], 'a:1')
        self.assertEqual(target['health'], 'unknown')
        self.assertEqual(data['data']['droppedTargetCounts'], {'static': 0})

    def test_shards_divide_the_targets(self):
        job = {
            'job_name': 'static',
            'static_configs': [{'targets': [f'a:{port}' for port in range(1, 41)]}],
        }
        seen = []
        for shard in ('0', 'limpet-1', '2'):
            flags = ('--shards=3', f'--shard={shard}')
            data = json.loads(self.run_targets([job], '--json', *flags).stdout)
            urls = [target['scrapeUrl'] for target in data['data']['activeTargets']]
            table = self.run_targets([job], *flags).stdout.splitlines()
            self.assertEqual(
                table[-1],
                f'{len(urls)} targets, 0 dropped by relabelling, {40 - len(urls)} of other shards',
            )
            self.assertGreater(len(urls), 4)
            seen += urls
        self.assertEqual(sorted(seen), sorted(f'http://a:{port}/metrics' for port in range(1, 41)))
        refused = self.run_targets([job], '--shards=3', '--shard=3', code=2)
        self.assertIn('--shards 3 has shards 0 to 2', refused.stderr)

    def test_every_kind_of_discovery(self):
        pods = self.directory / 'pods'
        pods.mkdir()
        write_pod(pods, running_pod('web-1', '10.0.0.9', 80))
        api = self.enterContext(StandinApi(pods))
        server = self.enterContext(TargetListServer())
        server.answer([{'targets': ['from-http:1']}])
        (self.directory / 'list.yml').write_text('- targets: ["from-file:1"]\n')
        jobs = [
            {'job_name': 'pods', 'kubernetes_sd_configs': [{'role': 'pod', 'api_server': api.url}]},
            {'job_name': 'http', 'http_sd_configs': [{'url': server.url}]},
            {'job_name': 'file', 'file_sd_configs': [{'files': ['list.yml']}]},
        ]
        said = self.run_targets(jobs).stdout
        for found in ('10.0.0.9', 'http://from-http:1/metrics', 'http://from-file:1/metrics'):
            self.assertIn(found, said)
        one = self.run_targets(jobs, '--job=file').stdout
        self.assertIn('from-file', one)
        self.assertNotIn('from-http', one)

    def test_what_does_not_answer_is_named(self):
        url = f'http://127.0.0.1:{free_port()}'
        (self.directory / 'bad.json').write_text('[{"targets": [1]}]')
        result = self.run_targets(
            [
                {'job_name': 'pods', 'kubernetes_sd_configs': [{'role': 'pod', 'api_server': url}]},
                {'job_name': 'http', 'http_sd_configs': [{'url': url + '/x?token=t0p'}]},
                {'job_name': 'file', 'file_sd_configs': [{'files': ['*.json']}]},
                {'job_name': 'static', 'static_configs': [{'targets': ['known:1']}]},
            ],
            '--wait=500ms',
            code=1,
        )
        self.assertIn('http://known:1/metrics', result.stdout)
        self.assertRegex(result.stderr, 'kubernetes_sd: no list of role pod in all namespaces')
        self.assertRegex(result.stderr, f'http_sd: no list from {url}/x: .*refused')
        self.assertIn(f'{self.directory}/bad.json:1:15: [0].targets[0]: expected', result.stderr)
        self.assertNotIn('t0p', result.stderr)

    def test_a_bad_configuration_is_refused(self):
        result = self.run_targets([{'job_name': 'a', 'scrape_interval': 'x'}], code=2)
        self.assertRegex(result.stderr, r'limpet\.yml:1:\d+: .*scrape_interval: expected a duration')
        self.assertEqual(result.stdout, '')
        absent = run_limpet('targets', f'--config.file={self.directory}/absent.yml')
        self.assertEqual(absent.returncode, 2)
        self.assertIn('absent.yml', absent.stderr)
        self.run_targets([{'job_name': 'a'}], '--job=b', code=2)
        self.run_targets([{'job_name': 'a'}], '--wait=soon', code=2)

    def test_targets_that_are_none(self):
        job = {
            'job_name': 'odd',
            'target_limit': 1,
            'static_configs': [{'targets': ['a/b', 'ok:1', 'ok:2']}],
            'relabel_configs': [{'action': 'labeldrop', 'regex': 'none'}],
        }
        result = self.run_targets([job])
        self.assertIn('2 targets', result.stdout)
        self.assertIn('job odd: a/b left out: "a/b" is not a valid hostname', result.stderr)
        self.assertIn('target_limit is 1 and there are 2 targets', result.stderr)


if __name__ == '__main__':
    unittest.main()
