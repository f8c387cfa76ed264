"""Figures to the parts of the page as plain text by name; the template does nothing but lay them out."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from deskguard.desk.trace import rendered
from deskguard.i18n import catalogue
from deskguard.night.report import telling
from deskguard.night.report.figures import latest
from deskguard.night.report.items_sheet import score_rows
from deskguard.night.report.lines import left_out, reason_text
from deskguard.scoring.points import points_text
from deskguard.scoring.rates import rate

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from deskguard.night.report.figures import Figures
    from deskguard.scoring.lines import Judged
    from deskguard.scoring.score_values import Score
    from deskguard.scoring.tally import By
    from deskguard.scoring.words import Words

MOST_SHOWN = 2000
"""Findings on the page; a browser gets slow with more."""
MOST_EMBEDDED_BYTES = 20_000_000
"""Of clips inside the page; the others are played from their files."""
MOST_CARDS = 24
"""More people than that are folded away at first."""
_SHOWN_OF_HASH = 12

Part = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sound:
    """Where a player finds its clip."""

    source: str
    is_beside: bool
    """In a file of its own, which must stay beside the page."""


def tiles(figures: Figures) -> list[Part]:
    """The figures at the top."""
    words, totals = figures.told.words, figures.totals
    exposure = totals.exposure
    own = f"{telling.hours(exposure.own_samples):.1f} {words('report.page.unit_hours')}"
    nobody = f"{telling.hours(exposure.not_analysed_samples):.1f}"
    often = telling.rate_text(telling.per_hundred(rate(totals.against, exposure.visits, "visit")), words)
    audio = f"{telling.hours(exposure.audio_samples):.1f}"
    missing = words("report.page.tile_not_analysed", n=len(figures.told.not_analysed), hours=nobody)
    found = [
        _tile("recordings", str(totals.recordings), words("report.page.tile_audio", hours=audio), words),
        _tile("visits", str(exposure.visits), words("report.page.rate_visits", rate=often), words),
        _tile("speech", own, missing, words),
        _tile("counted", str(totals.counted), words("report.page.tile_by_person", n=totals.by_person), words),
        _tile("waiting", str(totals.waiting), words("report.page.tile_of", n=totals.findings), words),
    ]
    if figures.hall:
        hall = figures.hall[-1]
        full = words("report.page.tile_points_of", full=points_text(hall.full))
        confirmed = words("report.page.tile_if_confirmed", points=points_text(hall.points.if_confirmed))
        label = words("report.page.tile_points", period=hall.period.name)
        found.append(
            {
                "name": "points",
                "label": label,
                "value": points_text(hall.points.counted),
                "more": words.joined((full, confirmed)),
            }
        )
    return found


def _tile(name: str, value: str, more: str, words: Words) -> Part:
    return {"name": name, "label": words(f"report.page.tile_{name}"), "value": value, "more": more}


def people(figures: Figures, by: By) -> list[Part]:
    """A card for each window or clerk: the newest period, those before it in a line each."""
    words = figures.told.words
    return [
        {
            **_person(newest, words),
            "earlier": [
                (one.period.name, points_text(one.points.counted), telling.grade_text(one, words))
                for one in before
            ],
        }
        for newest, before in latest(figures.of_card(by))
    ]


def _person(score: Score, words: Words) -> Part:
    basis = score.basis
    hour = basis.per_speech_hour
    heard = f"{telling.hours(basis.exposure.own_samples):.1f}"
    per_hundred = telling.rate_text(telling.per_hundred(basis.per_visit), words)
    per_hour = telling.rate_text((hour.value, hour.low, hour.high), words)
    differs = score.points.counted != score.points.if_confirmed
    confirmed = words("report.page.confirmed_would", points=points_text(score.points.if_confirmed))
    counted = score.by_machine + score.by_person
    return {
        "name": telling.subject_name(score.by, score.subject, words),
        "period": score.period.name,
        "points": points_text(score.points.counted),
        "full": points_text(score.full),
        "grade": telling.grade_text(score, words),
        "confirmed": confirmed if differs else "",
        "counts": words("report.page.counted_waiting", counted=counted, waiting=score.waiting),
        "per_hundred": words("report.page.rate_visits", rate=per_hundred),
        "per_hour": words("report.page.rate_hours", rate=per_hour),
        "heard": words("report.page.visits_heard", visits=basis.exposure.visits, hours=heard),
        "small": words("report.small") if basis.is_small else "",
        "place": score.place,
    }


def item_rows(figures: Figures) -> list[Part]:
    """The lines of the hall's newest score; the last is the score itself."""
    if not figures.hall:
        return []
    rows = []
    for is_sum, row in score_rows(figures.hall[-1], figures.told.words):
        section, label, worth, times, confirmed, people_counted, points, if_confirmed, score, mark = row[3:13]
        shown = score if is_sum else points
        rows.append(
            {
                "section": section,
                "label": label,
                "worth": worth,
                "times": "" if times is None else times,
                "confirmed": "" if confirmed is None else confirmed,
                "people": "" if people_counted is None else people_counted,
                "points": f"{shown:.2f}" if is_sum else _signed(shown),
                "if_confirmed": "" if if_confirmed is None else _signed(if_confirmed),
                "mark": mark,
                "is_sum": is_sum,
            }
        )
    return rows


