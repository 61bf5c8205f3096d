"""Who limpet says it is: OAuth2, client certificates, a proxy's password, other headers. One limpet
with a receiver of each kind, every one of which refuses it for a while: nothing is lost, nothing
goes where it should not, and no secret can be read anywhere.

Run: cd tests && python3 -m unittest -v integration.identity_test
"""
import pathlib
import tempfile
import time
import unittest
import urllib.parse

from parts.certificate import Certificate
from parts.delivery import compare
from parts.exposition import matching
from parts.forward_proxy import ForwardProxy
from parts.limpet import Limpet, static_job
from parts.nginx_gateway import NginxGateway
from parts.nginx_identity import ClientFiles, MutualNginx, NginxSites
from parts.nginx_targets import NginxTargets, loopback_addresses, moving_page
from parts.process import wait_until
from parts.token_server import TokenServer
from parts.victoria_metrics import VictoriaMetrics

TARGETS = 3
WRITE = '/api/v1/write'
CLIENT_SECRET = 'client/secret&of:the agent'
LATE_SECRET = 'lateSecret271828'
PROXY_PASSWORD = 'proxy:pa$sword@31'
OLD_PROXY_PASSWORD = 'formerly/314159'
HEADER_SECRET = 'headerSecret161803'
FILE_SECRET = 'fileSecret141421'
STATIC_TOKEN = 'staticToken577215'
RECEIVERS = ('renewed', 'late', 'certificate', 'proxy_http', 'proxy_https', 'redirect')
PAGES = ('/', '/metrics', '/health', '/targets', '/api/v1/targets', '/-/ready')


def oauth2(server, secret):
    return {
        'client_id': server.client_id,
        'client_secret': secret,
        'scopes': ['write'],
        'token_url': server.url,
    }


def spellings(secret):
    """As it is, and as it is sent in a form and in a URL."""
    yield secret
    yield urllib.parse.quote_plus(secret)
    yield urllib.parse.quote(secret, safe='')


class IdentityTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.work = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.start_parts()
        cls.limpet = cls.enterClassContext(Limpet(cls.work / 'limpet', cls.config()))
        cls.limpet.wait_ready()
        cls.shown = []  # pages of every phase
        cls.errors = {}  # of each receiver, while it refused
        cls.refuse()
        cls.accept()
        cls.until_s = time.time()

    @classmethod
    def start_parts(cls):
        work = cls.work
        cls.victoria = cls.enterClassContext(VictoriaMetrics(work / 'victoria'))
        cls.nginx = cls.enterClassContext(
            NginxTargets(work / 'targets', loopback_addresses(TARGETS))
        )
        cls.tokens = cls.enterClassContext(TokenServer('renewing', CLIENT_SECRET, 'write'))
        cls.late_tokens = TokenServer('late', LATE_SECRET, 'write')
        cls.addClassCleanup(cls.late_tokens.stop)
        (work / 'gateway').mkdir()
        cls.gateway = cls.enterClassContext(NginxGateway(work / 'gateway', cls.victoria.port))
        for token in (STATIC_TOKEN, cls.tokens.token(1), cls.late_tokens.token(1)):
            cls.gateway.accept(token)
        cls.proxy = cls.enterClassContext(ForwardProxy('agent', PROXY_PASSWORD))
        cls.proxy.password = OLD_PROXY_PASSWORD
        cls.client_certificates = [Certificate(work / name) for name in ('first', 'second')]
        cls.client_files = ClientFiles(work, cls.client_certificates[0])
        cls.mutual = cls.enterClassContext(
            MutualNginx(work / 'mutual', cls.victoria.port, cls.client_certificates[0])
        )
        cls.sites = cls.enterClassContext(
            NginxSites(work / 'sites', cls.victoria.port, cls.gateway.tokens, HEADER_SECRET)
        )
        cls.sites.set_moved(True)

    @classmethod
    def config(cls):
        gateway_tls = {'tls_config': {'ca_file': str(cls.gateway.certificate.ca_file)}}
        through_gateway = {'url': cls.gateway.url(WRITE), **gateway_tls}
        proxy_url = {'proxy_url': cls.proxy.url(PROXY_PASSWORD)}
        (cls.work / 'key').write_text(FILE_SECRET)
        static_token = {'authorization': {'credentials': STATIC_TOKEN}}
        tenant = {
            'http_headers': {
                'X-Tenant': {'secrets': [HEADER_SECRET]},
                'X-Key': {'files': [str(cls.work / 'key')]},
            }
        }
        renewing = {'oauth2': oauth2(cls.tokens, CLIENT_SECRET)}
        receivers = {
            'renewed': {**through_gateway, **renewing},
            'late': {**through_gateway, 'oauth2': oauth2(cls.late_tokens, LATE_SECRET)},
            'certificate': {
                'url': f'https://127.0.0.1:{cls.mutual.port}{WRITE}',
                'tls_config': {
                    'ca_file': str(cls.mutual.certificate.ca_file),
                    'cert_file': str(cls.client_files.cert_file),
                    'key_file': str(cls.client_files.key_file),
                },
            },
            'proxy_http': {'url': cls.victoria.write_url, **proxy_url, **static_token, **tenant},
            'proxy_https': {**through_gateway, **proxy_url, **static_token, **tenant},
            'redirect': {
                'url': f'http://127.0.0.1:{cls.sites.redirect_port}{WRITE}',
                **static_token,
                **tenant,
            },
        }
        assert tuple(receivers) == RECEIVERS
        return {
            'scrape_configs': [
                static_job(map(cls.nginx.target, cls.nginx.addresses)),
                static_job([cls.sites.target], job_name='guarded', **renewing, **tenant),
            ],
            'remote_write': [
                {
                    'name': name,
                    # tells apart at the one VictoriaMetrics what came by which receiver
                    'write_relabel_configs': [{'target_label': 'via', 'replacement': name}],
                    'queue_config': {'max_backoff': '1s', 'batch_send_deadline': '500ms'},
                    **receiver,
                }
                for name, receiver in receivers.items()
            ],
        }

    @classmethod
    def receivers(cls):
        return cls.limpet.get('/health').json()['checks']['receivers']

    @classmethod
    def wait(cls, condition, what):
        wait_until(
            condition,
            30,
            lambda: f'{what}: {cls.receivers()}\n{cls.limpet.process.log_tail()}',
        )
        cls.shown.append(''.join(cls.limpet.get(path).text for path in PAGES))

    @classmethod
    def wait_error(cls, name, part):
        def refused():
            cls.errors[name] = cls.receivers()[name].get('error', '')
            return part in cls.errors[name]

        cls.wait(refused, f'{name} is refused with "{part}"')

    @classmethod
    def sent(cls, name):
        return cls.limpet.metric('limpet_remote_storage_samples_total', remote_name=name)

    @classmethod
    def refuse(cls):
        """Those that are taken at first are refused then; the others have been all along."""
        cls.wait(
            lambda: cls.sent('renewed') and cls.sent('certificate'),
            'what is accepted is delivered',
        )
        cls.wait(lambda: cls.guarded()['health'] == 'up', 'the guarded target is up')
        cls.gateway.withdraw(cls.tokens.token(1))
        cls.gateway.accept(cls.tokens.token(2))
        cls.mutual.trust_only(cls.client_certificates[1])
        for name, part in (
            ('renewed', '401'),
            ('late', 'oauth2'),
            ('certificate', 'certificate'),
            ('redirect', '307'),
            ('proxy_http', '407'),
            ('proxy_https', '407'),
        ):
            cls.wait_error(name, part)
        cls.wait(lambda: len(cls.nginx.scrapes()) >= 4 * TARGETS, 'four scrapes of each target')
        cls.tokens.stop()
        cls.wait(
            lambda: 'oauth2' in cls.guarded()['lastError'], 'a new token is asked for in vain'
        )
        # A proxy that shows what it was sent.
        cls.proxy.out_of_order = True
        cls.proxy.password = PROXY_PASSWORD
        cls.wait(lambda: cls.proxy.answered(502, 'POST'), 'the proxy is out of order')
        cls.wait(lambda: '502' in cls.receivers()['proxy_http'].get('error', ''), 'and that shows')

    @classmethod
    def accept(cls):
        cls.tokens.start()
        cls.late_tokens.start()
        cls.client_files.use(cls.client_certificates[1])
        cls.proxy.out_of_order = False
        cls.sites.set_moved(False)

    @classmethod
    def guarded(cls):
        return next(
            target
            for target in cls.limpet.active_targets()
            if target['labels']['job'] == 'guarded'
        )

    def delivered(self, name):
        result = None

        def arrived():
            nonlocal result
            result = compare(
                self.nginx.scrapes(),
                self.victoria.export(f'{{via="{name}",job="static"}}'),
                moving_page,
                extra_target_labels=('via',),
                until_s=self.until_s,
            )
            return not result.missing and not result.wrong

        wait_until(
            arrived,
            30,
            lambda: f'{name}: {result.summary()}\n{self.receivers()}\n'
            + self.limpet.process.log_tail(),
            interval_s=0.3,
        )
        self.assertEqual(result.unexplained, [])
        self.assertGreaterEqual(result.served, 3 * TARGETS)
        dropped = matching(
            self.limpet.metrics(), 'limpet_remote_storage_samples_dropped_total', remote_name=name
        )
        self.assertEqual(sum(dropped.values()), 0, dropped)

    def test_a_refused_token_is_fetched_anew(self):
        self.delivered('renewed')
        self.assertEqual(self.tokens.issued(), [self.tokens.token(1), self.tokens.token(2)])
        self.assertEqual(self.tokens.refused, [])

    def test_a_token_server_that_is_down_holds_the_samples(self):
        self.delivered('late')
        self.assertIn(f'127.0.0.1:{self.late_tokens.port}', self.errors['late'])
        self.assertEqual(self.late_tokens.issued(), [self.late_tokens.token(1)])

    def test_client_certificates_are_replaced(self):
        self.delivered('certificate')
        self.assertGreater(self.mutual.answers(400, 'FAILED'), 0)

    def test_a_proxy_for_http(self):
        self.delivered('proxy_http')
        requests = [one for one in self.proxy.seen if one.method == 'POST']
        self.assertEqual({one.target for one in requests}, {self.victoria.write_url})
        self.assertIn('proxy authentication required', self.errors['proxy_http'])

    def test_a_proxy_for_https_sees_nothing_but_its_own_password(self):
        self.delivered('proxy_https')
        self.assertGreater(self.proxy.answered(0, 'CONNECT'), 0)
        requests = [one for one in self.proxy.seen if one.method == 'CONNECT']
        self.assertEqual({one.target for one in requests}, {f'127.0.0.1:{self.gateway.port}'})
        heads = ''.join(one.head for one in requests)
        for secret in (STATIC_TOKEN, HEADER_SECRET, FILE_SECRET):
            self.assertNotIn(secret, heads)
        self.assertIn('proxy authentication required', self.errors['proxy_https'])

    def test_a_redirect_is_not_followed(self):
        self.delivered('redirect')
        self.assertIn(
            f'POST 307 "Bearer {STATIC_TOKEN}" "{HEADER_SECRET}"',
            self.sites.requests(self.sites.redirect_port),
        )
        self.assertEqual(self.sites.requests(self.sites.elsewhere_port), [])

    def test_a_scrape_says_who_it_is_too(self):
        wait_until(
            lambda: self.guarded()['health'] == 'up',
            30,
            lambda: f'up with the second token: {self.guarded()}',
        )
        requests = self.sites.requests(self.sites.target_port)
        for status, number in ((200, 1), (401, 1), (200, 2)):
            token = self.tokens.token(number)
            self.assertIn(f'GET {status} "Bearer {token}" "{HEADER_SECRET}"', requests)

    def test_z_no_secret_can_be_read(self):
        shown = ''.join(self.shown) + ''.join(self.limpet.get(path).text for path in PAGES)
        shown += self.limpet.process.log()
        secrets = [
            CLIENT_SECRET,
            LATE_SECRET,
            PROXY_PASSWORD,
            HEADER_SECRET,
            FILE_SECRET,
            STATIC_TOKEN,
            *self.tokens.issued(),
            *self.late_tokens.issued(),
            self.tokens.authorization,
            self.late_tokens.authorization,
            *self.proxy.authorizations(),
        ]
        for secret in secrets:
            for text in spellings(secret):
                self.assertNotIn(text, shown)


if __name__ == '__main__':
    unittest.main()
