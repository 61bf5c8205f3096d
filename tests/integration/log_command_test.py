"""limpet log verify and limpet log dump, on logs that a real limpet wrote or is writing.

Run: cd tests && python3 -m unittest -v integration.log_command_test
"""
import collections
import json
import pathlib
import subprocess
import tempfile
import unittest

from parts.limpet import BINARY, Limpet, run_limpet, static_job
from parts.nginx_targets import NginxTargets, loopback_addresses, moving_page
from parts.process import wait_until
from parts.prometheus import promtool

TARGETS = 3
SAMPLES = sum(not line.startswith('#') for line in moving_page(1).splitlines())
# up, scrape_duration_seconds and the like, of which there are at least these
REPORTS_MIN = 4
HOSTILE = 'hostile{text="\x1b[31m\x9b31m\u202e"} 1\n'


class LogCommandTest(unittest.TestCase):
    def setUp(self):
        self.work = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.nginx = self.enterContext(
            NginxTargets(
                self.work / 'targets',
                loopback_addresses(TARGETS),
                [moving_page(second) + HOSTILE for second in range(100)],
            )
        )
        self.limpet = self.enterContext(
            Limpet(
                self.work / 'limpet',
                {
                    'scrape_configs': [static_job(map(self.nginx.target, self.nginx.addresses))],
                    # nobody listens there, so that everything stays in the log
                    'remote_write': [{'name': 'away', 'url': 'http://127.0.0.1:9/api/v1/write'}],
                },
            )
        )
        self.storage = self.limpet.storage_path
        self.limpet.wait_ready()
        self.limpet.wait_targets_up(TARGETS)

    def written(self):
        return self.limpet.metric('limpet_log_samples_total')

    def wait_scrapes(self, count):
        wait_until(
            lambda: len(self.nginx.scrapes()) >= count * TARGETS, 60, f'{count} scrapes of each'
        )

    def verify(self, code=0):
        result = run_limpet('log', 'verify', self.storage, '--format=json')
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        return json.loads(result.stdout)

    def dump(self, *flags, code=0):
        result = run_limpet('log', 'dump', self.storage, *flags)
        self.assertEqual(result.returncode, code, result.stdout[-2000:] + result.stderr)
        return result.stdout.splitlines()

    def killed(self, scrapes):
        self.wait_scrapes(scrapes)
        written = self.written()
        self.limpet.kill()
        return written

    def test_verify_counts_what_a_killed_limpet_wrote(self):
        written = self.killed(4)
        before = {path: path.read_bytes() for path in self.storage.rglob('*') if path.is_file()}
        report = self.verify()
        self.assertTrue(report['sound'])
        total = report['total']
        self.assertGreaterEqual(total['samples'], written)
        self.assertGreaterEqual(total['samples'], 3 * TARGETS * (SAMPLES + REPORTS_MIN))
        self.assertGreaterEqual(total['series'], TARGETS * (SAMPLES + 1 + REPORTS_MIN))
        self.assertEqual(total['targets'], TARGETS)
        self.assertEqual(sum(one['samples'] for one in report['segments']), total['samples'])
        self.assertLess(total['oldest_ms'], total['newest_ms'])
        self.assertEqual([cursor['receiver'] for cursor in report['cursors']], ['away'])
        self.assertEqual(report['cursors'][0]['samples_behind'], total['samples'])
        self.assertEqual(report['cursors'][0]['oldest_unsent_ms'], total['oldest_ms'])
        text = run_limpet('log', 'verify', self.storage)
        self.assertEqual(text.returncode, 0)
        self.assertIn(f'{total["samples"]} samples', text.stdout)
        self.assertIn('sound', text.stdout)
        self.assertIn('cursor of away', text.stdout)
        after = {path: path.read_bytes() for path in self.storage.rglob('*') if path.is_file()}
        self.assertEqual(before, after)

    def test_verify_beside_a_limpet_that_writes(self):
        last = 0
        for count in range(2, 5):
            self.wait_scrapes(count)
            report = self.verify()
            self.assertGreater(report['total']['samples'], last)
            last = report['total']['samples']
        self.assertTrue(self.dump('--limit=5'))
        self.assertTrue(self.limpet.process.running())
        self.wait_scrapes(6)

    def test_dump_shows_the_series(self):
        self.killed(4)
        address = self.nginx.addresses[0]
        match = f'--match=moving_second{{instance="{self.nginx.target(address)}"}}'
        lines = self.dump(match)
        served = [scrape.page for scrape in self.nginx.scrapes() if scrape.address == address]
        values = [int(line.rsplit(' ', 1)[1]) for line in lines]
        # the last one may have been served and not been taken before the kill
        self.assertIn(values, (served, served[:-1]))
        self.assertRegex(lines[0], r'^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z moving_second\{')
        records = [json.loads(line) for line in self.dump(match, '--format=json')]
        self.assertEqual([int(record['value']) for record in records], values)
        self.assertEqual(records[0]['labels']['__name__'], 'moving_second')
        second_ms = records[1]['timestamp_ms']
        self.assertEqual(self.dump(match, f'--from={second_ms}'), lines[1:])
        self.assertEqual(self.dump(match, f'--to={lines[1].split()[0]}'), lines[:2])
        self.assertEqual(self.dump(match, '--limit=1'), lines[:1])
        self.assertEqual(self.dump(match, '--segment=1'), lines)
        self.assertEqual(len(self.dump('--match={__name__=~"moving_.*"}')) % SAMPLES, 0)

    def test_what_targets_say_does_not_steer_the_terminal(self):
        self.killed(2)
        for flags in ((), ('--format=json',), ('--records',)):
            text = '\n'.join(self.dump(*flags))
            self.assertNotRegex(text, '[\x00-\x09\x0b-\x1f\x7f\x80-\x9f\u202e]')
        self.assertIn(r'text="\x1b[31m\u009b31m\u202e"', '\n'.join(self.dump('--match=hostile')))

    def test_records(self):
        self.killed(3)
        records = [json.loads(line) for line in self.dump('--records', '--format=json')]
        kinds = collections.Counter(record['record'] for record in records)
        self.assertEqual(kinds['scrape'], self.verify()['total']['scrapes'])
        self.assertEqual(kinds['target'], TARGETS)
        self.assertGreaterEqual(kinds['layout'], 1)
        self.assertEqual(len(self.dump('--records')), len(records))
        self.assertFalse(any(record['undecodable'] for record in records))

    def test_damage_is_found(self):
        self.killed(4)
        segment = next((self.storage / 'log').glob('*.seg'))
        content = bytearray(segment.read_bytes())
        at = len(content) * 7 // 8  # behind the dictionary, which all scrapes need
        content[at] ^= 0x10
        segment.write_bytes(content)
        report = self.verify(code=1)
        self.assertFalse(report['sound'])
        damage = report['damage'][0]
        self.assertEqual(damage['file'], str(segment))
        self.assertLessEqual(damage['offset'], at)
        text = run_limpet('log', 'verify', self.storage)
        self.assertEqual(text.returncode, 1)
        self.assertIn(f'offset {damage["offset"]}', text.stdout)
        self.assertTrue(self.dump(code=1))

    def test_openmetrics_goes_into_promtool(self):
        self.killed(4)
        page = self.work / 'page.om'
        page.write_text('\n'.join(self.dump('--format=openmetrics')) + '\n')
        blocks = self.work / 'blocks'
        made = promtool('tsdb', 'create-blocks-from', 'openmetrics', page, blocks)
        self.assertEqual(made.returncode, 0, made.stdout + made.stderr)
        (blocks / 'wal').mkdir()  # what dump wants to see, and blocks alone do not have
        shown = promtool('tsdb', 'dump', blocks)
        expected = len(self.dump('--match={__name__=~"moving_.*"}'))
        self.assertEqual(shown.stdout.count('__name__="moving_'), expected)

    def test_a_reader_that_stops_reading(self):
        self.killed(2)
        process = subprocess.Popen(
            [BINARY, 'log', 'dump', str(self.storage)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        process.stdout.close()
        errors = process.stderr.read()
        process.stderr.close()
        self.assertEqual((process.wait(20), errors), (0, b''))


class LogCommandErrorsTest(unittest.TestCase):
    def setUp(self):
        self.work = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    def test_what_cannot_be_read(self):
        for directory in (self.work / 'absent', self.work):
            for command in ('verify', 'dump'):
                result = run_limpet('log', command, directory)
                self.assertEqual(result.returncode, 2, result.stdout)
                self.assertIn(str(directory), result.stderr)

    def test_an_empty_log_is_sound(self):
        (self.work / 'log').mkdir()
        self.assertEqual(run_limpet('log', 'verify', self.work).returncode, 0)
        dumped = run_limpet('log', 'dump', self.work, '--format=openmetrics')
        self.assertEqual((dumped.returncode, dumped.stdout), (0, '# EOF\n'))

    def test_options_that_make_no_sense(self):
        (self.work / 'log').mkdir()
        for flags in (
            ['--match=up{'],
            ['--from=soon'],
            ['--to=2023-13-01'],
            ['--segment=7'],
            ['--records', '--match=up'],
            ['--records', '--format=openmetrics'],
        ):
            result = run_limpet('log', 'dump', self.work, *flags)
            self.assertEqual(result.returncode, 2, flags)
            self.assertTrue(result.stderr.strip(), flags)
        self.assertNotEqual(run_limpet('log', 'dump', self.work, '--format=xml').returncode, 0)
        self.assertNotEqual(run_limpet('log').returncode, 0)


if __name__ == '__main__':
    unittest.main()
