"""Classic histograms converted to native ones with custom buckets, by limpet and by Prometheus, of
the same pages: real ones, odd ones and random ones, in text, OpenMetrics and protobuf; as a
Prometheus that both write to answers queries for them.

Run: cd tests && python3 -m unittest -v integration.custom_buckets_test
"""
import pathlib
import random
import tempfile
import unittest
import urllib.parse

from parts import exposition
from parts.fetch import fetch
from parts.limpet import Limpet, static_job
from parts.process import wait_until
from parts.prometheus import Prometheus
from parts.protobuf_target import (
    CONTENT_TYPE,
    HISTOGRAM,
    bucket,
    family,
    histogram,
    metric,
)
from parts.versioned_pages import OPENMETRICS, Answer, VersionedPages

SETTINGS = {
    'converted': {'convert_classic_histograms_to_nhcb': True},
    'with_classic': {
        'convert_classic_histograms_to_nhcb': True,
        'always_scrape_classic_histograms': True,
    },
}
REPORT = ('up', 'scrape_duration_seconds')

ODD = {
    'odd_order': b"""# TYPE h histogram
h_sum{a="x"} 3
h_bucket{le="+Inf",a="x"} 5
h_bucket{a="x",le="2"} 4
h_count{a="x"} 5
h_bucket{a="x",le="1"} 1
h_bucket{a="y",le="1"} 1
""",
    'odd_ends': b"""# TYPE h histogram
h_bucket{le="1"} 1
# a comment
h_bucket{le="2"} 2
other 1
h_count 7
""",
    'odd_floats': b"""# TYPE h histogram
h_bucket{le="1"} 0.5
h_bucket{le="+Inf"} 2.25
h_sum NaN
h_count 2.25
# TYPE empty histogram
empty_sum 0
empty_count 0
""",
    'odd_broken': b"""# TYPE h histogram
h_bucket{le="1"} 3
h_bucket{le="2"} 2
h_count 3
# TYPE i histogram
i_bucket{le="x"} 1
i_bucket 2
i_count 4
# TYPE j histogram
j_bucket{le="+Inf"} 3
j_count 4
# TYPE k gauge
k_bucket{le="1"} 1
k_count 1
""",
    'odd_names': b"""# TYPE "h.ttp" histogram
{"h.ttp_bucket",le="0.1","l.b"="v"} 1
{"h.ttp_bucket",le="+Inf","l.b"="v"} 2
{"h.ttp_count","l.b"="v"} 2
{"h.ttp_sum","l.b"="v"} 4
# TYPE other histogram
h_count 1
""",
}
# No h_created: Prometheus 3.5 swallows it where it converts, newer ones deliver it.
OPENMETRICS_PAGE = b"""# TYPE h histogram
h_bucket{le="0.5"} 1 # {trace_id="a"} 0.25
h_bucket{le="1.0"} 3
h_bucket{le="+Inf"} 4
h_count 4
h_sum 3.5
# TYPE g gaugehistogram
g_bucket{le="+Inf"} 4
g_gcount 4
g_gsum 4
# EOF
"""


def protobuf_page():
    # No gauge histogram: Prometheus 3.5 does not convert these, newer ones do.
    return b''.join(
        [
            family(
                'h',
                HISTOGRAM,
                metric(histogram(5, 2.5, bucket(0.1, 1), bucket(1e6, 4)), path='/a'),
                metric(histogram(1, 1, bucket(1, 1), bucket(float('inf'), 1)), path='/b'),
                metric(histogram(0, 0), path='/none'),
            ),
            family(
                'n',
                HISTOGRAM,
                metric(histogram(3, 9, bucket(2, 1), schema=0, positive=([(2, 1)], [3]))),
            ),
        ]
    )


def random_page(rand):
    """Of few names, labels and bounds, so that series meet in every way."""
    lines = []
    for _ in range(rand.randint(1, 12)):
        name = f'h{rand.randint(0, 3)}'
        if rand.random() < 0.9:
            lines.append(f'# TYPE {name} {rand.choice(["histogram"] * 6 + ["summary", "gauge"])}')
        for label in rand.sample(['', 'a="1"', 'a="2"', 'b="1"'], rand.randint(1, 3)):
            bounds = sorted(rand.sample([-1, 0, 0.5, 1, 10], rand.randint(0, 4)))
            count, of_histogram = 0, []
            for bound in [*bounds, '+Inf']:
                count += rand.choice([0, 1, 5, 0.5] if rand.random() < 0.1 else [0, 1, 5])
                of_histogram.append(('_bucket', f'le="{bound}"', count))
            of_histogram += [('_sum', '', rand.randint(0, 99)), ('_count', '', count)]
            if rand.random() < 0.2:
                rand.shuffle(of_histogram)
            if rand.random() < 0.2:
                of_histogram.pop(rand.randrange(len(of_histogram)))
            for suffix, le, value in of_histogram:
                labels = ','.join(filter(None, [label, le]))
                lines.append(f'{name}{suffix}{{{labels}}} {value}')
    # A series that comes twice is a matter of its own.
    seen, kept = set(), []
    for line in lines:
        key = line.rsplit(' ', 1)[0]
        if line.startswith('#') or key not in seen:
            kept.append(line)
        seen.add(key)
    return ('\n'.join(kept) + '\n').encode()


