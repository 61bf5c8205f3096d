"""Shards on a real Kubernetes API: what they scrape is disjoint, and together it is all.

Run: cd tests && python3 -m unittest -v e2e.shards_test
"""
import json
import pathlib
import tempfile
import time
import unittest

from parts.kube_apiserver import KubeApiserver
from parts.limpet import Limpet
from parts.nginx_targets import NginxTargets, loopback_addresses
from parts.process import wait_until
from parts.sink import Sink

NAMESPACE = 'shop'
PODS, FILED, STATIC, SPARE = 24, 10, 10, 12


class ShardsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.work = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        addresses = loopback_addresses(PODS + FILED + STATIC + SPARE)
        cls.nginx = cls.enterClassContext(NginxTargets(cls.work / 'targets', addresses))
        cls.pods, rest = addresses[:PODS], addresses[PODS:]
        cls.filed, rest = rest[:FILED], rest[FILED:]
        cls.static, cls.spare = rest[:STATIC], rest[STATIC:]
        cls.kubernetes = cls.enterClassContext(KubeApiserver(cls.work / 'kubernetes'))
        cls.kubernetes.create_namespace(NAMESPACE)
        for number, address in enumerate(cls.pods):
            cls.create_pod(f'api-{number}', address)

    @classmethod
    def create_pod(cls, name, address):
        cls.kubernetes.create_pod(
            NAMESPACE, name, {'app': 'api'}, ip=address, port=cls.nginx.port
        )

    def setUp(self):
        self.directory = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(dir=self.work)))
        self.sink = self.enterContext(Sink(self.directory / 'sink', '--strict'))
        self.list = self.directory / 'list.json'
        self.list.write_text(json.dumps([{'targets': list(map(self.nginx.target, self.filed))}]))

    def shard(self, index, count):
        """The one of that number, ready; it says who it is by an external label."""
        pod = f'limpet-{index}'
        limpet = Limpet(
            self.directory / f'{pod}-of-{count}',
            {
                'global': {'scrape_interval': '1s', 'external_labels': {'by': '${POD_NAME}'}},
                'scrape_configs': [
                    {
                        'job_name': 'pods',
                        'kubernetes_sd_configs': [
                            {
                                'role': 'pod',
                                'kubeconfig_file': str(self.kubernetes.admin_kubeconfig),
                                'namespaces': {'names': [NAMESPACE]},
                            }
                        ],
                    },
                    {'job_name': 'files', 'file_sd_configs': [{'files': [str(self.list)]}]},
                    {
                        'job_name': 'static',
                        'static_configs': [{'targets': list(map(self.nginx.target, self.static))}],
                    },
                ],
                'remote_write': [{'url': self.sink.write_url}],
            },
            env={'POD_NAME': pod},
            flags=[f'--shards={count}', f'--shard={pod}'],
        )
        return self.enterContext(limpet).wait_ready()

    def addresses(self, limpet):
        return {target['labels']['instance'].split(':')[0] for target in limpet.active_targets()}

    def scraped_by(self, since_s=0.0):
        """{address: who has delivered samples of it that are as new}."""
        found = {}
        for row in self.sink.rows():
            if row['metric']['__name__'] == 'up' and max(row['timestamps']) >= since_s * 1000:
                address = row['metric']['instance'].split(':')[0]
                found.setdefault(address, set()).add(row['metric']['by'])
        return found

    def test_each_target_is_scraped_by_exactly_one(self):
        shards = [self.shard(index, 2) for index in range(2)]
        expected = {*self.pods, *self.filed, *self.static}
        parts = [self.addresses(limpet) for limpet in shards]
        self.assertEqual(parts[0] | parts[1], expected)
        self.assertEqual(parts[0] & parts[1], set())
        self.assertGreater(min(len(part) for part in parts), len(expected) // 5)
        wait_until(
            lambda: self.scraped_by().keys() == expected, 30, 'samples of all targets', 0.3
        )
        self.assertEqual({len(who) for who in self.scraped_by().values()}, {1})
        for limpet, part in zip(shards, parts):
            others = sum(
                limpet.metric('limpet_targets_other_shards', job=job)
                for job in ('pods', 'files', 'static')
            )
            self.assertEqual(others, len(expected) - len(part))
            check = limpet.get('/health').json()['checks']['shard']
            self.assertEqual(check['shards'], 2)
            self.assertEqual(check['shard'], shards.index(limpet))

        # New pods go to one of them each, and go again.
        for number, address in enumerate(self.spare):
            self.create_pod(f'new-{number}', address)
            self.addCleanup(self.kubernetes.delete_pod, NAMESPACE, f'new-{number}')
        wait_until(
            lambda: set(self.spare) <= self.scraped_by().keys(), 30, 'samples of new pods', 0.3
        )
        self.assertEqual({len(self.scraped_by()[address]) for address in self.spare}, {1})

    def test_one_shard_more_takes_its_part_and_nothing_else_moves(self):
        before = [self.addresses(self.shard(index, 2)) for index in range(2)]
        after = [self.addresses(self.shard(index, 3)) for index in range(3)]
        self.assertEqual(set.union(*after), {*self.pods, *self.filed, *self.static})
        self.assertEqual(sum(map(len, after)), len(set.union(*after)))
        self.assertLessEqual(after[0], before[0])
        self.assertLessEqual(after[1], before[1])
        self.assertTrue(after[2])

    def test_the_same_after_a_restart(self):
        limpet = self.shard(1, 2)
        before = self.addresses(limpet)
        limpet.kill()
        restarted_s = time.time()
        limpet.start()
        limpet.wait_ready()
        self.assertEqual(self.addresses(limpet), before)
        wait_until(
            lambda: self.scraped_by(restarted_s).keys() == before, 30, 'samples of them', 0.3
        )


if __name__ == '__main__':
    unittest.main()
