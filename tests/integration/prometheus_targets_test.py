"""What limpet and Prometheus 3 in agent mode make of the same targets: the metadata of their pages, a
job above its target_limit, targets that have IPv6 addresses.

Run: cd tests && python3 -m unittest -v integration.prometheus_targets_test
"""
import collections
import json
import pathlib
import socket
import tempfile
import unittest

from parts.agent_comparison import STALE, bits, metadata_by_target, metadata_differences
from parts.agent_pair import AGENTS, AgentPair
from parts.metadata_pages import metadata_pages
from parts.node_exporter import NodeExporter
from parts.odd_pages import openmetrics_pages, text_pages
from parts.process import wait_until
from parts.protobuf_target import CONTENT_TYPE
from parts.real_pages import ACCEPT, page_of
from parts.target_list_server import TargetListServer
from parts.versioned_pages import OPENMETRICS, TEXT, Answer, VersionedPages

SHOWN = (
    'labels',
    'scrapePool',
    'scrapeUrl',
    'globalUrl',
    'lastError',
    'health',
    'scrapeInterval',
    'scrapeTimeout',
)
ACCEPTED = ACCEPT | {'protobuf': CONTENT_TYPE}
PAGE = Answer(b'a 1\nb{x="1"} 2\n')


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(('::1', 0))
            return True
    except OSError:
        return False


