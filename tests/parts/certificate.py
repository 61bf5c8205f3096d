"""A certificate authority and a certificate of it, made by openssl: for a server on 127.0.0.1 and
localhost, or for a client.
"""
import pathlib
import subprocess


class Certificate:
    """Files below directory: ca_file signs cert_file, whose key is key_file. Valid for two days."""

    def __init__(self, directory):
        directory = pathlib.Path(directory)
        directory.mkdir(parents=True, exist_ok=True)
        self.ca_file = directory / 'ca.crt'
        self.cert_file = directory / 'server.crt'
        self.key_file = directory / 'server.key'
        ca_key, request, extensions = (
            directory / 'ca.key',
            directory / 'server.csr',
            directory / 'server.ext',
        )
        new_key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
        _openssl(
            'req',
            '-x509',
            *new_key,
            '-keyout',
            ca_key,
            '-out',
            self.ca_file,
            '-days',
            '2',
            '-subj',
            '/CN=test authority',
            '-addext',
            'basicConstraints=critical,CA:TRUE',
            '-addext',
            'keyUsage=critical,keyCertSign,cRLSign',
        )
        _openssl(
            'req', *new_key, '-keyout', self.key_file, '-out', request, '-subj', '/CN=test server'
        )
        extensions.write_text(
            'basicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth,clientAuth\n'
            'subjectAltName=IP:127.0.0.1,DNS:localhost,DNS:kubernetes.default.svc\n'
        )
        _openssl(
            'x509',
            '-req',
            '-in',
            request,
            '-CA',
            self.ca_file,
            '-CAkey',
            ca_key,
            '-CAcreateserial',
            '-out',
            self.cert_file,
            '-days',
            '2',
            '-extfile',
            extensions,
        )


def _openssl(*args):
    result = subprocess.run(
        ['openssl', *map(str, args)], capture_output=True, text=True, timeout=60, check=False
    )
    if result.returncode:
        raise RuntimeError(f'openssl {args[0]}: {result.stderr}')
