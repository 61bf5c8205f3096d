"""Metrics pages about which readers of the formats may differ: each by itself, as it was written
down.

text_pages() and openmetrics_pages() give {name: [page, ...]}, scraped one after the other.
"""

_NUMBERS = (
    '0 -0 +0 1. .5 5e-324 2.2250738585072011e-308 1e-400 -1e-400 1.7976931348623157e308 1e22 1e23 '
    '9007199254740993 0.1 123456789012345678901234567890 1E5 1e+05 0000000000000000000001 '
    '0.000000000000000000000000000000000000001e39 NaN nan NAN +Inf -Inf Inf inf INF infinity +infinity'
).split()
_NO_NUMBERS = (
    '1e309 -1e309 0x1p4 0x10 0X1P-2 1_000 1e 1e+ . + - +-1 --1 -nan +nan Infinit 1.2.3 one 1f 1,5 '
    '0b1 0o7 ٣'
).split()
_BOUNDS = '0 1 1.0 +1 1e0 1e5 1e6 100000 1000000 0.00001 0.0001 -0 +Inf Inf inf -Inf NaN x 0x1'
# Behind "a 1 ": in milliseconds, and in seconds of OpenMetrics.
_TIMES = (
    '0 -0 00 1 -1 +1 +0 -1.5 1.5 1. .5 1e3 1E3 -1e3 1e 0x10 1_000 NaN nan +NaN Inf +Inf -Inf infinity '
    '9223372036854775807 9223372036854775808 -9223372036854775808 -9223372036854775809 '
    '99999999999999999999 9223372036854775.807 9223372036854775.808 -9223372036854775.9 9.3e15 -9.3e15 '
    '1e300 -1e300 1e400 1e-400 - + . one 1;2 ٣'
).split()
_GOOD_LINES = {
    'no_final_newline': 'a 1\nb 2',
    'only_a_newline': '\n',
    'only_a_comment': '# nothing',
    'blank_lines': '\n\n  \n\t\na 1\n\n \nb 2\n\n',
    'blanks': ' a 1\n\tb\t2\t\n  c { x = "1" , y="2" }  3  \nd{} 4\ne{ } 5\n',
    'commas': 'a{x="1",} 1\nb{x="1" ,} 2\nc{x="1"y="2"} 3\nd{x="1" y="2"} 4\n',
    'escapes': r'a{x="\\\\",y="\"",z="\n",w="\t\a",v="\\n"} 1' + '\n',
    'raw_newline': 'a{x="1\n2"} 1\n',
    'utf8_values': 'a{x="Ünïcödé",y="日本",z="\U0001f600"} 1\n',
    'utf8_names': '{"a.b"} 1\n{"a.b","x.y"="1"} 2\n{"日本",x="1"} 3\nc{"x.y"="1"} 4\n{x="1","d.e"} 5\n',
    'utf8_metadata': '# TYPE "a.b" counter\n# HELP "a.b" Of it.\n{"a.b"} 1\n',
    'metadata_twice': '# TYPE a counter\n# TYPE a gauge\n# HELP a one\n# HELP a two\na 1\n',
    'metadata_late': 'a 1\n# TYPE a counter\nb 2\n# HELP b\n',
    'metadata_blanks': '#  TYPE   a   gauge\n#\tHELP\ta\ttext\na 1\n#TYPE a x\n#HELP\nb 1\n',
    'comments': '#\n#x\n# x\n# TYPES a x\n# EOF\n# UNIT a s\n##\na 1\n',
    'duplicates': 'a 1\na 2\nb{x="1",y="2"} 3\nb{x="1",y="2"} 4\nc{x=""} 5\nc{x=""} 6\n',
    'report_names': 'up{x="1"} 7\nscrape_duration_seconds{x="1"} 7\nscrape_samples_scraped{x="1"} 7\n',
    'own_labels': 'a{job="theirs",instance="theirs",cell="theirs",exported_cell="e"} 1\n'
    'b{exported_job="1",exported_exported_job="2",job="3"} 2\n'
    'c{job="",cell=""} 3\nd{exported_job="x"} 4\n',
    'bounds': '# TYPE h histogram\n'
    + ''.join(f'h_bucket{{n="{i}",le="{le}"}} 1\n' for i, le in enumerate(_BOUNDS.split()))
    + 'h_sum 1\nh_count 1\n# TYPE s summary\ns{quantile="1"} 1\ns{quantile="0.50"} 1\ns{le="1"} 2\n'
    + '# TYPE g gauge\ng{le="1",quantile="1"} 1\n',
    'numbers': ''.join(f'n{{n="{i}"}} {number}\n' for i, number in enumerate(_NUMBERS)),
    'dashes': 'a:b:c 1\n:a 2\n_ 3\n__ 4\na{_="1",__x="2"} 5\n',
    'name_label': 'a{__name__="b"} 1\n',
    'nulls': 'a{x="1\0"} 1\n',
    'other_blanks': 'a{x="\u00a0\v\f"} 1\n',
    'long_name': 'a' * 5000 + '{' + 'x' * 5000 + '="' + 'y' * 20000 + '"} 1\n',
    'many_labels': 'a{' + ','.join(f'x{i}="{i}"' for i in range(300)) + '} 1\n',
}
_BAD_LINES = {
    'no_value': 'a\n',
    'no_value_blank': 'a \n',
    'no_name': '{x="1"} 1\n',
    'label_twice': 'a{x="1",x="2"} 1\n',
    'label_twice_in_one_dropped': 'd:e{x="1",x="2"} 1\nd:f{__name__="y"} 1\na 1\n',
    'empty_label_name_in_one_dropped': 'd:e{""="x"} 1\na 1\n',
    'two_names': 'a{"b"} 1\n',
    'no_brace': 'a{x="1" 1\n',
    'no_quote': 'a{x="1} 1\n',
    'no_equals': 'a{x} 1\n',
    'commas_only': 'a{,} 1\n',
    'two_commas': 'a{x="1",,y="2"} 1\n',
    'first_comma': 'a{,x="1"} 1\n',
    'digit_name': '1a 1\n',
    'dash_name': 'a-b 1\n',
    'dot_name': 'a.b 1\n',
    'colon_label': 'a{x:y="1"} 1\n',
    'single_quotes': "a{x='1'} 1\n",
    'two_braces': 'a{}{} 1\n',
    'carriage_return': 'a 1\r\nb 2\r\n',
    'byte_order_mark': '\ufeffa 1\n',
    'nul': 'a\0 1\n',
    'form_feed': 'a\f1\n',
    'bad_type': '# TYPE a thing\na 1\n',
    'no_type': '# TYPE a\na 1\n',
    'openmetrics_type': '# TYPE a info\na 1\n',
    'type_blank_behind': '# TYPE a counter \na 1\n',
    'type_without_name': '# TYPE 1 counter\na 1\n',
    'unfinished_comment': 'a 1\n# TYPE a',
    'fraction_of_ms': 'a 1 1.5\n',
    'exemplar': 'a 1 # {x="1"} 2\n',
    'three_numbers': 'a 1 2 3\n',
    'html': '<html><body>a 1</body></html>\n',
}
_BAD_BYTES = {
    'not_utf8_value': b'a{x="\xff"} 1\n',
    'not_utf8_name': b'{"\xff"} 1\n',
    'not_utf8_label_name': b'a{"\xff"="1"} 1\n',
    'not_utf8_comment': b'# \xff\na 1\n',
    'not_utf8_help': b'# HELP a \xff\na 1\n',
    'surrogate': b'a{x="\xed\xa0\x80"} 1\n',
    'overlong': b'a{x="\xc0\xaf"} 1\n',
    'beyond_unicode': b'a{x="\xf4\x90\x80\x80"} 1\n',
}


