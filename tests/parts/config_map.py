"""A directory that changes as a mounted ConfigMap or Secret does.

The kubelet writes a new hidden directory, lets the symbolic link ..data point to it in one rename,
and the files that a program opens are links through ..data: the file's own name never changes.
"""
import itertools
import os
import pathlib
import shutil


class ConfigMap:
    def __init__(self, directory, files):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True)
        self._versions = itertools.count(1)
        self._current = None
        self.update(files)
        for name in files:
            os.symlink(f'..data/{name}', self.directory / name)

    def update(self, files):
        """files: {name: text}."""
        version = self.directory / f'..version_{next(self._versions)}'
        version.mkdir()
        for name, text in files.items():
            (version / name).write_text(text)
        link = self.directory / '..data_tmp'
        os.symlink(version.name, link)
        os.rename(link, self.directory / '..data')
        if self._current:
            shutil.rmtree(self._current)
        self._current = version
