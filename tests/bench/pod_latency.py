#!/usr/bin/env python3
"""How soon an agent sees that a pod is there and that it is gone, and what a pod costs it that is
watched and not scraped: limpet beside Debian's vmagent and sid's Prometheus (Debian 12's cannot
discover in Kubernetes), one after the other, on a real kube-apiserver.

    tests/bench/pod_latency.py --pods 200,2000 --samples 20 --interval 2

For each number of standing pods, which all are scraped: pods get their address at random moments,
and what counts is the time from before the request that sets it to the first scrape of that
address; then they are deleted, from before that request to the last scrape (0 where none came
after). Memory is that of agents which watch all pods and drop them, after --settle seconds. Nothing
of the agents is tuned. Prints a table; exits 1 where limpet takes longer than it promises.
"""
import argparse
import pathlib
import random
import statistics
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from bench.peers import available, start  # noqa: E402
from bench.pod_pages import PodPages  # noqa: E402
from parts.api_clients import ApiClient, create_pods  # noqa: E402
from parts.kube_apiserver import KubeApiserver  # noqa: E402
from parts.nginx_targets import loopback_addresses  # noqa: E402
from parts.pod import running_pod  # noqa: E402
from parts.process import wait_until  # noqa: E402

NAMESPACE = 'bench'
PROMISED_S = {'first': 0.2, 'last': 0.1}
SILENT_INTERVALS = 4  # without a scrape in them a target is no target any more
PATIENCE_S = 180


def discovery(kubernetes, drop=False):
    text = f"""kubernetes_sd_configs:
      - role: pod
        api_server: {kubernetes.url}
        bearer_token_file: {kubernetes.admin_token_file}
        tls_config: {{ca_file: {kubernetes.ca_file}}}
        namespaces: {{names: [{NAMESPACE}]}}"""
    if drop:
        text += """
    relabel_configs: [{action: drop, source_labels: [__address__], regex: ".*"}]"""
    return text


class Bench:
    def __init__(self, options, work, kubernetes, pages):
        self.options, self.work, self.kubernetes, self.pages = options, work, kubernetes, pages
        self.client = ApiClient(kubernetes)
        sizes = max(options.pods) + options.samples
        self.addresses = loopback_addresses(sizes)
        self.standing = []  # addresses
        self.number = 0

    def pod(self, address):
        self.number += 1
        name = f'api-7d9c6b5f4d-{self.number:05}'
        labels = {'app.kubernetes.io/name': 'api', 'pod-template-hash': '7d9c6b5f4d'}
        return running_pod(name, address, self.pages.port, NAMESPACE, labels)

    def grow(self, count):
        added = self.addresses[len(self.standing) : count]
        create_pods(self.kubernetes, [self.pod(address) for address in added])
        self.standing += added

    def start(self, agent, kind, drop=False):
        folder = self.work / f'{kind}-{len(self.standing)}'
        folder.mkdir(exist_ok=True)
        found_by = discovery(self.kubernetes, drop)
        write_url = self.pages.write_url
        return start(agent, folder, None, self.options.interval, write_url, found_by)

    def memory(self, agents):
        """{agent: MiB} with all standing pods watched and none scraped."""
        running = {agent: self.start(agent, 'dropped', drop=True) for agent in agents}
        try:
            time.sleep(self.options.settle)
            return {agent: peer.resident_mib() for agent, peer in running.items()}
        finally:
            for peer in running.values():
                peer.stop()

    def wait_standing(self, agent, since_s):
        def all_scraped():
            seen = self.pages.scrapes(agent)
            return all(seen.get(address, [0])[-1] >= since_s for address in self.standing)

        wait_until(all_scraped, PATIENCE_S, f'{agent} scrapes all standing pods', 0.5)

    def wait_first(self, agent, pods, since):
        """{address: the first scrape since since[address]}"""

        def first(address):
            times = self.pages.scrapes(agent).get(address, [])
            return next((at for at in times if at >= since[address]), None)

        addresses = [pod['status']['podIP'] for pod in pods]
        wait_until(
            lambda: all(first(address) for address in addresses),
            PATIENCE_S,
            f'{agent} scrapes all new pods',
            0.5,
        )
        return {address: first(address) for address in addresses}

    def wait_silent(self, agent, addresses):
        def silent():
            seen = self.pages.scrapes(agent)
            last = max(seen[address][-1] for address in addresses)
            return time.time() - last > SILENT_INTERVALS * self.options.interval

        wait_until(silent, PATIENCE_S, f'{agent} scrapes no deleted pod', 0.5)

    def pause(self):
        time.sleep(random.uniform(0.2, 0.2 + self.options.interval))

    def latencies(self, agent):
        """Seconds to the first scrape and to the last one, of each pod."""
        began = time.time()
        peer = self.start(agent, 'scraped')
        try:
            self.wait_standing(agent, began)
            time.sleep(2 * self.options.interval)
            spare = self.addresses[len(self.standing) :][: self.options.samples]
            pods = [self.pod(address) for address in spare]
            for pod in pods:
                self.client.create_pod({**pod, 'status': {'phase': 'Pending'}})
            appeared, deleted = {}, {}
            for pod in pods:
                self.pause()
                appeared[pod['status']['podIP']] = time.time()
                self.client.set_status(pod)
            first = self.wait_first(agent, pods, appeared)
            for pod in pods:
                self.pause()
                deleted[pod['status']['podIP']] = time.time()
                self.client.delete_pod(NAMESPACE, pod['metadata']['name'])
            self.wait_silent(agent, spare)
        finally:
            peer.stop()
        seen = self.pages.scrapes(agent)
        return (
            [first[address] - appeared[address] for address in spare],
            [max(seen[address][-1] - deleted[address], 0.0) for address in spare],
        )


