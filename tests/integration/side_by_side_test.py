"""The same pages scraped by limpet and by Prometheus: what both deliver has to be the same series
and values.

One Prometheus scrapes the targets itself and receives limpet's samples, told apart by an external
label.
Run: cd tests && python3 -m unittest -v integration.side_by_side_test
"""
import math
import pathlib
import tempfile
import unittest

from parts import exposition
from parts.fetch import fetch
from parts.limpet import Limpet
from parts.nginx_targets import PAGES, NginxTargets, loopback_addresses
from parts.node_exporter import NodeExporter
from parts.process import wait_until
from parts.prometheus import Prometheus

# Lines that readers differ about: escapes, spaces, special values, clashes with target labels, no
# final newline.
ODD_PAGE = r'''# HELP odd_total Of \\ and \n.
# TYPE odd_total counter
odd_total{path="C:\\dir\\",quote="\"",line="a\nb"} 1
odd_total { a = "1" , b="2", } 2
odd_utf8{city="Ünïcödé"} 3
odd_tab{a="b"}	4
# a comment of no kind

odd_inf 	 +Inf
odd_minus_inf -Inf
odd_nan NaN
odd_exponent 1.5e+03
odd_empty_label{empty=""} 5
odd_clash{job="theirs",instance="theirs"} 6
odd_rule{keep="yes",zone="eu-1"} 7
odd_rule{keep="no",zone="eu-2"} 8
odd_seconds_bucket{le="0.5"} 9
odd_seconds_bucket{le="+Inf"} 10
odd_seconds_sum 3.25
odd_seconds_count 10'''

METRIC_RELABEL = [
    {'source_labels': ['__name__', 'keep'], 'regex': 'odd_rule;no', 'action': 'drop'},
    {
        'source_labels': ['zone'],
        'regex': '(.+)-(.+)',
        'target_label': 'area',
        'replacement': '${1}/$2',
    },
    {'regex': 'city', 'action': 'labeldrop'},
]


def job(targets, **more):
    return {
        'job_name': 'page',
        'scrape_interval': '1s',
        'scrape_timeout': '1s',
        'metric_relabel_configs': METRIC_RELABEL,
        'static_configs': [{'targets': targets, 'labels': {'team': 'a'}}],
        **more,
    }


class SideBySideTest(unittest.TestCase):
    def setUp(self):
        self.work = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    def scraped_by_both(self, page, **job_options):
        """({series: values seen}, the same of limpet) of a target with that page."""
        targets = self.enterContext(
            NginxTargets(self.work / 'targets', loopback_addresses(1), [page] * PAGES)
        )
        jobs = [job([targets.target(targets.addresses[0])], **job_options)]
        prometheus = self.enterContext(
            Prometheus(self.work / 'prometheus', {'scrape_configs': jobs})
        )
        limpet = self.enterContext(
            Limpet(
                self.work / 'limpet',
                {
                    'global': {'external_labels': {'via': 'limpet'}},
                    'scrape_configs': jobs,
                    'remote_write': [{'url': prometheus.write_url}],
                },
            )
        )
        limpet.wait_ready()

        def samples():
            by_agent = {'prometheus': {}, 'limpet': {}}
            for series, rows in prometheus.samples().items():
                agent = 'limpet' if ('via', 'limpet') in series else 'prometheus'
                by_agent[agent][self.comparable(series)] = {value for _, value in rows}
            return by_agent['prometheus'], by_agent['limpet']

        def both_scraped_thrice():
            up = prometheus.samples('up')
            return len(up) == 2 and all(
                sum(value == 1 for _, value in rows) >= 3 for rows in up.values()
            )

        wait_until(
            both_scraped_thrice, 30, lambda: f'three scrapes by each\n{limpet.process.log_tail()}'
        )
        return samples()

    @staticmethod
    def comparable(series):
        """Without the mark of who delivered it, and le and quantile as numbers: Prometheus 3 writes
        1.0 where 2 wrote 1.
        """
        labels = {name: value for name, value in series if name != 'via'}
        for bound in ('le', 'quantile'):
            if bound in labels:
                labels[bound] = repr(float(labels[bound].replace('Inf', 'inf')))
        return exposition.series(labels)

    def assert_same(self, theirs, ours):
        self.assertEqual(sorted(theirs.keys() - ours.keys()), [], 'limpet did not deliver these')
        self.assertEqual(sorted(ours.keys() - theirs.keys()), [], 'Prometheus has not got these')
        for series, values in theirs.items():
            name = dict(series)['__name__']
            if name in ('scrape_duration_seconds', 'scrape_series_added', 'up'):
                continue  # of the scraping, not of the page
            numbers = lambda some: {repr(value) for value in some}  # a NaN is not equal to itself
            self.assertEqual(numbers(ours[series]), numbers(values), series)

    def test_node_exporter(self):
        with NodeExporter(self.work / 'node_exporter') as node_exporter:
            page = fetch(f'http://{node_exporter.address}/metrics').text
        theirs, ours = self.scraped_by_both(page)
        self.assertGreater(len(theirs), 200)
        self.assert_same(theirs, ours)

    def test_odd_lines(self):
        theirs, ours = self.scraped_by_both(ODD_PAGE)
        self.assertGreater(len(theirs), 15)
        self.assertTrue(
            any(math.isnan(value) for value in ours[(('__name__', 'odd_nan'), *self.target(ours))])
        )
        self.assert_same(theirs, ours)

    def test_odd_lines_with_labels_honoured(self):
        self.assert_same(*self.scraped_by_both(ODD_PAGE, honor_labels=True))

    @staticmethod
    def target(series_values):
        """The labels that the target gives to each of its series."""
        up = next(series for series in series_values if ('__name__', 'up') in series)
        return tuple(pair for pair in up if pair[0] != '__name__')

    def test_a_page_over_its_sample_limit(self):
        targets = self.enterContext(
            NginxTargets(self.work / 'targets', loopback_addresses(1), [ODD_PAGE] * PAGES)
        )
        jobs = [job([targets.target(targets.addresses[0])], sample_limit=3)]
        prometheus = self.enterContext(
            Prometheus(self.work / 'prometheus', {'scrape_configs': jobs})
        )
        limpet = self.enterContext(
            Limpet(
                self.work / 'limpet',
                {
                    'global': {'external_labels': {'via': 'limpet'}},
                    'scrape_configs': jobs,
                    'remote_write': [{'url': prometheus.write_url}],
                },
            )
        )
        limpet.wait_ready()

        def both():
            up = prometheus.samples('up')
            return len(up) == 2 and all(len(rows) >= 3 for rows in up.values())

        wait_until(both, 30, 'three scrapes by each')
        by_agent = {'prometheus': {}, 'limpet': {}}
        for series, rows in prometheus.samples().items():
            by_agent['limpet' if ('via', 'limpet') in series else 'prometheus'][
                self.comparable(series)
            ] = {value for _, value in rows}
        self.assertEqual(by_agent['limpet'].keys(), by_agent['prometheus'].keys())
        for name in ('up', 'scrape_samples_scraped', 'scrape_samples_post_metric_relabeling'):
            values = [exposition.matching(series, name) for series in by_agent.values()]
            self.assertEqual(*values)


if __name__ == '__main__':
    unittest.main()
