"""The part of quickstart.sh that runs: starts the pieces, watches what arrives, stops them all.

quickstart.sh has installed and built everything before it. The pieces are the tests' own
(tests/parts).
"""
import argparse
import json
import os
import pathlib
import signal
import socket
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / 'tests'))

from parts.exposition import matching, parse  # noqa: E402
from parts.fetch import fetch  # noqa: E402
from parts.node_exporter import NodeExporter  # noqa: E402
from parts.pod import running_pod, write_pod  # noqa: E402
from parts.process import Process, free_port  # noqa: E402
from parts.victoria_metrics import VictoriaMetrics  # noqa: E402

APP_LABEL = 'app.kubernetes.io/name'
APP = os.environ.get('LIMPET_APP', 'api')
PODS = 3
SCRAPE_INTERVAL = '5s'
REPORT_INTERVAL_S = 10


class Quickstart:
    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.pieces = []  # started, in order; each has stop()
        self.pods = None  # names of the pods that have to arrive; None: those that limpet finds
        self.receiver = None
        self.limpet_url = f'http://127.0.0.1:{usual_port(8429)}'

    def start(self):
        kubeconfig = os.environ.get('KUBECONFIG') or self.start_standin()
        write_url = os.environ.get('LIMPET_REMOTE_WRITE_URL')
        if not write_url:
            self.receiver = VictoriaMetrics(self.directory / 'receiver', port=usual_port(8428))
            self.pieces.append(self.receiver)
            self.receiver.start()
            write_url = self.receiver.write_url
        config = self.directory / 'limpet.yml'
        config.write_text(json.dumps(self.config(kubeconfig, write_url), indent=2))
        self.limpet = Process(
            [
                ROOT / 'build' / 'release' / 'limpet',
                f'--config.file={config}',
                f'--storage.path={self.directory / "storage"}',
                f'--web.listen-address={self.limpet_url.removeprefix("http://")}',
            ],
            self.directory / 'limpet.log',
        )
        self.pieces.append(self.limpet)
        self.limpet.wait_http(f'{self.limpet_url}/-/healthy', timeout_s=20)

    def start_standin(self):
        """Three real node_exporter processes, and an API that says they are pods; the kubeconfig
        for it.
        """
        pods = self.directory / 'pods'
        pods.mkdir()
        self.pods = []
        for number in range(1, PODS + 1):
            node_exporter = NodeExporter(
                self.directory, address=f'127.0.0.{10 + number}', name=f'api-{number}'
            )
            self.pieces.append(node_exporter)
            node_exporter.start()
            write_pod(
                pods,
                running_pod(
                    f'api-{number}', node_exporter.ip, node_exporter.port, labels={APP_LABEL: APP}
                ),
            )
            self.pods.append(f'api-{number}')
        port = free_port()
        api = Process(
            [
                sys.executable,
                '-u',
                '-B',
                ROOT / 'tests' / 'parts' / 'standin_api.py',
                '--directory',
                pods,
                '--listen',
                f'127.0.0.1:{port}',
            ],
            self.directory / 'standin_api.log',
        )
        self.pieces.append(api)
        api.wait_http(f'http://127.0.0.1:{port}/readyz')
        kubeconfig = self.directory / 'kubeconfig'
        kubeconfig.write_text(
            json.dumps(
                {
                    'apiVersion': 'v1',
                    'kind': 'Config',
                    'current-context': 'standin',
                    'users': [{'name': 'nobody', 'user': {}}],
                    'clusters': [
                        {'name': 'standin', 'cluster': {'server': f'http://127.0.0.1:{port}'}}
                    ],
                    'contexts': [
                        {'name': 'standin', 'context': {'cluster': 'standin', 'user': 'nobody'}}
                    ],
                },
                indent=2,
            )
        )
        return str(kubeconfig)

    @staticmethod
    def config(kubeconfig, write_url):
        discovery = {
            'role': 'pod',
            'kubeconfig_file': str(pathlib.Path(kubeconfig).resolve()),
            'selectors': [{'role': 'pod', 'label': f'{APP_LABEL}={APP}'}],
        }
        if os.environ.get('LIMPET_NAMESPACE'):
            discovery['namespaces'] = {'names': [os.environ['LIMPET_NAMESPACE']]}
        return {
            'global': {'scrape_interval': SCRAPE_INTERVAL},
            'scrape_configs': [
                {
                    'job_name': 'pods',
                    'kubernetes_sd_configs': [discovery],
                    'relabel_configs': [
                        {
                            'source_labels': ['__meta_kubernetes_pod_phase'],
                            'regex': 'Succeeded|Failed',
                            'action': 'drop',
                        },
                        {
                            'source_labels': ['__meta_kubernetes_namespace'],
                            'target_label': 'namespace',
                        },
                        {'source_labels': ['__meta_kubernetes_pod_name'], 'target_label': 'pod'},
                    ],
                }
            ],
            'remote_write': [{'url': write_url}],
        }

    def targets(self):
        return fetch(f'{self.limpet_url}/api/v1/targets').json()['data']['activeTargets']

    def arrived(self):
        """{pod: samples of it at the receiver}; of a receiver that is not ours, limpet's word: pods
        up, samples sent.
        """
        if self.receiver:
            answer = self.receiver.query('sum by (pod) (count_over_time({job="pods"}[1h]))')
            return {dict(series).get('pod', ''): int(count) for series, count in answer.items()}
        sent = sum(
            matching(
                parse(fetch(f'{self.limpet_url}/metrics').text),
                'limpet_remote_storage_samples_total',
            ).values()
        )
        return {
            target['labels'].get('pod', ''): int(sent)
            for target in self.targets()
            if target['health'] == 'up' and sent
        }

    def missing(self):
        """Why this is not done yet, in words; empty once samples of every pod have arrived."""
        ended = [piece for piece in self.pieces if not getattr(piece, 'process', piece).running()]
        if ended:
            process = getattr(ended[0], 'process', ended[0])
            return f'{process.args[0]} has ended with {process.exit_code()}:\n{process.log_tail()}'
        targets = self.targets()
        wanted = set(
            self.pods
            if self.pods is not None
            else (target['labels'].get('pod', '') for target in targets)
        )
        if not wanted:
            return f'no pod labelled {APP_LABEL}={APP} has been found\n{self.limpet.log_tail(5)}'
        absent = wanted - self.arrived().keys()
        if not absent:
            return ''
        errors = {target['lastError'] for target in targets if target['lastError']}
        return f'no samples yet of {", ".join(sorted(absent))}' + (
            f' ({"; ".join(sorted(errors))})' if errors else ''
        )

    def report(self):
        print('\nfound:')
        for target in self.targets():
            print(
                f'  {target["labels"].get("namespace", "")}/{target["labels"].get("pod", "")}  {target["scrapeUrl"]}  '
                f'{target["health"]}  {target["lastError"]}'
            )
        print(
            'arrived (samples by pod, as the receiver answers):'
            if self.receiver
            else 'sent (samples in all, by pods that are up):'
        )
        for pod, count in sorted(self.arrived().items()):
            print(f'  {pod}  {count}')
        print(f'limpet:    {self.limpet_url}/  /metrics /health /api/v1/targets')
        if self.receiver:
            print(
                f'receiver:  {self.receiver.url}/vmui/  e.g. {self.receiver.url}/api/v1/query?query=up'
            )
        print(f'files:     {self.directory}', flush=True)

    def stop(self):
        """limpet first, so that it sees a receiver to the end."""
        for piece in reversed(self.pieces):
            piece.stop()


