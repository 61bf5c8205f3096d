"""Hundreds of pods rolled at once: all are followed, and those that stand notice nothing.

A real kube-apiserver; the pods' addresses are answered by one nginx. Reports of pods that say
nothing new change nothing.
Run: cd tests && python3 -m unittest -v e2e.storm_test      LIMPET_LONG=1: 5000 pods instead of 500
"""
import os
import pathlib
import tempfile
import time
import unittest

from parts.api_clients import create_pods, in_parallel
from parts.exposition import matching
from parts.kube_apiserver import KubeApiserver
from parts.limpet import Limpet
from parts.nginx_targets import NginxTargets, loopback_addresses
from parts.pod import running_pod
from parts.process import wait_until
from parts.sink import Sink

LONG = bool(os.environ.get('LIMPET_LONG'))
NAMESPACE = 'shop'
STANDING, ROLLED = 100, 5000 if LONG else 500
INTERVAL_S = 5
PATIENCE_S = 300


class StormTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.work = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        addresses = loopback_addresses(STANDING + 2 * ROLLED)
        cls.nginx = cls.enterClassContext(NginxTargets(cls.work / 'targets', addresses))
        cls.kubernetes = cls.enterClassContext(KubeApiserver(cls.work / 'kubernetes'))
        cls.kubernetes.create_namespace(NAMESPACE)
        cls.standing = cls.pods('standing', addresses[:STANDING])
        cls.old = cls.pods('old', addresses[STANDING : STANDING + ROLLED])
        cls.new = cls.pods('new', addresses[STANDING + ROLLED :])
        create_pods(cls.kubernetes, cls.standing + cls.old)
        cls.receiver = cls.enterClassContext(Sink(cls.work / 'sink', '--strict'))
        cls.limpet = cls.enterClassContext(Limpet(cls.work / 'limpet', cls.config()))
        cls.limpet.wait_ready()

    @classmethod
    def pods(cls, name, addresses):
        return [
            running_pod(f'{name}-{number}', address, cls.nginx.port, NAMESPACE, {'app': name})
            for number, address in enumerate(addresses)
        ]

    @classmethod
    def config(cls):
        return {
            'global': {'scrape_interval': f'{INTERVAL_S}s', 'scrape_timeout': f'{INTERVAL_S}s'},
            'scrape_configs': [
                {
                    'job_name': 'pods',
                    'kubernetes_sd_configs': [
                        {
                            'role': 'pod',
                            'kubeconfig_file': str(cls.kubernetes.admin_kubeconfig),
                            'namespaces': {'names': [NAMESPACE]},
                        }
                    ],
                    'relabel_configs': [
                        {
                            'source_labels': ['__meta_kubernetes_pod_name'],
                            'target_label': 'pod',
                        }
                    ],
                }
            ],
            'remote_write': [{'url': cls.receiver.write_url}],
        }

    def wait_targets(self, pods):
        """Just these, and each has been scraped."""
        wanted = sorted(pod['metadata']['name'] for pod in pods)

        def complete():
            targets = self.limpet.active_targets()
            return sorted(target['labels']['pod'] for target in targets) == wanted and all(
                target['health'] == 'up' for target in targets
            )

        wait_until(complete, PATIENCE_S, f'{len(wanted)} targets are up', interval_s=0.5)

    def event_count(self, event):
        return self.limpet.metric('limpet_sd_kubernetes_events_total', event=event)

    def test_a_roll_of_all_pods_is_absorbed(self):
        self.wait_targets(self.standing + self.old)
        rolls = []
        for old, new in zip(self.old, self.new):
            rolls.append(lambda client, pod=new: client.create_pod(pod))
            name = old['metadata']['name']
            rolls.append(lambda client, name=name: client.delete_pod(NAMESPACE, name))
        began_s, cpu_s = time.time(), self.limpet.metric('process_cpu_seconds_total')
        in_parallel(self.kubernetes, rolls, clients=16)
        self.wait_targets(self.standing + self.new)
        print(
            f'{ROLLED} pods rolled in {time.time() - began_s:.0f} s, '
            f'{self.limpet.metric("process_cpu_seconds_total") - cpu_s:.1f} s of CPU'
        )
        self.check_unchanged_pods_change_nothing()
        self.assertEqual(self.limpet.metric('limpet_scrape_ticks_skipped_total'), 0)
        self.assertEqual(self.limpet.metric('limpet_sd_kubernetes_lists_total'), 1)
        self.check_standing(time.time())

    def check_unchanged_pods_change_nothing(self):
        """Reported anew, as by a kubelet's probes."""
        before = self.event_count('update')
        reports = [
            lambda client, pod=pod, text=text: client.set_status(
                {**pod, 'status': {'message': text}}
            )
            for text in ('seen once', 'seen twice')
            for pod in self.standing
        ]
        in_parallel(self.kubernetes, reports)
        wait_until(
            lambda: self.event_count('update') >= before + len(reports), PATIENCE_S, 'all came'
        )
        self.wait_targets(self.standing + self.new)

    def check_standing(self, since_s):
        """Never without a scrape, and one layout of series from the first to the last."""
        name = self.standing[-1]['metadata']['name']

        def raw_of(pod):
            return matching(self.receiver.raw(), 'up', pod=pod)

        def arrived():
            return any(
                samples[-1][0] >= (since_s + INTERVAL_S) * 1000 for samples in raw_of(name).values()
            )

        wait_until(arrived, PATIENCE_S, 'later samples arrived', interval_s=1)
        raw = self.receiver.raw()
        for pod in self.standing:
            name = pod['metadata']['name']
            [ups] = matching(raw, 'up', pod=name).values()
            self.assertEqual({value for _, value in ups}, {1}, name)
            times_s = [timestamp_ms / 1000 for timestamp_ms, _ in ups]
            gaps = [after - before for before, after in zip(times_s, times_s[1:])]
            # a tick that was left out would make it two intervals
            self.assertLess(max(gaps), 1.9 * INTERVAL_S, name)
            [added] = matching(raw, 'scrape_series_added', pod=name).values()
            self.assertEqual(sum(1 for _, value in added if value), 1, name)


if __name__ == '__main__':
    unittest.main()
