"""Why is my pod not scraped? limpet's answer on a real Kubernetes API, over HTTP and by the
command: a pod that is kept, one that a rule drops, one without an IP, and those that limpet cannot
see.

Run: cd tests && python3 -m unittest -v e2e.explain_test
"""
import json
import pathlib
import tempfile
import unittest

from parts.kube_apiserver import KubeApiserver
from parts.limpet import Limpet, run_limpet
from parts.monitor_crds import create_monitor_kinds, monitor, monitors_path
from parts.nginx_targets import NginxTargets, loopback_addresses
from parts.process import wait_until

NAMESPACE, OTHER = 'shop', 'db'
NAME, IN = '__meta_kubernetes_pod_name', '__meta_kubernetes_namespace'
APP = '__meta_kubernetes_pod_label_app'


class ExplainTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.work = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.addresses = loopback_addresses(4)
        cls.nginx = cls.enterClassContext(NginxTargets(cls.work / 'targets', cls.addresses))
        cls.kubernetes = cls.enterClassContext(KubeApiserver(cls.work / 'kubernetes'))
        create_monitor_kinds(cls.kubernetes)
        for namespace in (NAMESPACE, OTHER):
            cls.kubernetes.create_namespace(namespace)
        for name, namespace, labels, ip in (
            ('kept', NAMESPACE, {'app': 'api', 'tier': 'front'}, cls.addresses[0]),
            ('dropped', NAMESPACE, {'app': 'batch', 'tier': 'front'}, cls.addresses[1]),
            ('pending', NAMESPACE, {'app': 'api', 'tier': 'front'}, None),
            ('hidden', NAMESPACE, {'app': 'api', 'tier': 'back'}, cls.addresses[2]),
            ('elsewhere', OTHER, {'app': 'api', 'tier': 'front'}, cls.addresses[3]),
        ):
            cls.kubernetes.create_pod(namespace, name, labels, ip=ip, port=cls.nginx.port)

    def setUp(self):
        self.directory = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(dir=self.work)))

    def job(self, name='pods', **discovery):
        return {
            'job_name': name,
            'scrape_interval': '1s',
            'kubernetes_sd_configs': [
                {
                    'role': 'pod',
                    'namespaces': {'names': [NAMESPACE]},
                    'selectors': [{'role': 'pod', 'label': 'tier=front'}],
                    'kubeconfig_file': str(self.kubernetes.admin_kubeconfig),
                    **discovery,
                }
            ],
            'relabel_configs': [
                {'source_labels': [NAME], 'target_label': 'pod'},
                {'action': 'labeldrop', 'regex': '__meta_kubernetes_pod_uid'},
                {'source_labels': [APP], 'regex': 'api|db', 'action': 'keep'},
            ],
        }

    def start(self, *jobs, **more):
        limpet = Limpet(self.directory / 'limpet', {'scrape_configs': list(jobs), **more})
        return self.enterContext(limpet).wait_healthy()

    def explain(self, limpet, pod):
        """What HTTP says; the command has to say the same."""
        answer = limpet.get(f'/api/v1/targets/explain?pod={pod}')
        self.assertEqual(answer.status, 200, answer.text)
        data = answer.json()['data']
        result = self.run_command(limpet, pod, '--format=json')
        scraped = data['verdict'] == 'scraped'
        self.assertEqual(result.returncode, 0 if scraped else 1, result.stderr)
        said = json.loads(result.stdout)['data']
        self.assertEqual(said['verdict'], data['verdict'])
        self.assertEqual(said['pod'], data['pod'])
        return data

    def explain_text(self, limpet, pod, code):
        result = self.run_command(limpet, pod)
        self.assertEqual((result.returncode, result.stderr), (code, ''), result.stdout)
        return result.stdout

    @staticmethod
    def run_command(limpet, pod, *flags):
        return run_limpet('explain', pod, f'--address=127.0.0.1:{limpet.port}', *flags)

    def test_a_pod_that_is_kept(self):
        limpet = self.start(self.job()).wait_ready()
        limpet.wait_targets_up(1)
        data = self.explain(limpet, 'shop/kept')
        self.assertEqual(data['verdict'], 'scraped')
        self.assertEqual(data['object']['ip'], self.addresses[0])
        self.assertEqual(data['object']['phase'], 'Running')
        self.assertEqual(data['object']['ready'], 'true')
        (watch,) = data['watches']
        self.assertTrue(watch['hasPod'] and watch['listed'])
        self.assertEqual((watch['namespace'], watch['labelSelector']), (NAMESPACE, 'tier=front'))
        (pool,) = data['scrapePools']
        (target,) = pool['targets']
        self.assertEqual((pool['scrapePool'], pool['role']), ('pods', 'pod'))
        self.assertEqual(target['health'], 'up')
        (active,) = limpet.active_targets()
        for key in ('labels', 'discoveredLabels', 'scrapeUrl'):
            self.assertEqual(target[key], active[key])
        first, second, third = target['steps']
        self.assertEqual(first['set'], {'pod': 'kept'})
        self.assertEqual(second['removed'], ['__meta_kubernetes_pod_uid'])
        self.assertEqual((third['set'], third['removed'], third['keep']), ({}, [], True))
        # Without a namespace it is limpet's own, here that of the kubeconfig.
        data = self.explain(limpet, 'kept')
        self.assertEqual(data['pod'], {'namespace': 'default', 'name': 'kept'})
        self.assertEqual(data['verdict'], 'unknown')
        text = self.explain_text(limpet, 'shop/kept', 0)
        self.assertTrue(text.startswith('shop/kept is scraped\n'), text)
        self.assertIn(f'scraped: http://{self.addresses[0]}:{self.nginx.port}/metrics, up', text)

    def test_a_pod_that_a_rule_drops(self):
        limpet = self.start(self.job()).wait_ready()
        data = self.explain(limpet, 'shop/dropped')
        self.assertEqual(data['verdict'], 'dropped')
        (target,) = data['scrapePools'][0]['targets']
        self.assertEqual(target['state'], 'dropped')
        rule, lines = target['droppedBy'], limpet.config_file.read_text().splitlines()
        self.assertEqual((rule['index'], rule['action']), (2, 'keep'))
        # The rule is written over several lines, of which it knows the first.
        self.assertIn(APP, '\n'.join(lines[rule['line'] - 1 : rule['line'] + 4]))
        self.assertEqual([step['keep'] for step in target['steps']], [True, True, False])
        text = self.explain_text(limpet, 'shop/dropped', 1)
        self.assertIn('is not scraped: relabelling drops every target of it', text)
        self.assertIn(f'dropped by relabel_configs[2] (line {rule["line"]}), action keep', text)
        self.assertIn(f'keep [{APP}] =~ api|db: dropped here', text)
        # It is listed as dropped, and counted.
        targets = limpet.get('/api/v1/targets').json()['data']
        self.assertEqual(targets['droppedTargetCounts'], {'pods': 1})
        (dropped,) = targets['droppedTargets']
        self.assertEqual(dropped['discoveredLabels'], target['discoveredLabels'])
        self.assertEqual(limpet.metric('limpet_targets_dropped', job='pods'), 1)
        self.assertIn('explain?pod=shop%2Fdropped', limpet.get('/targets').text)
        # Its reason goes once the pod has the label.
        self.kubernetes.set_pod_labels(NAMESPACE, 'dropped', {'app': 'db'})
        try:
            limpet.wait_targets_up(2)
            self.assertEqual(self.explain(limpet, 'shop/dropped')['verdict'], 'scraped')
        finally:
            self.kubernetes.set_pod_labels(NAMESPACE, 'dropped', {'app': 'batch'})

    def test_a_pod_without_an_ip(self):
        limpet = self.start(self.job()).wait_ready()
        data = self.explain(limpet, 'shop/pending')
        self.assertEqual((data['verdict'], data['object']['ip']), ('no_targets', ''))
        self.assertEqual(data['scrapePools'][0]['reason'], 'the pod has no IP yet')
        text = self.explain_text(limpet, 'shop/pending', 1)
        self.assertIn('pod: no IP yet, phase Pending', text)

    def test_pods_that_cannot_be_seen(self):
        everywhere = self.job('services', role='endpoints', selectors=[])
        limpet = self.start(self.job(), everywhere).wait_ready()
        # Services and endpoints watch the pods of the namespace as well, without the selector.
        hidden = self.explain(limpet, 'shop/hidden')
        self.assertEqual(hidden['verdict'], 'not_seen')
        reasons = {pool['scrapePool']: pool['reason'] for pool in hidden['notSeenBy']}
        self.assertEqual(
            reasons,
            {
                'pods': 'there is no pod of that name among those selected by label tier=front',
                'services': 'no endpoints object names it',
            },
        )
        self.assertIn(
            'it is known, but no job looks at it', self.explain_text(limpet, 'shop/hidden', 1)
        )
        for pod in ('shop/absent', 'db/elsewhere', 'nowhere/kept'):
            data = self.explain(limpet, pod)
            self.assertEqual((data['verdict'], data['object']), ('unknown', None), pod)
            self.assertEqual(data['scrapePools'], [])
        reasons = {pool['reason'] for pool in self.explain(limpet, 'db/elsewhere')['notSeenBy']}
        self.assertEqual(reasons, {f'it looks in other namespaces: {NAMESPACE}'})
        text = self.explain_text(limpet, 'shop/absent', 1)
        self.assertIn('is not scraped: no watch knows it', text)
        self.assertIn('pod in namespace shop, label tier=front: 3 listed', text)

    def test_a_pod_behind_a_service(self):
        core = f'/api/v1/namespaces/{NAMESPACE}'
        port = {'name': 'metrics', 'port': self.nginx.port}
        meta = {'name': 'api'}
        target = {'kind': 'Pod', 'namespace': NAMESPACE, 'name': 'kept'}
        self.kubernetes.request(
            'POST', f'{core}/services', {'metadata': meta, 'spec': {'ports': [port]}}
        )
        # The API server takes no loopback address as an endpoint.
        addresses = [{'ip': '192.0.2.1', 'targetRef': target}]
        self.kubernetes.request(
            'POST',
            f'{core}/endpoints',
            {'metadata': meta, 'subsets': [{'addresses': addresses, 'ports': [port]}]},
        )
        for kind in ('services', 'endpoints'):  # the API server may take the latter with the former
            self.addCleanup(self.kubernetes.request, 'DELETE', f'{core}/{kind}/api', check=False)
        job = self.job('services', role='endpoints', selectors=[])
        job['relabel_configs'].append({'action': 'drop', 'source_labels': [IN], 'regex': 'shop'})
        limpet = self.start(job).wait_ready()
        (pool,) = self.explain(limpet, 'shop/kept')['scrapePools']
        self.assertEqual((pool['role'], pool['targetCounts']), ('endpoints', {'dropped': 1}))
        (target,) = pool['targets']
        self.assertEqual(target['discoveredLabels']['__meta_kubernetes_service_name'], 'api')
        self.assertEqual(target['droppedBy']['index'], 3)

    def test_jobs_of_monitors_are_jobs_as_any_other(self):
        path = monitors_path(NAMESPACE, 'PodMonitor')
        spec = {
            'selector': {'matchLabels': {'app': 'api'}},
            'podMetricsEndpoints': [{'port': 'metrics'}],
            'keepDroppedTargets': 1,
        }
        self.kubernetes.request('POST', path, monitor('PodMonitor', 'api', spec))
        self.addCleanup(self.kubernetes.request, 'DELETE', f'{path}/api')
        monitors = {
            'namespaces': {'names': [NAMESPACE]},
            'kinds': ['PodMonitor'],
            'kubeconfig_file': str(self.kubernetes.admin_kubeconfig),
        }
        limpet = self.start(kubernetes_monitors=monitors).wait_ready()
        limpet.wait_targets_up(2)
        self.assertEqual(self.explain(limpet, 'shop/kept')['verdict'], 'scraped')
        (pool,) = self.explain(limpet, 'shop/dropped')['scrapePools'] or [None]
        self.assertEqual(pool['madeFrom'], f'PodMonitor {NAMESPACE}/api')
        self.assertEqual(pool['targets'][0]['state'], 'dropped')
        self.assertNotIn('line', pool['targets'][0]['droppedBy'])
        self.assertIn('of PodMonitor shop/api', self.explain_text(limpet, 'shop/dropped', 1))

    def bind(self, names):
        """A service account of limpet's that may see pods in these namespaces; its kubeconfig."""
        rbac = '/apis/rbac.authorization.k8s.io/v1/namespaces'
        self.kubernetes.request(
            'POST',
            f'/api/v1/namespaces/{NAMESPACE}/serviceaccounts',
            {'metadata': {'name': 'limpet'}},
        )
        subject = {'kind': 'ServiceAccount', 'name': 'limpet', 'namespace': NAMESPACE}
        rule = {'apiGroups': [''], 'resources': ['pods'], 'verbs': ['list', 'watch']}
        for name in names:
            self.kubernetes.request(
                'POST', f'{rbac}/{name}/roles', {'metadata': {'name': 'limpet'}, 'rules': [rule]}
            )
            self.kubernetes.request(
                'POST',
                f'{rbac}/{name}/rolebindings',
                {
                    'metadata': {'name': 'limpet'},
                    'subjects': [subject],
                    'roleRef': {
                        'apiGroup': 'rbac.authorization.k8s.io',
                        'kind': 'Role',
                        'name': 'limpet',
                    },
                },
            )
        token = self.kubernetes.service_account_token(NAMESPACE, 'limpet')
        return self.kubernetes.write_kubeconfig('limpet.kubeconfig', {'token': token})

    def test_a_right_that_is_withdrawn(self):
        kubeconfig = self.bind([NAMESPACE])
        jobs = [
            self.job(kubeconfig_file=str(kubeconfig)),
            self.job('never', kubeconfig_file=str(kubeconfig), namespaces={'names': [OTHER]}),
        ]
        limpet = self.start(*jobs)
        limpet.wait_targets_up(1)
        # It has never been allowed to look there.
        wait_until(
            lambda: 'forbidden' in self.explain(limpet, 'db/elsewhere')['watches'][0]['lastError'],
            30,
            'the watch is refused',
        )
        data = self.explain(limpet, 'db/elsewhere')
        self.assertEqual(data['verdict'], 'unknown')
        (reason,) = (p['reason'] for p in data['notSeenBy'] if p['scrapePool'] == 'never')
        self.assertRegex(reason, 'role pod in namespace db has not listed yet: .*403.*forbidden')
        self.assertIn('not listed yet: ', self.explain_text(limpet, 'db/elsewhere', 1))
        # What was seen before the right went stays, and is marked; what comes after is not seen.
        bindings = f'/apis/rbac.authorization.k8s.io/v1/namespaces/{NAMESPACE}/rolebindings'
        self.kubernetes.request('DELETE', f'{bindings}/limpet')
        self.kubernetes.stop_apiserver()
        self.kubernetes.start()
        self.kubernetes.create_pod(NAMESPACE, 'late', {'tier': 'front'})
        self.addCleanup(self.kubernetes.delete_pod, NAMESPACE, 'late')

        def refused():
            (watch, *_) = self.explain(limpet, 'shop/kept')['watches']
            return 'forbidden' in watch['lastError']

        wait_until(refused, 60, 'the watch is refused')
        self.assertEqual(self.explain(limpet, 'shop/kept')['verdict'], 'scraped')
        data = self.explain(limpet, 'shop/late')
        self.assertEqual(data['verdict'], 'unknown')
        (reason,) = (p['reason'] for p in data['notSeenBy'] if p['scrapePool'] == 'pods')
        self.assertRegex(reason, 'what has changed since then is not known: .*403')


if __name__ == '__main__':
    unittest.main()
