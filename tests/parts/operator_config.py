"""The configuration that the Prometheus operator generates for objects of parts/monitored_shop.py,
written out: the second endpoint of the ServiceMonitor, and the PodMonitor, without credentials.

    jobs = operator_config(kubeconfig, namespace, port, TO_LOOPBACK)
    Prometheus(directory, {'scrape_configs': jobs}, 'prometheus-sid')
"""


def operator_config(kubeconfig, namespace, port, to_loopback):
    """to_loopback: the object's own rule."""
    identity = {
        'kubeconfig_file': str(kubeconfig),
        'namespaces': {'names': [namespace]},
    }
    job_name = {'source_labels': ['job'], 'target_label': '__tmp_prometheus_job_name'}
    running = {
        'action': 'drop',
        'source_labels': ['__meta_kubernetes_pod_phase'],
        'regex': '(Failed|Succeeded)',
    }

    def selected(resource):
        def labels(name):
            return [
                f'__meta_kubernetes_{resource}_label_{name}',
                f'__meta_kubernetes_{resource}_labelpresent_{name}',
            ]

        return [
            {
                'action': 'keep',
                'source_labels': labels('app_kubernetes_io_name'),
                'regex': '(api);true',
            },
            {'action': 'keep', 'source_labels': labels('tier'), 'regex': '(front|back);true'},
            {'action': 'drop', 'source_labels': labels('old')[1:], 'regex': 'true'},
        ]

    def of_target(kind, label):
        return {
            'source_labels': [
                '__meta_kubernetes_endpoint_address_target_kind',
                '__meta_kubernetes_endpoint_address_target_name',
            ],
            'separator': ';',
            'regex': f'{kind};(.*)',
            'replacement': '${1}',
            'target_label': label,
        }

    def to(label, *source, **more):
        return {'source_labels': [f'__meta_kubernetes_{source[0]}'], 'target_label': label, **more}

    filled = {'regex': '(.+)', 'replacement': '${1}'}
    return [
        {
            'job_name': f'serviceMonitor/{namespace}/api/1',
            'honor_labels': False,
            'kubernetes_sd_configs': [{'role': 'endpoints', **identity}],
            'relabel_configs': [
                job_name,
                *selected('service'),
                {
                    'action': 'keep',
                    'source_labels': ['__meta_kubernetes_pod_container_port_number'],
                    'regex': port,
                },
                of_target('Node', 'node'),
                of_target('Pod', 'pod'),
                to('namespace', 'namespace'),
                to('service', 'service_name'),
                to('pod', 'pod_name'),
                to('container', 'pod_container_name'),
                running,
                to('team', 'service_label_team', **filled),
                to('app_kubernetes_io_name', 'pod_label_app_kubernetes_io_name', **filled),
                to('job', 'service_name', replacement='${1}'),
                to('job', 'service_label_team', **filled),
                {'target_label': 'endpoint', 'replacement': str(port)},
                {
                    'source_labels': ['__address__'],
                    'target_label': '__address__',
                    'regex': to_loopback['regex'],
                    'replacement': to_loopback['replacement'],
                },
            ],
        },
        {
            'job_name': f'podMonitor/{namespace}/pods/0',
            'honor_labels': False,
            'kubernetes_sd_configs': [{'role': 'pod', **identity}],
            'metrics_path': '/token',
            'relabel_configs': [
                job_name,
                running,
                *selected('pod'),
                {
                    'action': 'keep',
                    'source_labels': ['__meta_kubernetes_pod_container_port_name'],
                    'regex': 'metrics',
                },
                to('namespace', 'namespace'),
                to('container', 'pod_container_name'),
                to('pod', 'pod_name'),
                to('tier', 'pod_label_tier', **filled),
                {'target_label': 'job', 'replacement': f'{namespace}/pods'},
                {'target_label': 'endpoint', 'replacement': 'metrics'},
            ],
        },
    ]
