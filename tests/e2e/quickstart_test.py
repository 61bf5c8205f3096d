"""agent/quickstart.sh with KUBECONFIG: on a real API server, whose pods are real node_exporters.

Run: cd tests && python3 -m unittest -v e2e.quickstart_test
"""
import pathlib
import tempfile
import unittest

from parts.kube_apiserver import KubeApiserver
from parts.node_exporter import NodeExporter
from parts.process import TESTS, Process

QUICKSTART = TESTS.parent / 'agent' / 'quickstart.sh'


class ClusterTest(unittest.TestCase):
    def setUp(self):
        self.work = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.kubernetes = self.enterContext(KubeApiserver(self.work / 'kubernetes'))

    def quickstart(self, *args, **environment):
        run = self.enterContext(
            Process(
                [QUICKSTART, '--once', *args],
                self.work / 'log',
                env={
                    'KUBECONFIG': str(self.kubernetes.admin_kubeconfig),
                    'LIMPET_REMOTE_WRITE_URL': '',
                    **environment,
                },
            )
        )
        return run.wait(240), run.log()

    def add_pod(self, name, address, labels):
        exporter = self.enterContext(NodeExporter(self.work, address=address, name=name))
        self.kubernetes.create_pod('shop', name, labels, ip=exporter.ip, port=exporter.port)

    def test_pods_of_the_cluster_arrive(self):
        self.kubernetes.create_namespace('shop')
        self.add_pod('web-1', '127.0.0.21', {'app.kubernetes.io/name': 'web'})
        self.add_pod('web-2', '127.0.0.22', {'app.kubernetes.io/name': 'web'})
        self.add_pod('other', '127.0.0.23', {'app.kubernetes.io/name': 'other'})
        code, log = self.quickstart(LIMPET_APP='web', LIMPET_NAMESPACE='shop')
        self.assertEqual(code, 0, log)
        for pod in ('web-1', 'web-2'):
            self.assertIn(f'shop/{pod}', log)
        self.assertNotIn('shop/other', log)

    def test_no_pod_is_a_failure_with_its_reason(self):
        code, log = self.quickstart('--timeout', '5', LIMPET_APP='nobody')
        self.assertEqual(code, 1, log)
        self.assertIn('nobody', log)


if __name__ == '__main__':
    unittest.main()
