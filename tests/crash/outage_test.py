"""Crashes and stops in an outage of the receiver: no scrape that nginx served may be missing in the
end.

The receiver stands behind a gateway (TLS, bearer token); the token changes while it is away. What
may be missing after a kill: a scrape that was in flight, that is, one whose answer nginx logged
less than 100 ms before the signal or later: limpet had no chance to write it down. Nothing else is
excused.
Run: cd tests && python3 -m unittest -v crash.outage_test      LIMPET_LONG=1: more rounds
"""
import math
import os
import pathlib
import random
import signal
import tempfile
import time
import unittest

from parts.delivery import compare
from parts.limpet import Limpet, static_job
from parts.nginx_gateway import NginxGateway
from parts.nginx_targets import NginxTargets, loopback_addresses, moving_page
from parts.process import wait_until
from parts.victoria_metrics import VictoriaMetrics

TARGETS = 20
IN_FLIGHT_S = 0.1
KILLS = 20 if os.environ.get('LIMPET_LONG') else 4


class OutageTest(unittest.TestCase):
    def setUp(self):
        self.work = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.nginx = self.enterContext(
            NginxTargets(self.work / 'targets', loopback_addresses(TARGETS))
        )
        self.receiver = self.enterContext(VictoriaMetrics(self.work / 'receiver'))
        self.gateway = self.enterContext(NginxGateway(self.work / 'gateway', self.receiver.port))
        self.token_file = self.work / 'token'
        self.give_token('first')
        self.gateway.accept_only('first')
        self.ends_s = []  # [the signal, the start after it]
        self.limpet = self.enterContext(
            Limpet(
                self.work / 'limpet',
                {
                    'scrape_configs': [static_job(map(self.nginx.target, self.nginx.addresses))],
                    'remote_write': [
                        {
                            'url': self.gateway.url('/api/v1/write'),
                            'remote_timeout': '5s',
                            'authorization': {'credentials_file': str(self.token_file)},
                            'tls_config': {'ca_file': str(self.gateway.certificate.ca_file)},
                        }
                    ],
                },
            )
        )
        self.limpet.wait_ready()
        self.wait_scrapes(1)
        self.wait_delivered()

    def give_token(self, token):
        """To limpet, in one step, as a mounted Secret changes."""
        new = self.token_file.with_name('token.new')
        new.write_text(token + '\n')
        new.rename(self.token_file)

    def wait_scrapes(self, count):
        """Until every target was scraped that many times from now on."""
        since_s = time.time()

        def enough():
            served = dict.fromkeys(self.nginx.addresses, 0)
            for scrape in self.nginx.scrapes():
                served[scrape.address] += scrape.end_s > since_s
            return min(served.values()) >= count

        wait_until(enough, 30 + 2 * count, f'{count} scrapes of each target')

    def in_flight(self, scrape):
        return any(
            signal_s - IN_FLIGHT_S <= scrape.end_s <= restart_s
            for signal_s, restart_s in self.ends_s
        )

    def wait_delivered(self, timeout_s=60):
        """Until every scrape served so far is in the receiver, exactly; returns how many were in
        flight and are missing.
        """
        until_s = time.time()
        result = None

        def arrived():
            nonlocal result
            result = compare(
                self.nginx.scrapes(), self.receiver.export(), moving_page, until_s=until_s
            )
            return all(self.in_flight(scrape) for scrape in result.missing)

        try:
            wait_until(arrived, timeout_s, 'all samples arrived', interval_s=0.3)
        except TimeoutError:
            self.fail(
                f'{result.summary()}\nends at {self.ends_s}\n{self.limpet.process.log_tail()}'
            )
        if result.wrong or result.unexplained:
            self.fail(result.summary())
        print(
            f'{result.served} scrapes served, all delivered but {len(result.missing)} in flight at an end',
            flush=True,
        )
        return len(result.missing)

    def restart(self):
        self.ends_s[-1][1] = time.time()
        self.limpet.start()
        self.limpet.wait_ready()

    def kill(self):
        self.ends_s.append([time.time(), math.inf])
        self.limpet.kill()

    def terminate(self):
        """SIGTERM; it must be gone within a second, with exit code 0."""
        self.ends_s.append([time.time(), math.inf])
        begun = time.monotonic()
        code = self.limpet.terminate()
        took_s = time.monotonic() - begun
        self.assertEqual(code, 0, self.limpet.process.log_tail())
        self.assertLess(took_s, 1.0, 'SIGTERM in an outage')
        print(f'SIGTERM to exit: {took_s * 1000:.0f} ms', flush=True)

    def outage_with(self, end):
        self.receiver.stop()
        self.wait_scrapes(3)
        end()
        self.restart()
        self.wait_scrapes(3)
        # the gateway asks for the new token before limpet has it: refused for a while, and nothing
        # may be lost by that
        self.gateway.accept_only('second')
        self.receiver.start()
        refused_from = len(self.gateway.requests())
        wait_until(
            lambda: any(
                request.status == 401 for request in self.gateway.requests()[refused_from:]
            ),
            60,
            'a request with the old token is refused',
        )
        self.give_token('second')
        self.wait_delivered(timeout_s=120)

    def test_kill_in_an_outage_loses_nothing(self):
        self.outage_with(self.kill)

    def test_sigterm_in_an_outage_is_quick_and_loses_nothing(self):
        self.outage_with(self.terminate)

    def test_sigterm_while_the_receiver_hangs_is_quick_and_loses_nothing(self):
        self.gateway.process.signal(signal.SIGSTOP)  # accepts connections, answers nothing
        self.wait_scrapes(2)
        self.terminate()
        self.restart()
        self.wait_scrapes(2)
        self.gateway.process.signal(signal.SIGCONT)
        self.wait_delivered()

    def test_kills_at_random_moments_lose_nothing(self):
        for _ in range(KILLS):
            self.wait_scrapes(1)
            # nothing is waited for here: the moment of the kill within the interval is what varies
            time.sleep(random.uniform(0, 1))
            self.kill()
            self.restart()
        self.wait_scrapes(1)
        self.wait_delivered()


if __name__ == '__main__':
    unittest.main()
