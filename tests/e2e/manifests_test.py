"""manifests/ and helm/ on a real API server: rendered, linted, valid by today's schemas, accepted in a server-side
dry run, their configuration accepted by limpet, their Role enough for limpet's work and for nothing else."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from parts.fetch import fetch  # noqa: E402
from parts.kube_apiserver import KubeApiserver  # noqa: E402
from parts.process import binary  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
LIMPET = pathlib.Path(os.environ.get('LIMPET_BIN', ROOT / 'build/release/limpet'))
CACHE = pathlib.Path(os.environ.get('LIMPET_CACHE', pathlib.Path.home() / '.cache/limpet'))
NAMESPACE = 'monitoring'

# Every branch of the templates is rendered by one of these.
VALUES = {
    'defaults': {},
    'token': {'token': {'value': 'a"b'}, 'scrape': {'portName': 'metrics', 'externalLabels': {'cluster': 'home'}}},
    'claim': {'storage': {'persistentVolumeClaim': {'enabled': True, 'storageClassName': 'local-path'}},
              'token': {'existingSecret': 'metrics-token'}, 'podAnnotations': {'a': 'b'}, 'podLabels': {'team': 'x'},
              'nodeSelector': {'disk': 'ssd'}, 'tolerations': [{'operator': 'Exists'}],
              'priorityClassName': 'system-cluster-critical', 'imagePullSecrets': [{'name': 'pull'}]},
    'namespaces': {'scrape': {'namespaces': ['shop', 'web'], 'selector': 'app in (a, b)'},
                   'networkPolicy': {'ingressFrom': [{'namespaceSelector': {}}]}},
    'cluster-wide': {'rbac': {'clusterWide': True}, 'fullnameOverride': 'scraper',
                     'config': {'scrape_configs': [{'job_name': 'all', 'kubernetes_sd_configs': [{'role': 'pod'}]}],
                                'remote_write': [{'url': 'https://receiver.example/write'}]}},
    'monitors': {'monitors': {'enabled': True, 'selector': 'release=main', 'secrets': ['login'],
                              'settings': {'enforced_sample_limit': 1000}}},
    'monitors-everywhere': {'rbac': {'clusterWide': True}, 'monitors': {
        'enabled': True, 'kinds': ['ServiceMonitor', 'ScrapeConfig'], 'namespaceSelector': 'team=red',
        'configMaps': ['*']}},
    'pair': {'replicas': 2, 'leaderElection': {'enabled': True, 'leaseDuration': '30s', 'renewDeadline': '20s',
                                               'retryPeriod': '3s'},
             'scrape': {'externalLabels': {'__replica__': '${POD_NAME}'}}},
    'pair-with-claims': {'replicas': 2, 'leaderElection': {'enabled': True},
                         'storage': {'persistentVolumeClaim': {'enabled': True, 'storageClassName': 'local-path'}}},
    'shards': {'shards': 3},
    'shards-of-pairs': {'shards': 3, 'replicas': 2, 'leaderElection': {'enabled': True},
                        'affinity': {'nodeAffinity': {}}, 'storage': {'persistentVolumeClaim': {'enabled': True}}},
    'minimal': {'serviceAccount': {'create': False}, 'rbac': {'create': False}, 'networkPolicy': {'enabled': False}},
}
# What the schema has to refuse.
REFUSED = [
    {'scrape': {'intervall': '15s'}}, {'scrape': {'interval': '15 s'}}, {'logLevel': 'loud'},
    {'service': {'port': 'http'}}, {'remoteWrite': {'url': 'ftp://x'}}, {'remoteWrite': {'url': 'https://user:pass@x/'}},
    {'storage': {'maxBytes': 'lots'}}, {'nosuch': 1}, {'monitors': {'kinds': ['Pod']}}, {'monitors': {'secrets': 'x'}},
    {'shards': 0}, {'shards': 1025}, {'shards': '3'}, {'replicas': 0}, {'leaderElection': {'enabled': 'yes'}},
    {'leaderElection': {'leaseDuration': '15'}}, {'leaderElection': {'lease': 'x'}},
]
WORKLOADS = ('Deployment', 'StatefulSet')


def run(args, stdin=None, check=True, env=None):
    result = subprocess.run([str(arg) for arg in args], input=stdin, text=True, capture_output=True, timeout=120,
                            env={**os.environ, **(env or {})})
    if check and result.returncode != 0:
        raise AssertionError(f'{args}: {result.stdout}\n{result.stderr}')
    return result


def schemas():
    """A folder with npm's kubernetes-models, installed once."""
    folder = CACHE / 'kubernetes-models'
    if not (folder / 'node_modules/kubernetes-models').exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / 'package.json').write_text('{"private": true}')
        run(['npm', 'install', '--silent', '--no-audit', '--no-fund', '--prefix', folder, 'kubernetes-models@5.1.0'])
    return folder


class ManifestsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        work = tempfile.TemporaryDirectory()
        cls.addClassCleanup(work.cleanup)
        cls.work = pathlib.Path(work.name)
        cls.kubernetes = KubeApiserver(cls.work / 'kubernetes').start()
        cls.addClassCleanup(cls.kubernetes.stop)
        for namespace in (NAMESPACE, 'shop', 'web'):
            cls.kubernetes.create_namespace(namespace)
        cls.rendered = {'manifests': cls.kustomize('plain', []), 'pair-component': cls.kustomize('pair', ['pair']), **{name: cls.template(values) for name, values in VALUES.items()}}

    @classmethod
    def kubectl(cls, *args, stdin=None):
        return run([binary('kubectl'), '--kubeconfig', cls.kubernetes.admin_kubeconfig, *args], stdin=stdin,
                   env={'HOME': str(cls.work)})

    @classmethod
    def kustomize(cls, name, components):
        overlay = cls.work / name
        overlay.mkdir()
        base = os.path.relpath(ROOT / 'manifests', overlay.resolve())
        (overlay / 'kustomization.yaml').write_text(json.dumps(
            {'namespace': NAMESPACE, 'resources': [base], 'components': [f'{base}/{name}' for name in components]}))
        return cls.kubectl('kustomize', '--load-restrictor=LoadRestrictionsNone', overlay).stdout

    @classmethod
    def values_file(cls, values):
        path = cls.work / 'values.json'
        path.write_text(json.dumps(values))
        return path

    @classmethod
    def helm(cls, *args, values, check=True):
        return run([binary('helm'), *args, '--namespace', NAMESPACE, '--values', cls.values_file(values)], check=check,
                   env={'HOME': str(cls.work), 'KUBECONFIG': str(cls.kubernetes.admin_kubeconfig)})

    @classmethod
    def template(cls, values):
        return cls.helm('template', 'limpet', ROOT / 'helm', values=values).stdout

    def objects(self, rendered):
        """The rendered YAML as JSON objects (kubectl reads it, without a server)."""
        answer = self.kubectl('create', '--dry-run=client', '--validate=false', '-o', 'json', '-f', '-', stdin=rendered)
        decoder, text, found = json.JSONDecoder(), answer.stdout.strip(), []
        while text:
            item, end = decoder.raw_decode(text)
            found += item['items'] if item['kind'] == 'List' else [item]
            text = text[end:].strip()
        return found

    def test_lint(self):
        for name, values in VALUES.items():
            with self.subTest(name):
                answer = self.helm('lint', '--strict', ROOT / 'helm', values=values)
                self.assertIn('0 chart(s) failed', answer.stdout)

    def test_schema_refuses_what_is_misspelt(self):
        for values in REFUSED:
            with self.subTest(values=values):
                answer = self.helm('template', 'limpet', ROOT / 'helm', values=values, check=False)
                self.assertNotEqual(answer.returncode, 0)
                self.assertIn('schema', answer.stderr)

    def test_accepted_by_the_api_server(self):
        for name, rendered in self.rendered.items():
            with self.subTest(name):
                objects = self.objects(rendered)
                answer = self.kubectl('apply', '--server-side', '--dry-run=server', '-f', '-', stdin=rendered)
                self.assertEqual(answer.stdout.count('serverside-applied (server dry run)'), len(objects))

    def test_valid_by_the_schemas_of_today(self):
        for name, rendered in self.rendered.items():
            with self.subTest(name):
                run(['node', ROOT / 'tests/e2e/validate_objects.mjs', schemas()], stdin=json.dumps(self.objects(rendered)))

    def test_configuration_is_accepted_by_limpet(self):
        for name, rendered in self.rendered.items():
            with self.subTest(name):
                maps = [item for item in self.objects(rendered) if item['kind'] == 'ConfigMap']
                self.assertEqual(len(maps), 1)
                path = self.work / f'{name}.yml'
                path.write_text(maps[0]['data']['limpet.yml'])
                run([LIMPET, 'check-config', path], env={'POD_NAME': 'limpet-0'})

    def test_flags_are_accepted_by_limpet_and_the_lease_is_allowed(self):
        """Of every pod: that it then finds no configuration here is the next thing it says."""
        for name, rendered in self.rendered.items():
            with self.subTest(name):
                objects = self.objects(rendered)
                allowed = {lease for role in objects if role['kind'] == 'Role' for rule in role['rules']
                           if rule['resources'] == ['leases'] for lease in rule.get('resourceNames', [])}
                leases = set()
                for workload in (item for item in objects if item['kind'] in WORKLOADS):
                    for ordinal in range(workload['spec']['replicas']):
                        pod = f"{workload['metadata']['name']}-{ordinal}"
                        args = [arg.replace('$(POD_NAME)', pod).replace('=/etc/limpet/', '=/nowhere/') for arg in
                                workload['spec']['template']['spec']['containers'][0]['args']]
                        result = run([LIMPET, *args], check=False, env={'POD_NAME': pod})
                        self.assertEqual(result.returncode, 1, result.stderr)
                        self.assertIn('/nowhere/config/limpet.yml', result.stderr)
                        if '--leader-election' in args:
                            base = next((arg.partition('=')[2] for arg in args
                                         if arg.startswith('--leader-election.lease=')), 'limpet')
                            leases.add(f'{base}-{ordinal}' if any('--shards' in arg for arg in args) else base)
                self.assertEqual(allowed, leases)

    def test_replicas_and_shards(self):
        expected = {
            'defaults': [('Deployment', 'limpet', 1)], 'pair': [('Deployment', 'limpet', 2)],
            'pair-component': [('Deployment', 'limpet', 2)], 'pair-with-claims': [('StatefulSet', 'limpet', 2)],
            'shards': [('StatefulSet', 'limpet', 3)],
            'shards-of-pairs': [('StatefulSet', 'limpet', 3), ('StatefulSet', 'limpet-r1', 3)],
        }
        for name, workloads in expected.items():
            with self.subTest(name):
                objects = [item for item in self.objects(self.rendered[name]) if item['kind'] in WORKLOADS]
                self.assertEqual([(item['kind'], item['metadata']['name'], item['spec']['replicas']) for item in objects],
                                 workloads)
                # No pod belongs to two of them.
                selectors = {json.dumps(item['spec']['selector'], sort_keys=True) for item in objects}
                self.assertEqual(len(selectors), len(objects))
                for item in objects:
                    labels = item['spec']['template']['metadata']['labels']
                    self.assertLessEqual(item['spec']['selector']['matchLabels'].items(), labels.items())
        answer = self.helm('template', 'limpet', ROOT / 'helm', values={'replicas': 2}, check=False)
        self.assertNotEqual(answer.returncode, 0)
        self.assertIn('leaderElection.enabled', answer.stderr)

    def test_pod_is_locked_down(self):
        for name, rendered in self.rendered.items():
            with self.subTest(name):
                pod = next(item for item in self.objects(rendered) if item['kind'] in WORKLOADS)['spec']['template']['spec']
                container = pod['containers'][0]
                self.assertTrue(pod['securityContext']['runAsNonRoot'])
                self.assertTrue(container['securityContext']['readOnlyRootFilesystem'])
                self.assertEqual(container['securityContext']['capabilities'], {'drop': ['ALL']})
                self.assertEqual(container['resources']['limits']['memory'], '256Mi')
                for probe in ('livenessProbe', 'readinessProbe'):
                    self.assertIn('httpGet', container[probe])

    def test_role_is_enough_and_no_more(self):
        self.kubectl('apply', '--server-side', '-f', '-', stdin=self.rendered['manifests'])
        token = self.kubernetes.service_account_token(NAMESPACE, 'limpet')

        def status(path, method='GET'):
            return fetch(self.kubernetes.url + path, method=method, headers={'Authorization': f'Bearer {token}'},
                         ca_file=self.kubernetes.ca_file).status

        pods = f'/api/v1/namespaces/{NAMESPACE}/pods'
        self.assertEqual(status(f'{pods}?labelSelector=app.kubernetes.io%2Fname%3Dapi'), 200)
        self.assertEqual(status(f'{pods}?watch=true&timeoutSeconds=1'), 200)
        leases = f'/apis/coordination.k8s.io/v1/namespaces/{NAMESPACE}/leases'
        for path in (leases, f'{leases}/limpet', '/api/v1/pods', '/api/v1/namespaces/default/pods', f'/api/v1/namespaces/{NAMESPACE}/secrets',
                     f'/api/v1/namespaces/{NAMESPACE}/configmaps', f'{pods}/any', '/api/v1/nodes'):
            self.assertEqual(status(path), 403, path)
        self.assertEqual(status(f'{pods}/any', method='DELETE'), 403)


if __name__ == '__main__':
    unittest.main(verbosity=2)
