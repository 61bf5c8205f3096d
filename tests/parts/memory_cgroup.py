"""A cgroup with a memory limit, for a program that a test starts.

    with MemoryCgroup(64 << 20) as cgroup:
        limpet = Limpet(work, config, prefix=cgroup.prefix())
        ...
        cgroup.kills()      # by the kernel, for want of memory

Where the machine lets nobody make one (no root, no memory controller): NotAvailable.
"""
import os
import pathlib

from parts.process import NotAvailable, wait_until

ROOT = pathlib.Path('/sys/fs/cgroup')


class MemoryCgroup:
    def __init__(self, limit_bytes):
        self.limit_bytes = limit_bytes
        self.version = 1 if (ROOT / 'memory' / 'memory.limit_in_bytes').exists() else 2
        parent = ROOT / 'memory' if self.version == 1 else ROOT
        self.directory = parent / f'limpet-test-{os.getpid()}'

    def __enter__(self):
        limit_file = 'memory.limit_in_bytes' if self.version == 1 else 'memory.max'
        try:
            self.directory.mkdir()
            (self.directory / limit_file).write_text(str(self.limit_bytes))
        except OSError as error:
            self.__exit__()
            raise NotAvailable(f'a cgroup with a memory limit: {error}') from None
        return self

    def __exit__(self, *_):
        """Its programs must have ended."""

        def removed():
            try:
                self.directory.rmdir()
            except FileNotFoundError:
                return True
            except OSError:
                return False
            return True

        wait_until(removed, 10, f'{self.directory} is empty')

    def prefix(self):
        """In front of a program: it is in the cgroup before it begins."""
        return ['sh', '-c', f'echo $$ >{self.directory}/cgroup.procs && exec "$0" "$@"']

    def kills(self):
        name = 'memory.oom_control' if self.version == 1 else 'memory.events'
        for line in (self.directory / name).read_text().splitlines():
            key, _, value = line.partition(' ')
            if key == 'oom_kill':
                return int(value)
        return 0