class PrometheusTargetsTest(unittest.TestCase):
    def setUp(self):
        self.work = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    def start(self, pages, jobs_of, interval='1s'):
        """Each agent has the pages at a port of its own, which comparing leaves out."""
        self.pages = pages
        self.pair = self.enterContext(AgentPair(self.work, jobs_of, interval))

    def static_config(self, agent, target, **labels):
        return {
            'targets': [self.pages.address(agent)],
            'labels': {'__metrics_path__': f'/{target}', 'target': target, **labels},
        }

    def shown(self, fields=SHOWN):
        """{agent: [a target's fields as JSON]}"""
        shown = {}
        for agent, text in self.pair.get('/api/v1/targets?state=active', str).items():
            text = text.replace(f':{self.pages.port(agent)}', ':PORT')
            shown[agent] = sorted(
                json.dumps({field: target[field] for field in fields}, sort_keys=True)
                for target in json.loads(text)['data']['activeTargets']
            )
        return shown

    def wait_both_show(self, count, health):
        """So many targets, all in that state; what both show of them is the same."""

        def shown_by_both():
            self.seen = self.shown()
            return all(
                len(targets) == count and all(json.loads(t)['health'] == health for t in targets)
                for targets in self.seen.values()
            )

        wait_until(shown_by_both, 30, lambda: f'{count} targets {health}: {self.seen}')
        theirs, ours = (self.seen[agent] for agent in AGENTS)
        self.assertEqual(ours, theirs)
        return [json.loads(target) for target in ours]

    def test_metadata(self):
        answers = metadata_pages()
        for content_type, pages in ((TEXT, text_pages()), (OPENMETRICS, openmetrics_pages())):
            for name, versions in pages.items():
                if not name.startswith(('no_number', 'time')):
                    answers[f'odd_{content_type[:4]}_{name}'] = Answer(versions[0], content_type)
        real = [f'real_{program}_{name}' for program in ('node', 'prometheus') for name in ACCEPTED]
        answers |= dict.fromkeys(real, PAGE)
        versions = {name: [answer] for name, answer in answers.items()}
        pages = self.enterContext(VersionedPages(versions, AGENTS))
        drop = [{'source_labels': ['__name__'], 'regex': 'gone', 'action': 'drop'}]
        self.start(
            pages,
            lambda agent: [
                {
                    'job_name': 'pages',
                    'static_configs': [self.static_config(agent, name) for name in answers],
                    'metric_relabel_configs': drop,
                }
            ],
        )
        with NodeExporter(self.work / 'node_exporter') as node_exporter:
            urls = {
                'node': f'http://{node_exporter.address}/metrics',
                'prometheus': f'{self.pair.prometheus.url}/metrics',
            }
            for name in real:
                _, program, accepted = name.split('_')
                versions[name] = [PAGE, page_of(urls[program], ACCEPTED[accepted])]
        pages.go_on(versions)
        wait_until(pages.finished, 30, 'both have scraped each page')
        theirs, ours = self.pair.get('/api/v1/targets/metadata').values()
        healthy = {
            target['labels']['target']
            for target in self.pair.get('/api/v1/targets')['prometheus']['data']['activeTargets']
            if target['health'] == 'up'
        }
        self.assertGreaterEqual(healthy, {*metadata_pages(), *real})
        ours = metadata_by_target(ours)
        self.assertGreater(sum(map(len, ours.values())), 1000)
        texts = metadata_differences(metadata_by_target(theirs), ours, healthy)
        self.assertFalse(texts, '\n'.join(text[:1000] for text in texts))
        self.assert_same_answers()

    def assert_same_answers(self):
        """What the parameters choose, of targets that can be read."""
        chosen = 'match_target=%7Btarget%3D~%22text_(escapes%7Cutf8)%22%2Cjob!%3D%22x%22%7D'
        for path in (
            f'/api/v1/targets/metadata?{chosen}',
            f'/api/v1/targets/metadata?{chosen}&metric=a',
            f'/api/v1/targets/metadata?{chosen}&metric=none',
            '/api/v1/targets/metadata?match_target=%7Btarget%3D%22om_kinds%22%7D&limit=1',
            '/api/v1/metadata?metric=m7',
            '/api/v1/metadata?metric=gauge',
            '/api/v1/metadata?metric=none',
            '/api/v1/metadata?limit=0',
        ):
            answers = self.pair.get(path)
            for answer in answers.values():
                if isinstance(answer['data'], list):
                    answer['data'].sort(key=str)
                else:
                    for variants in answer['data'].values():
                        variants.sort(key=str)
            for answer in answers.values():
                for row in answer['data'] if isinstance(answer['data'], list) else []:
                    row['target'].pop('instance')
            self.assertEqual(answers['limpet'], answers['prometheus'], path)

    def test_a_job_above_its_target_limit(self):
        targets = ('one', 'two', 'three')
        pages = self.enterContext(VersionedPages({target: [PAGE] for target in targets}, AGENTS))

        def jobs_of(limit):
            return lambda agent: [
                {
                    'job_name': 'limited',
                    'target_limit': limit,
                    'static_configs': [self.static_config(agent, target) for target in targets],
                }
            ]

        self.start(pages, jobs_of(2))
        for target in self.wait_both_show(3, 'down'):
            self.assertEqual(
                target['lastError'], 'target_limit exceeded (number of targets: 3, limit: 2)'
            )
        self.wait_delivered_alike('0')
        self.assertEqual(pages.hosts, {}, 'nobody is asked')
        self.pair.change(jobs_of(3))
        self.wait_both_show(3, 'up')
        self.wait_delivered_alike('01')
        self.pair.change(jobs_of(2))
        self.wait_both_show(3, 'down')
        course = self.wait_delivered_alike('010')
        for target in targets:
            self.assertEqual(course['a', target], ['1', 'stale'])
            self.assertEqual(course['scrape_samples_scraped', target], ['0', '2', '0'])

    def course(self, agent):
        """{(series' name, target): its values, one after the other, what repeats left out}"""
        course = {}
        for series, rows in self.pair.sinks[agent].raw().items():
            labels = dict(series)
            if labels['__name__'] == 'scrape_duration_seconds':
                continue
            texts = ['stale' if bits(value) == STALE else f'{value:g}' for _, value in rows]
            course[labels['__name__'], labels['target']] = [
                text for i, text in enumerate(texts) if i == 0 or text != texts[i - 1]
            ]
        return course

    def wait_delivered_alike(self, up):
        """`up` is how it went so far."""

        def alike():
            theirs, ours = (self.course(agent) for agent in AGENTS)
            ups = [''.join(ours[key]) for key in ours if key[0] == 'up']
            self.seen = f'theirs {theirs}\nours {ours}'
            return ours if ups == [up] * 3 and theirs == ours else None

        return wait_until(alike, 20, lambda: f'the same, up {up}\n{self.seen}', interval_s=0.2)

    @unittest.skipUnless(has_ipv6(), 'this machine has no ::1')
    def test_ipv6(self):
        """The address in brackets goes through as it is written, to instance, URL and Host."""
        names = ('static', 'long', 'http_sd', 'file_sd', 'relabelled')
        pages = self.enterContext(
            VersionedPages({name: [PAGE] for name in names}, AGENTS, host='::1')
        )
        lists = {agent: self.enterContext(TargetListServer()) for agent in AGENTS}

        def jobs_of(agent):
            listed = {name: [self.static_config(agent, name)] for name in names}
            lists[agent].answer(listed['http_sd'])
            file = self.work / f'{agent}.json'
            file.write_text(json.dumps(listed['file_sd']))
            long = {**listed['long'][0], 'targets': [f'[0:0:0:0:0:0:0:1]:{pages.port(agent)}']}
            bare = {**listed['relabelled'][0], 'targets': ['::1']}
            bracket = {
                'source_labels': ['__address__'],
                'regex': '(.*:.*)',
                'target_label': '__address__',
                'replacement': f'[$1]:{pages.port(agent)}',
            }
            return [
                {'job_name': 'static', 'static_configs': listed['static']},
                {'job_name': 'long', 'static_configs': [long]},
                {'job_name': 'http_sd', 'http_sd_configs': [{'url': lists[agent].url}]},
                {'job_name': 'file_sd', 'file_sd_configs': [{'files': [str(file)]}]},
                {
                    'job_name': 'relabelled',
                    'static_configs': [bare],
                    'relabel_configs': [bracket],
                },
            ]

        self.start(pages, jobs_of)
        instances = {
            target['scrapePool']: (target['labels']['instance'], target['scrapeUrl'])
            for target in self.wait_both_show(len(names), 'up')
        }
        for name in names:
            address = '[0:0:0:0:0:0:0:1]:PORT' if name == 'long' else '[::1]:PORT'
            self.assertEqual(instances[name], (address, f'http://{address}/{name}'))
            for agent in AGENTS:
                host = pages.hosts[agent, name].replace(str(pages.port(agent)), 'PORT')
                self.assertEqual(host, address, (agent, name))
        wait_until(
            lambda: len(self.delivered('limpet')) == 10 * len(names)
            and self.delivered('limpet') == self.delivered('prometheus'),
            20,
            lambda: '\n'.join(str(self.delivered(agent)) for agent in AGENTS),
            interval_s=0.2,
        )

    def delivered(self, agent):
        """How many series have these labels, without the port."""
        port = f':{self.pages.port(agent)}'
        return collections.Counter(
            tuple((name, value.replace(port, ':PORT')) for name, value in series)
            for series in self.pair.sinks[agent].raw()
        )


if __name__ == '__main__':
    unittest.main()
