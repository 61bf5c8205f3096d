"""Holds the order in which samples arrived at a receiver against the lives of the agent that sent
them: a series' samples come in order of time, and one comes twice only where a kill lies between.
"""
import dataclasses
import math

# a request of a life that has ended may be on its way for a moment
_GRACE_MS = 1000


@dataclasses.dataclass
class Arrivals:
    samples: int = 0
    duplicates: int = 0
    wrong: list = dataclasses.field(default_factory=list)  # texts


def check_arrivals(rows, ends_s):
    """rows: Sink.rows(). ends_s: (the kill, the start after it), of every kill."""
    result = Arrivals()
    for row in rows:
        seen = {}  # timestamp -> (value, when it arrived first)
        newest = -math.inf
        for timestamp, value, arrival in zip(row['timestamps'], row['values'], row['arrivals']):
            result.samples += 1
            if timestamp > newest:
                newest = timestamp
                seen[timestamp] = (value, arrival)
                continue
            result.duplicates += 1
            first = seen.get(timestamp)
            if first is None:
                result.wrong.append(f'{row["metric"]} at {timestamp} came after {newest}')
            elif first[0] != value:
                result.wrong.append(f'{row["metric"]} at {timestamp}: {first[0]}, then {value}')
            elif not any(
                first[1] <= start_s * 1000 + _GRACE_MS and arrival >= kill_s * 1000
                for kill_s, start_s in ends_s
            ):
                result.wrong.append(f'{row["metric"]} at {timestamp} came twice without a kill')
    return result