def text_pages():
    pages = {name: [page.encode()] for name, page in {**_GOOD_LINES, **_BAD_LINES}.items()}
    pages |= {name: [page] for name, page in _BAD_BYTES.items()}
    for i, number in enumerate(_NO_NUMBERS):
        pages[f'no_number_{i}'] = [f'a 1\nb {number}\nc 2\n'.encode()]
    for i, time in enumerate(_TIMES):
        pages[f'time_{i}'] = [f'a 1 {time}\nb 1\n'.encode()]
    pages['comings_and_goings'] = [b'a 1\nb 1\n', b'a 2\n', b'b 2\na 2\n', b'', b'a 3\n', b'b 3\na']
    pages['comings_and_goings'] += [
        b'a 4\nb 4\n',
        b'c 5\n',
        b'# TYPE c gauge\nc 5\n',
        b'b 4\nc 5\n',
    ]
    return pages


_OM_GOOD = {
    'counter': '# TYPE a counter\n# HELP a Text.\na_total 1\na_created 1.5\n# EOF\n',
    'no_newline_behind_eof': 'a 1\n# EOF',
    'nothing_but_eof': '# EOF\n',
    'unit': '# TYPE a_seconds gauge\n# UNIT a_seconds seconds\na_seconds 1\n# EOF\n',
    'exemplars': 'a_total 1 # {} 1\nb_total 2 # {x="1",y="2"} 2 3.5\nc 3 4000000000.5\n# EOF\n',
    'types': ''.join(
        f'# TYPE {kind}_x {kind}\n{kind}_x 1\n'
        for kind in 'counter gauge histogram gaugehistogram summary info stateset unknown'.split()
    )
    + '# EOF\n',
    'bounds': '# TYPE h histogram\nh_bucket{le="1"} 1\nh_bucket{le="+Inf"} 2\nh_count 2\nh_sum 3\n'
    '# TYPE s summary\ns{quantile="0.50"} 1\n# EOF\n',
    'utf8_names': '# TYPE "a.b" gauge\n{"a.b","x.y"="1"} 2\n# EOF\n',
    'escapes': r'a{x="\\\\",y="\"",z="\n"} 1' + '\n# EOF\n',
    'same_series': 'a 1\na 2\nb{x=""} 1\nb{x=""} 2\n# EOF\n',
    'last_comma': 'a{x="1",} 1\n# EOF\n',
    'empty_braces': 'a{} 1\n# EOF\n',
    'empty_help': '# HELP a \na 1\n# EOF\n',
    'numbers': ''.join(f'n{{n="{i}"}} {number}\n' for i, number in enumerate(_NUMBERS)) + '# EOF\n',
}
_OM_BAD = {
    'empty': ' ',
    'no_eof': 'a 1\n',
    'behind_eof': '# EOF\na 1\n',
    'newline_behind_eof': '# EOF\n\n',
    'two_eofs': 'a 1\n# EOF\n# EOF\n',
    'blank_line': 'a 1\n\nb 1\n# EOF\n',
    'free_comment': '# x\na 1\n# EOF\n',
    'two_blanks': 'a  1\n# EOF\n',
    'tab': 'a\t1\n# EOF\n',
    'blank_at_the_end': 'a 1 \n# EOF\n',
    'blank_in_front': ' a 1\n# EOF\n',
    'blank_behind_brace': 'a{ x="1"} 1\n# EOF\n',
    'untyped': '# TYPE a untyped\na 1\n# EOF\n',
    'wrong_unit': '# UNIT a seconds\na 1\n# EOF\n',
    'unit_without_type': '# UNIT a_seconds bytes\na_seconds 1\n# EOF\n',
    'carriage_return': 'a 1\r\n# EOF\r\n',
    'infinite_time': 'a 1 +Inf\n# EOF\n',
    'no_time': 'a 1 NaN\n# EOF\n',
    'exemplar_without_value': 'a 1 # {x="1"}\n# EOF\n',
    'exemplar_without_braces': 'a 1 # 1\n# EOF\n',
    'exemplar_infinite_time': 'a 1 # {} 1 Inf\n# EOF\n',
    'label_twice': 'a{x="1",x="2"} 1\n# EOF\n',
    'label_twice_in_one_dropped': 'd:e{x="1",x="2"} 1\na 1\n# EOF\n',
    'raw_newline': 'a{x="1\n2"} 1\n# EOF\n',
    'lower_eof': 'a 1\n# eof\n',
    'short_eof': 'a 1\n#EOF\n',
    'blank_eof': 'a 1\n# EOF \n',
    'type_without_text': '# TYPE a\na 1\n# EOF\n',
    'help_without_text': '# HELP a\na 1\n# EOF\n',
}


