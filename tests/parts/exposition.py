"""Reads metrics pages, and gives a series one spelling by which two sources can be compared.

Enough of the text format for pages that limpet, node_exporter and the tests' own targets write: the
product's parser is in agent/scrape/, and this one shares nothing with it on purpose.
"""
import re

_LINE = re.compile(r'^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})?\s+(\S+)(?:\s+(-?\d+))?\s*$')
_LABEL = re.compile(r'\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*,?')
_ESCAPES = {'\\\\': '\\', '\\"': '"', '\\n': '\n'}


def series(labels, without=()):
    """A series' one spelling: a tuple of its sorted (name, value) pairs, empty values left out."""
    return tuple(
        sorted((name, value) for name, value in labels.items() if value and name not in without)
    )


def parse(text):
    """A page as {series: value}, the metric's name as the label __name__."""
    page = {}
    for line in text.splitlines():
        if not line.strip() or line.startswith('#'):
            continue
        match = _LINE.match(line)
        if not match:
            raise ValueError(f'not a line of the text format: {line!r}')
        name, inside, value, _ = match.groups()
        labels = {'__name__': name}
        for label, quoted in _LABEL.findall(inside or ''):
            labels[label] = re.sub(r'\\[\\"n]', lambda escape: _ESCAPES[escape.group()], quoted)
        page[series(labels)] = float(value)
    return page


def matching(page, name, **labels):
    """The entries of {series: anything} with that name and at least those labels."""
    wanted = {('__name__', name), *labels.items()}
    return {key: value for key, value in page.items() if wanted <= set(key)}


def value(page, name, **labels):
    """The one value with that name and those labels; None where there is none, an error where
    several.
    """
    found = matching(page, name, **labels)
    if len(found) > 1:
        raise ValueError(f'{len(found)} series match {name} {labels}')
    return next(iter(found.values()), None)
