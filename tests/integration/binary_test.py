"""The release binary itself: hardened, with its symbols, and with the command line that the README shows."""
import os
import pathlib
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
LIMPET = pathlib.Path(os.environ.get('LIMPET_BIN', ROOT / 'build/release/limpet'))


def output(*args):
    return subprocess.run([str(arg) for arg in args], check=True, capture_output=True, text=True, timeout=60).stdout


class BinaryTest(unittest.TestCase):
    def test_position_independent(self):
        self.assertIn('DYN (Position-Independent Executable file)', output('readelf', '-h', LIMPET))

    def test_relocations_are_read_only(self):
        self.assertIn('GNU_RELRO', output('readelf', '-lW', LIMPET))
        self.assertIn('NOW', output('readelf', '-dW', LIMPET))

    def test_stack_is_not_executable(self):
        stack = next(line for line in output('readelf', '-lW', LIMPET).splitlines() if 'GNU_STACK' in line)
        self.assertIn(' RW ', stack)

    def test_stack_protector_and_fortified_calls(self):
        symbols = output('readelf', '-W', '--dyn-syms', LIMPET)
        self.assertIn('__stack_chk_fail', symbols)
        self.assertRegex(symbols, r'__\w+_chk@')

    def test_has_what_a_stack_trace_needs(self):
        sections = output('readelf', '-SW', LIMPET)
        for section in ('.symtab', '.eh_frame', '.debug_line'):
            self.assertIn(section, sections)

    def test_version(self):
        self.assertRegex(output(LIMPET, '--version'), r'\d+\.\d+\.\d+')

    def test_help_names_every_flag(self):
        text = output(LIMPET, '--help')
        for flag in ('--config.file', '--storage.path', '--web.listen-address', '--log.level', '--log.format',
                     '--config.expand-env', '--version', 'check-config'):
            self.assertIn(flag, text)

    def test_unknown_flag_is_refused(self):
        answer = subprocess.run([LIMPET, '--nosuch'], capture_output=True, text=True, timeout=60)
        self.assertNotEqual(answer.returncode, 0)
        self.assertIn('--nosuch', answer.stderr)


if __name__ == '__main__':
    unittest.main(verbosity=2)
