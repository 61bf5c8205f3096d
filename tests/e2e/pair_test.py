"""Two limpets as a pair on a real Kubernetes API, with the rights that manifests/pair gives: one
scrapes, the other takes over when it is killed, stopped, frozen or cut off.

Each says who it is by an external label, so the receiver's samples tell who took them.
Run: cd tests && python3 -m unittest -v e2e.pair_test
"""
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time
import unittest

from parts.kube_apiserver import KubeApiserver
from parts.limpet import Limpet
from parts.nginx_targets import NginxTargets, loopback_addresses
from parts.process import TESTS, binary, wait_until
from parts.prometheus import promtool
from parts.sink import Sink

NAMESPACE = 'monitoring'
LEASE_PATH = f'/apis/coordination.k8s.io/v1/namespaces/{NAMESPACE}/leases/limpet'
PODS = 5
INTERVAL_S, LEASE_S, RETRY_S = 0.5, 3, 0.5
# What a machine under load may add to what the lease promises.
MARGIN_S = 5


class PairTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.work = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory())).resolve()
        cls.addresses = loopback_addresses(PODS)
        cls.nginx = cls.enterClassContext(NginxTargets(cls.work / 'targets', cls.addresses))
        cls.kubernetes = cls.enterClassContext(KubeApiserver(cls.work / 'kubernetes'))
        cls.kubernetes.create_namespace(NAMESPACE)
        for number, address in enumerate(cls.addresses):
            cls.kubernetes.create_pod(
                NAMESPACE, f'api-{number}', {'app': 'api'}, ip=address, port=cls.nginx.port
            )
        cls.deploy_manifests()
        token = cls.work / 'token'
        token.write_text(cls.kubernetes.service_account_token(NAMESPACE, 'limpet'))
        cls.kubeconfig = cls.kubernetes.write_kubeconfig(
            'limpet.kubeconfig', {'tokenFile': str(token)}
        )

    @classmethod
    def deploy_manifests(cls):
        """What its Roles allow is then what limpet has to get along with."""
        overlay = cls.work / 'overlay'
        overlay.mkdir()
        base = os.path.relpath(TESTS.parent / 'manifests', overlay)
        (overlay / 'kustomization.yaml').write_text(
            json.dumps(
                {'namespace': NAMESPACE, 'resources': [base], 'components': [f'{base}/pair']}
            )
        )
        kubectl = [binary('kubectl'), f'--kubeconfig={cls.kubernetes.admin_kubeconfig}', 'apply']
        result = subprocess.run(
            [*kubectl, '--validate=false', '-k', str(overlay)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if result.returncode != 0:
            raise AssertionError(result.stdout + result.stderr)

    def setUp(self):
        self.directory = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(dir=self.work)))
        self.sink = self.enterContext(Sink(self.directory / 'sink', '--strict'))
        self.kubernetes.request('DELETE', LEASE_PATH, check=False)

    def start_pair(self, lease_s=LEASE_S):
        """(active, standby), with samples of the former."""
        self.first, self.second = (
            self.enterContext(self.limpet(name, lease_s)) for name in ('a', 'b')
        )
        for limpet in (self.first, self.second):
            limpet.wait_ready()
        wait_until(self.one_is_active, 30, lambda: f'one is active\n{self.logs()}')
        active, standby = self.first, self.second
        if self.is_active(standby):
            active, standby = standby, active
        self.wait_samples(active)
        return active, standby

    def limpet(self, name, lease_s=LEASE_S, *flags):
        config = {
            'global': {
                'scrape_interval': '500ms',
                'scrape_timeout': '500ms',
                'external_labels': {'cluster': 'test', '__replica__': '${POD_NAME}'},
            },
            'scrape_configs': [
                {
                    'job_name': 'pods',
                    'kubernetes_sd_configs': [
                        {'role': 'pod', 'namespaces': {'names': [NAMESPACE]}}
                    ],
                }
            ],
            'remote_write': [{'url': self.sink.write_url}],
        }
        limpet = Limpet(
            self.directory / name,
            config,
            env={'POD_NAME': name, 'KUBECONFIG': str(self.kubeconfig)},
            flags=(
                '--leader-election',
                f'--leader-election.namespace={NAMESPACE}',
                f'--leader-election.lease-duration={lease_s}s',
                f'--leader-election.renew-deadline={lease_s - 1}s',
                f'--leader-election.retry-period={RETRY_S * 1000:.0f}ms',
                *flags,
            ),
        )
        limpet.name = name
        return limpet

    def logs(self):
        return '\n'.join(limpet.process.log_tail() for limpet in (self.first, self.second))

    def is_active(self, limpet):
        return limpet.metric('limpet_leader_election_active') == 1

    def one_is_active(self):
        return sum(self.is_active(limpet) for limpet in (self.first, self.second)) == 1

    def health(self, limpet):
        return limpet.get('/health').json()['checks']['leader_election']

    def holder(self):
        return self.kubernetes.request('GET', LEASE_PATH).json()['spec']['holderIdentity']

    def samples(self):
        """{target: [(time in s, who took it)]} of `up`, in order of time. No series has a marker."""
        found = {}
        for row in self.sink.rows():
            self.assertNotIn(None, row['values'], f'a staleness marker: {row["metric"]}')
            self.assertEqual(row['metric']['cluster'], 'test')
            if row['metric']['__name__'] == 'up':
                who = row['metric']['__replica__']
                found.setdefault(row['metric']['instance'], []).extend(
                    (timestamp / 1000, who) for timestamp in row['timestamps']
                )
        return {target: sorted(taken) for target, taken in found.items()}

    def wait_samples(self, limpet, count=3, since_s=None):
        """Until it has taken so many more of every target."""
        since_s = since_s or time.time()

        def enough():
            taken = self.samples()
            return len(taken) == PODS and all(
                sum(who == limpet.name and at > since_s for at, who in times) >= count
                for times in taken.values()
            )

        wait_until(enough, 30, lambda: f'{count} samples by {limpet.name}\n{self.logs()}', 0.2)

    def assert_handed_over(self, before, after, gap_max_s):
        """All samples of `before` are older than all of `after`, and no more lies between them."""
        gaps = []
        for times in self.samples().values():
            last = max(at for at, who in times if who == before.name)
            gaps.append(min(at for at, who in times if who == after.name) - last)
        self.assertGreater(min(gaps), 0)
        self.assertLess(max(gaps), gap_max_s)
        print(f'between the samples of the two: {min(gaps):.2f} to {max(gaps):.2f} s')

    def test_killed_the_other_goes_on_within_the_lease(self):
        active, standby = self.start_pair()
        self.assertEqual(self.health(standby)['holder'], active.name)
        self.assertEqual(len(standby.active_targets()), PODS)
        self.assertEqual(standby.metric('limpet_scrapes_total'), 0)
        active.kill()
        self.wait_samples(standby)
        self.assertEqual(self.holder(), standby.name)
        self.assert_handed_over(active, standby, LEASE_S + RETRY_S + INTERVAL_S + MARGIN_S)
        lint = promtool('check', 'metrics', stdin=standby.get('/metrics').text)
        self.assertEqual((lint.returncode, lint.stdout + lint.stderr), (0, ''))

        # It comes back, as the second now.
        active.start()
        active.wait_ready()
        wait_until(lambda: self.health(active)['holder'] == standby.name, 30, 'it sees the other')
        self.assertFalse(self.is_active(active))
        self.assertEqual(self.health(active)['status'], 'ok')
        self.assertEqual(self.health(active)['transitions'], 1)
        self.wait_samples(standby)

    def test_stopped_the_other_goes_on_at_once(self):
        # A lease that could not have run out by then.
        active, standby = self.start_pair(lease_s=60)
        self.assertEqual(active.terminate(), 0)
        self.wait_samples(standby)
        self.assertEqual(self.holder(), standby.name)
        self.assert_handed_over(active, standby, RETRY_S + INTERVAL_S + MARGIN_S)

    def test_an_api_server_that_is_away_stops_it_until_it_is_back(self):
        active, _ = self.start_pair()
        self.kubernetes.stop_apiserver()
        try:
            wait_until(lambda: not self.is_active(active), 30, 'it stops')
            self.assertEqual(self.health(active)['status'], 'failing')
            self.assertEqual(active.get('/-/ready').status, 200)
            time.sleep(1)  # what was scraped is delivered
            before = self.samples()
            scrapes = [limpet.metric('limpet_scrapes_total') for limpet in (self.first, self.second)]
            time.sleep(LEASE_S + 1)
            self.assertEqual(self.samples(), before)
            self.assertEqual(
                [limpet.metric('limpet_scrapes_total') for limpet in (self.first, self.second)],
                scrapes,
            )
        finally:
            self.kubernetes.start()
        wait_until(self.one_is_active, 60, lambda: f'one is active again\n{self.logs()}')
        self.wait_samples(self.first if self.is_active(self.first) else self.second)

    def test_frozen_and_thawed_it_scrapes_no_more(self):
        active, standby = self.start_pair()
        active.process.signal(signal.SIGSTOP)
        self.wait_samples(standby)
        active.process.signal(signal.SIGCONT)
        wait_until(lambda: not self.is_active(active), 30, 'it sees that it has lost the lease')
        self.wait_samples(standby)
        self.assert_handed_over(active, standby, LEASE_S + RETRY_S + INTERVAL_S + MARGIN_S)
        self.assertEqual(self.health(active)['holder'], standby.name)

    def test_what_it_has_taken_is_delivered_from_standby(self):
        active, standby = self.start_pair()
        self.sink.stop()
        since_s = time.time()
        wait_until(
            lambda: active.metric('limpet_remote_storage_backlog_bytes') > 0
            and time.time() - since_s > 2,
            30,
            'a backlog',
        )
        active.process.signal(signal.SIGSTOP)
        wait_until(lambda: self.is_active(standby), 30, 'the other is active')
        active.process.signal(signal.SIGCONT)
        wait_until(lambda: not self.is_active(active), 30, 'it is on standby')
        self.sink.start()
        self.wait_samples(active, count=2, since_s=since_s)
        wait_until(
            lambda: active.metric('limpet_remote_storage_backlog_bytes') == 0, 30, 'it is empty'
        )
        self.wait_samples(standby)
        self.assert_handed_over(active, standby, 60)

    def test_without_the_right_it_says_so(self):
        limpet = self.enterContext(self.limpet('c', LEASE_S, '--leader-election.lease=other'))
        limpet.wait_ready()
        wait_until(lambda: 'error' in self.health(limpet), 30, 'it says so')
        check = self.health(limpet)
        self.assertEqual(check['status'], 'failing')
        self.assertRegex(check['error'], r'GET .*leases/other: HTTP status 403: .*forbidden')
        self.assertFalse(check['active'])
        self.assertIn('leader election is failing', limpet.process.log())
        self.assertGreater(limpet.metric('limpet_leader_election_failures_total'), 0)


if __name__ == '__main__':
    unittest.main()
