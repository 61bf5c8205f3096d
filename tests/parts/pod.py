"""A running pod as the Kubernetes API gives it out, for the stand-in's directory."""
import json
import pathlib


def running_pod(name, ip, port, namespace='default', labels=None):
    return {
        'apiVersion': 'v1',
        'kind': 'Pod',
        'metadata': {
            'name': name,
            'namespace': namespace,
            'labels': labels or {},
            'creationTimestamp': '2024-01-01T00:00:00Z',
        },
        'spec': {
            'nodeName': 'this-machine',
            'containers': [
                {
                    'name': 'app',
                    'image': 'registry.invalid/app:1',
                    'ports': [{'name': 'metrics', 'containerPort': port, 'protocol': 'TCP'}],
                }
            ],
        },
        'status': {
            'phase': 'Running',
            'podIP': ip,
            'podIPs': [{'ip': ip}],
            'hostIP': '127.0.0.1',
            'conditions': [{'type': 'Ready', 'status': 'True'}],
            'containerStatuses': [
                {'name': 'app', 'ready': True, 'containerID': f'containerd://{name}'}
            ],
        },
    }


def write_pod(directory, pod):
    """Into the directory in one step; replaces the pod of that name."""
    path = pathlib.Path(directory) / f'{pod["metadata"]["name"]}.json'
    new = path.with_suffix('.new')
    new.write_text(json.dumps(pod, indent=2))
    new.rename(path)
    return path
