"""Discovery is complete and calm whatever happens to the API server: killed, away for long, with its
history gone, refusing who one is or what one may; while a few hundred pods come, move and go.

Pods that stay through all of it are scraped without a gap and never begun anew, and a LIST is asked
for only where the history is gone. etcd and kube-apiserver are real; the pods' addresses are
answered by one nginx.
Run: cd tests && python3 -m unittest -v e2e.restarts_test      LIMPET_LONG=1: more of each, for longer
"""
import math
import os
import pathlib
import tempfile
import time
import unittest

from parts.api_clients import ApiClient, create_pods
from parts.delivery import compare
from parts.exposition import matching
from parts.kube_apiserver import KubeApiserver
from parts.limpet import Limpet
from parts.nginx_targets import NginxTargets, loopback_addresses, moving_page
from parts.pod import running_pod
from parts.pod_churn import PodChurn
from parts.process import free_port, wait_until
from parts.sink import Sink

LONG = bool(os.environ.get('LIMPET_LONG'))
NAMESPACE, ACCOUNT = 'shop', 'limpet'
STANDING, CHURNED = (200, 800) if LONG else (80, 240)
KILLS = 6 if LONG else 3
AWAY_S = 90 if LONG else 15
INTERVAL_S = 2
PATIENCE_S = 120
LISTS = 'limpet_sd_kubernetes_lists_total'
RBAC = '/apis/rbac.authorization.k8s.io/v1'


