"""Targets that hang, flood, lie, trickle and break off beside targets that are well: none of the
scrapes of these is missed or late, memory stays bounded, and each bad target has an error that says
what is wrong with it.

Run: cd tests && python3 -m unittest -v integration.hostile_targets_test
"""
import gzip
import pathlib
import tempfile
import unittest

from parts.hostile_targets import WAYS, HostileTargets
from parts.limpet import Limpet
from parts.process import wait_until
from parts.sink import Sink
from parts.versioned_pages import Answer, VersionedPages

GOOD = 20
ROUNDS = 12  # scrapes of each target that is well
INTERVAL_MS = 1000
# Over what it had before: pages under way, one inflated, and what the allocator makes of them.
GROWTH_MAX_MIB = 64
# What /api/v1/targets says of each.
ERRORS = {
    'hang': 'timeout while waiting for an answer',
    'trickled_head': 'timeout after reading',
    'trickled_body': 'timeout after reading',
    'endless_chunks': 'body size limit exceeded',
    'endless_body': 'body size limit exceeded',
    'giant_length': 'body size limit exceeded',
    'most_of_a_page': 'body size limit exceeded',
    'tiny_chunks': '',  # the timeout or the size, whichever comes first
    'endless_chunk_extension': 'chunk header or trailer exceeds 65536 bytes',
    'endless_headers': 'head exceeds 65536 bytes',
    'endless_header': 'head exceeds 65536 bytes',
    'endless_reason': 'head exceeds 65536 bytes',
    'interim_storm': 'too many interim answers',
    'garbage': 'not an HTTP/1 status line',
    'other_protocol': 'not an HTTP/1 status line',
    'bad_chunk': 'bad chunk',
    'two_lengths': 'multiple Content-Length',
    'length_too_long': 'inside an answer',
    'length_too_short': 'line 2: expected a value after the series',
    'zip_bomb': 'body size limit exceeded',
    'broken_gzip': 'gzip body is',
    'not_gzip': 'gzip body is',
    'other_coding': 'unsupported Content-Encoding "br"',
    'invalid_utf8': 'line 1: label value is not valid UTF-8',
    'endless_label': 'line 1: expected a quoted label value',
    'many_labels': 'line 1: too many labels',
    'too_many_samples': 'sample limit exceeded',
    'reset': 'Connection reset by peer',
    'closed_at_once': 'before an answer',
    'redirect_loop': 'stopped after 10 redirects',
    'redirect_nowhere': 'URL must start with http:// or https://',
    'error_with_a_flood': 'HTTP status 500',
    'web_page': 'unsupported Content-Type "text/html"',
}
# Without a limit of the job's: 128 MiB under way, one page of 64 MiB, and the allocator.
GROWTH_WITHOUT_LIMIT_MAX_MIB = 256
# 5 MB of comments and one sample, in a few kB.
DENSE_PAGE = b'# nothing but a comment, and another one\n' * 125_000 + b'dense 1\n'


