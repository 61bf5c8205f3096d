"""Every role of kubernetes_sd_configs on a real Kubernetes API: limpet's targets have the labels
that a real Prometheus has for the same objects, and what RBAC allows is enough.

That Prometheus is the one of Debian's sid: Debian 12 builds its own without Kubernetes.

Run: cd tests && python3 -m unittest -v e2e.roles_test
"""
import pathlib
import tempfile
import unittest

from parts.fetch import fetch
from parts.fixed_api import FixedApi
from parts.kube_apiserver import KubeApiserver
from parts.limpet import Limpet
from parts.process import wait_until
from parts.prometheus import Prometheus

NAMESPACE = 'shop'
# Labels that came after Prometheus 3.5.
NEWER = (
    '__meta_kubernetes_node_condition_',
    '__always_scrape_classic_histograms__',
    '__convert_classic_histograms_to_nhcb__',
    '__scrape_native_histograms__',
)
IN = '__meta_kubernetes_namespace'
# What each program says of itself, not of the object.
OWN = ('__scrape_interval__', '__scrape_timeout__')

KINDS = {
    'nodes': 'Node',
    'pods': 'Pod',
    'services': 'Service',
    'endpoints': 'Endpoints',
    'endpointslices': 'EndpointSlice',
    'ingresses': 'Ingress',
}
DEPLOYED = {'team': 'front-end', 'empty': '', 'app.kubernetes.io/name': 'web'}
NOTED = {'note': 'line\nbreak "quoted" \u00fc', 'prometheus.io/scrape': 'true'}


def objects(namespace):
    """(path to create in, object, status)."""
    core, meta = f'/api/v1/namespaces/{namespace}', {'labels': DEPLOYED, 'annotations': NOTED}
    container = {'image': 'registry.invalid/app:1', 'terminationMessagePolicy': 'File'}
    ports = [
        {'name': 'http', 'containerPort': 8080, 'protocol': 'TCP'},
        {'name': 'admin', 'containerPort': 9090, 'protocol': 'TCP'},
        {'containerPort': 53, 'protocol': 'UDP'},
    ]
    pod_spec = {
        'nodeName': 'node-1',
        'containers': [{'name': 'app', 'ports': ports, **container}, {'name': 'bare', **container}],
        'initContainers': [{'name': 'setup', 'ports': [{'containerPort': 7070}], **container}],
    }
    running = {
        'phase': 'Running',
        'podIP': '192.0.2.1',
        'podIPs': [{'ip': '192.0.2.1'}],
        'hostIP': '127.0.0.1',
        'conditions': [{'type': 'Ready', 'status': 'True'}],
    }
    owner = {'apiVersion': 'apps/v1', 'kind': 'ReplicaSet', 'name': 'web-rs', 'uid': 'u-1'}
    web_1 = {
        'targetRef': {'kind': 'Pod', 'namespace': namespace, 'name': 'web-1'},
        'nodeName': 'node-1',
    }
    yield (
        '/api/v1/nodes',
        {'metadata': {'name': 'node-1', **meta}, 'spec': {'providerID': 'test:///node-1'}},
        {
            'addresses': [
                {'type': 'Hostname', 'address': 'node-1.invalid'},
                {'type': 'InternalIP', 'address': '127.3.0.1'},
                {'type': 'ExternalIP', 'address': '127.3.0.2'},
            ],
            'conditions': [{'type': 'Ready', 'status': 'True'}],
            'daemonEndpoints': {'kubeletEndpoint': {'Port': 10250}},
        },
    )
    yield (
        f'{core}/pods',
        {
            'metadata': {
                'name': 'web-1',
                'ownerReferences': [{**owner, 'controller': True}],
                **meta,
            },
            'spec': pod_spec,
        },
        running,
    )
    yield f'{core}/pods', {'metadata': {'name': 'pending'}, 'spec': pod_spec}, None
    yield (
        f'{core}/services',
        {
            'metadata': {'name': 'web', **meta},
            'spec': {
                'ports': [
                    {'name': 'http', 'port': 80, 'targetPort': 8080},
                    {'name': 'dns', 'port': 53, 'protocol': 'UDP'},
                ]
            },
        },
        None,
    )
    yield (
        f'{core}/services',
        {
            'metadata': {'name': 'outside'},
            'spec': {
                'type': 'ExternalName',
                'externalName': 'db.invalid',
                'ports': [{'port': 5432}],
            },
        },
        None,
    )
    yield (
        f'{core}/endpoints',
        {
            'metadata': {'name': 'web', **meta},
            'subsets': [
                {
                    'addresses': [
                        {'ip': '192.0.2.1', 'hostname': 'web-1', **web_1},
                        {'ip': '192.0.2.9'},
                    ],
                    'notReadyAddresses': [{'ip': '192.0.2.8'}],
                    'ports': [{'name': 'http', 'port': 8080}, {'name': 'other', 'port': 1234}],
                }
            ],
        },
        None,
    )
    yield (
        f'/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices',
        {
            'apiVersion': 'discovery.k8s.io/v1',
            'kind': 'EndpointSlice',
            'metadata': {'name': 'web-abc', 'labels': {'kubernetes.io/service-name': 'web'}},
            'addressType': 'IPv4',
            'ports': [{'name': 'http', 'port': 8080, 'appProtocol': 'http'}],
            'endpoints': [
                {
                    'addresses': ['192.0.2.1'],
                    'conditions': {'ready': True, 'serving': True, 'terminating': False},
                    'hostname': 'web-1',
                    'zone': 'zone-1',
                    **web_1,
                },
                {'addresses': ['192.0.2.8', '192.0.2.9'], 'conditions': {'ready': False}},
            ],
        },
        None,
    )
    yield (
        f'/apis/networking.k8s.io/v1/namespaces/{namespace}/ingresses',
        {
            'metadata': {'name': 'web', **meta},
            'spec': {
                'ingressClassName': 'nginx',
                'tls': [{'hosts': ['*.shop.invalid']}],
                'rules': [
                    {'host': host, 'http': {'paths': [path(text) for text in paths]}}
                    for host, paths in (
                        ('a.shop.invalid', ['/', '/api']),
                        ('a.b.shop.invalid', ['/x']),
                    )
                ]
                + [{'host': 'plain.invalid', 'http': {'paths': [path('/')]}}],
            },
        },
        None,
    )


