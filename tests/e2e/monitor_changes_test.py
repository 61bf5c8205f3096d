"""Monitor objects that come, change and go, or are bad, and the Secrets that they name, on a real
Kubernetes API: nothing harms what has nothing to do with it.

Run: cd tests && python3 -m unittest -v e2e.monitor_changes_test
"""
import unittest

from parts.monitor_crds import GROUP, monitors_path
from parts.monitored_shop import NAMESPACE, TO_LOOPBACK, MonitoredShop, key
from parts.process import wait_until


class MonitorChangesTest(MonitoredShop):
    def service_account(self):
        """Keys of kubernetes_monitors for one that may do what allow() says."""
        core = f'/api/v1/namespaces/{NAMESPACE}'
        name = f'limpet-{self._testMethodName[-20:].strip("_").replace("_", "-")}'
        self.kubernetes.request('POST', f'{core}/serviceaccounts', {'metadata': {'name': name}})
        token = self.directory / 'token'
        token.write_text(self.kubernetes.service_account_token(NAMESPACE, name))
        self.account = name
        return {
            'api_server': self.kubernetes.url,
            'bearer_token_file': str(token),
            'tls_config': {'ca_file': str(self.kubernetes.ca_file)},
            'namespaces': {'names': [NAMESPACE]},
        }

    def allow(self, name, group, resources, names=None):
        rbac = f'/apis/rbac.authorization.k8s.io/v1/namespaces/{NAMESPACE}'
        rule = {'apiGroups': [group], 'resources': resources, 'verbs': ['list', 'watch']}
        if names:
            rule['resourceNames'] = names
        role = f'{self.account}-{name}'
        self.kubernetes.request(
            'POST', f'{rbac}/roles', {'metadata': {'name': role}, 'rules': [rule]}
        )
        subject = {'kind': 'ServiceAccount', 'name': self.account, 'namespace': NAMESPACE}
        self.kubernetes.request(
            'POST',
            f'{rbac}/rolebindings',
            {
                'metadata': {'name': role},
                'roleRef': {
                    'apiGroup': 'rbac.authorization.k8s.io',
                    'kind': 'Role',
                    'name': role,
                },
                'subjects': [subject],
            },
        )

    def test_secrets_by_name_with_no_more_rights_than_that_and_their_rotation(self):
        self.create_all()
        self.create_secret('hidden', {'token': 'two'})
        identity = self.service_account()
        self.allow('kinds', GROUP, ['servicemonitors', 'podmonitors', 'probes', 'scrapeconfigs'])
        self.allow('targets', '', ['pods', 'services', 'endpoints'])
        limpet = self.start(identity=identity).wait_ready(60)
        # what needs no Secret is scraped, the others say what they lack
        limpet.wait_targets_up(4)
        self.wait_state(limpet, 'ServiceMonitor api', 'waiting')

        def told():
            return all(
                'Secret shop/login' in str(errors) and '403' in str(errors)
                for state, errors in self.monitors(limpet).values()
                if state == 'waiting'
            )

        wait_until(told, 30, lambda: f'403 is told: {self.monitors(limpet)}')
        self.allow('login', '', ['secrets'], ['login'])
        limpet.wait_targets_up(10, 60)
        # a rotated token is used at once, and nothing else changes
        before = self.pools(limpet)
        self.pages.require('/token', 'Bearer three')
        login = f'/api/v1/namespaces/{NAMESPACE}/secrets/login'
        self.kubernetes.request('PATCH', login, {'stringData': {'token': 'three'}})

        def used():
            found = self.pages.requests()
            return any(
                target == '/token' and header == 'Bearer three' for _, target, header in found
            )

        wait_until(used, 30, 'the new token')
        limpet.wait_targets_up(10)
        self.assertEqual(self.pools(limpet), before)
        # no value of a Secret anywhere
        for path in ('/api/v1/monitors', '/api/v1/targets', '/targets', '/metrics', '/health'):
            for value in ('three', 'pass', 'Bearer '):
                self.assertNotIn(value, limpet.get(path).text, path)
        log = (self.directory / 'limpet' / 'log').read_text()
        self.assertNotIn('three', log)
        # another one may not be read
        spec = {
            'staticConfigs': [{'targets': ['127.6.0.4:1']}],
            'authorization': {'credentials': key('hidden', 'token')},
        }
        self.create('ScrapeConfig', 'hidden', spec)
        self.wait_state(limpet, 'ScrapeConfig hidden', 'waiting')
        limpet.wait_targets_up(10)

    def test_bad_objects_and_changes_harm_no_other(self):
        self.create_all()
        limpet = self.start().wait_ready()
        limpet.wait_targets_up(10)
        bad = {
            'selector': {},
            'endpoints': [{'interval': 'soon', 'relabelings': [{'regex': '(', 'action': 'keep'}]}],
        }
        self.create('ServiceMonitor', 'bad', bad)
        self.wait_state(limpet, 'ServiceMonitor bad', 'invalid')
        errors = self.monitors(limpet)['ServiceMonitor bad'][1]
        self.assertTrue(errors[0].startswith('spec.endpoints[0].interval: '), errors)
        self.assertTrue(errors[1].startswith('spec.endpoints[0].relabelings[0].regex: '), errors)
        labels = {'kind': 'ServiceMonitor'}
        self.assertEqual(limpet.metric('limpet_monitor_objects', state='invalid', **labels), 1)
        self.assertEqual(limpet.metric('limpet_monitor_objects', state='active', **labels), 1)
        log = (self.directory / 'limpet' / 'log').read_text()
        self.assertIn('monitor object has no jobs', log)
        # changed, it comes in; deleted, it goes
        path = monitors_path(NAMESPACE, 'ServiceMonitor', 'bad')
        good = {'endpoints': [{'port': 'http-metrics', 'relabelings': [TO_LOOPBACK]}]}
        self.kubernetes.request('PATCH', path, {'spec': {'selector': {}, **good}})
        # of both services
        limpet.wait_targets_up(13)
        self.delete(path)
        limpet.wait_targets_up(10)
        # a configuration taken up again leaves them alone, and so does an API server that was away
        limpet.write_config(self.config(selector='!no-such-label'))
        self.assertEqual(limpet.get('/-/reload', method='POST').status, 200)
        limpet.wait_targets_up(10)
        self.kubernetes.stop_apiserver()
        try:
            self.assertEqual(len(limpet.active_targets()), 10)
        finally:
            self.kubernetes.start()
        probe = monitors_path(NAMESPACE, 'Probe', 'web')
        # the kinds are served a while after the API server is ready
        wait_until(lambda: self.delete(probe) == 200, 60, 'the Probe is deleted')
        limpet.wait_targets_up(8, 120)
        # nothing of those that stayed was ever taken back
        for row in self.sink.rows():
            stays = row['metric']['job'] in ('red', f'{NAMESPACE}/pods', 'hosts', 'file')
            self.assertFalse(stays and None in row['values'], row['metric'])


if __name__ == '__main__':
    unittest.main()
