"""Metrics pages that say odd things of their metrics: what TYPE, HELP and UNIT lines there are, where
they stand, and how they are spelled.

metadata_pages() gives {name: Answer}; all of them can be read.
"""
from parts.protobuf_target import (
    CONTENT_TYPE,
    COUNTER,
    GAUGE,
    UNTYPED,
    counter,
    family,
    gauge,
    metric,
    untyped,
)
from parts.versioned_pages import OPENMETRICS, TEXT, Answer

_KINDS = 'counter gauge histogram gaugehistogram summary info stateset unknown'.split()
_TEXT = {
    'escapes': r'''# HELP a \\ \n \" \t \x \
# TYPE a gauge
a 1
# HELP b\nx
b 1
''',
    'blanks': '#\tTYPE\ta\tgauge\n# HELP a\tx y\t\n#  HELP  b   two  \n#TYPE c gauge\n# HELP d\td\n',
    'without_samples': '# TYPE a counter\n# HELP b only\n# TYPE c_total counter\n# TYPE d untyped\n',
    'behind_samples': 'a 1\n# HELP a x\nb 1\n# TYPE b gauge',
    'contradictions': '# TYPE a counter\n# TYPE a gauge\n# HELP a one\na 1\n# HELP a two\n'
    '# TYPE b counter\nb 1\n# TYPE a untyped\n# HELP b\n',
    'parts': '# TYPE h histogram\nh_bucket{le="1"} 1\n# HELP h_bucket x\n# TYPE h_sum gauge\nh_sum 1\n',
    'utf8': '# TYPE "a.b" counter\n# HELP "a.b" x\n{"a.b"} 1\n# TYPE "q\\"uo\\\\te" gauge\n'
    '# HELP "日本" ü\n# HELP "plain" y\nplain 1\n# HELP plain z\n# HELP "two\nlines" x\n',
    'no_text': '# HELP a\n# HELP b \n# HELP c  \n# HELP c{x="1"} y\n# HELP d:e x\n# HELP e-f x\n',
    'unit': '# UNIT a_s s\n# TYPE a_s gauge\na_s 1\n',
    'report_names': '# TYPE up counter\n# HELP up theirs\nup 1\n',
    'carriage_return': '# HELP a x\r\na 1\n',
    'long': '# HELP a ' + 'x' * 100_000 + '\na 1\n',
    'many': ''.join(f'# HELP m{i} {i}\n# TYPE m{i} gauge\n' for i in range(300)),
    'relabelled': '# TYPE gone counter\n# HELP gone x\ngone 1\n',
}
_OPENMETRICS = {
    'counters': '# TYPE a counter\n# HELP a x\n# UNIT a \na_total 1\na_created 1\n# TYPE b_total counter\n'
    'b_total 1\n# TYPE c_s counter\n# UNIT c_s s\nc_s_total 1\n',
    'kinds': ''.join(f'# TYPE {kind} {kind}\n' for kind in _KINDS),
    'escapes': '# HELP a \\\\ \\n \\" \\t \\x\na 1\n# HELP b  two  \n',
    'contradictions': '# TYPE a counter\n# TYPE a gauge\n# UNIT a_s s\na 1\n# TYPE a info\n# UNIT a_s \n',
    'utf8': '# TYPE "a.b_s" counter\n# UNIT "a.b_s" s\n# HELP "a.b_s" ü\n{"a.b_s_total"} 1\n'
    '# TYPE "q\\"uo\\\\te" gauge\n',
    'behind_samples': 'a 1\n# HELP a x\nb 1\n# TYPE b gauge\n',
}
_PROTOBUF = {
    'counter': family('a_total', COUNTER, metric(counter(1)), help_text='Of \\ "a"\nand more.'),
    'units': family('a_s', GAUGE, metric(gauge(1)), unit='s')
    + family('b_s_total', COUNTER, metric(counter(1)), unit='s'),
    'untyped': family('日本.x', UNTYPED, metric(untyped(1)), help_text='ü'),
    'without_metrics': family('a', GAUGE, help_text='x') + family('b', GAUGE, metric(gauge(1))),
    'twice': family('a', GAUGE, metric(gauge(1)), help_text='one')
    + family('a', COUNTER, metric(counter(1), x='1')),
}


def metadata_pages():
    pages = {f'text_{name}': Answer(page.encode(), TEXT) for name, page in _TEXT.items()}
    for name, page in _OPENMETRICS.items():
        pages[f'om_{name}'] = Answer(page.encode() + b'# EOF\n', OPENMETRICS)
    return pages | {f'pb_{name}': Answer(page, CONTENT_TYPE) for name, page in _PROTOBUF.items()}