def histograms_apart(page):
    """Whether no histogram comes twice: of these Prometheus' storage takes the second, too."""
    seen, last = set(), None
    for line in page.decode().splitlines():
        if line.startswith('#'):
            last = None
            continue
        series = line.rsplit(' ', 1)[0]
        name, labels = series.rstrip('}').split('{')
        key = (name.split('_')[0], tuple(l for l in labels.split(',') if not l.startswith('le=')))
        if key != last and key in seen:
            return False
        seen.add(key)
        last = key
    return True


class CustomBucketsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        work = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        rand = random.Random(5)
        pages = {name: Answer(body) for name, body in ODD.items()}
        pages['openmetrics'] = Answer(OPENMETRICS_PAGE, OPENMETRICS)
        pages['protobuf'] = Answer(protobuf_page(), CONTENT_TYPE)
        randoms = filter(histograms_apart, iter(lambda: random_page(rand), None))
        for i in range(60):
            pages[f'random_{i}'] = Answer(next(randoms))
        with Prometheus(work / 'page') as real:
            for name, accept in (('text', 'text/plain'), ('om', 'application/openmetrics-text')):
                answer = fetch(f'{real.url}/metrics', headers={'Accept': accept})
                pages[f'real_{name}'] = Answer(answer.body, answer.headers['Content-Type'])
        cls.names = sorted(pages)
        server = cls.enterClassContext(
            VersionedPages({name: [page] for name, page in pages.items()}, ('theirs', 'ours'))
        )

        def jobs(agent):
            return [
                static_job(
                    [server.address(agent)],
                    job_name=f'{name}/{setting}',
                    metrics_path=f'/{name}',
                    scrape_interval='1s',
                    **settings,
                    relabel_configs=[{'target_label': 'instance', 'replacement': 'x'}],
                )
                for name in pages
                for setting, settings in SETTINGS.items()
            ]

        cls.prometheus = cls.enterClassContext(
            Prometheus(
                work / 'prometheus',
                {'scrape_configs': jobs('theirs')},
                part='prometheus-sid',
                flags=['--enable-feature=native-histograms'],
            )
        )
        cls.limpet = cls.enterClassContext(
            Limpet(
                work / 'limpet',
                {
                    'global': {
                        'external_labels': {'via': 'limpet'},
                        'scrape_native_histograms': True,
                    },
                    'scrape_configs': jobs('ours'),
                    'remote_write': [
                        {
                            'url': cls.prometheus.write_url,
                            'protobuf_message': 'io.prometheus.write.v2.Request',
                        }
                    ],
                },
            )
        )
        cls.limpet.wait_ready()

        def scraped():
            rows = cls.prometheus.samples('up')
            return len(rows) == 2 * len(SETTINGS) * len(pages) and all(
                len(row) >= 2 for row in rows.values()
            )

        wait_until(scraped, 60, lambda: f'two scrapes by each\n{cls.limpet.process.log_tail()}')

    def latest(self, setting):
        """{page: {series: content}} of Prometheus, and of limpet."""
        found = {}, {}
        for name in self.names:
            query = urllib.parse.urlencode({'query': f'{{job="{name}/{setting}"}}'})
            answer = fetch(f'{self.prometheus.url}/api/v1/query?{query}').json()
            self.assertEqual(answer['status'], 'success', answer)
            for row in answer['data']['result']:
                labels = row['metric']
                if labels['__name__'] in REPORT:
                    continue
                rows = found['via' in labels].setdefault(name, {})
                content = row['value'][1] if 'value' in row else row['histogram'][1]
                rows[exposition.series(labels, without=('via', 'job'))] = content
        return found

    def test_every_histogram_is_prometheus(self):
        histograms = 0
        for setting in SETTINGS:
            theirs, ours = self.latest(setting)
            for name in self.names:
                with self.subTest(page=name, setting=setting):
                    self.maxDiff = None
                    self.assertEqual(ours.get(name), theirs.get(name))
                histograms += sum(isinstance(row, dict) for row in theirs.get(name, {}).values())
        self.assertGreater(histograms, 300)

    def test_the_setting_shows(self):
        for setting in SETTINGS:
            _, ours = self.latest(setting)
            for name in ('real_text', 'real_om', 'protobuf', 'openmetrics'):
                rows = ours[name]
                self.assertTrue(any(isinstance(row, dict) for row in rows.values()), name)
                names = {dict(series)['__name__'] for series in rows}
                if name.startswith('real'):
                    classic = any(one.endswith('_duration_seconds_bucket') for one in names)
                    self.assertEqual(classic, setting == 'with_classic', name)


if __name__ == '__main__':
    unittest.main()
