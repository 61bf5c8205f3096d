"""The stand-in for the Kubernetes API behaves as far as it goes: lists, selectors, pages, watches,
versions.

Run: cd tests && python3 -m unittest -v integration.standin_api_test
"""
import json
import pathlib
import tempfile
import threading
import unittest

from parts.fetch import fetch
from parts.pod import running_pod, write_pod
from parts.pod_directory import fields_match, labels_match
from parts.process import wait_until
from parts.standin_api import StandinApi


class StandinApiTest(unittest.TestCase):
    def setUp(self):
        self.pods = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.write('a', app='api')
        self.write('b', app='db')
        self.api = self.enterContext(StandinApi(self.pods))

    def write(self, name, namespace='default', **labels):
        write_pod(self.pods, running_pod(name, '127.0.0.2', 9100, namespace, labels))

    def get(self, query, path='/api/v1/pods'):
        return fetch(f'{self.api.url}{path}?{query}')

    def names(self, query, path='/api/v1/pods'):
        return [pod['metadata']['name'] for pod in self.get(query, path).json()['items']]

    def version(self):
        return int(self.get('').json()['metadata']['resourceVersion'])

    def change(self, action):
        """Carries it out and waits until the API has seen it."""
        before = self.version()
        action()
        wait_until(lambda: self.version() > before, 10, 'the change is seen')

    def test_list(self):
        self.write('c', 'other', app='api')
        wait_until(lambda: len(self.names('')) == 3, 10, 'the third pod')
        self.assertEqual(self.names('labelSelector=app%3Dapi'), ['a', 'c'])
        self.assertEqual(
            self.names('labelSelector=app%3Dapi', '/api/v1/namespaces/default/pods'), ['a']
        )
        self.assertEqual(self.names('fieldSelector=metadata.name%3Db'), ['b'])
        self.assertEqual(self.get('labelSelector=%3D').status, 400)
        self.assertEqual(self.get('', '/api/v1/nodes').status, 404)

    def test_pages(self):
        first = self.get('limit=1').json()
        self.assertEqual([pod['metadata']['name'] for pod in first['items']], ['a'])
        second = self.get(f'limit=1&continue={first["metadata"]["continue"]}').json()
        self.assertEqual([pod['metadata']['name'] for pod in second['items']], ['b'])
        self.assertNotIn('continue', second['metadata'])

    def test_watch(self):
        since = self.version()
        done = []
        watch = threading.Thread(
            target=lambda: done.append(
                self.get(
                    f'watch=1&resourceVersion={since}&labelSelector=app%3Dapi&timeoutSeconds=4&allowWatchBookmarks=true'
                )
            )
        )
        watch.start()
        self.change(lambda: self.write('c', app='api'))
        self.change(lambda: self.write('c', app='api', more='yes'))
        self.change(lambda: self.write('c', app='db'))
        self.change(lambda: (self.pods / 'a.json').unlink())
        watch.join(20)
        events = [json.loads(line) for line in done[0].text.splitlines()]
        self.assertEqual(
            [
                (event['type'], event['object']['metadata'].get('name'))
                for event in events
                if event['type'] != 'BOOKMARK'
            ],
            [('ADDED', 'c'), ('MODIFIED', 'c'), ('DELETED', 'c'), ('DELETED', 'a')],
        )
        versions = [int(event['object']['metadata']['resourceVersion']) for event in events]
        self.assertEqual(versions, sorted(versions))
        self.assertGreater(versions[0], since)

    def test_a_version_too_old(self):
        since = self.version()
        self.change(lambda: self.write('c'))
        self.api.pods.forget_history()
        self.assertEqual(self.get(f'watch=1&resourceVersion={since}').status, 410)

    def test_a_token(self):
        api = self.enterContext(StandinApi(self.pods, token='abc'))
        self.assertEqual(fetch(f'{api.url}/api/v1/pods').status, 401)
        self.assertEqual(
            fetch(f'{api.url}/api/v1/pods', headers={'Authorization': 'Bearer abc'}).status, 200
        )

    def test_selectors(self):
        labels = {'app': 'api', 'tier': 'web'}
        for selector in (
            '',
            'app',
            'app=api',
            'app==api,tier',
            'app!=db',
            'none!=x',
            '!none',
            'app in (db, api)',
            'app notin (x),tier=web',
        ):
            self.assertTrue(labels_match(selector, labels), selector)
        for selector in (
            'none',
            'app=db',
            '!app',
            'app in (x,y)',
            'app notin (api)',
            'app=api,tier=db',
        ):
            self.assertFalse(labels_match(selector, labels), selector)
        pod = running_pod('a', '127.0.0.2', 9100)
        self.assertTrue(fields_match('status.phase=Running,metadata.name!=b', pod))
        self.assertFalse(fields_match('status.phase==Failed', pod))
        with self.assertRaises(ValueError):
            fields_match('spec.colour=red', pod)


if __name__ == '__main__':
    unittest.main()
