"""The main job on a real Kubernetes API: labelled pods are found, scraped, followed and delivered.

50 labelled pods and 10 others have addresses 127.1.x.y, all answered by one nginx; its access log
is the truth that limpet's requests and the receiver's samples are held against.
Run: cd tests && python3 -m unittest -v e2e.pods_test
"""
import json
import os
import pathlib
import subprocess
import tempfile
import time
import unittest

from parts.delivery import compare
from parts.kube_apiserver import KubeApiserver
from parts.limpet import Limpet
from parts.nginx_targets import NginxTargets, loopback_addresses, moving_page
from parts.process import TESTS, binary, wait_until
from parts.victoria_metrics import VictoriaMetrics

NAMESPACE = 'shop'
APP = 'app.kubernetes.io/name'
LABELLED, OTHERS, SPARE = 50, 10, 10


class PodsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.work = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        addresses = loopback_addresses(LABELLED + OTHERS + SPARE)
        cls.labelled, rest = addresses[:LABELLED], addresses[LABELLED:]
        cls.others, cls.spare = rest[:OTHERS], rest[OTHERS:]
        cls.nginx = cls.enterClassContext(NginxTargets(cls.work / 'targets', addresses))
        cls.kubernetes = cls.enterClassContext(KubeApiserver(cls.work / 'kubernetes'))
        cls.kubernetes.create_namespace(NAMESPACE)
        for number, address in enumerate(cls.labelled):
            cls.create_pod(f'api-{number}', address, {APP: 'api'})
        for number, address in enumerate(cls.others):
            cls.create_pod(f'db-{number}', address, {APP: 'db'} if number % 2 else {})

    @classmethod
    def create_pod(cls, name, address, labels):
        cls.kubernetes.create_pod(NAMESPACE, name, labels, ip=address, port=cls.nginx.port)

    def setUp(self):
        self.directory = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(dir=self.work)))
        self.receiver = self.enterContext(VictoriaMetrics(self.directory / 'receiver'))
        self.started_s = time.time()

    def run_limpet(self, identity):
        """limpet on the labelled pods of the namespace, ready and scraping. identity: keys of
        kubernetes_sd_configs.
        """
        limpet = Limpet(
            self.directory / 'limpet',
            {
                'global': {'scrape_interval': '1s'},
                'scrape_configs': [
                    {
                        'job_name': 'pods',
                        'kubernetes_sd_configs': [
                            {
                                'role': 'pod',
                                'namespaces': {'names': [NAMESPACE]},
                                'selectors': [{'role': 'pod', 'label': f'{APP}=api'}],
                                **identity,
                            }
                        ],
                        'relabel_configs': [
                            {
                                'source_labels': ['__meta_kubernetes_namespace'],
                                'target_label': 'namespace',
                            },
                            {
                                'source_labels': ['__meta_kubernetes_pod_name'],
                                'target_label': 'pod',
                            },
                        ],
                    }
                ],
                'remote_write': [{'url': self.receiver.write_url}],
            },
        )
        self.enterContext(limpet)
        return limpet.wait_ready()

    def scraped(self, address, since_s):
        return address in self.nginx.scraped_addresses(since_s)

    def wait_scraped(self, addresses, since_s, scrapes=1):
        def enough():
            counts = dict.fromkeys(addresses, 0)
            for scrape in self.nginx.scrapes():
                if scrape.end_s >= since_s and scrape.address in counts:
                    counts[scrape.address] += 1
            return min(counts.values()) >= scrapes

        wait_until(enough, 30, f'{scrapes} scrapes of each of {len(addresses)} targets')

    def wait_not_scraped(self, address):
        """Until three intervals went by, all others scraped, without one scrape of this address."""

        def silent():
            last_s = max(
                (scrape.end_s for scrape in self.nginx.scrapes() if scrape.address == address),
                default=0,
            )
            return time.time() - last_s > 3

        wait_until(silent, 30, f'{address} is not scraped any more')

    def assert_delivered(self, limpet):
        """Every scrape that nginx served up to now is in the receiver, exactly."""
        until_s = time.time()
        result = None

        def arrived():
            nonlocal result
            result = compare(
                self.nginx.scrapes(),
                self.receiver.export(),
                moving_page,
                since_s=self.started_s,
                until_s=until_s,
            )
            return not result.missing

        try:
            wait_until(arrived, 30, 'all samples arrived', interval_s=0.3)
        except TimeoutError:
            self.fail(f'{result.summary()}\n{limpet.process.log_tail()}')
        if result.wrong or result.unexplained:
            self.fail(result.summary())
        self.assertGreater(result.served, 0)

    def deployed_identity(self):
        """Keys of kubernetes_sd_configs for the service account of manifests/, deployed into this
        namespace.

        What its Role allows is then what limpet has to get along with.
        """
        overlay = self.directory / 'overlay'
        overlay.mkdir()
        (overlay / 'kustomization.yaml').write_text(
            json.dumps(
                {
                    'apiVersion': 'kustomize.config.k8s.io/v1beta1',
                    'kind': 'Kustomization',
                    'namespace': NAMESPACE,
                    'resources': [os.path.relpath(TESTS.parent / 'manifests', overlay.resolve())],
                }
            )
        )
        kubectl = subprocess.run(
            [
                binary('kubectl'),
                f'--kubeconfig={self.kubernetes.admin_kubeconfig}',
                'apply',
                '--validate=false',
                '-k',
                str(overlay),
            ],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        self.assertEqual(kubectl.returncode, 0, kubectl.stdout + kubectl.stderr)
        token = self.directory / 'token'
        token.write_text(self.kubernetes.service_account_token(NAMESPACE, 'limpet'))
        return {
            'api_server': self.kubernetes.url,
            'bearer_token_file': str(token),
            'tls_config': {'ca_file': str(self.kubernetes.ca_file)},
        }

    def test_labelled_pods_and_only_they_are_scraped_and_delivered(self):
        limpet = self.run_limpet(self.deployed_identity())
        self.wait_scraped(self.labelled, self.started_s, scrapes=5)
        self.assertEqual(self.nginx.scraped_addresses(self.started_s), set(self.labelled))
        targets = limpet.wait_targets_up(LABELLED)
        self.assertEqual(
            {(target['labels']['pod'], target['labels']['namespace']) for target in targets},
            {(f'api-{number}', NAMESPACE) for number in range(LABELLED)},
        )
        self.assert_delivered(limpet)

    def test_a_pod_added_relabelled_and_deleted_is_followed(self):
        limpet = self.run_limpet({'kubeconfig_file': str(self.kubernetes.admin_kubeconfig)})
        limpet.wait_targets_up(LABELLED)
        address = self.spare[0]

        added_s = time.time()
        self.create_pod('new', address, {APP: 'api'})
        self.wait_scraped([address], added_s)
        latency_s = (
            min(scrape.end_s for scrape in self.nginx.scrapes() if scrape.address == address)
            - added_s
        )
        print(f'a new pod, from before its creation to its first scrape: {latency_s * 1000:.0f} ms')

        self.kubernetes.set_pod_labels(NAMESPACE, 'new', {APP: None})
        self.wait_not_scraped(address)
        labelled_again_s = time.time()
        self.kubernetes.set_pod_labels(NAMESPACE, 'new', {APP: 'api'})
        self.wait_scraped([address], labelled_again_s)

        self.kubernetes.delete_pod(NAMESPACE, 'new')
        self.wait_not_scraped(address)
        limpet.wait_targets_up(LABELLED)
        self.assert_delivered(limpet)
        self.assertIn(address, self.nginx.scraped_addresses(added_s))

    def test_an_api_server_that_goes_away_costs_no_scrape_and_is_followed_again(self):
        limpet = self.run_limpet({'kubeconfig_file': str(self.kubernetes.admin_kubeconfig)})
        limpet.wait_targets_up(LABELLED)
        self.kubernetes.stop_apiserver()
        away_s = time.time()
        self.wait_scraped(self.labelled, away_s, scrapes=3)
        self.kubernetes.start()
        address, back_s = self.spare[1], time.time()
        self.create_pod('after', address, {APP: 'api'})
        self.addCleanup(self.kubernetes.delete_pod, NAMESPACE, 'after')
        self.wait_scraped([address], back_s)
        self.assert_delivered(limpet)

    def test_health_names_the_api_server_that_is_away(self):
        limpet = Limpet(
            self.directory / 'limpet',
            {
                'scrape_configs': [
                    {
                        'job_name': 'pods',
                        'kubernetes_sd_configs': [
                            {
                                'role': 'pod',
                                'kubeconfig_file': str(self.kubernetes.admin_kubeconfig),
                            }
                        ],
                    }
                ]
            },
        )
        self.kubernetes.stop_apiserver()
        try:
            self.enterContext(limpet)
            limpet.wait_healthy()
            self.assertEqual(limpet.get('/-/ready').status, 503)
            self.assertEqual(
                limpet.get('/health').json()['checks']['kubernetes']['status'], 'failing'
            )
        finally:
            self.kubernetes.start()
        limpet.wait_ready(30)


if __name__ == '__main__':
    unittest.main()
