"""A page in protobuf scraped by limpet and by Prometheus: native histograms, classic ones, summaries
and exemplars, as a Prometheus that both write to answers queries for them.

Run: cd tests && python3 -m unittest -v integration.protobuf_test
"""
import pathlib
import tempfile
import time
import unittest
import urllib.parse

from parts import exposition
from parts.fetch import fetch
from parts.limpet import Limpet, static_job
from parts.process import wait_until
from parts.prometheus import Prometheus
from parts.protobuf_target import (
    COUNTER,
    GAUGE,
    GAUGE_HISTOGRAM,
    HISTOGRAM,
    SUMMARY,
    UNTYPED,
    ProtobufTarget,
    bucket,
    counter,
    exemplar,
    family,
    gauge,
    histogram,
    metric,
    native_exemplar,
    summary,
    untyped,
)

MESSAGES = ('prometheus.WriteRequest', 'io.prometheus.write.v2.Request')
PROTOBUF_FIRST = ['PrometheusProto', 'OpenMetricsText1.0.0']
# job -> settings that both know; Prometheus 3.5 scrapes native histograms wherever it is told to
# keep them.
JOBS = {
    'native': {},
    'with_classic': {'always_scrape_classic_histograms': True},
    'coarse': {'native_histogram_min_bucket_factor': 1.9},
    'few_buckets': {'native_histogram_bucket_limit': 4},
}


def page(now_s):
    # Prometheus reads the exemplars of a family's first native histogram alone.
    exemplars = [
        native_exemplar({'trace_id': 'late'}, 3.5, now_s),
        native_exemplar({'trace_id': 'early'}, 0.1, now_s - 2),
        native_exemplar({'trace_id': 'no timestamp'}, 0.2),
    ]

    def fine(*more):
        return histogram(
            26,
            18.5,
            *more,
            bucket(2, 20),
            schema=2,
            zero=(0.001, 3),
            negative=([(0, 1)], [2]),
            positive=([(-4, 3), (2, 3)], [4, 0, 5, 1, 6, 5]),
        )

    return b''.join(
        [
            family(
                'proto_requests_total',
                COUNTER,
                metric(counter(7, exemplar({'trace_id': 'a'}, 0.25, now_s)), code='200'),
                metric(counter(1.5, exemplar({'trace_id': 'b'}, 2)), code='500', instance='theirs'),
                help_text='Of \\n a page.',
            ),
            family('proto.gauge', GAUGE, metric(gauge(-3.25), city='Ünïcödé'), metric(gauge(0))),
            family('proto_untyped', UNTYPED, metric(untyped(float('inf')))),
            family('proto_empty', GAUGE),
            family(
                'proto_summary',
                SUMMARY,
                metric(summary(3, 1.25, {0.5: 1, 0.99: 2, 1: float('nan')})),
            ),
            family(
                'proto_classic',
                HISTOGRAM,
                metric(
                    histogram(
                        5, 2.5, bucket(0.1, 1, exemplar({'span': 'c'}, 0.05, now_s)), bucket(1e6, 4)
                    ),
                    path='/',
                ),
                metric(histogram(1, 1, bucket(1, 1), bucket(float('inf'), 1)), path='/b'),
            ),
            family(
                'proto_native',
                HISTOGRAM,
                metric(
                    fine(bucket(0.5, 4, exemplar({'trace_id': 'classic'}, 0.4, now_s)), *exemplars),
                    path='/a',
                ),
                metric(fine(), path='/b'),
            ),
            family(
                'proto_floats',
                HISTOGRAM,
                metric(
                    histogram(
                        7.5,
                        3,
                        schema=1,
                        zero=(0.5, 1.5),
                        positive=([(1, 2)], [2.5, 3.5]),
                        floats=True,
                    )
                ),
            ),
            family(
                'proto_gauge_histogram',
                GAUGE_HISTOGRAM,
                metric(histogram(3, 9, schema=0, positive=([(2, 1), (0, 1)], [1, 2]))),
            ),
            family(
                'proto_no_observations', HISTOGRAM, metric(histogram(0, 0, positive=([(0, 0)], [])))
            ),
        ]
    )


class ProtobufTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        work = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.start_s = time.time()
        # whole milliseconds, of a moment that both scrape after
        cls.target = cls.enterClassContext(ProtobufTarget(page(int(cls.start_s) - 20 + 0.125)))

        def jobs(**more):
            return [
                static_job(
                    [cls.target.address],
                    job_name=name,
                    scrape_protocols=PROTOBUF_FIRST,
                    **settings,
                    **more,
                )
                for name, settings in JOBS.items()
            ]

        cls.prometheus = cls.enterClassContext(
            Prometheus(
                work / 'prometheus',
                {'scrape_configs': jobs()},
                part='prometheus-sid',
                flags=['--enable-feature=native-histograms,exemplar-storage'],
            )
        )
        cls.limpet = cls.enterClassContext(
            Limpet(
                work / 'limpet',
                {
                    'global': {'external_labels': {'via': 'limpet'}},
                    'scrape_configs': jobs(scrape_native_histograms=True),
                    'remote_write': [
                        {
                            'url': cls.prometheus.write_url,
                            'protobuf_message': message,
                            'name': message,
                            'send_exemplars': True,
                            'send_native_histograms': True,
                            'write_relabel_configs': [
                                {'target_label': 'message', 'replacement': message}
                            ],
                        }
                        for message in MESSAGES
                    ],
                },
            )
        )
        cls.limpet.wait_ready()

        def scraped():
            rows = cls.prometheus.samples('up')
            return len(rows) == 3 * len(JOBS) and all(len(row) >= 3 for row in rows.values())

        wait_until(scraped, 30, lambda: f'three scrapes by each\n{cls.limpet.process.log_tail()}')

    def query(self, path, **parameters):
        query = urllib.parse.urlencode(parameters)
        answer = fetch(f'{self.prometheus.url}/api/v1/{path}?{query}').json()
        self.assertEqual(answer['status'], 'success', answer)
        return answer['data']

    def by_agent(self, rows, labels_of):
        """{who: {labels: row}} of Prometheus and of limpet's two messages."""
        agents = {who: {} for who in ('', *MESSAGES)}
        for row in rows:
            labels = labels_of(row)
            key = exposition.series(labels, without=('via', 'message'))
            agents[labels.get('message', '')][key] = row
        return agents.values()

    def latest(self):
        rows = self.query('query', query='{__name__=~"proto.*"}')['result']
        return self.by_agent(rows, lambda row: row['metric'])

    @staticmethod
    def content(row):
        """A number as text (a NaN is not equal to itself), or the histogram."""
        return row['value'][1] if 'value' in row else row['histogram'][1]

    def test_what_was_asked_for(self):
        # the same of both
        self.assertEqual(
            set(self.target.accepted),
            {
                'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;'
                'encoding=delimited;q=0.6,'
                'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,*/*;q=0.4'
            },
        )

    def test_every_sample_is_prometheus(self):
        theirs, first, second = self.latest()
        native = [row for row in theirs.values() if 'histogram' in row]
        self.assertEqual(len(native), 5 * len(JOBS))
        self.assertGreater(len(theirs) - len(native), 20)
        for ours in (first, second):
            self.assertEqual(
                sorted(theirs.keys() - ours.keys()), [], 'limpet did not deliver these'
            )
            self.assertEqual(
                sorted(ours.keys() - theirs.keys()), [], 'Prometheus has not got these'
            )
            for series, row in theirs.items():
                self.assertEqual(self.content(ours[series]), self.content(row), series)

    def test_settings_of_a_job_show(self):
        theirs, _, _ = self.latest()
        buckets = {}
        for series, row in theirs.items():
            labels = dict(series)
            if labels['__name__'] == 'proto_native' and labels['path'] == '/a':
                buckets[labels['job']] = len(row['histogram'][1]['buckets'])
        self.assertEqual(buckets['native'], 7)  # with that of zero
        self.assertLess(buckets['coarse'], 7)
        self.assertLessEqual(buckets['few_buckets'], 5)

    def exemplars(self, newest_s):
        """[{series: exemplars}] of Prometheus and of limpet's two messages, those of the page of
        that time and those without a timestamp.
        """
        rows = self.query(
            'query_exemplars',
            query='{__name__=~"proto.*"}',
            start=self.start_s - 600,
            end=self.start_s + 600,
        )
        agents = []
        for agent in self.by_agent(rows, lambda row: row['seriesLabels']):
            agents.append({})
            for series, row in agent.items():
                found = set()
                for one in row['exemplars']:
                    has_timestamp = one['timestamp'] < self.start_s - 5  # else it is the scrape's
                    if has_timestamp and one['timestamp'] < newest_s - 3:
                        continue
                    timestamp = one['timestamp'] if has_timestamp else None
                    found.add((tuple(one['labels'].items()), one['value'], timestamp))
                if found:
                    agents[-1][series] = found
        return agents

    def test_exemplars_are_prometheus(self):
        # Not the first page's: with 1.0 Prometheus knows a series only behind its exemplars.
        newest_s = int(self.start_s) - 8 + 0.125
        self.target.show(page(newest_s))

        def differences():
            theirs, *others = self.exemplars(newest_s)
            return [
                (series, theirs.get(series), ours.get(series))
                for ours in others
                for series in theirs.keys() | ours.keys()
                if theirs.get(series) != ours.get(series)
            ]

        def all_there():
            names = [dict(series)['__name__'] for series in self.exemplars(newest_s)[0]]
            counts = {name: names.count(name) for name in names}
            return (
                counts
                == {
                    'proto_requests_total': 2 * len(JOBS),
                    'proto_classic_bucket': len(JOBS),
                    'proto_native': len(JOBS),
                    'proto_native_bucket': 1,
                }
                and not differences()
            )

        wait_until(all_there, 15, lambda: f'the same exemplars from all: {differences()}')

    def test_an_inconsistent_histogram_fails_the_scrape_of_both(self):
        good = page(int(self.start_s) - 20 + 0.125)
        bad = family(
            'proto_bad', HISTOGRAM, metric(histogram(5, 1, positive=([(0, 1)], [4]), zero=(0.5, 0)))
        )

        def everyone(value):
            rows = self.query('query', query='up')['result']
            return len(rows) == 3 * len(JOBS) and {row['value'][1] for row in rows} == {value}

        self.target.show(good + bad)
        try:
            wait_until(lambda: everyone('0'), 15, 'nobody takes the page')
        finally:
            self.target.show(good)
        wait_until(lambda: everyone('1'), 15, 'the page is good again')
        # back with everything: no series is left stale
        wait_until(
            lambda: len({tuple(sorted(agent)) for agent in self.latest()}) == 1,
            15,
            'the same series from all',
        )


if __name__ == '__main__':
    unittest.main()
