"""A namespace on a real Kubernetes API with pods behind a service, and a monitor object of each kind
for them: what the tests of kubernetes_monitors stand on.

    class SomeTest(MonitoredShop):
        def test_something(self):
            self.create_all()
            limpet = self.start().wait_ready()
"""
import base64
import pathlib
import tempfile
import unittest

from parts.authorized_pages import AuthorizedPages
from parts.fetch import fetch
from parts.kube_apiserver import KubeApiserver
from parts.limpet import Limpet
from parts.monitor_crds import create_monitor_kinds, monitor, monitors_path
from parts.process import wait_until
from parts.sink import Sink

NAMESPACE = 'shop'
PODS = {'api-1': '127.6.0.2', 'api-2': '127.6.0.3', 'done': '127.6.0.5'}
PROBER = '127.6.0.4'
# The API server takes no loopback address as an endpoint: the object's own rule makes one of it.
TO_LOOPBACK = {
    'sourceLabels': ['__address__'],
    'regex': r'192\.0\.2\.(.+)',
    'targetLabel': '__address__',
    'replacement': '127.6.0.$1',
}
SELECTOR = {
    'matchLabels': {'app.kubernetes.io/name': 'api'},
    'matchExpressions': [
        {'key': 'tier', 'operator': 'In', 'values': ['front', 'back']},
        {'key': 'old', 'operator': 'DoesNotExist'},
    ],
}


def basic(user, password):
    return 'Basic ' + base64.b64encode(f'{user}:{password}'.encode()).decode()


def key(name, value):
    return {'name': name, 'key': value}


