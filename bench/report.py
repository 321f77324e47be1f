"""What was measured: a table for the terminal, JSON for programs, and a picture."""

import dataclasses
import datetime
import html
import json
import os
import platform
import statistics
import subprocess
import sys
import typing

import lab


@dataclasses.dataclass
class Row:
    """One thing that is measured, of us and of others.

    goal: what our figure must be as a multiple of the best peer's; with `is_absolute`, what it must be itself.
        At least that where more is better, else at most.
    contenders: makes the contenders, given the lab and the time that a measurement may take
    operation: what processor time is counted for
    """
    name: str
    title: str
    unit: str
    contenders: typing.Callable
    goal: float = None
    is_absolute: bool = False
    more_is_better: bool = True
    operation: str = "request"


@dataclasses.dataclass
class Measured:
    """One measurement.

    value: the figure, in the unit of the row
    operations: how many the processor time is divided by, with those of the warm-up
    p99: milliseconds that 99 of 100 operations took at most
    """
    value: float
    operations: float = None
    p99: float = None


class Paced:
    """Turns a measurement of so many requests into one of so many seconds, by the rate of the one before.

    run: does that many requests, and returns what it measured: how many it did a second
    """

    def __init__(self, run, seconds, guess):
        self.run, self.seconds, self.rate = run, seconds, guess

    def __call__(self):
        measured = self.run(max(200, int(self.rate * self.seconds)))
        self.rate = measured.value
        return measured


@dataclasses.dataclass
class Contender:
    """One program in a row.

    measure: takes one measurement, and returns it as Measured or as a number
    counts: whether the goal compares with it; what is only shown for orientation does not
    goal: what our figure must be as a multiple of this one's, in a row that has no goal for all
    servers: processes whose processor time is the server's; the client's is ours and that of what we run
    parts: names of these processes, if each is to be shown by itself
    warm_ups: measurements before those that count: the first find cold caches and code that is not compiled
    """
    name: str
    measure: typing.Callable
    is_ours: bool = False
    counts: bool = True
    goal: float = None
    servers: list = ()
    parts: list = ()
    warm_ups: int = 1
    values: list = dataclasses.field(default_factory=list)
    p99s: list = dataclasses.field(default_factory=list)
    server_micros: list = dataclasses.field(default_factory=list)
    client_micros: list = dataclasses.field(default_factory=list)
    part_micros: list = dataclasses.field(default_factory=list)

    @property
    def median(self):
        return statistics.median(self.values)

    def take(self):
        """Measures once, with the processor time of an operation."""
        servers, client = self._server_seconds(), lab.client_seconds()
        measured = self.measure()
        if not isinstance(measured, Measured):
            measured = Measured(measured)
        self.values.append(measured.value)
        if measured.p99 is not None:
            self.p99s.append(measured.p99)
        if measured.operations:
            self.client_micros.append((lab.client_seconds() - client) / measured.operations * 1e6)
            micros = [(after - before) / measured.operations * 1e6
                      for before, after in zip(servers, self._server_seconds())]
            if micros:
                self.server_micros.append(sum(micros))
                self.part_micros.append(micros)

    def _server_seconds(self):
        return [lab.processor_seconds(each.pid) for each in self.servers]

    def costs_of_parts(self):
        """The median processor time of an operation, in microseconds, by the names of the processes."""
        return {name: statistics.median(each) for name, each in zip(self.parts, zip(*self.part_micros))}


def run(description, rows):
    """The whole benchmark: reads the command line, measures, reports.

    Returns: the exit status
    """
    given = lab.arguments(description, rows)
    results, status = [], 0
    try:
        for row in rows:
            if not given.row or row.name in given.row:
                try:
                    with lab.Lab() as place:
                        results.append((row, _measure(row, place, given)))
                    print(_table(*results[-1]), flush=True)
                except lab.Failure as failure:
                    sys.stderr.write(f"{row.name}: {failure}\n")
                    status = 2
    except KeyboardInterrupt:
        return 130
    if results:
        name = os.path.basename(description.split(":")[0])
        print(f"\nwritten: {_write(name, given, results)}")
    return status


