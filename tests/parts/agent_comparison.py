"""Holds what two agents delivered of the same pages against each other, scrape by scrape and bit
for bit.

    histories = [History(sink.raw(), agent, pages) for ...]
    differences(theirs, ours, target, answers, since_ms)      # texts
    metadata_differences(theirs, ours, healthy)               # of /api/v1/targets/metadata

Where limpet is meant to differ from Prometheus 3, and what is compared all the same:
- Of two samples of one series in one scrape Prometheus drops the second only where both are
  spelled alike; else it delivers both with the same timestamp, and a receiver keeps one or refuses
  the request. limpet delivers the first. Compared: the first. A page's own `up` and the like are
  such second samples, too.
- scrape_series_added: Prometheus counts spellings, and remembers what a broken page had in front of
  the break until the next good one; it counts a series with timestamps only once one of its samples
  was taken. Compared: where no spelling changes (the pages see to that, but for altered ones), the
  scrape before was good, and no page of the target has timestamps.
- Where a page breaks off, Prometheus leaves out the staleness markers of the series in front of the
  break, and sends them with the next good page that has not got them. limpet sends them at once, as
  for any scrape that fails. Prometheus also marks series it has never sent. Compared: which series
  that were sent are stale after each good scrape, and that all of Prometheus' markers of a failed
  one are there.
- A line that fails a page is counted as scraped by Prometheus where it fails late: OpenMetrics with
  a wrong end, an empty quoted name, labels that are wrong behind a sample_limit. Compared: the
  counts of other pages.
- A name that is not UTF-8, or one that is wrong and has an empty value, fails a page in limpet also
  where rules drop it. No page has such a series that is dropped.
- Prometheus takes a value right behind a name ("a-1"), in limpet a blank is between them. Such
  pages are left out. So are null bytes, which end a page in Prometheus.
- Blanks in front of a line become a part of the name in Prometheus. Compared: the names without.
- Prometheus keeps the spelling that `le` and `quantile` had under the TYPE a line was first seen
  with; and it takes Go's underscores in them ("1_0"). The pages have neither.
- A sample that is refused for its timestamp makes its series stale in Prometheus with
  track_timestamps_staleness, and so does a timestamp where there was none; in limpet it goes on.
  limpet forgets how new a series' samples were once a page is without it. Compared: with
  timestamps that are good and stay.
- -0 becomes 0 on Prometheus' way to the receiver, as protobuf leaves out what equals 0.
- Samples older than the process are not sent by Prometheus. Compared: newer ones.
- Metadata: Prometheus shows a family for ten scrapes more than a page has it, and what a page that
  breaks off has in front of the break; limpet shows what the last page says that was read to its
  end. Compared: pages that stay as they are; of those that were never read limpet shows nothing.
"""
import collections
import re
import struct

from parts.versioned_pages import OPENMETRICS

STALE = '7ff0000000000002'
_ZERO, _MINUS_ZERO = '0000000000000000', '8000000000000000'
_DURATION = 'scrape_duration_seconds'
_COUNTS = ('scrape_samples_scraped', 'scrape_samples_post_metric_relabeling', 'scrape_series_added')
_NO_BLANK = re.compile(rb'^\s*[a-zA-Z_:][a-zA-Z0-9_:]*[-+.]', re.MULTILINE)
_TIMED = re.compile(rb'^[ \t]*+[^#{\s]*+([ \t]*{.*})?[ \t]++[^\s{]\S*[ \t]+[-+.0-9]', re.MULTILINE)
_LABELS_OF_ALL = ('job', 'target', 'instance')


def has_timestamps(page):
    """Whether a line of it may have a timestamp."""
    return _TIMED.search(page) is not None


def bits(value):
    """A text of its own for each value that the sink tells apart."""
    return STALE if value is None else struct.pack('>d', float(value)).hex()


class History:
    """What one agent delivered of each target: values[target][when] = {series: bits}, where `when`
    is a version of the target's pages or, of samples with timestamps of their own, "at MS";
    stale[target][version] = {series}. The target is the label of that name.
    """

    def __init__(self, raw, agent, pages):
        self.values = collections.defaultdict(lambda: collections.defaultdict(dict))
        self.stale = collections.defaultdict(lambda: collections.defaultdict(set))
        self.times = times = collections.defaultdict(dict)  # {target: {scrape's ms: version}}
        for series, rows in raw.items():
            labels = dict(series)
            if labels['__name__'] == _DURATION:
                target = labels['target']
                times[target] = pages.versions_at(agent, target, [at_ms for at_ms, _ in rows])
        for series, rows in raw.items():
            target = dict(series)['target']
            series = _without_leading_blanks(series)
            events = [(times[target].get(at_ms), at_ms, bits(value)) for at_ms, value in rows]
            self._add(target, series, events, len(pages.versions[target]))

    def _add(self, target, series, events, versions):
        values, stale = self.values[target], self.stale[target]
        is_duration = dict(series)['__name__'] == _DURATION
        was_sent = False
        for i, (version, at_ms, value) in enumerate(events):
            when = f'at {at_ms}' if version is None else version
            if value != STALE:
                was_sent = True
                value = _ZERO if is_duration or value == _MINUS_ZERO else value
                values[when].setdefault(series, value)
            elif version is not None and was_sent:
                until = events[i + 1][0] if i + 1 < len(events) else versions
                for later in range(version, version + 1 if until is None else until):
                    stale[later].add(series)

    def time_of(self, target, version):
        return next((ms for ms, one in self.times[target].items() if one == version), None)

    def own_at(self, target, at_ms):
        """Samples with that timestamp of their own, which by chance is that of the other's scrape."""
        return set(self.values[target].get(f'at {at_ms}', {}).items())

    def report(self, target, version, name):
        """The bits of a report series' value."""
        found = [
            value
            for series, value in self.values[target][version].items()
            if dict(series)['__name__'] == name
        ]
        return found[0] if found else None

    def is_up(self, target, version):
        return self.report(target, version, 'up') != _ZERO


