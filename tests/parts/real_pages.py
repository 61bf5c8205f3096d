"""Metrics pages of real programs, as they answer now: node_exporter, Prometheus, VictoriaMetrics,
etcd and kube-apiserver, in each format that they offer.

    real_pages(work)        # {'etcd_text': [Answer, Answer], ...}: two scrapes of each
"""
import contextlib
import json
import pathlib

from parts.fetch import fetch
from parts.kube_apiserver import KubeApiserver
from parts.node_exporter import NodeExporter
from parts.prometheus import Prometheus
from parts.versioned_pages import Answer
from parts.victoria_metrics import VictoriaMetrics

ACCEPT = {
    'text': 'text/plain;version=0.0.4',
    'openmetrics': 'application/openmetrics-text;version=1.0.0,text/plain;q=0.1',
}


def real_pages(work):
    work = pathlib.Path(work)
    with contextlib.ExitStack() as stack:
        node_exporter = stack.enter_context(NodeExporter(work / 'node_exporter'))
        prometheus = stack.enter_context(Prometheus(work / 'prometheus_page'))
        victoria_metrics = stack.enter_context(VictoriaMetrics(work / 'victoria_metrics'))
        kubernetes = stack.enter_context(KubeApiserver(work / 'kubernetes'))
        kubeconfig = json.loads(pathlib.Path(kubernetes.admin_kubeconfig).read_text())
        token = kubeconfig['users'][0]['user']['token']
        urls = {
            'node_exporter': (f'http://{node_exporter.address}', {}),
            'prometheus': (prometheus.url, {}),
            'victoria_metrics': (victoria_metrics.url, {}),
            'etcd': (f'http://127.0.0.1:{kubernetes.etcd_port}', {}),
            'kube_apiserver': (
                kubernetes.url,
                {
                    'headers': {'Authorization': f'Bearer {token}'},
                    'ca_file': kubernetes.ca_file,
                },
            ),
        }
        pages = {}
        for name, (url, options) in urls.items():
            for format_name, accept in ACCEPT.items():
                pages[f'{name}_{format_name}'] = [
                    page_of(f'{url}/metrics', accept, **options) for _ in range(2)
                ]
        return pages


def page_of(url, accept, headers=None, **options):
    """The page as an Answer."""
    answer = fetch(url, headers={**(headers or {}), 'Accept': accept}, **options)
    if answer.status != 200 or not answer.body:
        raise RuntimeError(f'{url}: {answer.status}, {len(answer.body)} bytes')
    return Answer(answer.body, answer.headers['Content-Type'], compressed=True)
