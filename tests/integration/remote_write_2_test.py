"""Remote-Write 1.0 and 2.0, and finding out which one a receiver takes: one limpet, one log, many
receivers at the same time. Each of them gets every sample, whichever way.

Run: cd tests && python3 -m unittest -v integration.remote_write_2_test
"""
import pathlib
import tempfile
import time
import unittest

from parts.delivery import compare
from parts.limpet import Limpet, static_job
from parts.nginx_targets import NginxTargets, loopback_addresses, moving_page
from parts.process import NotAvailable, wait_until
from parts.prometheus import Prometheus
from parts.sink import Sink
from parts.victoria_metrics import VictoriaMetrics

TARGETS = 5
V1, V2 = 'prometheus.WriteRequest', 'io.prometheus.write.v2.Request'
# name -> (how to make it in a directory, the protocol it is held to; none is auto)
RECEIVERS = {
    'strict_1': (lambda work: Sink(work, '--strict', '--takes', '1'), V1),
    'strict_2': (lambda work: Sink(work, '--strict', '--takes', '2'), V2),
    'takes_both': (lambda work: Sink(work, '--strict'), None),
    'takes_1': (lambda work: Sink(work, '--strict', '--takes', '1'), None),
    'swallows_2': (lambda work: Sink(work, '--strict', '--swallows-2'), None),
    'victoria': (VictoriaMetrics, None),
    'victoria_sid': (lambda work: VictoriaMetrics(work, part='victoria-metrics-sid'), None),
    'prometheus': (Prometheus, None),
    'prometheus_sid': (lambda work: Prometheus(work, part='prometheus-sid'), None),
    'prometheus_sid_2': (lambda work: relaying_prometheus(work), V2),
}
METADATA = {
    'moving_second': ('gauge', 'The second this page is of.', ''),
    'moving_requests_total': ('counter', '', ''),
    'moving_ratio': ('gauge', '', ''),
    **{
        f'moving_latency_seconds_{suffix}': ('histogram', '', '')
        for suffix in ('bucket', 'sum', 'count')
    },
}


class RelayingPrometheus(Prometheus):
    """It keeps metadata for no other use than to send them on: so a sink behind it shows them."""

    def __init__(self, directory, sink):
        self.sink = sink
        super().__init__(
            directory,
            {'remote_write': [{'url': sink.write_url, 'protobuf_message': V2}]},
            part='prometheus-sid',
            flags=['--enable-feature=metadata-wal-records'],
        )

    def start(self):
        self.sink.start()
        return super().start()

    def stop(self):
        super().stop()
        self.sink.stop()


def relaying_prometheus(work):
    work = pathlib.Path(work)
    return RelayingPrometheus(work / 'prometheus', Sink(work / 'sink', '--strict'))


class RemoteWrite2Test(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        work = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.nginx = cls.enterClassContext(
            NginxTargets(work / 'targets', loopback_addresses(TARGETS))
        )
        cls.receivers, cls.unavailable, remote_write = {}, {}, []
        for name, (make, message) in RECEIVERS.items():
            try:
                cls.receivers[name] = cls.enterClassContext(make(work / name))
            except NotAvailable as error:
                cls.unavailable[name] = str(error)
                continue
            remote_write.append({'name': name, 'url': cls.receivers[name].write_url})
            if message:
                remote_write[-1]['protobuf_message'] = message
        cls.limpet = cls.enterClassContext(
            Limpet(
                work / 'limpet',
                {
                    'scrape_configs': [static_job(map(cls.nginx.target, cls.nginx.addresses))],
                    'remote_write': remote_write,
                },
            )
        )
        cls.limpet.wait_ready()
        wait_until(
            lambda: len(cls.nginx.scrapes()) >= 5 * TARGETS, 30, 'five scrapes of each target'
        )
        cls.until_s = time.time()

    def receiver(self, name):
        if name in self.unavailable:
            self.skipTest(self.unavailable[name])
        return self.receivers[name]

    def delivered(self, name):
        """The receiver, once it has everything that was scraped before the tests began."""
        receiver, result = self.receiver(name), None
        read = receiver.samples if isinstance(receiver, Prometheus) else receiver.export

        def arrived():
            nonlocal result
            result = compare(self.nginx.scrapes(), read(), moving_page, until_s=self.until_s)
            return not result.missing and not result.wrong

        wait_until(
            arrived,
            45,
            lambda: f'{name}: {result.summary()}\n{self.limpet.process.log_tail()}',
            interval_s=0.3,
        )
        self.assertEqual(result.unexplained, [])
        if isinstance(receiver, Sink):
            stats = receiver.stats()
            self.assertEqual((stats['out_of_order'], stats['duplicates']), (0, 0))
        return receiver

    def assert_no_offence(self, sink):
        self.assertEqual(sink.counts()['offences'], [])

    def samples(self, sink):
        """Without those that are of what came after the tests began."""
        return {
            series: [row for row in rows if row[0] < self.until_s * 1000]
            for series, rows in sink.export().items()
        }

    def test_2_0_brings_what_1_0_brings(self):
        first, second = self.delivered('strict_1'), self.delivered('strict_2')
        self.assert_no_offence(first)
        self.assert_no_offence(second)
        self.assertEqual(set(first.counts()['by_protocol']), {'1.0'})
        self.assertEqual(set(second.counts()['by_protocol']), {'2.0'})
        self.assertEqual(self.samples(first), self.samples(second))

    def test_2_0_brings_metadata(self):
        metadata = self.delivered('strict_2').metadata()
        self.assertEqual({name: metadata.get(name) for name in METADATA}, METADATA)

    def test_auto_settles_on_2_0(self):
        sink = self.delivered('takes_both')
        self.assert_no_offence(sink)
        self.assertEqual(set(sink.counts()['by_protocol']), {'2.0'})

    def test_auto_falls_back_when_2_0_is_refused(self):
        counts = self.delivered('takes_1').counts()
        self.assertEqual(counts['refused'], 1, counts)

    def test_auto_falls_back_when_2_0_is_swallowed(self):
        counts = self.delivered('swallows_2').counts()
        self.assertEqual(counts['by_protocol']['2.0'], 1, counts)

    def test_auto_loses_nothing_at_victoria_metrics(self):
        self.delivered('victoria')

    def test_auto_loses_nothing_at_todays_victoria_metrics(self):
        self.delivered('victoria_sid')

    def test_auto_loses_nothing_at_prometheus_2(self):
        self.delivered('prometheus')

    def test_auto_loses_nothing_at_prometheus_3(self):
        self.delivered('prometheus_sid')

    def test_prometheus_3_takes_2_0_with_metadata(self):
        sink = self.delivered('prometheus_sid_2').sink

        def relayed():
            metadata = sink.metadata()
            return {name: metadata.get(name) for name in METADATA} == METADATA

        wait_until(relayed, 20, lambda: f'metadata came through: {sink.metadata()}')


if __name__ == '__main__':
    unittest.main()