def openmetrics_pages():
    pages = {name: [page.encode()] for name, page in {**_OM_GOOD, **_OM_BAD}.items()}
    for i, number in enumerate(_NO_NUMBERS):
        pages[f'no_number_{i}'] = [f'a 1\nb {number}\nc 2\n# EOF\n'.encode()]
    for i, time in enumerate(_TIMES):
        pages[f'time_{i}'] = [f'a 1 {time}\nb 1 # {{}} 1 {time}\n# EOF\n'.encode()]
    return pages


def pages_with_timestamps(now_ms, openmetrics=False):
    """A sequence: own timestamps that come, ascend, stand still, go back, lie ahead, and go."""

    def page(*lines):
        text = ''
        for name, ahead_ms in lines:
            ms = now_ms + (ahead_ms or 0)
            stamp = f' {ms // 1000}.{ms % 1000:03d}' if openmetrics else f' {ms}'
            text += name + ' 1' + ('' if ahead_ms is None else stamp) + '\n'
        return (text + '# EOF\n' * openmetrics).encode()

    return [
        page(('a', 100), ('b', None)),
        page(('a', 200), ('b', None)),
        page(('a', 200), ('b', None)),
        page(('a', 150), ('b', None)),
        page(('a', 300), ('b', None), ('a', 310), ('a', 305)),
        page(('a', 320), ('a', 320), ('b', None)),
        page(('a', 3_600_000), ('b', None)),
        page(('a', 400), ('b', None)),
        page(('b', None)),
        b'' if not openmetrics else b'# EOF\n',
        page(('a', 900), ('b', None)),
        b'}',
        page(('a', 900), ('b', None)),
        page(('a', 1000), ('b', None)),
        page(('a', 300_000), ('b', None)),
    ]