def _measure(row, place, given):
    contenders = row.contenders(place, given.seconds)
    for contender in contenders:
        for _ in range(contender.warm_ups):
            contender.measure()
    for turn in range(given.rounds):
        # Who goes first changes, so that nobody always runs after the same neighbour.
        first = turn % len(contenders) if contenders else 0
        for contender in contenders[first:] + contenders[:first]:
            contender.take()
            sys.stderr.write(f"{row.name} {turn + 1}/{given.rounds} {contender.name}: "
                                 f"{_figure(contender.values[-1])} {row.unit}\n")
    return contenders


def ratio(row, contenders):
    """Our figure as a multiple of the best peer's, medians of both; None if one is missing."""
    ours = [each for each in contenders if each.is_ours and each.counts]
    peers = [each.median for each in contenders if not each.is_ours and each.counts]
    if not ours or not peers:
        return None
    best = max(peers) if row.more_is_better else min(peers)
    return ours[0].median / best if best else None


def _verdict(row, contenders):
    """How the row ended in words, and whether its goal is met (None without one)."""
    ours = next((each for each in contenders if each.is_ours and each.counts), None)
    if ours is None:
        return "cipherlink does not offer this", None
    peers = [each for each in contenders if each.goal]
    if peers:
        ratios = [(ours.median / each.median, each) for each in peers]
        return ("; ".join(f"{_figure(reached)} x {each.name}, goal: at least {_figure(each.goal)}: "
                          f"{'met' if reached >= each.goal else 'MISSED'}" for reached, each in ratios),
                all(reached >= each.goal for reached, each in ratios))
    reached = ours.median if row.is_absolute else ratio(row, contenders)
    if reached is None or row.goal is None:
        return "", None
    is_met = reached >= row.goal if row.more_is_better else reached <= row.goal
    unit = f" {row.unit}" if row.is_absolute else " x the best peer"
    return (f"{_figure(reached)}{unit}; goal: {'at least' if row.more_is_better else 'at most'} "
            f"{_figure(row.goal)}: {'met' if is_met else 'MISSED'}"), is_met


def _figure(number):
    if number >= 1000:
        return f"{number:,.0f}"
    return f"{number:.3g}" if number < 100 else f"{number:.0f}"


def _table(row, contenders):
    width = max([len(each.name) for each in contenders] + [10])
    columns = [("min", lambda each: min(each.values)), ("median", lambda each: each.median),
               ("max", lambda each: max(each.values))]
    for title, name in COSTS.items():
        if any(getattr(each, name) for each in contenders):
            columns.append((title.replace("OPERATION", row.operation),
                            lambda each, name=name: _median_or_none(getattr(each, name))))
    wide = [max(12, len(title) + 2) for title, _ in columns]
    lines = [f"\n{row.title} [{row.name}], {row.unit}",
             f"  {'':{width}}" + "".join(f"{title:>{size}}" for (title, _), size in zip(columns, wide))]
    for each in contenders:
        figures = [figure(each) for _, figure in columns]
        lines.append(f"  {each.name:{width}}" + "".join(
            f"{'-' if value is None else _figure(value):>{size}}" for value, size in zip(figures, wide)))
    for each in contenders:
        if each.parts and each.part_micros:
            lines.append(f"  {each.name}, us/{row.operation}: "
                         + ", ".join(f"{name} {_figure(cost)}" for name, cost in each.costs_of_parts().items()))
    lines.append(f"  {_verdict(row, contenders)[0]}".rstrip())
    return "\n".join(lines)


COSTS = {"p99 ms": "p99s", "server us/OPERATION": "server_micros", "client us/OPERATION": "client_micros"}