def _is_compared(series, page, up, added_too):
    name = dict(series)['__name__']
    if name not in _COUNTS:
        return True
    if not up and page.content_type == OPENMETRICS:
        return False
    return name != 'scrape_series_added' or added_too


def differences(theirs, ours, target, answers, since_ms):
    """Texts; of the pages between the first and the last, and of own timestamps since then."""
    texts = []
    for history in (theirs, ours):  # Prometheus sends nothing that is older than itself
        for when in [when for when in history.values[target] if isinstance(when, str)]:
            if int(when[3:]) <= since_ms:
                del history.values[target][when]
    timed = any(has_timestamps(answer.body) for answer in answers)
    for version in range(1, len(answers) - 1):
        page = answers[version]
        if _NO_BLANK.search(page.body):
            continue
        before = version - 1
        while before > 0 and not answers[before].body and theirs.is_up(target, before):
            before -= 1  # an answer without a byte changes nothing that is known
        up, was_up = (theirs.is_up(target, at) for at in (version, before))
        altered = any(answer.altered for answer in answers[before : version + 1])
        added_too = was_up and not timed and not altered
        one, two = (
            {
                (series, value)
                for series, value in history.values[target][version].items()
                if _is_compared(series, page, up, added_too)
            }
            for history in (theirs, ours)
        )
        stale, stale_too = (history.stale[target][version] for history in (theirs, ours))
        one |= {(series, STALE) for series in stale - stale_too}
        if up:
            two |= {(series, STALE) for series in stale_too - stale}
        one -= ours.own_at(target, theirs.time_of(target, version))
        two -= theirs.own_at(target, ours.time_of(target, version))
        if one != two:
            texts.append(f'{target}, version {version}: {page}' + _only(one - two, two - one))
    own = [
        {
            (when, series, value)
            for when, rows in history.values[target].items()
            for series, value in rows.items()
            if isinstance(when, str) and not _is_of_end(series)
        }
        for history in (theirs, ours)
    ]
    # Own timestamps may be those of a scrape by chance.
    scraped = {f'at {ms}' for history in (theirs, ours) for ms in history.times[target]}
    for when in sorted({row[0] for row in own[0] ^ own[1]} - scraped):
        one, two = ({row[1:] for row in rows if row[0] == when} for rows in own)
        texts.append(f'{target} {when}:' + _only(one - two, two - one))
    return texts


def metadata_by_target(answer):
    """{target: {metric: (type, help, unit)}} of an answer of /api/v1/targets/metadata."""
    found = collections.defaultdict(dict)
    for row in answer['data']:
        of_target, metric = found[row['target']['target']], row.get('metric', '')
        if metric in of_target:
            raise ValueError(f'{row["target"]} has {metric} twice')
        of_target[metric] = (row['type'], row['help'], row['unit'])
    return found


def metadata_differences(theirs, ours, healthy):
    """Texts; of two such dicts and the targets whose pages are read."""
    texts = []
    for target in sorted({*theirs, *ours}):
        one, two = (
            set(of_target.get(target, {}).items())
            if target in healthy or of_target is ours
            else set()
            for of_target in (theirs, ours)
        )
        if one != two:
            texts.append(f'{target}: only Prometheus {one - two}, only limpet {two - one}')
    return texts


def _without_leading_blanks(series):
    return tuple(
        (name, text.lstrip(' \t') if name == '__name__' else text) for name, text in series
    )


def _is_of_end(series):
    """A sample of a scrape of which not all has arrived."""
    name = dict(series)['__name__']
    return name in ('up', 'last_page') or name.startswith('scrape_')


def _only(theirs, ours):
    """Without the labels that every series of the target has."""
    lines = []
    for agent, rows in (('Prometheus', theirs), ('limpet', ours)):
        for series, value in sorted(rows)[:6]:
            labels = {name: text for name, text in series if name not in _LABELS_OF_ALL}
            number = 'stale' if value == STALE else struct.unpack('>d', bytes.fromhex(value))[0]
            lines.append(f'\n  only {agent}: {labels} {number} ({value})')
    return ''.join(lines)
