"""What manifests/ allow is enough, and no more than needed: without any one verb on any one kind
something is not watched, and limpet says which. On a real API server, with all components.

Run: cd tests && python3 -m unittest -v e2e.rights_test
"""
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

from parts.kube_apiserver import KubeApiserver
from parts.limpet import Limpet
from parts.monitor_crds import KINDS, create_monitor_kinds, monitor, monitors_path
from parts.process import TESTS, binary, wait_until

NAMESPACE, ACCOUNT = 'monitoring', 'limpet'
MANIFESTS = TESTS.parent / 'manifests'
LEASE_PATH = f'/apis/coordination.k8s.io/v1/namespaces/{NAMESPACE}/leases/limpet'
GROUP = 'rbac.authorization.k8s.io'
PATIENCE_S = 60
# One that names a Secret and a ConfigMap, so that both are asked for.
NAMING = {
    'selector': {},
    'endpoints': [
        {
            'port': 'metrics',
            'bearerTokenSecret': {'name': 'login', 'key': 'token'},
            'tlsConfig': {'ca': {'configMap': {'name': 'ca', 'key': 'ca.crt'}}},
        }
    ],
}


def without(rules, right):
    """The same rules, one for each resource, without that right."""
    left = []
    for rule in rules:
        for group in rule['apiGroups']:
            for resource in rule['resources']:
                verbs = [verb for verb in rule['verbs'] if (group, resource, verb) != right]
                if verbs:
                    only = {**rule, 'apiGroups': [group], 'resources': [resource]}
                    left.append({**only, 'verbs': verbs})
    return left


class RightsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.work = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory())).resolve()
        cls.kubernetes = cls.enterClassContext(KubeApiserver(cls.work / 'kubernetes'))
        cls.kubernetes.create_namespace(NAMESPACE)
        create_monitor_kinds(cls.kubernetes)
        naming = monitor('ServiceMonitor', 'naming', NAMING)
        cls.kubernetes.request('POST', monitors_path(NAMESPACE, 'ServiceMonitor'), naming)
        cls.deploy()
        cls.token = cls.work / 'token'
        cls.token.write_text(cls.kubernetes.service_account_token(NAMESPACE, ACCOUNT))
        cls.kubeconfig = cls.kubernetes.write_kubeconfig(
            'limpet.kubeconfig', {'tokenFile': str(cls.token)}
        )
        cls.roles = cls.deployed_roles()
        cls.limpets = 0

    @classmethod
    def deploy(cls):
        base = os.path.relpath(MANIFESTS, cls.work)
        components = [path.parent.name for path in MANIFESTS.glob('*/kustomization.yaml')]
        overlay = {
            'namespace': NAMESPACE,
            'resources': [base],
            'components': [f'{base}/{component}' for component in components],
        }
        (cls.work / 'kustomization.yaml').write_text(json.dumps(overlay))
        subprocess.run(
            [
                binary('kubectl'),
                f'--kubeconfig={cls.kubernetes.admin_kubeconfig}',
                'apply',
                '--validate=false',
                '-k',
                str(cls.work),
            ],
            check=True,
            capture_output=True,
            timeout=120,
        )

    @classmethod
    def deployed_roles(cls):
        """{path: role} of all that limpet's service account is bound to."""
        found = {}
        for scope, kind in ((f'namespaces/{NAMESPACE}/', 'role'), ('', 'clusterrole')):
            base = f'/apis/{GROUP}/v1/{scope}{kind}'
            for binding in cls.kubernetes.request('GET', f'{base}bindings').json()['items']:
                names = [subject['name'] for subject in binding.get('subjects', [])]
                if names == [ACCOUNT]:
                    path = f'{base}s/{binding["roleRef"]["name"]}'
                    found[path] = cls.kubernetes.request('GET', path).json()
        return found

    def serves(self, group, resource):
        path = f'/apis/{group}/v1/{resource}' if group else f'/api/v1/{resource}'
        return self.kubernetes.request('GET', path, check=False).status == 200

    def rights(self):
        """(group, resource, verb) of each, without the kinds that this server has not."""
        return sorted(
            (group, resource, verb)
            for role in self.roles.values()
            for rule in role['rules']
            for group in rule['apiGroups']
            for resource in rule['resources']
            for verb in rule['verbs']
            if group not in ('discovery.k8s.io', 'networking.k8s.io')
            or self.serves(group, resource)
        )

    def take_away(self, group, resource, verb):
        """From every role."""
        for path, role in self.roles.items():
            rules = without(role['rules'], (group, resource, verb))
            self.kubernetes.request('PATCH', path, {'rules': rules})
        self.wait_allowed(group, resource, verb, False)

    def give_back(self, group, resource, verb):
        for path, role in self.roles.items():
            self.kubernetes.request('PATCH', path, {'rules': role['rules']})
        self.wait_allowed(group, resource, verb, True)

    def wait_allowed(self, group, resource, verb, allowed):
        cluster_wide = resource in ('nodes', 'namespaces')
        attributes = {'verb': verb, 'group': group, 'resource': resource}
        if not cluster_wide:
            attributes['namespace'] = NAMESPACE
        if resource == 'leases' and verb != 'create':
            attributes['name'] = 'limpet'
        user = f'system:serviceaccount:{NAMESPACE}:{ACCOUNT}'
        review = {'spec': {'user': user, 'resourceAttributes': attributes}}

        def agrees():
            path = '/apis/authorization.k8s.io/v1/subjectaccessreviews'
            answer = self.kubernetes.request('POST', path, review).json()
            return answer['status'].get('allowed', False) == allowed

        wait_until(agrees, PATIENCE_S, f'{verb} {resource} allowed: {allowed}')

    def config(self):
        client = {
            'api_server': self.kubernetes.url,
            'bearer_token_file': str(self.token),
            'tls_config': {'ca_file': str(self.kubernetes.ca_file)},
            'namespaces': {'names': [NAMESPACE]},
        }
        roles = ['pod', 'node', 'service', 'endpoints', 'ingress']
        if self.serves('discovery.k8s.io', 'endpointslices'):
            roles.append('endpointslice')
        attach = {'node': True, 'namespace': True}
        return {
            'scrape_configs': [
                {
                    'job_name': role,
                    'kubernetes_sd_configs': [
                        {'role': role, 'attach_metadata': attach, **client},
                    ],
                }
                for role in roles
            ],
            'kubernetes_monitors': {'kinds': list(KINDS), **client},
        }

    def errors(self, limpet):
        checks = limpet.get('/health').json()['checks']
        all_of_them = [*checks['kubernetes']['watches'], checks['leader_election']]
        return [check['error'] for check in all_of_them if 'error' in check]

    def start(self):
        type(self).limpets += 1
        self.kubernetes.request('DELETE', LEASE_PATH, check=False)
        limpet = Limpet(
            self.work / f'limpet-{self.limpets}',
            self.config(),
            env={'KUBECONFIG': str(self.kubeconfig)},
            flags=('--leader-election', f'--leader-election.namespace={NAMESPACE}'),
        )
        return self.enterContext(limpet).wait_healthy()

    def test_all_of_it_is_enough(self):
        limpet = self.start().wait_ready()
        kinds = {resource for _, resource, _ in self.rights()} - {'leases'}

        def connected():
            checks = limpet.get('/health').json()['checks']
            all_watched = len(checks['kubernetes']['watches']) >= len(kinds)
            return all_watched and checks['leader_election']['active'] and not self.errors(limpet)

        wait_until(connected, PATIENCE_S, lambda: f'{kinds} are watched: {self.errors(limpet)}')

    def test_without_any_one_right_something_is_not_watched(self):
        # From 1.32 on lists come as the first events of a watch. (One built by hand has no number.)
        minor = self.kubernetes.request('GET', '/version').json()['minor'].rstrip('+')
        streams = int(minor or 0) >= 32
        for group, resource, verb in dict.fromkeys(self.rights()):
            if streams and verb == 'list':
                continue
            with self.subTest(group=group, resource=resource, verb=verb):
                self.take_away(group, resource, verb)
                limpet = self.start()
                text = f'cannot {verb} resource "{resource}" in API group "{group}"'
                wait_until(
                    lambda: any(text in error for error in self.errors(limpet)),
                    PATIENCE_S,
                    lambda: f'{text}: {self.errors(limpet)}',
                )
                limpet.stop()
                self.give_back(group, resource, verb)


if __name__ == '__main__':
    unittest.main()