class HostileTargetsTest(unittest.TestCase):
    def setUp(self):
        work = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.sink = self.enterContext(Sink(work / 'sink', '--strict'))
        self.hostile = self.enterContext(HostileTargets())
        self.good = [f'good_{i}' for i in range(GOOD)]
        pages = {name: [Answer(f'{name} 1\n'.encode())] for name in self.good}
        pages['dense'] = [Answer(DENSE_PAGE, compressed=True)]
        self.assertLess(len(gzip.compress(DENSE_PAGE, 1)), len(DENSE_PAGE) / 50)
        self.good.append('dense')
        self.pages = self.enterContext(VersionedPages(pages, ('limpet',)))
        self.limpet = Limpet(work / 'limpet', None)

    def config(self, hostile=(), **limits):
        """hostile: their names, each the name of a way and perhaps a number."""
        groups = [
            {
                'targets': [self.pages.address('limpet')],
                'labels': {'__metrics_path__': f'/{name}', 'way': name},
            }
            for name in self.good
        ]
        groups += [
            {'targets': [self.hostile.address(name.split('-')[0])], 'labels': {'way': name}}
            for name in hostile
        ]
        return {
            'scrape_configs': [
                {
                    'job_name': 'all',
                    'scrape_interval': '1s',
                    'scrape_timeout': '1s',
                    **limits,
                    'static_configs': groups,
                }
            ],
            'remote_write': [{'url': self.sink.write_url}],
        }

    def resident_mib(self):
        return self.limpet.metric('process_resident_memory_bytes') / (1 << 20)

    def scrapes(self, name):
        """[(timestamp_ms, up)] of a target."""
        for series, rows in self.sink.export().items():
            labels = dict(series)
            if labels['__name__'] == 'up' and labels['way'] == name:
                return rows
        return []

    def wait_scrapes(self, names, count):
        wait_until(
            lambda: all(len(self.scrapes(name)) >= count for name in names),
            20 + 3 * count,
            lambda: f'{count} scrapes of each of {names}\n{self.limpet.process.log_tail()}',
            interval_s=0.5,
        )

    def scrape_beside(self, hostile, rounds, growth_max_mib, **limits):
        """Those that are well are scraped as if they were alone; {name: the target as the API shows
        it}.
        """
        limpet = self.limpet
        limpet.write_config(self.config())
        self.enterContext(limpet)
        limpet.wait_ready()
        self.wait_scrapes(self.good, 3)
        before_mib, most_mib = self.resident_mib(), 0
        limpet.write_config(self.config(hostile, **limits))
        self.assertEqual(limpet.get('/-/reload', method='POST').status, 200)
        for count in range(1, rounds):
            self.wait_scrapes(hostile, count)
            most_mib = max(most_mib, self.resident_mib())
        print(
            f'RSS with {len(hostile)} hostile targets: {before_mib:.1f} MiB before, '
            f'{most_mib:.1f} MiB at most in {rounds} rounds',
            flush=True,
        )
        targets = {target['labels']['way']: target for target in limpet.active_targets()}
        self.assertEqual(targets.keys(), {*self.good, *hostile})
        for name in self.good:
            self.assertEqual(targets[name]['health'], 'up', targets[name]['lastError'])
            rows = self.scrapes(name)
            self.assertEqual({up for _, up in rows}, {1}, name)
            gaps_ms = [after[0] - before[0] for before, after in zip(rows, rows[1:])]
            # The first scrape is at once, not on the grid. One that is missed leaves a gap of two.
            self.assertLess(max(gaps_ms), 2 * INTERVAL_MS, name)
        for name in hostile:
            self.assertEqual({up for _, up in self.scrapes(name)}, {0}, name)
        self.assertLess(most_mib - before_mib, growth_max_mib)
        return targets

    def test_all_ways_at_once(self):
        targets = self.scrape_beside(
            WAYS, ROUNDS, GROWTH_MAX_MIB, body_size_limit='8MB', sample_limit=10_000
        )
        self.assertEqual(ERRORS.keys(), set(WAYS))
        for way in WAYS:
            with self.subTest(way):
                self.assertGreater(self.hostile.asked[way], 0)
                self.assertEqual(targets[way]['health'], 'down')
                self.assertIn(ERRORS[way], targets[way]['lastError'])

    def test_huge_pages_without_a_limit(self):
        """Together they are more than limpet takes at a time."""
        hostile = [f'most_of_a_page-{i}' for i in range(4)] + ['endless_chunks', 'endless_body']
        targets = self.scrape_beside(hostile, ROUNDS, GROWTH_WITHOUT_LIMIT_MAX_MIB)
        errors = {targets[name]['lastError'] for name in hostile}
        self.assertIn('too many bytes of scrapes under way (128 MiB)', errors)


if __name__ == '__main__':
    unittest.main()
