"""ServiceMonitor, PodMonitor, Probe and ScrapeConfig on a real Kubernetes API: what limpet delivers
for them has the labels that the Prometheus operator's configuration gives.

A real Prometheus (the one of Debian's sid, for Debian 12 builds its own without Kubernetes) runs
that configuration beside it.

Run: cd tests && python3 -m unittest -v e2e.monitors_test
"""
import unittest

from parts.monitor_crds import monitors_path
from parts.monitored_shop import NAMESPACE, PODS, PROBER, TO_LOOPBACK, MonitoredShop
from parts.operator_config import operator_config
from parts.process import wait_until
from parts.prometheus import Prometheus


class MonitorsTest(MonitoredShop):
    def test_what_is_delivered_has_the_labels_of_the_operator(self):
        self.create_all()
        limpet = self.start().wait_ready()
        limpet.wait_targets_up(10)
        port = str(self.pages.port)
        prober = self.pages.target(PROBER)
        expected = [{'instance': prober, 'job': 'file'}]
        for pod in ('api-1', 'api-2'):
            of_pod = {
                'container': 'app',
                'instance': self.pages.target(PODS[pod]),
                'namespace': NAMESPACE,
                'pod': pod,
            }
            of_service = {
                **of_pod,
                'app_kubernetes_io_name': 'api',
                'job': 'red',
                'service': 'api',
                'team': 'red',
            }
            expected.append({**of_service, 'endpoint': 'http-metrics'})
            expected.append({**of_service, 'endpoint': port})
            expected.append(
                {**of_pod, 'endpoint': 'metrics', 'job': f'{NAMESPACE}/pods', 'tier': 'front'}
            )
        for site in ('https://a.example/x', 'b.example'):
            of_site = {'instance': site, 'job': 'sites', 'namespace': NAMESPACE, 'env': 'prod'}
            expected.append(of_site)
        expected.append({'instance': prober, 'job': 'hosts', 'rack': '1'})
        self.maxDiff = None
        wait_until(
            lambda: len(self.delivered('demo_requests_total')) >= 10,
            30,
            lambda: f'all arrived: {self.delivered("demo_requests_total")}',
        )
        self.assertEqual(
            self.delivered('demo_requests_total'),
            sorted(sorted({'code': '200', **labels}.items()) for labels in expected),
        )
        # metricRelabelings of one endpoint
        dropped = [dict(labels).get('endpoint') for labels in self.delivered('demo_dropped')]
        self.assertNotIn('http-metrics', dropped)
        self.assertEqual(len(dropped), 8)
        asked = {target for address, target, _ in self.pages.requests() if address == PROBER}
        self.assertIn('/probe?module=http_2xx&target=b.example', asked)
        self.assertEqual(
            {name: state for name, (state, _) in self.monitors(limpet).items()},
            {
                'ServiceMonitor api': 'active',
                'PodMonitor pods': 'active',
                'Probe web': 'active',
                'ScrapeConfig hosts': 'active',
            },
        )

    def test_targets_are_those_of_a_prometheus_with_the_operators_configuration(self):
        self.create_all()
        limpet = self.start().wait_ready()
        jobs = operator_config(
            self.kubernetes.admin_kubeconfig, NAMESPACE, self.pages.port, TO_LOOPBACK
        )
        prometheus = self.enterContext(
            Prometheus(self.directory / 'prometheus', {'scrape_configs': jobs}, 'prometheus-sid')
        )
        self.maxDiff = None
        names = [job['job_name'] for job in jobs]

        def both():
            ours, theirs = self.pools(limpet), self.pools(prometheus)
            return {name: ours.get(name) for name in names}, {
                name: theirs.get(name) for name in names
            }

        def same():
            ours, theirs = both()
            return None not in theirs.values() and ours == theirs

        try:
            wait_until(same, 30, 'the same targets')
        except TimeoutError:
            self.assertEqual(*both())
        self.assertEqual([len(targets) for targets in both()[0].values()], [2, 2])

    def test_objects_are_selected_by_their_labels(self):
        spec = {'staticConfigs': [{'targets': [self.pages.target(PROBER)]}]}
        self.create('ScrapeConfig', 'mine', spec, {'release': 'main'})
        self.create('ScrapeConfig', 'theirs', spec, {'release': 'other'})
        limpet = self.start(selector='release=main').wait_ready()
        limpet.wait_targets_up(2)
        self.assertEqual(list(self.monitors(limpet)), ['ScrapeConfig mine'])
        path = monitors_path(NAMESPACE, 'ScrapeConfig', 'theirs')
        self.kubernetes.request('PATCH', path, {'metadata': {'labels': {'release': 'main'}}})
        limpet.wait_targets_up(3)


if __name__ == '__main__':
    unittest.main()
