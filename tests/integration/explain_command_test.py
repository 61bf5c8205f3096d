"""limpet explain: its exit codes, its text, and what it does with an answer that is not limpet's.

Run: cd tests && python3 -m unittest -v integration.explain_command_test
"""
import http.server
import json
import pathlib
import tempfile
import threading
import unittest
import urllib.parse

from parts.limpet import Limpet, run_limpet
from parts.pod import running_pod, write_pod
from parts.process import free_port
from parts.standin_api import StandinApi


class Stranger(http.server.BaseHTTPRequestHandler):
    """Answers everything with the server's answer."""

    def do_GET(self):
        body = self.server.answer.encode(errors='surrogateescape')
        self.send_response(self.server.status)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class ExplainCommandTest(unittest.TestCase):
    def setUp(self):
        self.directory = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    def start(self):
        pods = self.directory / 'pods'
        pods.mkdir()
        port = free_port()
        write_pod(pods, running_pod('web-1', '127.0.0.1', port, labels={'app': 'web'}))
        for number in range(5):
            write_pod(pods, running_pod(f'job-{number}', '127.0.0.1', port))
        api = self.enterContext(StandinApi(pods))
        job = {
            'job_name': 'pods',
            'kubernetes_sd_configs': [{'role': 'pod', 'api_server': api.url}],
            'relabel_configs': [
                {
                    'source_labels': ['__meta_kubernetes_pod_label_app'],
                    'regex': 'web',
                    'action': 'keep',
                }
            ],
        }
        config = {'global': {'keep_dropped_targets': 3}, 'scrape_configs': [job]}
        limpet = Limpet(self.directory / 'limpet', config)
        return self.enterContext(limpet).wait_ready()

    def explain(self, port, *args, code):
        result = run_limpet('explain', f'--address=127.0.0.1:{port}', *args)
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        return result

    def stranger(self, answer, status=200):
        server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Stranger)
        server.answer, server.status = answer, status
        threading.Thread(target=server.serve_forever).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return server.server_address[1]

    def test_exit_codes_and_formats(self):
        limpet = self.start()
        said = self.explain(limpet.port, 'default/web-1', code=0)
        self.assertIn('default/web-1 is scraped\n', said.stdout)
        self.assertIn(
            'job pods (kubernetes_sd_configs[0], role pod): targets: 1 scraped', said.stdout
        )
        self.assertEqual(said.stderr, '')
        url = run_limpet('explain', f'--address={limpet.url}', 'default/web-1')
        self.assertEqual(url.returncode, 0)
        dropped = self.explain(limpet.port, 'default/job-1', '--format=json', code=1)
        data = json.loads(dropped.stdout)['data']
        self.assertEqual(data['scrapePools'][0]['targets'][0]['state'], 'dropped')
        self.explain(limpet.port, 'default/absent', code=1)

    def test_what_cannot_be_asked(self):
        limpet = self.start()
        refused = self.explain(limpet.port, 'Default/web-1', code=2)
        self.assertIn('expected NAMESPACE/NAME', refused.stderr)
        # The stand-in gives limpet no namespace of its own.
        own = self.explain(limpet.port, 'web-1', code=2)
        self.assertIn("limpet's own namespace is not known", own.stderr)
        nobody = self.explain(free_port(), 'a/b', code=2)
        self.assertIn('no answer from limpet at http://127.0.0.1', nobody.stderr)
        for address in ('https://127.0.0.1:1', 'x:y', ''):
            result = run_limpet('explain', 'a/b', '--address', address)
            self.assertEqual(result.returncode, 2, address)
            self.assertIn('--address: ', result.stderr)
        self.assertNotEqual(run_limpet('explain').returncode, 0)
        self.assertNotEqual(run_limpet('explain', 'a/b', '--format=xml').returncode, 0)

    def test_hostile_queries_are_refused(self):
        limpet = self.start()
        hostile = ['', '/', '../..', 'a/b/c', '<script>', 'a/%0d%0aX: y', "a/'", 'a/' + 'b' * 4000]
        for pod in hostile:
            query = urllib.parse.urlencode({'pod': pod})
            answer = limpet.get(f'/api/v1/targets/explain?{query}')
            self.assertEqual(answer.status, 400, pod)
            self.assertEqual(answer.json()['errorType'], 'bad_data')
            self.assertNotIn('script', answer.text)
        for query in ('', '?pod', '?pod=%', '?pod=a%2', '?pod=%00', '?pod=a/b%00', '?x=y&&&=;'):
            self.assertEqual(limpet.get(f'/api/v1/targets/explain{query}').status, 400, query)
        limpet.wait_ready()

    def test_an_answer_that_is_none_of_limpets(self):
        for answer, status in (
            ('<html>', 200),
            ('', 404),
            ('[]', 200),
            ('{}', 200),
            ('{"status":1}', 200),
            ('{"status":"success"', 200),
            ('[' * 100_000, 200),
        ):
            said = self.explain(self.stranger(answer, status), 'a/b', code=2)
            self.assertIn('not the answer of a limpet', said.stderr)
        # Of other types than expected, or nothing at all: shown as far as it goes.
        for data in (
            '{}',
            '[]',
            '{"verdict":5,"watches":{},"scrapePools":[1,{"targets":[2,{"steps":[3,{"rule":4}]}]}]}',
            '{"notSeenBy":[[]],"object":7,"notShown":[]}',
        ):
            self.explain(self.stranger('{"status":"success","data":' + data + '}'), 'a/b', code=1)

    def test_nothing_in_an_answer_steers_the_terminal(self):
        evil = '\u001b[31m\u202e\u0007'
        step = {'rule': {'action': evil, 'regex': evil}, 'keep': True, 'set': {evil: evil}}
        target = {'state': evil, 'error': evil, 'discoveredLabels': {'a': evil}, 'steps': [step]}
        pool = {'scrapePool': evil, 'targets': [target], 'targetCounts': {evil: 1}}
        data = {
            'verdict': evil,
            'object': {'ip': evil},
            'watches': [{'role': evil, 'lastError': evil}],
            'scrapePools': [pool],
            'notSeenBy': [{'reason': evil}],
        }
        for flags in ([], ['--format=json']):
            port = self.stranger(
                json.dumps({'status': 'success', 'data': data}, ensure_ascii=False)
            )
            said = self.explain(port, 'a/b', *flags, code=1).stdout
            for character in evil:
                if not character.isascii() or ord(character) < 32:
                    self.assertNotIn(character, said)

    def test_dropped_targets_are_shown_up_to_a_bound(self):
        limpet = self.start()
        data = limpet.get('/api/v1/targets?state=dropped').json()['data']
        self.assertEqual(data['droppedTargetCounts'], {'pods': 5})
        self.assertEqual(len(data['droppedTargets']), 3)
        self.assertEqual(limpet.metric('limpet_targets_dropped', job='pods'), 5)
        labels = json.dumps({'__meta_kubernetes_pod_label_app': 'web'})
        query = urllib.parse.urlencode({'scrapePool': 'pods', 'labels': labels})
        (step,) = limpet.get(f'/api/v1/targets/relabel_steps?{query}').json()['data']['steps']
        self.assertTrue(step['keep'])
        self.assertEqual(step['rule']['action'], 'keep')


if __name__ == '__main__':
    unittest.main()