class MonitoredShop(unittest.TestCase):
    """Tests derive from it; it has none of its own."""

    @classmethod
    def setUpClass(cls):
        cls.work = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.pages = cls.enterClassContext(AuthorizedPages([*PODS.values(), PROBER]))
        cls.kubernetes = cls.enterClassContext(KubeApiserver(cls.work / 'kubernetes'))
        create_monitor_kinds(cls.kubernetes)
        cls.kubernetes.create_namespace(NAMESPACE)
        labels = {'app.kubernetes.io/name': 'api', 'tier': 'front'}
        for name, address in PODS.items():
            cls.kubernetes.create_pod(NAMESPACE, name, labels, ip=address, port=cls.pages.port)
        cls.kubernetes.request(
            'PATCH',
            f'/api/v1/namespaces/{NAMESPACE}/pods/done/status',
            {'status': {'phase': 'Succeeded'}},
        )
        cls.create_service('api', {**labels, 'team': 'red'}, PODS)
        cls.create_service('other', {'app.kubernetes.io/name': 'other'}, {'api-1': ''})

    @classmethod
    def create_service(cls, name, labels, pods):
        meta = {'name': name, 'labels': labels}
        port = {'name': 'http-metrics', 'port': cls.pages.port}
        core = f'/api/v1/namespaces/{NAMESPACE}'
        cls.kubernetes.request(
            'POST', f'{core}/services', {'metadata': meta, 'spec': {'ports': [port]}}
        )
        addresses = [
            {
                'ip': f'192.0.2.{PODS[pod].rsplit(".", 1)[1]}',
                'targetRef': {'kind': 'Pod', 'namespace': NAMESPACE, 'name': pod},
            }
            for pod in pods
        ]
        cls.kubernetes.request(
            'POST',
            f'{core}/endpoints',
            {'metadata': meta, 'subsets': [{'addresses': addresses, 'ports': [port]}]},
        )

    def setUp(self):
        self.directory = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(dir=self.work)))
        self.pages.require('/secret', basic('anna', 'pass'))
        self.pages.require('/token', 'Bearer one')

    def create(self, kind, name, spec, labels=None):
        path = monitors_path(NAMESPACE, kind)
        self.kubernetes.request('POST', path, monitor(kind, name, spec, labels))
        self.addCleanup(self.delete, f'{path}/{name}')

    def create_secret(self, name, values):
        path = f'/api/v1/namespaces/{NAMESPACE}/secrets'
        body = {'metadata': {'name': name}, 'stringData': values}
        self.kubernetes.request('POST', path, body)
        self.addCleanup(self.delete, f'{path}/{name}')

    def delete(self, path):
        return self.kubernetes.request('DELETE', path, check=False).status

    def service_monitor(self):
        port = self.pages.port
        return {
            'jobLabel': 'team',
            'targetLabels': ['team'],
            'podTargetLabels': ['app.kubernetes.io/name'],
            'selector': SELECTOR,
            'endpoints': [
                {
                    'port': 'http-metrics',
                    'path': '/secret',
                    'interval': '1s',
                    'basicAuth': {
                        'username': key('login', 'user'),
                        'password': key('login', 'pw'),
                    },
                    'relabelings': [TO_LOOPBACK],
                    'metricRelabelings': [
                        {'sourceLabels': ['__name__'], 'regex': 'demo_dropped', 'action': 'drop'}
                    ],
                },
                {'targetPort': port, 'relabelings': [TO_LOOPBACK]},
            ],
        }

    def pod_monitor(self):
        return {
            'podTargetLabels': ['tier'],
            'selector': SELECTOR,
            'podMetricsEndpoints': [
                {
                    'port': 'metrics',
                    'path': '/token',
                    'authorization': {'credentials': key('login', 'token')},
                }
            ],
        }

    def create_all(self):
        target = self.pages.target(PROBER)
        self.create_secret('login', {'user': 'anna', 'pw': 'pass', 'token': 'one'})
        self.create('ServiceMonitor', 'api', self.service_monitor())
        self.create('PodMonitor', 'pods', self.pod_monitor())
        sites = {'static': ['https://a.example/x', 'b.example'], 'labels': {'env': 'prod'}}
        probe = {
            'jobName': 'sites',
            'module': 'http_2xx',
            'prober': {'url': target},
            'targets': {'staticConfig': sites},
        }
        self.create('Probe', 'web', probe)
        hosts = {'staticConfigs': [{'targets': [target], 'labels': {'rack': '1'}}]}
        self.create('ScrapeConfig', 'hosts', {'jobName': 'hosts', **hosts})

    def config(self, identity=None, **more):
        identity = identity or {'kubeconfig_file': str(self.kubernetes.admin_kubeconfig)}
        kinds = ['ServiceMonitor', 'PodMonitor', 'Probe', 'ScrapeConfig']
        return {
            'global': {'scrape_interval': '1s'},
            'scrape_configs': [
                {
                    'job_name': 'file',
                    'metrics_path': '/file',
                    'static_configs': [{'targets': [self.pages.target(PROBER)]}],
                }
            ],
            'remote_write': [{'url': self.sink.write_url}],
            'kubernetes_monitors': {'kinds': kinds, **identity, **more},
        }

    def start(self, **more):
        self.sink = self.enterContext(Sink(self.directory / 'sink', '--strict'))
        limpet = self.enterContext(Limpet(self.directory / 'limpet', self.config(**more)))
        return limpet.wait_healthy()

    def monitors(self, limpet):
        """By "Kind name": (state, errors)."""
        found = limpet.get('/api/v1/monitors').json()['data']['monitors']
        return {f'{m["kind"]} {m["name"]}': (m['state'], m['errors']) for m in found}

    def wait_state(self, limpet, name, state):
        def reached():
            return self.monitors(limpet).get(name, (None,))[0] == state

        wait_until(reached, 30, lambda: f'{name} {state}: {self.monitors(limpet)}')

    def delivered(self, name):
        """The sorted labels of the series of that name that came."""
        found = [row['metric'] for row in self.sink.rows() if row['metric']['__name__'] == name]
        return sorted(
            sorted((label, value) for label, value in labels.items() if label != '__name__')
            for labels in found
        )

    def pools(self, program):
        """By scrape pool: the sorted labels of its active targets."""
        found = {}
        for target in fetch(f'{program.url}/api/v1/targets').json()['data']['activeTargets']:
            labels = sorted(target['labels'].items())
            found.setdefault(target['scrapePool'], []).append(labels)
        return {pool: sorted(targets) for pool, targets in found.items()}
