"""What limpet shows of itself: metrics, liveness, readiness, health, targets.

Run: cd tests && python3 -m unittest -v integration.face_test
"""
import pathlib
import signal
import tempfile
import time
import unittest

from parts.limpet import Limpet, static_job
from parts.nginx_targets import NginxTargets, loopback_addresses
from parts.pod import running_pod, write_pod
from parts.process import free_port, wait_until
from parts.prometheus import promtool
from parts.standin_api import StandinApi
from parts.victoria_metrics import VictoriaMetrics

SECRET = 'verysecretpassword'


class FaceTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.work = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.nginx = cls.enterClassContext(NginxTargets(cls.work / 'targets', loopback_addresses(3)))
        cls.receiver = cls.enterClassContext(VictoriaMetrics(cls.work / 'receiver'))

    def setUp(self):
        self.directory = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(dir=self.work)))
        self.pods = self.directory / 'pods'
        self.pods.mkdir()

    def config(self, api_url=None, **remote_write):
        config = {
            'scrape_configs': [static_job(map(self.nginx.target, self.nginx.addresses))],
            'remote_write': [{'url': self.receiver.write_url, 'name': 'main', **remote_write}],
        }
        if api_url:
            config['scrape_configs'].append(
                {
                    'job_name': 'pods',
                    'scrape_interval': '1s',
                    'kubernetes_sd_configs': [{'role': 'pod', 'api_server': api_url}],
                }
            )
        return config

    def start(self, config):
        return self.enterContext(Limpet(self.directory, config)).wait_healthy()

    def test_metrics_are_well_formed_and_move(self):
        write_pod(self.pods, running_pod('one', '127.0.0.1', free_port()))
        api = self.enterContext(StandinApi(self.pods))
        limpet = self.start(self.config(api.url)).wait_ready()
        text = limpet.get('/metrics').text
        lint = promtool('check', 'metrics', stdin=text)
        self.assertEqual((lint.returncode, lint.stdout + lint.stderr), (0, ''))
        names = {dict(series)['__name__'] for series in limpet.metrics()}
        others = {name for name in names if not name.startswith(('limpet_', 'process_'))}
        self.assertFalse(others)
        for prefix in (
            'limpet_scrape',
            'limpet_log',
            'limpet_remote_storage',
            'limpet_sd_kubernetes',
            'limpet_config',
            'process_',
        ):
            self.assertTrue(
                any(name.startswith(prefix) for name in names), f'{prefix}*: {sorted(names)}'
            )

    def test_ready_only_after_the_api_has_listed(self):
        port = free_port()
        limpet = self.start(self.config(f'http://127.0.0.1:{port}'))
        self.assertEqual(limpet.get('/-/ready').status, 503)
        self.assertEqual(limpet.get('/-/healthy').status, 200)
        self.enterContext(StandinApi(self.pods, ('127.0.0.1', port)))
        limpet.wait_ready(30)

    def test_health_answers_while_the_receiver_hangs_and_names_it(self):
        receiver = self.enterContext(VictoriaMetrics(self.directory / 'hanging'))
        limpet = self.start(self.config(url=receiver.write_url, remote_timeout='1s')).wait_ready()
        limpet.wait_targets_up(3)
        receiver.process.signal(signal.SIGSTOP)

        def main_is(status):
            return limpet.get('/health').json()['checks']['receivers']['main']['status'] == status

        wait_until(
            lambda: main_is('failing'), 20, lambda: f'health shows it: {limpet.get("/health").text}'
        )
        took_s = []
        for _ in range(10):
            begun = time.monotonic()
            limpet.get('/health')
            took_s.append(time.monotonic() - begun)
        # the best of ten: the machine may be busy, a health page that waits for the receiver is
        # never quick
        self.assertLess(min(took_s), 0.1)
        self.assertEqual(
            limpet.get('/-/healthy').status,
            200,
            'a receiver that is away is no reason for a restart',
        )
        receiver.process.signal(signal.SIGCONT)
        wait_until(lambda: main_is('ok'), 20, lambda: limpet.get('/health').text)
        for name, check in limpet.get('/health').json()['checks'].items():
            if name != 'receivers':
                self.assertEqual(check['status'], 'ok', name)
                self.assertIn('latency_ms', check)

    def test_targets_api(self):
        limpet = self.start(self.config())
        self.nginx.set_failing(self.nginx.addresses[0], True)
        self.addCleanup(self.nginx.set_failing, self.nginx.addresses[0], False)
        failing = self.nginx.target(self.nginx.addresses[0])

        def by_instance():
            return {target['labels']['instance']: target for target in limpet.active_targets()}

        wait_until(
            lambda: len(by_instance()) == 3 and by_instance()[failing]['health'] == 'down',
            15,
            lambda: str(by_instance()),
        )
        answer = limpet.get('/api/v1/targets').json()
        self.assertEqual(answer['status'], 'success')
        self.assertIn('droppedTargets', answer['data'])
        target = by_instance()[failing]
        for key in (
            'discoveredLabels',
            'labels',
            'scrapePool',
            'scrapeUrl',
            'globalUrl',
            'lastError',
            'lastScrape',
            'lastScrapeDuration',
            'health',
            'scrapeInterval',
            'scrapeTimeout',
        ):
            self.assertIn(key, target)
        self.assertIn('503', target['lastError'])
        self.assertEqual(target['scrapeUrl'], f'http://{failing}/metrics')
        self.assertEqual(target['discoveredLabels']['__address__'], failing)
        wait_until(
            lambda: sum(target['health'] == 'up' for target in by_instance().values()) == 2,
            15,
            'the others are up',
        )

    def test_secrets_are_shown_nowhere(self):
        limpet = self.start(
            self.config(
                url=f'http://127.0.0.1:{free_port()}/write',
                basic_auth={'username': 'limpet', 'password': SECRET},
            )
        ).wait_ready()
        limpet.wait_targets_up(3)
        wait_until(lambda: limpet.get('/health').json()['status'] != 'ok', 20, 'a failed request')
        for path in ('/', '/targets', '/metrics', '/health', '/api/v1/targets'):
            self.assertNotIn(SECRET, limpet.get(path).text)
        self.assertNotIn(SECRET, limpet.process.log())


if __name__ == '__main__':
    unittest.main()