def _signed(value: Any) -> str:
    return f"{value:+.2f}" if value else "0.00"


def shown(figures: Figures) -> list[Judged]:
    """The findings that the page has room for: where there are too many, those that count or wait first."""
    if len(figures.found) <= MOST_SHOWN:
        return list(figures.found)
    matter = [at for at, one in enumerate(figures.found) if telling.counting_code(one) != "uncounted"]
    rest = [at for at, one in enumerate(figures.found) if telling.counting_code(one) == "uncounted"]
    return [figures.found[at] for at in sorted([*matter, *rest][:MOST_SHOWN])]


def sounds(figures: Figures, folder: Path, listed: Sequence[Judged]) -> dict[str, Sound]:
    """The clips by the findings' ids; `folder` is where the page will lie. A clip that is gone is left out."""
    found = {}
    left = MOST_EMBEDDED_BYTES
    for one in listed:
        clip = figures.told.clips.get(one.finding.finding_id)
        if clip is None or not (path := folder / clip.path).is_file():
            continue
        size = path.stat().st_size
        if size <= left:
            left -= size
            coded = base64.b64encode(path.read_bytes()).decode("ascii")
            found[one.finding.finding_id] = Sound(f"data:audio/ogg;base64,{coded}", is_beside=False)
        else:
            found[one.finding.finding_id] = Sound(quote(clip.path), is_beside=True)
    return found


def entry(one: Judged, sound: Sound | None, words: Words) -> Part:
    """A finding on the page."""
    finding, recording = one.finding, one.finding.recording
    title = words.title(finding.kind, finding.title)
    window = telling.subject_name("window", recording.window_id, words)
    begin = telling.clock(finding.start_sample)
    texts = catalogue.load(words("report.lang"))
    code = telling.counting_code(one)
    return {
        "id": finding.finding_id,
        "title": title,
        "window": recording.window_id,
        "window_name": window,
        "clerk": recording.clerk_id or words("unknown"),
        "day": recording.day.isoformat(),
        "rule": finding.rule_id,
        "kind": telling.kind_text(finding.kind, words),
        "role": words(f"role.{finding.role}"),
        "begin": begin,
        "end": telling.clock(finding.end_sample),
        "evidence": finding.evidence,
        "advice": finding.advice,
        "clauses": [(two.clause, two.title, two.quote) for two in finding.clauses],
        "value": telling.measured_text(finding, words),
        "confidence": "" if finding.confidence is None else f"{finding.confidence:.2f}",
        "item": "" if one.item is None else one.item.name,
        "points": "" if one.points is None else points_text(one.points),
        "code": code,
        "counting": telling.counting_text(one, words),
        "state": one.standing.state,
        "state_text": words(f"state.{one.standing.state}"),
        "decisions": telling.decisions_text(one, words).splitlines(),
        "why": [rendered(line, texts) for line in finding.why],
        "rules": finding.rules_sha256[:_SHOWN_OF_HASH],
        "model": finding.model,
        "path": recording.path,
        "sound": sound,
        "sound_label": words(
            "report.page.clip_label", title=title, day=recording.day, window=window, clock=begin
        ),
    }


def absent(figures: Figures) -> list[tuple[str, str, str, str, str]]:
    """Path, window, day, reason and detail of what was not analysed."""
    words = figures.told.words
    return [
        (one.path, one.window_id, str(one.day or ""), reason_text(one.reason, words), one.detail)
        for one in left_out(figures)
    ]