def path(text):
    backend = {'service': {'name': 'web', 'port': {'number': 80}}}
    return {'path': text, 'pathType': 'Prefix', 'backend': backend}


class RolesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.work = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.kubernetes = cls.enterClassContext(KubeApiserver(cls.work / 'kubernetes'))
        cls.kubernetes.create_namespace(NAMESPACE)
        cls.roles = ['node', 'pod', 'service', 'endpoints', 'ingress']
        if cls.serves_slices():
            cls.roles.append('endpointslice')
        cls.create_objects(NAMESPACE)

    @classmethod
    def serves_slices(cls):
        where = '/apis/discovery.k8s.io/v1/endpointslices'
        return cls.kubernetes.request('GET', where, check=False).status == 200

    @classmethod
    def create_objects(cls, namespace):
        for where, body, status in objects(namespace):
            if '/namespaces/' not in where and namespace != NAMESPACE:
                continue
            if where.endswith('endpointslices') and 'endpointslice' not in cls.roles:
                continue
            cls.kubernetes.request('POST', where, body)
            if status:
                name = body['metadata']['name']
                cls.kubernetes.request('PATCH', f'{where}/{name}/status', {'status': status})

    def setUp(self):
        self.directory = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(dir=self.work)))

    def config(self, roles=None, identity=None, **more):
        identity = identity or {'kubeconfig_file': str(self.kubernetes.admin_kubeconfig)}
        return {
            'global': {'scrape_interval': '10s'},
            'scrape_configs': [
                {
                    'job_name': role,
                    'kubernetes_sd_configs': [{'role': role, **identity, **more}],
                    # no two targets are one, and nothing of it is really asked
                    'relabel_configs': [
                        {'action': 'labelmap', 'regex': '__meta_kubernetes_(.+)'},
                        {'source_labels': ['__address__'], 'target_label': 'address'},
                        {'target_label': '__address__', 'replacement': '127.0.0.1:1'},
                    ],
                }
                for role in roles or self.roles
            ],
        }

    def labels(self, program):
        """By job: the sorted labels of each target as discovered."""
        answer = fetch(f'{program.url}/api/v1/targets', timeout_s=30).json()['data']
        found = {}
        for target in answer['activeTargets']:
            labels = {
                name: value
                for name, value in target['discoveredLabels'].items()
                if name not in OWN and not name.startswith(NEWER) and value
            }
            found.setdefault(labels['job'], []).append(sorted(labels.items()))
        return {job: sorted(targets) for job, targets in found.items()}

    def compare(self, directory=None, **more):
        """The labels that both have; more: as for config."""
        config, directory = self.config(**more), directory or self.directory
        prometheus = self.enterContext(
            Prometheus(directory / 'prometheus', config, 'prometheus-sid')
        )
        limpet = self.enterContext(Limpet(directory / 'limpet', config))
        limpet.wait_ready()
        self.maxDiff = None

        def same():
            return self.labels(prometheus) == self.labels(limpet)

        try:
            wait_until(same, 30, 'the same targets')
        except TimeoutError:
            expected, found = self.labels(prometheus), self.labels(limpet)
            for role in set(expected) | set(found):
                self.assertEqual(found.get(role), expected.get(role), role)
        return self.labels(limpet)

    def test_every_role_has_the_labels_of_prometheus(self):
        found = self.compare()
        self.assertEqual(set(found), set(self.roles))
        found = {
            role: [labels for labels in targets if dict(labels).get(IN, NAMESPACE) == NAMESPACE]
            for role, targets in found.items()
        }
        counts = {role: len(found[role]) for role in self.roles}
        self.assertEqual(counts['node'], 1)
        self.assertEqual(counts['pod'], 5)
        self.assertEqual(counts['ingress'], 4)
        self.assertGreater(counts['endpoints'], 5)
        self.assertGreater(counts['service'], 2)

    def test_namespaces_and_the_node_of_pods(self):
        found = self.compare(
            namespaces={'names': [NAMESPACE, 'not-there-yet']}, attach_metadata={'node': True}
        )
        pods = [dict(labels) for labels in found['pod']]
        self.assertEqual({pod['__meta_kubernetes_node_label_team'] for pod in pods}, {'front-end'})

    def test_endpoint_slices_have_the_labels_of_prometheus(self):
        served = {}
        for where, body, status in objects(NAMESPACE):
            body['metadata'].setdefault('namespace', NAMESPACE)
            where = where.replace(f'/namespaces/{NAMESPACE}', '')
            version = where.removeprefix('/apis/').removeprefix('/api/').rsplit('/', 1)[0]
            body = {'apiVersion': version, 'kind': KINDS[where.rsplit('/', 1)[1]], **body}
            served.setdefault(where, []).append({**body, 'status': status} if status else body)
        with FixedApi(served) as api:
            for attach in ({}, {'node': True}):
                directory = self.directory / str(len(attach))
                found = self.compare(
                    directory=directory,
                    roles=['endpointslice'],
                    identity={'api_server': api.url},
                    attach_metadata=attach,
                )['endpointslice']
                # three addresses, and three ports of web-1 that no endpoint leads to
                self.assertEqual(len(found), 6)

    def test_a_namespace_that_comes_later_and_a_service_account_with_just_the_rights(self):
        self.kubernetes.create_namespace('agent')
        core = '/api/v1/namespaces/agent'
        self.kubernetes.request('POST', f'{core}/serviceaccounts', {'metadata': {'name': 'limpet'}})
        token = self.directory / 'token'
        token.write_text(self.kubernetes.service_account_token('agent', 'limpet'))
        config = self.config(namespaces={'names': ['late']}, attach_metadata={'namespace': True})
        for job in config['scrape_configs']:
            for discovery in job['kubernetes_sd_configs']:
                del discovery['kubeconfig_file']
                discovery['api_server'] = self.kubernetes.url
                discovery['bearer_token_file'] = str(token)
                discovery['tls_config'] = {'ca_file': str(self.kubernetes.ca_file)}
        limpet = self.enterContext(Limpet(self.directory / 'limpet', config))
        limpet.wait_healthy()

        def forbidden():
            watches = limpet.get('/health').json()['checks']['kubernetes']['watches']
            return all('403' in watch.get('error', '') for watch in watches)

        wait_until(forbidden, 30, 'everything is forbidden')
        rbac = '/apis/rbac.authorization.k8s.io/v1'
        rules = [
            ('', ['nodes', 'namespaces', 'pods', 'services', 'endpoints']),
            ('discovery.k8s.io', ['endpointslices']),
            ('networking.k8s.io', ['ingresses']),
        ]
        self.kubernetes.request(
            'POST',
            f'{rbac}/clusterroles',
            {
                'metadata': {'name': 'limpet-roles'},
                'rules': [
                    {'apiGroups': [group], 'resources': kinds, 'verbs': ['list', 'watch']}
                    for group, kinds in rules
                ],
            },
        )
        account = {'kind': 'ServiceAccount', 'name': 'limpet', 'namespace': 'agent'}
        self.kubernetes.request(
            'POST',
            f'{rbac}/clusterrolebindings',
            {
                'metadata': {'name': 'limpet-roles'},
                'roleRef': {
                    'apiGroup': 'rbac.authorization.k8s.io',
                    'kind': 'ClusterRole',
                    'name': 'limpet-roles',
                },
                'subjects': [account],
            },
        )
        limpet.wait_ready(60)
        # nodes have no namespace
        self.assertEqual(set(self.labels(limpet)), {'node'})
        self.kubernetes.create_namespace('late')
        self.create_objects('late')
        wait_until(lambda: set(self.labels(limpet)) == set(self.roles), 30, 'targets of every role')


if __name__ == '__main__':
    unittest.main()
