"""The kinds of monitoring.coreos.com on a real API server: CustomResourceDefinitions with the
group, versions and names of the Prometheus operator's, which let any spec through.

    create_monitor_kinds(kubernetes)
    body = monitor('ServiceMonitor', 'api', {'endpoints': [...]})
    kubernetes.request('POST', monitors_path('shop', 'ServiceMonitor'), body)
"""
from parts.process import wait_until

GROUP = 'monitoring.coreos.com'
KINDS = {
    'ServiceMonitor': ('servicemonitors', 'v1'),
    'PodMonitor': ('podmonitors', 'v1'),
    'Probe': ('probes', 'v1'),
    'ScrapeConfig': ('scrapeconfigs', 'v1alpha1'),
}
_DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'


def _definition(kind):
    plural, version = KINDS[kind]
    spec = {'type': 'object', 'x-kubernetes-preserve-unknown-fields': True}
    schema = {'type': 'object', 'required': ['spec'], 'properties': {'spec': spec}}
    return {
        'apiVersion': 'apiextensions.k8s.io/v1',
        'kind': 'CustomResourceDefinition',
        'metadata': {'name': f'{plural}.{GROUP}'},
        'spec': {
            'group': GROUP,
            'scope': 'Namespaced',
            'names': {'plural': plural, 'singular': kind.lower(), 'kind': kind},
            'versions': [
                {
                    'name': version,
                    'served': True,
                    'storage': True,
                    'schema': {'openAPIV3Schema': schema},
                }
            ],
        },
    }


def create_monitor_kinds(kubernetes):
    for kind, (plural, version) in KINDS.items():
        kubernetes.request('POST', _DEFINITIONS, _definition(kind))
    for plural, version in KINDS.values():
        served = f'/apis/{GROUP}/{version}/{plural}'
        wait_until(
            lambda path=served: kubernetes.request('GET', path, check=False).status == 200,
            30,
            f'{plural} are served',
        )


def monitors_path(namespace, kind, name=None):
    plural, version = KINDS[kind]
    path = f'/apis/{GROUP}/{version}/namespaces/{namespace}/{plural}'
    return f'{path}/{name}' if name else path


def monitor(kind, name, spec, labels=None):
    return {
        'apiVersion': f'{GROUP}/{KINDS[kind][1]}',
        'kind': kind,
        'metadata': {'name': name, 'labels': labels or {}},
        'spec': spec,
    }
