"""Figures in the reader's words, the same in workbook and page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deskguard.desk.trace import rendered
from deskguard.i18n import catalogue
from deskguard.scoring.points import points_text
from deskguard.values import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deskguard.night.report.figures import Figures
    from deskguard.scoring.lines import Judged
    from deskguard.scoring.rates import Rate
    from deskguard.scoring.score_values import Score
    from deskguard.scoring.scorecard import Item
    from deskguard.scoring.tally import By
    from deskguard.scoring.values import Finding
    from deskguard.scoring.words import Words

_SHOWN_OF_HASH = 12


def subject_name(by: By, subject: str, words: Words) -> str:
    """Whose score it is."""
    if by == "hall":
        return words("report.hall")
    return subject or words("unknown" if by == "clerk" else "report.no_window")


def grade_text(score: Score, words: Words) -> str:
    """The grade, or why there is none."""
    if score.grade is not None:
        return score.grade
    return words.joined(words(f"report.withheld.{one}") for one in score.withheld) or words("report.none")


def counting_text(one: Judged, words: Words) -> str:
    """Whether a finding counts, and if not, why."""
    if one.counts:
        return words("counts")
    if one.waiting is not None:
        return words(f"waiting.{one.waiting}")
    return words(f"report.uncounted.{uncounted(one)}")


def uncounted(one: Judged) -> str:
    """Why a finding that waits for nobody does not count, as a code."""
    if one.standing.state in ("rejected", "overturned"):
        return one.standing.state
    if one.finding.role == "visitor":
        return "visitor"
    if one.occurrence is not None:
        return "same-words"
    if one.finding.softened and one.standing.state == "proposed":
        return "softened"
    return "no-item"


def counting_code(one: Judged) -> str:
    """The same in three: counted, waiting, uncounted."""
    if one.counts:
        return "counted"
    return "waiting" if one.waiting is not None else "uncounted"


def kind_text(kind: str, words: Words) -> str:
    """What kind of finding it is; the code for one that has no name yet."""
    try:
        return words(f"report.kind.{kind}")
    except KeyError:
        return kind


def why_text(finding: Finding, words: Words) -> str:
    """How it was decided, with what was measured."""
    texts = catalogue.load(words("report.lang"))
    measured = measured_text(finding, words)
    return words.joined([*([measured] if measured else []), *(rendered(line, texts) for line in finding.why)])


def measured_text(finding: Finding, words: Words) -> str:
    """What was measured beside its bound; empty where nothing was."""
    if finding.value is None:
        return ""
    expected = f"{finding.expected or 0:.2f}"
    return words("value", value=f"{finding.value:.2f}", expected=expected, unit=finding.unit)


def decisions_text(one: Judged, words: Words) -> str:
    """Who decided what, when and why."""
    return "\n".join(
        words("decision", at=made.at_utc[:16], by=made.by, act=words(f"act.{made.act}"), why=made.why)
        for made in one.standing.decisions
    )


def item_worth(item: Item, words: Words) -> str:
    """What each of an item is worth: "扣 5，每百次接待"."""
    each = "____" if item.each.amount is None else points_text(item.each.amount)
    points = words("gives" if item.gives else "takes", points=each)
    return words("report.worth", points=points, per=words(f"per.{item.per}"))


def per_hundred(rate: Rate) -> tuple[float | None, float | None, float | None]:
    """A rate for each visit as one for a hundred, with its interval."""
    return _times(rate.value, 100), _times(rate.low, 100), _times(rate.high, 100)


def rate_text(value: tuple[float | None, float | None, float | None], words: Words) -> str:
    """A rate with its interval: "1.2（0.3～3.4）"."""
    middle, low, high = value
    if middle is None or low is None or high is None:
        return words("undefined")
    return words("report.rate", value=f"{middle:.1f}", low=f"{low:.1f}", high=f"{high:.1f}")


def clock(sample: int) -> str:
    """A place in a recording as hours, minutes and seconds."""
    whole = sample // SAMPLE_RATE_HZ
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"


def hours(samples: int) -> float:
    """Samples as hours."""
    return samples / SAMPLE_RATE_HZ / 3600


def span_text(figures: Figures, words: Words) -> str:
    """The days that the report is about."""
    if not figures.days:
        return words("report.no_days")
    first, last = figures.days[0].isoformat(), figures.days[-1].isoformat()
    return first if first == last else words("report.days", first=first, last=last)


def explained(figures: Figures, words: Words) -> Iterator[tuple[str, str]]:
    """What a reader must know, as headings with text."""
    card, policy = figures.told.card, figures.told.policy
    whose = words("card_ours") if card.is_ours else words("card_of", standard=card.standard)
    totals = figures.totals
    heard = f"{hours(totals.exposure.audio_samples):.1f}"
    some = words("report.about.night_text", n=totals.recordings, hours=heard, visits=totals.exposure.visits)
    found = words("report.totals", counted=totals.counted, waiting=totals.waiting, n=totals.findings)
    yield words("report.about.night"), words.joined((some, found))
    period = words(f"period.{card.period}")
    told = words("card_line", card_id=card.card_id, title=card.title, whose=whose, period=period)
    yield words("report.about.card"), told
    if card.is_ours:
        yield words("report.about.ours"), words("report.about.ours_text")
    rules = sorted({one.finding.rules_sha256[:_SHOWN_OF_HASH] for one in figures.found})
    models = sorted({one.finding.model for one in figures.found})
    # Of a night without findings the run itself may tell.
    summary = figures.told.summary
    rules = rules or [str(summary[key])[:_SHOWN_OF_HASH] for key in ("rules",) if key in summary]
    models = models or [str(summary[key]) for key in ("model",) if key in summary]
    yield words("report.about.rules"), words.joined(rules) or words("undefined")
    yield words("report.about.model"), words.joined(models) or words("undefined")
    yield words("report.about.counting"), words("report.about.counting_text", least=policy.min_confidence)
    yield words("report.about.waiting"), words("report.about.waiting_text")
    yield words("report.about.points"), words("report.about.points_text")
    yield words("report.about.grades"), words("report.about.grades_text")
    yield words("report.about.rates"), words("report.about.rates_text")
    small_hours = f"{hours(policy.small_speech_samples):g}"
    yield (
        words("report.about.small"),
        words("report.about.small_text", visits=policy.small_visits, hours=small_hours),
    )
    key = "ranking_on_text" if policy.ranks else "ranking_off_text"
    yield words("report.about.ranking"), words(f"report.about.{key}")
    yield words("report.about.clips"), words("report.about.clips_text")
    yield words("report.about.appeal"), words("report.about.appeal_text")


def _times(value: float | None, factor: int) -> float | None:
    return None if value is None else value * factor
