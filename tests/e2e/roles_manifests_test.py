"""What manifests/ and helm/ allow for each role and for attach_metadata: just what limpet watches
for it, on a real API server.

Run: cd tests && python3 -m unittest -v e2e.roles_manifests_test
"""
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

from parts.kube_apiserver import KubeApiserver
from parts.limpet import Limpet
from parts.process import TESTS, binary, wait_until

ROOT = TESTS.parent
NAMESPACE = 'monitoring'
PODS, SERVICES, ENDPOINTS = '/pods', '/services', '/endpoints'
SLICES, INGRESSES = 'discovery.k8s.io/endpointslices', 'networking.k8s.io/ingresses'
NODES, NAMESPACES = '/nodes', '/namespaces'
MONITORS = {
    f'monitoring.coreos.com/{kind}'
    for kind in ('servicemonitors', 'podmonitors', 'probes', 'scrapeconfigs')
}
SECRETS, CONFIG_MAPS = '/secrets', '/configmaps'
# What each component of manifests/ adds, and in which kind of role.
COMPONENTS = {
    'services': ('Role', {SERVICES}),
    'endpoints': ('Role', {SERVICES, ENDPOINTS, SLICES}),
    'ingresses': ('Role', {INGRESSES}),
    'nodes': ('ClusterRole', {NODES}),
    'namespaces': ('ClusterRole', {NAMESPACES}),
    'monitors': ('Role', {SERVICES, ENDPOINTS, SLICES, INGRESSES} | MONITORS),
    'monitor-secrets': ('Role', {SECRETS, CONFIG_MAPS}),
}
# Values of the chart and what its Role and its ClusterRole then allow.
CHART = [
    ({}, {PODS}, set()),
    ({'roles': ['service']}, {SERVICES}, set()),
    ({'roles': ['endpoints', 'pod']}, {PODS, SERVICES, ENDPOINTS}, set()),
    ({'roles': ['endpointslice']}, {PODS, SERVICES, SLICES}, set()),
    ({'roles': ['ingress', 'node']}, {INGRESSES}, {NODES}),
    ({'roles': ['node']}, set(), {NODES}),
    ({'attachMetadata': ['node', 'namespace', 'job']}, {PODS}, {NODES, NAMESPACES}),
    (
        {'attachMetadata': ['deployment', 'cronjob']},
        {PODS, 'apps/replicasets', 'batch/jobs'},
        set(),
    ),
    (
        {'roles': ['endpoints', 'node'], 'clusterWide': True},
        set(),
        {PODS, SERVICES, ENDPOINTS, NODES},
    ),
]
# The same of its values for monitors, with cluster-wide rights or without.
MONITORED = [
    ({}, False, {PODS}),
    ({'enabled': True, 'kinds': ['ScrapeConfig']}, False, {PODS, 'monitoring.coreos.com/scrapeconfigs'}),
    (
        {'enabled': True, 'kinds': ['ServiceMonitor', 'PodMonitor'], 'secrets': ['*']},
        False,
        {PODS, SERVICES, ENDPOINTS, SECRETS}
        | {f'monitoring.coreos.com/{kind}' for kind in ('servicemonitors', 'podmonitors')},
    ),
    (
        {
            'enabled': True,
            'kinds': ['ServiceMonitor', 'Probe'],
            'settings': {'service_discovery_role': 'EndpointSlice'},
            'namespaceSelector': 'team=red',
            'configMaps': ['ca'],
        },
        True,
        {PODS, SERVICES, SLICES, INGRESSES, NAMESPACES, CONFIG_MAPS}
        | {f'monitoring.coreos.com/{kind}' for kind in ('servicemonitors', 'probes')},
    ),
]


def run(*args, stdin=None):
    result = subprocess.run(
        [str(arg) for arg in args],
        input=stdin,
        text=True,
        capture_output=True,
        timeout=120,
        check=False,
    )
    if result.returncode != 0:
        raise AssertionError(f'{args}: {result.stdout}\n{result.stderr}')
    return result.stdout


def to_objects(yaml):
    """kubectl reads the YAML and gives it back as JSON."""
    text = run(
        binary('kubectl'),
        'create',
        '--dry-run=client',
        '--validate=false',
        '-o',
        'json',
        '-f',
        '-',
        stdin=yaml,
    )
    decoder, objects = json.JSONDecoder(), []
    while text.strip():
        found, end = decoder.raw_decode(text.strip())
        objects += found['items'] if found['kind'] == 'List' else [found]
        text = text.strip()[end:]
    return objects


def allowed(objects, kind):
    found = set()
    for role in objects:
        if role['kind'] != kind:
            continue
        for rule in role['rules']:
            if sorted(rule['verbs']) != ['list', 'watch']:
                raise AssertionError(f'more than list and watch: {rule}')
            found |= {
                f'{group}/{kind}' for group in rule['apiGroups'] for kind in rule['resources']
            }
    return found


class RolesManifestsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.work = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.kubernetes = cls.enterClassContext(KubeApiserver(cls.work / 'kubernetes'))
        cls.kubernetes.create_namespace(NAMESPACE)
        os.environ['KUBECONFIG'] = str(cls.kubernetes.admin_kubeconfig)
        cls.addClassCleanup(os.environ.pop, 'KUBECONFIG')

    def overlay(self, components):
        directory = pathlib.Path(
            self.enterContext(tempfile.TemporaryDirectory(dir=self.work))
        ).resolve()
        base = os.path.relpath(ROOT / 'manifests', directory)
        (directory / 'kustomization.yaml').write_text(
            json.dumps(
                {
                    'namespace': NAMESPACE,
                    'resources': [base],
                    'components': [f'{base}/{component}' for component in components],
                }
            )
        )
        return directory

    def test_each_component_allows_what_its_role_watches(self):
        for component, (kind, resources) in COMPONENTS.items():
            with self.subTest(component):
                objects = to_objects(run(binary('kubectl'), 'kustomize', self.overlay([component])))
                self.assertEqual(allowed(objects, kind) - {PODS}, resources)
                other = 'Role' if kind == 'ClusterRole' else 'ClusterRole'
                self.assertEqual(allowed(objects, other) - {PODS}, set())
                for binding in objects:
                    if binding['kind'].endswith('Binding'):
                        self.assertEqual(binding['subjects'][0]['namespace'], NAMESPACE)

    def test_the_charts_values_allow_what_the_roles_watch(self):
        for values, role, cluster_role in CHART:
            with self.subTest(values=values):
                rendered = run(
                    binary('helm'), 'template', 'x', ROOT / 'helm', '-n', NAMESPACE,
                    '-s', 'templates/rbac.yaml', '-f', '-', stdin=json.dumps({'rbac': values}),
                )  # fmt: skip
                objects = to_objects(rendered)
                self.assertEqual(allowed(objects, 'Role'), role)
                self.assertEqual(allowed(objects, 'ClusterRole'), cluster_role)

    def test_the_charts_values_allow_what_monitors_need(self):
        for values, cluster_wide, resources in MONITORED:
            with self.subTest(values=values):
                rendered = run(
                    binary('helm'), 'template', 'x', ROOT / 'helm', '-n', NAMESPACE,
                    '-s', 'templates/rbac.yaml', '-f', '-',
                    stdin=json.dumps({'monitors': values, 'rbac': {'clusterWide': cluster_wide}}),
                )  # fmt: skip
                objects = to_objects(rendered)
                kinds = ['Role', 'ClusterRole']
                kind = kinds.pop(cluster_wide)
                self.assertEqual(allowed(objects, kind), resources)
                self.assertEqual(allowed(objects, kinds[0]), set())
                rules = [rule for role in objects for rule in role.get('rules', [])]
                named = {name for rule in rules for name in rule.get('resourceNames', [])}
                self.assertEqual(named, set(values.get('configMaps', [])))

    def test_the_chart_refuses_roles_that_there_are_not(self):
        for values in ({'roles': ['pods']}, {'roles': []}, {'attachMetadata': ['nodes']}):
            with self.subTest(values=values), self.assertRaises(AssertionError):
                run(
                    binary('helm'),
                    'template',
                    'x',
                    ROOT / 'helm',
                    '-f',
                    '-',
                    stdin=json.dumps({'rbac': values}),
                )

    def test_all_components_are_enough_for_all_roles(self):
        run(binary('kubectl'), 'apply', '--validate=false', '-k', self.overlay(COMPONENTS))
        token = self.work / 'token'
        token.write_text(self.kubernetes.service_account_token(NAMESPACE, 'limpet'))
        slices = (
            self.kubernetes.request('GET', '/apis/discovery.k8s.io/v1', check=False).status == 200
        )
        roles = ['pod', 'node', 'service', 'endpoints', 'ingress'] + ['endpointslice'] * slices
        limpet = Limpet(
            self.work / 'limpet',
            {
                'scrape_configs': [
                    {
                        'job_name': role,
                        'kubernetes_sd_configs': [
                            {
                                'role': role,
                                'api_server': self.kubernetes.url,
                                'bearer_token_file': str(token),
                                'tls_config': {'ca_file': str(self.kubernetes.ca_file)},
                                'namespaces': {'names': [NAMESPACE]},
                                'attach_metadata': {'node': True, 'namespace': True},
                            }
                        ],
                    }
                    for role in roles
                ]
            },
        )
        self.enterContext(limpet)
        limpet.wait_ready()

        def connected():
            watches = limpet.get('/health').json()['checks']['kubernetes']['watches']
            return all(watch['listed'] and 'error' not in watch for watch in watches)

        wait_until(connected, 30, 'every kind is watched')
        watches = limpet.get('/health').json()['checks']['kubernetes']['watches']
        kinds = sorted((watch['role'], watch['namespace']) for watch in watches)
        expected = {(role, NAMESPACE) for role in roles if role != 'node'}
        self.assertEqual(kinds, sorted(expected | {('node', ''), ('namespace', '')}))


if __name__ == '__main__':
    unittest.main()
