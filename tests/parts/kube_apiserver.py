"""A real Kubernetes API: etcd and kube-apiserver with RBAC, and what a test does with it over plain
HTTPS.

There is no kubelet, so pods get address and phase from the test:

    with KubeApiserver(work / 'kubernetes') as kubernetes:
        kubernetes.create_pod('shop', 'api-1', {'app': 'api'}, ip='127.1.0.2', port=9100)
        kubernetes.request('PATCH', '/api/v1/namespaces/shop/pods/api-1', {'metadata': {'labels': {'app': None}}})

admin_kubeconfig is allowed everything; service_account_token() gives a real token, which RBAC
rules.
"""
import json
import pathlib
import subprocess

from parts.certificate import Certificate
from parts.fetch import fetch
from parts.process import Process, binary, free_port, wait_until

_ADMIN_TOKEN = 'admintoken'


class KubeApiserver:
    """flags: more of them for the API server, e.g. --watch-cache=false."""

    def __init__(self, directory, flags=()):
        self.flags = list(flags)
        self.directory = pathlib.Path(directory).resolve()
        self.directory.mkdir(parents=True, exist_ok=True)
        self.certificate = Certificate(self.directory / 'certificate')
        self.ca_file = self.certificate.ca_file
        self.etcd_port, self.etcd_peer_port, self.port = free_port(), free_port(), free_port()
        self.url = f'https://127.0.0.1:{self.port}'
        self.etcd = self.apiserver = None
        key = self.directory / 'service-account.key'
        subprocess.run(
            ['openssl', 'genrsa', '-out', str(key), '2048'],
            check=True,
            capture_output=True,
            timeout=60,
        )
        self.service_account_key = key
        (self.directory / 'tokens.csv').write_text(f'{_ADMIN_TOKEN},admin,admin,system:masters\n')
        self.admin_token_file = self.directory / 'admin.token'
        self.admin_token_file.write_text(_ADMIN_TOKEN)
        self.admin_kubeconfig = self.write_kubeconfig('admin.kubeconfig', {'token': _ADMIN_TOKEN})

    def start(self):
        if not (self.etcd and self.etcd.running()):
            client, peer = (
                f'http://127.0.0.1:{self.etcd_port}',
                f'http://127.0.0.1:{self.etcd_peer_port}',
            )
            self.etcd = Process(
                [
                    binary('etcd'),
                    '--data-dir',
                    self.directory / 'etcd',
                    '--unsafe-no-fsync',
                    '--listen-client-urls',
                    client,
                    '--advertise-client-urls',
                    client,
                    '--listen-peer-urls',
                    peer,
                    '--initial-advertise-peer-urls',
                    peer,
                    '--initial-cluster',
                    f'default={peer}',
                ],
                self.directory / 'etcd.log',
            )
            self.etcd.wait_http(f'{client}/health')
        self.apiserver = Process(
            [
                binary('kube-apiserver'),
                f'--etcd-servers=http://127.0.0.1:{self.etcd_port}',
                f'--secure-port={self.port}',
                '--bind-address=127.0.0.1',
                '--advertise-address=127.0.0.1',
                f'--tls-cert-file={self.certificate.cert_file}',
                f'--tls-private-key-file={self.certificate.key_file}',
                f'--cert-dir={self.directory}',
                f'--service-account-key-file={self.service_account_key}',
                f'--service-account-signing-key-file={self.service_account_key}',
                '--service-account-issuer=https://127.0.0.1',
                '--api-audiences=https://127.0.0.1',
                '--service-cluster-ip-range=10.96.0.0/16',
                '--authorization-mode=RBAC',
                f'--token-auth-file={self.directory / "tokens.csv"}',
                # nobody here makes service account tokens into secrets, which this plugin would
                # wait for
                '--disable-admission-plugins=ServiceAccount',
                *self.flags,
            ],
            self.directory / 'apiserver.log',
        )
        self.apiserver.wait_http(
            f'{self.url}/readyz',
            timeout_s=90,
            ca_file=self.ca_file,
            headers={'Authorization': f'Bearer {_ADMIN_TOKEN}'},
        )
        # the default namespace appears a moment after readiness, and with it what is needed to
        # create pods
        wait_until(
            lambda: self.request('GET', '/api/v1/namespaces/default', check=False).status == 200,
            30,
            'namespace default',
        )
        return self

    def stop_apiserver(self):
        """An API that is away; start() brings it back with what it knew."""
        self.apiserver.kill()

    def move(self, port):
        """The same cluster at another port: who has the old one finds nobody there."""
        self.stop_apiserver()
        self.port = port
        self.url = f'https://127.0.0.1:{port}'
        return self.start()

    def compact(self):
        """etcd forgets its history: whoever watches from an older version is told that it is gone.

        The API server may be away.
        """
        etcd = f'http://127.0.0.1:{self.etcd_port}/v3'
        status = fetch(f'{etcd}/maintenance/status', method='POST', body={}).json()
        revision = status['header']['revision']
        body = {'revision': revision, 'physical': True}
        answer = fetch(f'{etcd}/kv/compaction', method='POST', body=body)
        if answer.status != 200:
            raise RuntimeError(f'compaction: {answer.status} {answer.text[:500]}')

    def stop(self):
        for process in (self.apiserver, self.etcd):
            if process:
                process.kill()  # the data is not needed again, and its graceful end takes seconds

    @staticmethod
    def admin_headers(method):
        kind = 'merge-patch+json' if method == 'PATCH' else 'json'
        return {
            'Authorization': f'Bearer {_ADMIN_TOKEN}',
            'Content-Type': f'application/{kind}',
        }

    def request(self, method, path, body=None, check=True):
        response = fetch(
            self.url + path,
            method=method,
            body=None if body is None else json.dumps(body),
            headers=self.admin_headers(method),
            ca_file=self.ca_file,
            timeout_s=30,
        )
        if check and response.status >= 300:
            raise RuntimeError(f'{method} {path}: {response.status} {response.text[:500]}')
        return response

    def create_namespace(self, name):
        self.request('POST', '/api/v1/namespaces', {'metadata': {'name': name}})

    def create_pod(self, namespace, name, labels, ip=None, port=9100, annotations=None):
        self.request(
            'POST',
            f'/api/v1/namespaces/{namespace}/pods',
            {
                'apiVersion': 'v1',
                'kind': 'Pod',
                'metadata': {'name': name, 'labels': labels, 'annotations': annotations or {}},
                'spec': {
                    'containers': [
                        {
                            'name': 'app',
                            'image': 'registry.invalid/app:1',
                            'ports': [
                                {'name': 'metrics', 'containerPort': port, 'protocol': 'TCP'}
                            ],
                        }
                    ]
                },
            },
        )
        if ip:
            self.set_pod_running(namespace, name, ip)

    def set_pod_running(self, namespace, name, ip):
        """What a kubelet would report once the pod has its address."""
        self.request(
            'PATCH',
            f'/api/v1/namespaces/{namespace}/pods/{name}/status',
            {
                'status': {
                    'phase': 'Running',
                    'podIP': ip,
                    'podIPs': [{'ip': ip}],
                    'hostIP': '127.0.0.1',
                    'conditions': [{'type': 'Ready', 'status': 'True'}],
                    'containerStatuses': [
                        {
                            'name': 'app',
                            'ready': True,
                            'restartCount': 0,
                            'image': 'registry.invalid/app:1',
                            'imageID': '',
                            'containerID': f'containerd://{name}',
                            'state': {'running': {'startedAt': '2024-01-01T00:00:00Z'}},
                        }
                    ],
                }
            },
        )

    def set_pod_labels(self, namespace, name, labels):
        """Merged into those it has; None takes one away."""
        self.request(
            'PATCH', f'/api/v1/namespaces/{namespace}/pods/{name}', {'metadata': {'labels': labels}}
        )

    def delete_pod(self, namespace, name):
        # without a kubelet nothing would ever confirm the end of a grace period
        self.request(
            'DELETE', f'/api/v1/namespaces/{namespace}/pods/{name}', {'gracePeriodSeconds': 0}
        )

    def service_account_token(self, namespace, name):
        """A token as the pod of that service account gets it; the account has to exist."""
        answer = self.request(
            'POST',
            f'/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token',
            {
                'apiVersion': 'authentication.k8s.io/v1',
                'kind': 'TokenRequest',
                'spec': {'expirationSeconds': 3600},
            },
        )
        return answer.json()['status']['token']

    def write_kubeconfig(self, file_name, user):
        """A kubeconfig (as JSON, which is YAML) for that user entry, e.g. {'token': ...} or
        {'tokenFile': ...}.
        """
        path = self.directory / file_name
        path.write_text(
            json.dumps(
                {
                    'apiVersion': 'v1',
                    'kind': 'Config',
                    'current-context': 'test',
                    'clusters': [
                        {
                            'name': 'test',
                            'cluster': {
                                'server': self.url,
                                'certificate-authority': str(self.ca_file),
                            },
                        }
                    ],
                    'users': [{'name': 'test', 'user': user}],
                    'contexts': [{'name': 'test', 'context': {'cluster': 'test', 'user': 'test'}}],
                },
                indent=2,
            )
        )
        return path

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.stop()
            raise

    def __exit__(self, *_):
        self.stop()