def row(agent, pods, first, last, mib):
    return (
        f'| {agent} | {pods} | {statistics.median(first):.3f} | {max(first):.3f} '
        f'| {statistics.median(last):.3f} | {max(last):.3f} | {mib:.1f} |'
    )


def measure(options, work):
    agents = available(options.agents.split(','))
    failed, memory = False, {}
    lines = [
        '| agent | standing pods | IP -> first scrape, median (s) | max | deleted -> last scrape, '
        'median (s) | max | RSS, all dropped (MiB) |',
        '|---|---|---|---|---|---|---|',
    ]
    with KubeApiserver(work / 'kubernetes') as kubernetes, PodPages(work / 'pages') as pages:
        kubernetes.create_namespace(NAMESPACE)
        bench = Bench(options, work, kubernetes, pages)
        for count in options.pods:
            bench.grow(count)
            print(f'{count} pods stand', flush=True)
            memory[count] = bench.memory(agents)
            for agent in agents:
                first, last = bench.latencies(agent)
                lines.append(row(agent, count, first, last, memory[count][agent]))
                print(lines[-1], flush=True)
                if agent == 'limpet':
                    failed |= max(first) > PROMISED_S['first'] or max(last) > PROMISED_S['last']
    print('\n'.join(['', *lines]))
    if len(options.pods) > 1:
        low, high = min(options.pods), max(options.pods)
        for agent in agents:
            grown = (memory[high][agent] - memory[low][agent]) * 1024 / (high - low)
            print(f'{agent}: {grown:.1f} KiB a pod that is watched and dropped')
    return failed


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    numbers = lambda text: sorted(int(number) for number in text.split(','))  # noqa: E731
    parser.add_argument('--pods', type=numbers, default=[200, 2000], help='standing pods, N,N')
    parser.add_argument('--samples', type=int, default=20, help='pods that come and go')
    parser.add_argument('--interval', type=int, default=2, help='seconds')
    parser.add_argument('--settle', type=int, default=60, help='seconds before memory is read')
    parser.add_argument(
        '--agents', default='limpet,vmagent,prometheus-sid', help='also others of bench/peers.py'
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        sys.exit(1 if measure(options, pathlib.Path(work)) else 0)


if __name__ == '__main__':
    main()
