"""Receivers that hang, lie, trickle, flood and break off, one of each kind at the same time: limpet's
memory stays flat, and once they behave each of them gets everything.

Run: cd tests && python3 -m unittest -v integration.hostile_receivers_test
"""
import math
import pathlib
import tempfile
import time
import unittest

from parts.certificate import Certificate
from parts.delivery import compare
from parts.exposition import matching
from parts.hostile_receiver import TLS_WAYS, WAYS, HostileReceiver
from parts.limpet import Limpet, static_job
from parts.nginx_targets import NginxTargets, loopback_addresses, moving_page
from parts.process import wait_until
from parts.sink import Sink

TARGETS = 10
ROUNDS = 10  # scrapes of each target while the receivers misbehave
# Of the batches that wait for all those receivers, and what the allocator makes of them.
GROWTH_MAX_MIB = 12
NO_HOST = 'no_such_host'
UNREACHABLE = 'nobody_listens'


class HostileReceiversTest(unittest.TestCase):
    def setUp(self):
        self.work = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.nginx = self.enterContext(
            NginxTargets(self.work / 'targets', loopback_addresses(TARGETS))
        )
        self.sink = self.enterContext(Sink(self.work / 'sink', '--strict'))
        right = Certificate(self.work / 'right')
        wrong = Certificate(self.work / 'wrong')
        self.ca_file = right.ca_file
        self.hostile = {
            way: self.enterContext(HostileReceiver(way, self.sink.port)) for way in WAYS
        }
        for way in TLS_WAYS:
            self.hostile[way] = self.enterContext(
                HostileReceiver(way, self.sink.port, right, wrong)
            )
        self.names = [*self.hostile, NO_HOST, UNREACHABLE]
        self.limpet = Limpet(self.work / 'limpet', self.config())

    def config(self, all_well=False):
        urls = {way: receiver.url(f'/{way}') for way, receiver in self.hostile.items()}
        for name, url in ((NO_HOST, 'limpet-test.invalid:9'), (UNREACHABLE, '127.0.0.1:9')):
            urls[name] = f'{self.sink.url if all_well else "http://" + url}/{name}'
        return {
            'scrape_configs': [static_job(map(self.nginx.target, self.nginx.addresses))],
            'remote_write': [
                {
                    'name': name,
                    'url': url,
                    # one that was refused is tried at once when its settings change
                    'remote_timeout': '2s' if all_well and name == 'refusal' else '1s',
                    'queue_config': {'max_backoff': '500ms'},
                    # tells apart at the one sink what came by which receiver
                    'write_relabel_configs': [{'target_label': 'via', 'replacement': name}],
                    'tls_config': {'ca_file': str(self.ca_file)},
                }
                for name, url in urls.items()
            ],
        }

    def resident_mib(self):
        return self.limpet.metric('process_resident_memory_bytes') / (1 << 20)

    def wait_rounds(self, count):
        since_s = time.time()

        def enough():
            scraped = dict.fromkeys(self.nginx.addresses, 0)
            for scrape in self.nginx.scrapes():
                scraped[scrape.address] += scrape.end_s > since_s
            return min(scraped.values()) >= count

        wait_until(enough, 20 + 3 * count, f'{count} scrapes of each target')

    def arrived(self, until_s):
        """The receivers that lack something, and why."""
        by_receiver = {name: {} for name in self.names}
        for series, rows in self.sink.export().items():
            by_receiver[dict(series)['via']][series] = rows
        lacking = {}
        for name, export in by_receiver.items():
            result = compare(
                self.nginx.scrapes(), export, moving_page, ('via',), until_s=until_s
            )
            if result.missing or result.wrong or result.unexplained:
                lacking[name] = result.summary()
        return lacking

    def test_nothing_is_lost_and_memory_stays_flat(self):
        with self.limpet as limpet:
            limpet.wait_ready()
            self.wait_rounds(2)
            before_mib, most_mib = self.resident_mib(), 0
            for _ in range(ROUNDS):
                self.wait_rounds(1)
                most_mib = max(most_mib, self.resident_mib())
            for name, receiver in self.hostile.items():
                self.assertGreater(receiver.connections, 0, f'{name} was never tried')
            sent = matching(limpet.metrics(), 'limpet_remote_storage_samples_total')
            self.assertEqual(sum(sent.values()), 0, 'none of them took anything')
            print(
                f'RSS with {len(self.names)} hostile receivers: {before_mib:.1f} MiB, '
                f'{most_mib:.1f} MiB at most in {ROUNDS} rounds',
                flush=True,
            )
            self.assertLess(most_mib - before_mib, GROWTH_MAX_MIB)

            for receiver in self.hostile.values():
                receiver.behave()
            limpet.write_config(self.config(all_well=True))
            self.assertEqual(limpet.get('/-/reload', method='POST').status, 200)
            self.wait_rounds(1)
            until_s, lacking = time.time(), {}

            def all_arrived():
                lacking.clear()
                lacking.update(self.arrived(until_s))
                return not lacking

            wait_until(
                all_arrived, 60, lambda: f'{lacking}\n{limpet.process.log_tail()}', interval_s=0.5
            )
            self.assertEqual(self.sink.stats()['out_of_order'], 0)
            dropped = matching(limpet.metrics(), 'limpet_remote_storage_samples_dropped_total')
            self.assertEqual(
                {series: count for series, count in dropped.items() if not math.isclose(count, 0)},
                {},
            )


if __name__ == '__main__':
    unittest.main()
