"""Hundreds of targets scraped by limpet and by Prometheus 3 in agent mode, page for page the same
bytes: what both remote-write is the same, bit for bit, scrape by scrape.

LIMPET_PAGES_SEED=... makes other pages.
Run: cd tests && python3 -m unittest -v integration.prometheus_agent_test
"""
import dataclasses
import os
import pathlib
import tempfile
import time
import unittest

from parts.agent_comparison import History, differences
from parts.agent_pair import AGENTS, AgentPair
from parts.odd_pages import openmetrics_pages, pages_with_timestamps, text_pages
from parts.process import wait_until
from parts.random_pages import RandomPages
from parts.real_pages import real_pages
from parts.versioned_pages import OPENMETRICS, TEXT, Answer, VersionedPages

SEED = int(os.environ.get('LIMPET_PAGES_SEED', 1))
TARGETS_OF_A_JOB = 24
PAGES_OF_A_TARGET = 12 if os.environ.get('LIMPET_LONG') else 6
DURATION = 'scrape_duration_seconds'
FIRST = Answer(b'first_page 1\n')
LAST = Answer(b'last_page 1\n')
RULES = [
    {'source_labels': ['__name__', 'zone'], 'regex': 'a;eu-.*', 'action': 'drop'},
    {'source_labels': ['x'], 'regex': 'nothing_has_this', 'action': 'drop'},
    {
        'source_labels': ['zone'],
        'regex': '(.+)-(.+)',
        'target_label': 'area',
        'replacement': '${1}_$2',
    },
    {'source_labels': ['__name__'], 'regex': '[^:]*', 'action': 'keep'},
    {'source_labels': ['x'], 'target_label': 'shard', 'modulus': 7, 'action': 'hashmod'},
    {'source_labels': ['area'], 'target_label': 'upper', 'action': 'uppercase'},
    {'source_labels': ['x'], 'target_label': 'lower', 'action': 'lowercase'},
    {'source_labels': ['shard'], 'target_label': 'le', 'action': 'dropequal'},
    {'regex': 'exported_(.+)', 'replacement': 'was_$1', 'action': 'labelmap'},
    {'regex': '__(tmp)', 'replacement': 'kept_$1', 'action': 'labelmap'},
    {'regex': '__tmp|exported_cell', 'action': 'labeldrop'},
    {'source_labels': ['cell', 'job'], 'separator': '/', 'target_label': 'owner'},
]
# None of the rules makes one series of two: see parts/agent_comparison.py.
KEPT = [
    {'regex': '(x)', 'replacement': 'was_$1', 'action': 'labelmap'},
    {'regex': '[^x].*|', 'action': 'labelkeep'},
]
SETTINGS = {
    'plain': {},
    'honoured': {'honor_labels': True},
    'no_timestamps': {'honor_timestamps': False},
    'tracked': {'track_timestamps_staleness': True},
    'relabelled': {'metric_relabel_configs': RULES},
    'honoured_relabelled': {'honor_labels': True, 'metric_relabel_configs': RULES},
    'kept': {'metric_relabel_configs': KEPT},
    'sample_limit': {'sample_limit': 6},
    'label_limit': {'label_limit': 6},
    'name_length': {'label_name_length_limit': 9},
    'value_length': {'label_value_length_limit': 12},
    'body_size': {'body_size_limit': '200B'},
    'fallback': {'fallback_scrape_protocol': 'PrometheusText0.0.4'},
}


