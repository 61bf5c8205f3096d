"""kill -9 again and again, at any moment, with receivers that are up, slow or away in turn.

Three receivers at once, each behind a switch of its own: VictoriaMetrics keeps whatever comes,
Prometheus refuses what is out of order, the sink is strict about the protocol and remembers when
each sample came. In the end all three have every scrape that nginx served (but those in flight at a
kill, see outage_test.py), in order, and twice only where a kill lies between.
Run: cd tests && python3 -m unittest -v crash.kill_test    LIMPET_LONG=1: 120 kills instead of 8;
LIMPET_SEED=N: the same drill again (the moments are the machine's all the same)
"""
import collections
import math
import os
import pathlib
import random
import tempfile
import time
import unittest

from parts.arrivals import check_arrivals
from parts.delivery import compare
from parts.exposition import matching
from parts.limpet import Limpet, static_job
from parts.nginx_switch import NginxSwitch
from parts.nginx_targets import NginxTargets, loopback_addresses, moving_page
from parts.process import wait_until
from parts.prometheus import Prometheus
from parts.sink import Sink
from parts.victoria_metrics import VictoriaMetrics

TARGETS = 20
IN_FLIGHT_S = 0.1
LONG = bool(os.environ.get('LIMPET_LONG'))
KILLS = 120 if LONG else 8
KILLS_A_ROUND = 4  # then all is well again until everything has arrived
WAYS = ('steady', 'outage', 'catching up', 'mixed')


class KillTest(unittest.TestCase):
    def setUp(self):
        self.seed = int(os.environ.get('LIMPET_SEED') or random.randrange(1_000_000))
        self.random = random.Random(self.seed)
        print(f'LIMPET_SEED={self.seed}', flush=True)
        self.work = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.nginx = self.enterContext(
            NginxTargets(self.work / 'targets', loopback_addresses(TARGETS))
        )
        self.receivers = {
            'victoria': self.enterContext(VictoriaMetrics(self.work / 'victoria')),
            'prometheus': self.enterContext(Prometheus(self.work / 'prometheus')),
            'sink': self.enterContext(Sink(self.work / 'sink', '--strict')),
        }
        self.switch = self.enterContext(
            NginxSwitch(
                self.work / 'switch',
                {name: receiver.port for name, receiver in self.receivers.items()},
                slow_requests_s=20,
            )
        )
        self.ends_s = []  # [the kill, the start after it]
        self.kills = collections.Counter()  # by what was going on at one of the receivers
        self.limpet = self.enterContext(
            Limpet(
                self.work / 'limpet',
                {
                    'scrape_configs': [static_job(map(self.nginx.target, self.nginx.addresses))],
                    'remote_write': [
                        {
                            'name': name,
                            'url': self.switch.url(name, '/api/v1/write'),
                            'remote_timeout': '5s',
                            # small, so that a backlog is many requests and a kill falls among them
                            'queue_config': {'max_samples_per_send': 100, 'max_backoff': '1s'},
                        }
                        for name in self.receivers
                    ],
                },
            )
        )
        self.limpet.wait_ready()

    def set_all(self, *states):
        for name in self.receivers:
            self.switch.set(name, self.random.choice(states))

    def wait_delivered(self):
        """Until all that was served so far has arrived everywhere; what is missing was in flight."""
        until_s = time.time()
        for name, receiver in self.receivers.items():
            read = receiver.samples if name == 'prometheus' else receiver.export
            result = None

            def arrived(read=read):
                nonlocal result
                result = compare(self.nginx.scrapes(), read(), moving_page, until_s=until_s)
                return not result.wrong and all(map(self.in_flight, result.missing))

            try:
                wait_until(arrived, 60, 'all samples arrived', interval_s=0.3)
            except TimeoutError:
                dropped = matching(
                    self.limpet.metrics(), 'limpet_remote_storage_samples_dropped_total'
                )
                self.fail(
                    f'{name}: {result.summary()}\ndropped since the last start: {dropped}\n'
                    f'kills: {self.ends_s}\n{self.limpet.process.log_tail()}'
                )
            self.assertEqual(result.unexplained, [], f'{name}: {result.summary()}')
        return result

    def in_flight(self, scrape):
        return any(
            kill_s - IN_FLIGHT_S <= scrape.end_s <= start_s for kill_s, start_s in self.ends_s
        )

    def backlogs(self):
        """Bytes that each receiver has still to get."""
        found = matching(self.limpet.metrics(), 'limpet_remote_storage_backlog_bytes')
        return {dict(series)['remote_name']: size for series, size in found.items()}

    def prepare(self, way):
        if way == 'outage':
            self.set_all('down')
        elif way == 'catching up':
            self.set_all('down')
            time.sleep(2)
            self.set_all('slow')
        elif way == 'mixed':
            self.set_all('up', 'down', 'slow')
        # nothing is waited for: the moment of the kill is what varies
        time.sleep(self.random.uniform(0.1, 1.2))

    def note_kill(self):
        backlogs = self.backlogs()
        for name in self.receivers:
            state = self.switch.states[name]
            if state == 'slow' and not backlogs.get(name):
                state = 'up'  # it has caught up already
            self.kills[{'down': 'outage', 'slow': 'catching up', 'up': 'steady'}[state]] += 1

    def kill(self):
        self.note_kill()
        self.ends_s.append([time.time(), math.inf])
        self.limpet.kill()
        time.sleep(self.random.uniform(0, 0.2))
        self.ends_s[-1][1] = time.time()
        self.limpet.start()
        self.limpet.wait_healthy()

    def restart_a_receiver(self):
        receiver = self.receivers[self.random.choice(('victoria', 'prometheus'))]
        receiver.stop()
        self.kill()
        receiver.start()

    def test_kills_lose_nothing_and_keep_the_order(self):
        while len(self.ends_s) < KILLS:
            for _ in range(KILLS_A_ROUND - 1):
                self.prepare(WAYS[len(self.ends_s) % len(WAYS)])
                self.kill()
            self.restart_a_receiver()
            self.set_all('up')
            result = self.wait_delivered()
            print(
                f'{len(self.ends_s)} kills: {result.served} scrapes served, '
                f'{len(result.missing)} in flight at a kill',
                flush=True,
            )
        arrivals = check_arrivals(self.receivers['sink'].rows(), self.ends_s)
        counts = self.receivers['sink'].counts()
        print(
            f'seed {self.seed}: {len(self.ends_s)} kills ({dict(self.kills)} by receiver), '
            f'{arrivals.samples} samples, {arrivals.duplicates} of them twice',
            flush=True,
        )
        self.assertEqual(arrivals.wrong[:5], [])
        self.assertEqual(counts['offences'], [])
        if LONG:
            for state in ('steady', 'outage', 'catching up'):
                self.assertGreater(self.kills[state], KILLS // 10, self.kills)


if __name__ == '__main__':
    unittest.main()