def usual_port(port):
    """The port that documentation names, or a free one where somebody has it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(('127.0.0.1', port))
            return port
        except OSError:
            return free_port()


def run(quickstart, once, timeout_s):
    quickstart.start()
    deadline = time.monotonic() + timeout_s
    while reason := quickstart.missing():
        if time.monotonic() > deadline:
            print(f'\nafter {timeout_s} s: {reason}', file=sys.stderr)
            if once:
                return 1
            deadline = time.monotonic() + timeout_s
        time.sleep(0.5)
    quickstart.report()
    if once:
        print('\nsamples of every pod have arrived')
        return 0
    print('\nCtrl-C stops it all')
    while quickstart.limpet.running():
        time.sleep(REPORT_INTERVAL_S)
        print(
            f'{time.strftime("%H:%M:%S")}  arrived: '
            + ', '.join(f'{pod} {count}' for pod, count in sorted(quickstart.arrived().items())),
            flush=True,
        )
    print(quickstart.limpet.log_tail(), file=sys.stderr)
    return 1


def main():
    parser = argparse.ArgumentParser(prog='quickstart.sh')
    parser.add_argument('--once', action='store_true')
    parser.add_argument('--timeout', type=float, default=60)
    options = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix='limpet-quickstart-') as directory:
        quickstart = Quickstart(directory)
        try:
            return run(quickstart, options.once, options.timeout)
        except KeyboardInterrupt:
            print('\nstopping')
            return 0
        except (OSError, RuntimeError) as error:
            print(error, file=sys.stderr)
            return 1
        finally:
            quickstart.stop()


if __name__ == '__main__':
    sys.exit(main())