class PrometheusAgentTest(unittest.TestCase):
    def setUp(self):
        self.work = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        print(f'seed {SEED}', flush=True)

    def job(self, pages, agent, name, settings, targets):
        return {
            'job_name': name,
            'static_configs': [
                {
                    'targets': [pages.address(agent)],
                    'labels': {
                        '__metrics_path__': f'/{target}',
                        'instance': 'ours',
                        'target': target,  # which no page has
                        # Prometheus takes exported_NAME off report series where a target has a
                        # NAME that sorts behind "exported_"; of these it keeps both
                        'cell': 'ours',
                        'exported_cell': 'too',
                    },
                }
                for target in targets
            ],
            **settings,
        }

    def delivered(self, make_answers, settings_of, jobs, interval):
        """(each target's answers, both agents' histories, when the first page but one was asked
        for).

        make_answers: function of the time in ms, which gives {target: [Answer, ...]};
        settings_of: {job: settings}, jobs: {job: [target]}.
        """
        names = [name for of_job in jobs.values() for name in of_job]
        with VersionedPages({name: [FIRST] for name in names}, AGENTS) as pages:

            def jobs_of(agent):
                return [
                    self.job(pages, agent, job, settings_of[job], of_job)
                    for job, of_job in jobs.items()
                ]

            pair = self.enterContext(AgentPair(self.work, jobs_of, interval))
            sinks = pair.sinks.values()
            self.wait_delivered(sinks, pages, 0)
            since_ms = int(time.time() * 1000)
            targets = {
                name: [FIRST, *answers, LAST] for name, answers in make_answers(since_ms).items()
            }
            pages.go_on(targets)
            most = max(map(len, targets.values()))
            wait_until(
                pages.finished,
                60 + 10 * most,
                lambda: f'{most} scrapes of {len(targets)}\n{pair.limpet.process.log_tail()}',
                interval_s=0.5,
            )
            self.wait_delivered(sinks, pages, -1)
            for name, sink in zip(AGENTS, sinks):
                self.assertEqual(sink.counts()['offences'], [], name)
            return (
                targets,
                [History(sink.raw(), agent, pages) for agent, sink in zip(AGENTS, sinks)],
                since_ms,
            )

    def wait_delivered(self, sinks, pages, version):
        """Until every target's scrape of that version has arrived."""

        def arrived():
            for agent, sink in zip(AGENTS, sinks):
                seen = dict.fromkeys(pages.versions, ())
                for series, rows in sink.raw().items():
                    labels = dict(series)
                    if labels['__name__'] == DURATION:
                        target = labels['target']
                        scraped_ms = [at_ms for at_ms, _ in rows]
                        seen[target] = pages.versions_at(agent, target, scraped_ms).values()
                for target, versions in seen.items():
                    wanted = version % len(pages.versions[target])
                    if wanted not in versions:
                        self.missing = f'{agent} has not delivered version {wanted} of {target}'
                        return False
            return True

        wait_until(arrived, 60, lambda: self.missing, interval_s=0.5)

    def compare(self, make_answers, settings_of, jobs, interval='2s'):
        targets, (theirs, ours), since_ms = self.delivered(
            make_answers, settings_of, jobs, interval
        )
        texts = []
        for target, answers in targets.items():
            texts += differences(theirs, ours, target, answers, since_ms)
        scrapes = sum(map(len, targets.values()))
        samples = sum(
            len(rows) for by_version in ours.values.values() for rows in by_version.values()
        )
        print(f'{len(targets)} targets, {scrapes} pages, {samples} samples', flush=True)
        self.assertFalse(texts, f'{len(texts)} differences\n' + '\n'.join(texts[:20]))

    def test_generated_pages(self):
        jobs = {job: [f'{job}-{i}' for i in range(TARGETS_OF_A_JOB)] for job in SETTINGS}

        def make_answers(now_ms):
            answers = {}
            for name in (name for of_job in jobs.values() for name in of_job):
                job, number = name.split('-')
                pages = RandomPages(
                    f'{SEED} {name}',
                    openmetrics=int(number) % 2 == 1,
                    since_ms=now_ms,
                    mild=job == 'tracked',
                )
                answers[name] = [pages.next() for _ in range(PAGES_OF_A_TARGET)]
            return answers

        self.compare(make_answers, SETTINGS, jobs)

    def test_real_pages(self):
        """They move, lose every third line, fail, and are whole again."""
        answers = {}
        for name, (first, second) in real_pages(self.work / 'real').items():
            lines = first.body.splitlines(keepends=True)
            thinned = [line for i, line in enumerate(lines) if line[:1] == b'#' or i % 3 != 0]
            answers[name] = [
                first,
                second,
                dataclasses.replace(first, body=b''.join(thinned)),
                second,
                Answer(b'', status=500),
                first,
            ]
        jobs = {
            job: [f'{job}-{name}' for name in answers]
            for job in ('plain', 'honoured', 'relabelled')
        }
        self.compare(
            lambda _: {f'{job}-{name}': answers[name] for job in jobs for name in answers},
            SETTINGS,
            jobs,
            interval='4s',
        )

    def test_odd_pages(self):
        def odd_answers(now_ms):
            odd = {f'text_{name}': (TEXT, pages) for name, pages in text_pages().items()}
            for name, pages in openmetrics_pages().items():
                odd[f'om_{name}'] = (OPENMETRICS, pages)
            for ahead_ms in (0, 60_000):
                for content_type in (TEXT, OPENMETRICS):
                    odd[f'timestamps_{len(odd)}'] = (
                        content_type,
                        pages_with_timestamps(now_ms + ahead_ms, content_type == OPENMETRICS),
                    )
            return {
                name: [Answer(page, content_type) for page in pages]
                for name, (content_type, pages) in odd.items()
            }

        jobs = {
            job: [f'{job}-{name}' for name in odd_answers(0)]
            for job in ('plain', 'honoured', 'no_timestamps', 'relabelled')
        }
        self.compare(
            lambda now_ms: {
                f'{job}-{name}': answers
                for name, answers in odd_answers(now_ms).items()
                for job in jobs
            },
            SETTINGS,
            jobs,
        )


if __name__ == '__main__':
    unittest.main()
