"""The command line: what is printed, and the exit codes that scripts rely on.

Run: cd tests && python3 -m unittest -v integration.command_line_test
"""
import pathlib
import tempfile
import unittest

from parts.limpet import Limpet, run_limpet

GOOD = """
global:
  scrape_interval: 15s
scrape_configs:
- job_name: pods
  kubernetes_sd_configs:
  - role: pod
remote_write:
- url: https://${RECEIVER}/api/v1/write
"""

BAD = """
global:
  scrape_interval: soon
scrape_configs:
- job_name: one
  job_name: two
- job_name: three
  relabel_configs:
  - regex: "("
  colour: blue
remote_write:
- url: nowhere
"""


class CommandLineTest(unittest.TestCase):
    def setUp(self):
        self.directory = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    def write(self, text):
        path = self.directory / 'limpet.yml'
        path.write_text(text)
        return path

    def test_version_and_help(self):
        version = run_limpet('--version')
        self.assertEqual(version.returncode, 0)
        self.assertRegex(version.stdout, r'\d+\.\d+\.\d+')
        help_text = run_limpet('--help')
        self.assertEqual(help_text.returncode, 0)
        for flag in (
            '--config.file',
            '--storage.path',
            '--web.listen-address',
            '--log.level',
            '--log.format',
            'check-config',
        ):
            self.assertIn(flag, help_text.stdout)

    def test_an_unknown_flag_is_refused(self):
        result = run_limpet('--config.flie=x')
        self.assertNotEqual(result.returncode, 0)
        self.assertIn('config.flie', result.stdout + result.stderr)

    def test_check_config_takes_a_good_file(self):
        path = self.write(GOOD.replace('${RECEIVER}', 'receiver.example'))
        result = run_limpet('check-config', path)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_check_config_names_every_error_with_its_place(self):
        path = self.write(BAD)
        result = run_limpet('check-config', path)
        said = result.stdout + result.stderr
        self.assertEqual(result.returncode, 1, said)
        for place, about in (
            (3, 'soon'),
            (6, 'job_name'),
            (9, r'\('),
            (10, 'colour'),
            (12, 'url|nowhere'),
        ):
            self.assertRegex(said, rf'limpet\.yml:{place}:\d+: .*(?:{about})')

    def test_check_config_without_the_file(self):
        result = run_limpet('check-config', self.directory / 'absent.yml')
        self.assertEqual(result.returncode, 1)
        self.assertIn('absent.yml', result.stdout + result.stderr)

    def test_a_bad_file_is_refused_at_start(self):
        limpet = self.enterContext(Limpet(self.directory, BAD))
        self.assertEqual(limpet.process.wait(20), 1)
        self.assertIn('colour', limpet.process.log())

    def test_a_shard_that_there_is_not_is_refused_at_start(self):
        path = self.write(GOOD.replace('${RECEIVER}', 'receiver.example'))
        for flags, env, about in (
            (['--shards=0'], {}, 'expected a number from 1 to 1024'),
            (['--shards=2'], {}, '--shard is missing'),
            (['--shards=2', '--shard=limpet-2'], {}, 'has shards 0 to 1'),
            ([], {'LIMPET_SHARDS': '2', 'LIMPET_SHARD': 'x'}, 'expected a number or a name'),
        ):
            with self.subTest(flags=flags, env=env):
                result = run_limpet(
                    f'--config.file={path}',
                    f'--storage.path={self.directory / "storage"}',
                    *flags,
                    env=env,
                )
                self.assertEqual(result.returncode, 2)
                self.assertIn(about, result.stderr)

    def test_a_lease_that_cannot_be_is_refused_at_start(self):
        path = self.write(GOOD.replace('${RECEIVER}', 'receiver.example'))
        election = '--leader-election'
        for flags, about in (
            ([f'{election}.lease=Limpet'], r'lease: expected a Kubernetes name .* "Limpet"'),
            ([f'{election}.lease=a/b'], r'lease: expected a Kubernetes name'),
            ([f'{election}.namespace=a.b'], r'namespace: expected a Kubernetes name'),
            ([f'{election}.identity=a b'], r'identity: expected 1 to 256 printable'),
            ([f'{election}.lease-duration=soon'], r'lease-duration: '),
            ([f'{election}.lease-duration=1500ms'], r'lease-duration: must be whole seconds'),
            ([f'{election}.renew-deadline=15s'], r'renew-deadline: must be less than lease-dur'),
            ([f'{election}.retry-period=9s'], r'retry-period: must be less than renew-deadline'),
        ):
            with self.subTest(flags=flags):
                storage = f'--storage.path={self.directory / "storage"}'
                files = [f'--config.file={path}', storage]
                result = run_limpet(*files, election, *flags)
                self.assertEqual(result.returncode, 2, result.stderr)
                self.assertRegex(result.stderr, rf'--leader-election\.{about}')
                alone = run_limpet(*files, *flags)
                self.assertNotEqual(alone.returncode, 0)
                self.assertIn('--leader-election', alone.stdout + alone.stderr)

    def test_the_environment_is_used_only_when_asked_for(self):
        path = self.write(GOOD)
        env = {'RECEIVER': 'receiver.example'}
        self.assertEqual(
            run_limpet('--config.expand-env', 'check-config', path, env=env).returncode, 0
        )
        unset = run_limpet('--config.expand-env', 'check-config', path)
        self.assertEqual(unset.returncode, 1)
        self.assertIn('RECEIVER', unset.stdout + unset.stderr)


if __name__ == '__main__':
    unittest.main()