def _median_or_none(values):
    return statistics.median(values) if values else None


def _write(name, given, results):
    given.output.mkdir(parents=True, exist_ok=True)
    data = {
        "when": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "revision": subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=lab.PROJECT, capture_output=True,
                                   text=True).stdout.strip(),
        "machine": {"cpus": os.cpu_count(), "system": platform.platform(), "load": os.getloadavg()[0]},
        "rounds": given.rounds,
        "seconds": given.seconds,
        "rows": [{
            "name": row.name, "title": row.title, "unit": row.unit, "goal": row.goal,
            "goal_is_absolute": row.is_absolute, "more_is_better": row.more_is_better,
            "operation": row.operation, "ratio": ratio(row, contenders), "met": _verdict(row, contenders)[1],
            "contenders": [{"name": each.name, "ours": each.is_ours, "min": min(each.values), "median": each.median,
                            "max": max(each.values), "values": each.values, "goal": each.goal,
                            "p99_ms": _median_or_none(each.p99s), "parts_us": each.costs_of_parts(),
                            "server_us": _median_or_none(each.server_micros),
                            "client_us": _median_or_none(each.client_micros)} for each in contenders],
        } for row, contenders in results],
    }
    figures, picture = given.output / f"{name}.json", given.output / f"{name}.svg"
    figures.write_text(json.dumps(data, indent=2) + "\n")
    picture.write_text(_picture(name, data))
    return f"{figures}, {picture}"


STYLE = """
  .paper { fill: #ffffff } text { fill: #1f2328; font: 13px system-ui, sans-serif }
  .title { font-weight: 600 } .small { font-size: 11px; fill: #59636e } .number { text-anchor: end }
  .ours { fill: #0969da } .peer { fill: #afb8c1 } .span { stroke: #59636e; stroke-width: 1.5 }
  @media (prefers-color-scheme: dark) {
    .paper { fill: #0d1117 } text { fill: #e6edf3 } .small { fill: #9198a1 }
    .ours { fill: #4493f8 } .peer { fill: #59636e } .span { stroke: #c9d1d9 }
  }
"""


def _picture(name, data):
    """Horizontal bars, one group a row: a bar is the median, the line across its end goes from least to most."""
    left, bars, width, line = 230, 420, 780, 22
    parts, y = [], 30
    parts.append(_text(16, y, f"bench/{name}: cipherlink and others", "title"))
    y += 18
    parts.append(_text(16, y, f"{data['when'][:10]}, {data['machine']['cpus']} cores, revision {data['revision']}, "
                              f"{data['rounds']} rounds in turn; median, with least and most", "small"))
    for row in data["rows"]:
        y += 34
        better = "more is better" if row["more_is_better"] else "less is better"
        parts.append(_text(16, y, row["title"], "title"))
        parts.append(_text(width - 16, y, f"{row['unit']}, {better}", "small number"))
        y += 8
        most = max([each["max"] for each in row["contenders"]] + [1e-12])
        for each in row["contenders"]:
            length, least, last = (bars * each[key] / most for key in ("median", "min", "max"))
            kind = "ours" if each["ours"] else "peer"
            parts.append(_text(left - 10, y + 15, each["name"], "number"))
            parts.append(f'<rect class="{kind}" x="{left}" y="{y + 4}" width="{length:.1f}" height="{line - 8}" rx="2"/>')
            parts.append(f'<path class="span" d="M{left + least:.1f} {y + line / 2}H{left + last:.1f}"/>')
            parts.append(_text(left + last + 8, y + 15, _figure(each["median"]), "small"))
            y += line
    height = y + 24
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
            f'role="img" aria-label="Results of bench/{name}">\n<style>{STYLE}</style>\n'
            f'<rect class="paper" width="{width}" height="{height}"/>\n' + "\n".join(parts) + "\n</svg>\n")


def _text(x, y, words, kind):
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}">{html.escape(words)}</text>'
