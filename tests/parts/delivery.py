"""Holds what arrived at a receiver against what nginx says it served: scrape by scrape, sample by
sample.

The scrapes of a target follow one another, and a sample carries the time its scrape began. So the
samples of one scrape are those of one timestamp between the end of the scrape before it and its own
end.
"""
import dataclasses
import math

from parts import exposition

_TARGET_LABELS = ('instance', 'job', 'namespace', 'pod')
_REPORT = (
    'scrape_duration_seconds',
    'scrape_samples_scraped',
    'scrape_samples_post_metric_relabeling',
    'scrape_series_added',
)
# nginx's clock moves once a turn of its loop, and a scrape's timestamp may be put on the grid of
# its interval
_SLACK_MS = 5


@dataclasses.dataclass
class Comparison:
    served: int = 0
    missing: list = dataclasses.field(
        default_factory=list
    )  # scrapes that were served and have not arrived
    wrong: list = dataclasses.field(
        default_factory=list
    )  # texts: what arrived is not what was served
    unexplained: list = dataclasses.field(
        default_factory=list
    )  # texts: arrived, but nginx served no such scrape

    def summary(self):
        lines = [
            f'{self.served} scrapes served, {len(self.missing)} missing, {len(self.wrong)} wrong, '
            f'{len(self.unexplained)} unexplained'
        ]
        lines += (
            [f'missing: {scrape}' for scrape in self.missing[:5]]
            + self.wrong[:5]
            + self.unexplained[:5]
        )
        return '\n'.join(lines)


def rows_by_address(export, extra_target_labels=()):
    """{address of the target: {timestamp_ms: {series without target labels: value}}}; staleness
    markers left out.
    """
    strip = (*_TARGET_LABELS, *extra_target_labels)
    rows = {}
    for series, samples in export.items():
        labels = dict(series)
        address = labels.get('instance', '').rsplit(':', 1)[0]
        bare = exposition.series(labels, without=strip)
        for timestamp_ms, value in samples:
            if not math.isnan(value):
                rows.setdefault(address, {}).setdefault(timestamp_ms, {}).setdefault(
                    bare, []
                ).append(value)
    return rows


def compare(scrapes, export, page_text, extra_target_labels=(), since_s=0.0, until_s=math.inf):
    """Of every scrape that ended since..until. page_text(number) is what nginx served as that
    page.
    """
    rows = rows_by_address(export, extra_target_labels)
    pages = {}
    by_address = {address: [] for address in rows}
    for scrape in scrapes:
        if since_s <= scrape.end_s <= until_s:
            by_address.setdefault(scrape.address, []).append(scrape)
    result = Comparison()
    for address, served in by_address.items():
        result.served += len(served)
        arrived = sorted(
            timestamp
            for timestamp in rows.get(address, {})
            if since_s * 1000 <= timestamp <= until_s * 1000
        )
        at = 0
        before_ms = -math.inf  # the end of the scrape before
        for scrape in sorted(served, key=lambda scrape: scrape.end_s):
            end_ms = scrape.end_s * 1000
            while at < len(arrived) and arrived[at] < before_ms - _SLACK_MS:
                result.unexplained.append(f'{address} at {arrived[at]}, before {scrape}')
                at += 1
            before_ms = end_ms
            if at == len(arrived) or arrived[at] > end_ms + _SLACK_MS:
                result.missing.append(scrape)
                continue
            timestamp_ms = arrived[at]
            at += 1
            if scrape.page not in pages:
                pages[scrape.page] = exposition.parse(page_text(scrape.page))
            expected = pages[scrape.page] if scrape.status == 200 else {}
            difference = _row_difference(
                rows[address][timestamp_ms], expected, up=scrape.status == 200
            )
            if difference:
                result.wrong.append(
                    f'{scrape} arrived with timestamp {timestamp_ms}: {difference}'
                )
        # the last scrape of all may still be under way: its answer is not in the log yet
        result.unexplained += [
            f'{address} at {timestamp}, after the last'
            for timestamp in arrived[at:]
            if timestamp < until_s * 1000 - 1000
        ]
    return result


def _row_difference(row, expected, up):
    report = {(('__name__', 'up'),): float(up)}
    if up:
        for name in ('scrape_samples_scraped', 'scrape_samples_post_metric_relabeling'):
            report[(('__name__', name),)] = float(len(expected))
    wanted = {**expected, **report}
    allowed = wanted.keys() | {(('__name__', name),) for name in _REPORT}
    problems = []
    for series, value in wanted.items():
        got = row.get(series)
        if got is None:
            problems.append(f'no {dict(series)}')
        elif not all(math.isclose(one, value, rel_tol=1e-11) or one == value for one in got):
            problems.append(f'{dict(series)} is {got}, not {value}')
    problems += [f'{dict(series)} was not served' for series in row if series not in allowed]
    return '; '.join(problems[:3])