class RestartsTest(unittest.TestCase):
    def begin(self, *flags):
        """limpet on standing pods of an API server with those flags, as a service account that may
        list and watch pods.
        """
        self.work = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        addresses = loopback_addresses(STANDING + CHURNED)
        self.nginx = self.enterContext(NginxTargets(self.work / 'targets', addresses))
        self.receiver = self.enterContext(Sink(self.work / 'sink', '--strict'))
        self.kubernetes = self.enterContext(KubeApiserver(self.work / 'kubernetes', flags))
        self.kubernetes.create_namespace(NAMESPACE)
        self.admin = ApiClient(self.kubernetes, PATIENCE_S)
        self.addCleanup(self.admin.close)
        self.allow()
        self.create_account()
        self.token = self.work / 'token'
        self.renew_token()
        self.standing = [
            running_pod(f'standing-{number}', address, self.nginx.port, NAMESPACE, {'app': 'api'})
            for number, address in enumerate(addresses[:STANDING])
        ]
        self.spare = addresses[STANDING:]
        create_pods(self.kubernetes, self.standing)
        self.started_s = time.time()
        self.limpet = self.enterContext(Limpet(self.work / 'limpet', self.config()))
        self.limpet.wait_ready()
        self.limpet.wait_targets_up(STANDING)

    def config(self):
        return {
            'global': {'scrape_interval': f'{INTERVAL_S}s', 'scrape_timeout': f'{INTERVAL_S}s'},
            'scrape_configs': [
                {
                    'job_name': 'pods',
                    'kubernetes_sd_configs': [
                        {
                            'role': 'pod',
                            'api_server': self.kubernetes.url,
                            'bearer_token_file': str(self.token),
                            'tls_config': {'ca_file': str(self.kubernetes.ca_file)},
                            'namespaces': {'names': [NAMESPACE]},
                        }
                    ],
                    'relabel_configs': [
                        {
                            'source_labels': ['__meta_kubernetes_pod_name'],
                            'target_label': 'pod',
                        }
                    ],
                }
            ],
            'remote_write': [{'url': self.receiver.write_url}],
        }

    def allow(self):
        meta = {'metadata': {'name': ACCOUNT, 'namespace': NAMESPACE}}
        rule = {'apiGroups': [''], 'resources': ['pods'], 'verbs': ['list', 'watch']}
        role = {'apiGroup': 'rbac.authorization.k8s.io', 'kind': 'Role', 'name': ACCOUNT}
        account = {'kind': 'ServiceAccount', 'name': ACCOUNT, 'namespace': NAMESPACE}
        roles = f'{RBAC}/namespaces/{NAMESPACE}/roles'
        self.admin.request('POST', roles, {**meta, 'rules': [rule]}, also=(409,))
        bindings = f'{RBAC}/namespaces/{NAMESPACE}/rolebindings'
        self.admin.request('POST', bindings, {**meta, 'roleRef': role, 'subjects': [account]})

    def forbid(self):
        self.admin.request('DELETE', f'{RBAC}/namespaces/{NAMESPACE}/rolebindings/{ACCOUNT}')

    def create_account(self):
        accounts = f'/api/v1/namespaces/{NAMESPACE}/serviceaccounts'
        self.admin.request('POST', accounts, {'metadata': {'name': ACCOUNT}})

    def delete_account(self):
        """What its tokens prove is then nothing."""
        self.admin.request('DELETE', f'/api/v1/namespaces/{NAMESPACE}/serviceaccounts/{ACCOUNT}')

    def renew_token(self):
        new = self.token.with_suffix('.new')
        new.write_text(self.kubernetes.service_account_token(NAMESPACE, ACCOUNT))
        new.rename(self.token)

    def restart(self):
        self.kubernetes.stop_apiserver()
        self.kubernetes.start()

    def churn(self):
        return PodChurn(
            self.kubernetes, NAMESPACE, self.spare, self.nginx.port, standing=self.standing
        )

    def wait_changes(self, churn, count):
        """So many more; meanwhile nothing that stands is ever missing, and nothing is there twice."""
        goal = churn.changes + count

        def reached():
            self.check_targets()
            churn.check()
            return churn.changes >= goal

        wait_until(reached, PATIENCE_S, f'{count} changes of pods', interval_s=0.5)

    def check_targets(self):
        names = [target['labels']['pod'] for target in self.limpet.active_targets()]
        self.assertEqual(len(names), len(set(names)))
        self.assertLessEqual({pod['metadata']['name'] for pod in self.standing}, set(names))

    def wait_complete(self, churn):
        """After the churn: what is scraped is what there is."""
        expected = churn.expected()
        self.assertEqual(self.admin.pods(NAMESPACE), expected)
        wanted = sorted((name, self.nginx.target(ip)) for name, ip in expected.items())
        found = []

        def complete():
            found[:] = sorted(
                (target['labels']['pod'], target['labels']['instance'])
                for target in self.limpet.active_targets()
            )
            return found == wanted

        def difference():
            return (
                f'missing {set(wanted) - set(found)}, too many {set(found) - set(wanted)}\n'
                f'{self.limpet.process.log_tail()}'
            )

        wait_until(complete, PATIENCE_S, difference, interval_s=0.2)
        self.limpet.wait_targets_up(len(wanted))

    def wait_error(self, text):
        def errors():
            watches = self.limpet.get('/health').json()['checks']['kubernetes']['watches']
            return [watch.get('error', '') for watch in watches]

        wait_until(
            lambda: any(text in error for error in errors()),
            PATIENCE_S,
            lambda: f'{text!r}: {errors()}',
        )

    def wait_connected(self):
        def connected():
            return self.limpet.metric('limpet_sd_kubernetes_watches_connected') == 1

        wait_until(connected, PATIENCE_S, 'the watch is open')

    def assert_standing_unharmed(self):
        """Scraped once an interval from the first to the last, each scrape delivered, never begun
        anew.
        """
        self.assertEqual(self.limpet.metric('limpet_scrape_ticks_skipped_total'), 0)
        until_s = time.time()
        addresses = {pod['status']['podIP'] for pod in self.standing}
        served = [scrape for scrape in self.nginx.scrapes() if scrape.address in addresses]
        result = None

        def arrived():
            nonlocal result
            export = {
                series: samples
                for series, samples in self.receiver.export().items()
                if dict(series).get('pod', '').startswith('standing-')
            }
            result = compare(served, export, moving_page, since_s=self.started_s, until_s=until_s)
            return not result.missing

        try:
            wait_until(arrived, 30, 'all samples arrived', interval_s=0.5)
        except TimeoutError:
            self.fail(result.summary())
        if result.wrong or result.unexplained:
            self.fail(result.summary())
        self.assert_no_gap(until_s)

    def assert_no_gap(self, until_s):
        raw = self.receiver.raw()
        for pod in self.standing:
            name = pod['metadata']['name']
            [ups] = matching(raw, 'up', pod=name).values()
            self.assertEqual({value for _, value in ups}, {1}, name)
            times_s = [timestamp_ms / 1000 for timestamp_ms, _ in ups]
            gaps = [after - before for before, after in zip(times_s, times_s[1:])]
            # a tick that was left out would make it two intervals
            self.assertLess(max(gaps), 1.9 * INTERVAL_S, name)
            self.assertGreater(times_s[-1], until_s - 2 * INTERVAL_S, name)
            [added] = matching(raw, 'scrape_series_added', pod=name).values()
            self.assertEqual([value for _, value in added if value], [added[0][1]], name)
            for series, samples in matching(raw, 'moving_constant', pod=name).items():
                self.assertNotIn(None, [value for _, value in samples], series)

    def test_kills_long_absence_refusals_and_lost_history(self):
        # Without a watch cache the API server's history is etcd's, which outlives it: every watch
        # can be taken up again, until etcd is compacted.
        self.begin('--watch-cache=false')
        churn = self.churn()
        with churn:
            self.wait_changes(churn, 100)
            for _ in range(KILLS):
                self.restart()
                self.wait_changes(churn, 50)

            self.forbid()
            self.restart()
            self.wait_error('HTTP status 403')
            self.wait_changes(churn, 50)
            self.allow()
            self.wait_connected()

            self.delete_account()
            self.create_account()
            self.restart()
            self.wait_error('HTTP status 401')
            self.wait_changes(churn, 50)
            self.renew_token()
            self.wait_connected()

            self.kubernetes.stop_apiserver()
            away = time.monotonic() + AWAY_S
            while time.monotonic() < away:
                self.check_targets()
                time.sleep(0.5)
            self.kubernetes.start()
            self.wait_changes(churn, 50)
        self.wait_complete(churn)
        self.assertEqual(self.limpet.metric(LISTS), 1)

        here = self.kubernetes.port
        self.kubernetes.move(free_port())
        with churn:
            self.wait_changes(churn, 100)
            self.kubernetes.compact()
            self.kubernetes.move(here)
            self.wait_changes(churn, 50)
        self.wait_complete(churn)
        self.assertEqual(self.limpet.metric(LISTS), 2)
        self.assert_standing_unharmed()

    def test_an_api_server_whose_memory_ends_with_it(self):
        # Its watch cache begins where it was started: a watch from before is told that it is gone.
        self.begin()
        with self.churn() as churn:
            for _ in range(KILLS):
                self.wait_changes(churn, 50)
                self.restart()
            self.wait_changes(churn, 50)
        self.wait_complete(churn)
        self.assertLessEqual(self.limpet.metric(LISTS), 1 + KILLS)
        self.assert_standing_unharmed()


if __name__ == '__main__':
    unittest.main()
