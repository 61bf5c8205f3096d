"""Targets whose pages need more memory than limpet may use: it stays within, goes on with the
targets that it knows, says so, takes the others when pages shrink, and loses nothing on the way.

Once within a limit of --memory.limit, once within that of a real cgroup, which kills.

Run: cd tests && python3 -m unittest -v integration.memory_budget_test
"""
import collections
import hashlib
import pathlib
import re
import tempfile
import unittest

from parts.limpet import Limpet
from parts.memory_cgroup import MemoryCgroup
from parts.process import wait_until
from parts.sink import Sink
from parts.versioned_pages import Answer, VersionedPages

LIMIT = 96 << 20
KNOWN = 20
LARGE = 200
INTERVAL_S = 2
# What a page is made of: no two have a series, or even a label value, in common.
SERIES = 800
VALUE_BYTES = 512


def large_page(name, series=SERIES):
    rows = []
    for i in range(series):
        seed = f'{name} {i}'.encode()
        value = hashlib.shake_128(seed).hexdigest(VALUE_BYTES // 2)
        rows.append(f'{name}_metric{{row="{i}",value="{value}"}} {i}\n')
    return ''.join(rows).encode()


class MemoryBudgetTest(unittest.TestCase):
    def setUp(self):
        self.work = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.sink = self.enterContext(Sink(self.work / 'sink', '--strict'))
        self.known = [f'known_{i}' for i in range(KNOWN)]
        self.large = [f'large_{i}' for i in range(LARGE)]
        pages = {name: [Answer(f'{name} 1\n'.encode())] for name in self.known}
        pages |= {name: [Answer(large_page(name))] for name in self.large}
        self.pages = self.enterContext(VersionedPages(pages, ('limpet',)))
        self.peak = 0

    def config(self, names):
        address = self.pages.address('limpet')
        return {
            'scrape_configs': [
                {
                    'job_name': 'all',
                    'scrape_interval': f'{INTERVAL_S}s',
                    'scrape_timeout': f'{INTERVAL_S}s',
                    'static_configs': [
                        {'targets': [address], 'labels': {'__metrics_path__': f'/{n}', 'name': n}}
                        for n in names
                    ],
                }
            ],
            'remote_write': [{'url': self.sink.write_url}],
        }

    def resident(self):
        """Bytes of it that are no file's; the largest is remembered."""
        status = pathlib.Path(f'/proc/{self.limpet.process.pid}/status').read_text()
        kib = int(re.search(r'RssAnon:\s+(\d+) kB', status).group(1))
        self.peak = max(self.peak, kib << 10)
        return kib << 10

    def level(self):
        self.resident()
        return self.limpet.metric('limpet_memory_shedding_level')

    def shed(self, reason):
        return self.limpet.metric('limpet_memory_shed_scrapes_total', reason=reason)

    def up(self):
        self.resident()
        return {
            target['labels']['name']: target['health'] == 'up'
            for target in self.limpet.active_targets()
        }

    def state(self):
        return (
            f'level {self.level()}, {self.resident() >> 20} MiB, peak {self.peak >> 20} MiB, '
            f'{sum(self.up().values())} up\n{self.limpet.process.log_tail()}'
        )

    def scarcity(self):
        """What its log says of memory, and why scrapes failed."""
        log = self.limpet.process.log_path.read_text()
        lines = [line for line in log.splitlines() if 'scarce' in line]
        errors = collections.Counter(re.findall(r'"msg":"scrape failed".*"error":"([^"]*)', log))
        return '\n'.join([*lines, str(errors)])

    def check(self):
        self.limpet.start()
        self.limpet.wait_ready()
        self.limpet.wait_targets_up(KNOWN)
        self.assertEqual(self.limpet.metric('limpet_memory_limit_bytes'), LIMIT)
        self.assertEqual(self.level(), 0)

        self.limpet.write_config(self.config(self.known + self.large))
        wait_until(lambda: self.shed('new_target') > LARGE, 90, self.state, 0.2)
        health = self.limpet.get('/health')
        self.assertEqual(health.json()['status'], 'degraded')
        self.assertIn(health.json()['checks']['memory']['level'], ('no_new_pages', 'no_scrapes'))
        self.limpet.wait_ready()
        log = self.limpet.process.log_path.read_text()
        self.assertIn('memory becomes scarce', log)
        errors = {target['lastError'] for target in self.limpet.active_targets()}
        self.assertIn('memory is scarce (no_new_pages): no further target is scraped', errors)
        # Some of them did find room.
        up = self.up()
        self.assertTrue(all(up[name] for name in self.known), self.state())
        self.assertGreater(sum(up.values()), KNOWN)
        self.assertLess(sum(up.values()), KNOWN + LARGE)

        self.pages.go_on(
            {name: [Answer(f'{name}_small 1\n'.encode())] for name in self.large}
            | {name: [Answer(f'{name} 1\n'.encode())] for name in self.known}
        )
        wait_until(lambda: all(self.up().values()), 90, self.state, 0.2)
        wait_until(lambda: self.level() == 0, 30, self.state, 0.2)
        self.assertEqual(self.limpet.get('/health').json()['status'], 'ok')
        self.assertLess(self.peak, LIMIT)
        self.check_nothing_lost()

    def check_nothing_lost(self):
        """Every sample that was scraped is in the sink, and the known targets were up all along."""
        self.limpet.write_config(self.config([]))
        wait_until(lambda: not self.limpet.active_targets(), 20, 'the targets are gone')
        appended = self.limpet.metric('limpet_scrape_samples_appended_total')
        wait_until(
            lambda: self.sink.counts()['samples'] >= appended,
            60,
            lambda: f'{appended} samples; {self.sink.counts()}',
        )
        self.assertEqual(self.sink.counts()['samples'], appended)
        self.assertEqual(self.sink.counts()['offences'], [])
        ups = {}
        for labels, rows in self.sink.export().items():
            labels = dict(labels)
            if labels['__name__'] == 'up' and labels['name'] in self.known:
                ups[labels['name']] = [value for _, value in rows if value == value]
        self.assertEqual(set(ups), set(self.known))
        failed = {name: values.count(0) for name, values in ups.items() if 0 in values}
        self.assertEqual(failed, {}, self.scarcity())

    def test_within_a_limit_of_its_own(self):
        self.limpet = Limpet(
            self.work / 'limpet', self.config(self.known), flags=['--memory.limit=96MiB']
        )
        self.addCleanup(self.limpet.stop)
        self.check()

    def test_within_a_cgroup(self):
        cgroup = self.enterContext(MemoryCgroup(LIMIT))
        self.limpet = Limpet(self.work / 'limpet', self.config(self.known), prefix=cgroup.prefix())
        try:
            self.check()
            self.assertEqual(cgroup.kills(), 0)
        finally:
            self.limpet.stop()

    def test_limits_that_make_no_sense(self):
        self.limpet = Limpet(
            self.work / 'limpet', self.config(self.known), flags=['--memory.limit=64']
        )
        self.limpet.start()
        self.assertEqual(self.limpet.process.wait(20), 2)
        self.assertIn('--memory.limit', self.limpet.process.log_tail())
        self.limpet.stop()


if __name__ == '__main__':
    unittest.main()
