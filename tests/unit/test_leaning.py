"""To which side the surroundings of a phrase lean, and what the judge makes of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from deskguard.spotting.meaning.judge import Meaning
from deskguard.spotting.meaning.leaning import Bars, LeaningModel, Weights, features, fitted
from deskguard.spotting.meaning.surroundings import Surroundings
from meaning_scenes import Bench, said, scene, talk
from rules_packs import frame

BARS = Bars(innocent_below=0.15, soften_below=0.3)


def weights(**of: float) -> Weights:
    named = {name.replace("_", " "): weight for name, weight in of.items()}
    return Weights(set="test", date="2026-11-29", sentences=0, intercept=2.0, weights=named)


def found(folder: Path, text: str) -> set[str]:
    bench = Bench(folder, "不知道")
    return features(Surroundings(bench.candidate(text), scene(said(text))), "P1")


def ruling(folder: Path, text: str, model: LeaningModel, **keys: object) -> tuple[str, tuple[str, ...]]:
    bench = Bench(folder, "不知道", **keys)
    verdict = Meaning(bench.rules, model).judge(bench.candidate(text), scene(said(text)))
    return verdict.ruling, verdict.why


def test_pieces_are_syllables_beside_the_phrase_and_anywhere_in_the_turn(tmp_path: Path) -> None:
    got = found(tmp_path, "我真不知道，帮您问")
    assert {"rule P1", "~ .", "zhen ~", "wo zhen ~", "P1: zhen ~", "bang ni", "later bang ni"} <= got
    assert "~ bang" not in got


def test_misheard_characters_of_the_same_sound_are_the_same_pieces(tmp_path: Path) -> None:
    assert found(tmp_path, "不知道，我给您查") == found(tmp_path, "不知道，我给您茶")


def test_how_long_the_turn_goes_on_is_no_piece_of_it(tmp_path: Path) -> None:
    short, long = found(tmp_path, "不知道，下一位"), found(tmp_path, "不知道，下一位下一位下一位下一位")
    assert {one for one in long - short if "xia" not in one and "wei" not in one} == set()


@pytest.mark.parametrize(("weight", "expected"), [(0.0, "guilty"), (-3.0, "softened"), (-5.0, "innocent")])
def test_the_bars_decide(tmp_path: Path, weight: float, expected: str) -> None:
    model = LeaningModel(BARS, weights(bang_ni=weight))
    assert ruling(tmp_path, "不知道，帮您问", model)[0] == expected


def test_the_trace_names_what_spoke_for_innocence_and_says_how_sure_that_is(tmp_path: Path) -> None:
    model = LeaningModel(BARS, weights(bang_ni=-3.0, ni_wen=-2.0, later_bang_ni=-0.5))
    (line,) = [one for one in ruling(tmp_path, "不知道，帮您问", model)[1] if one.startswith("surroundings")]
    assert line == "surroundings: a breach in 3% of such sentences (bang ni; ni wen)"


def test_bars_of_nothing_ask_the_conditions_only(tmp_path: Path) -> None:
    model = LeaningModel(Bars(innocent_below=0, soften_below=0), weights(bang_ni=-50.0))
    assert ruling(tmp_path, "不知道，帮您问", model)[0] == "guilty"


def test_what_a_person_decides_is_not_leant_away(tmp_path: Path) -> None:
    model = LeaningModel(BARS, weights(bang_ni=-50.0))
    assert ruling(tmp_path, "不知道，帮您问", model, needs_person=True)[0] == "softened"


def test_whether_the_visitor_is_addressed_politely_counts_apart(tmp_path: Path) -> None:
    assert "您" in found(tmp_path, "不知道，下一个您看")
    assert "您" not in found(tmp_path, "不知道，下一个你看")
    assert "您" not in found(tmp_path, f"您好{'一' * 20}不知道")


@pytest.mark.parametrize(("weight", "expected"), [(-0.5, "softened"), (2.0, "guilty")])
def test_what_a_person_decides_asks_for_more(tmp_path: Path, weight: float, expected: str) -> None:
    bars = Bars(innocent_below=0.15, soften_below=0.3, soften_for_person_below=0.9)
    model = LeaningModel(bars, weights(bang_ni=weight))
    assert ruling(tmp_path, "不知道，帮您问", model, needs_person=True)[0] == expected
    assert ruling(tmp_path, "不知道，帮您问", model)[0] == "guilty"


def overruling(
    folder: Path, *texts: str, unless: str = "@f", overrule_from: float = 0.9, **keys: object
) -> tuple[str, tuple[str, ...]]:
    """The ruling on the first text where all leans to a breach and 帮您 would excuse it."""
    bench = Bench(
        folder, "不知道", frame("f", say=["帮你"], **keys), unless=[{"say": [unless], "next_turns": 1}]
    )
    model = LeaningModel(Bars(innocent_below=0.15, soften_below=0.3, overrule_from=overrule_from), weights())
    several = talk(*(f"员：{one}" if at % 2 == 0 else f"客：{one}" for at, one in enumerate(texts)))
    around = scene(several[0], after=several[1:])
    verdict = Meaning(bench.rules, model).judge(bench.candidate(texts[0]), around)
    return verdict.ruling, verdict.why


def test_a_frame_that_gives_way_excuses_nothing_where_the_rest_is_surely_a_breach(tmp_path: Path) -> None:
    got, why = overruling(tmp_path, "不知道，帮您个头", gives_way=True, overrule_from=0.8)
    assert got == "guilty"
    assert any("@f (帮你): holds" in one and "overruled: a breach in 88%" in one for one in why)


@pytest.mark.parametrize(
    "case",
    [
        {"gives_way": None},
        {"gives_way": True, "overrule_from": 0.95},
        {"gives_way": True, "overrule_from": 1.0},
        {"gives_way": True, "unless": "帮你"},
    ],
    ids=["a frame that does not", "not sure enough", "switched off", "what the rule says itself"],
)
def test_everything_else_goes_on_to_excuse(tmp_path: Path, case: dict[str, object]) -> None:
    assert overruling(tmp_path, "不知道，帮您个头", **{"overrule_from": 0.8, **case})[0] == "innocent"  # type: ignore[arg-type]


def test_what_is_said_in_another_turn_is_not_overruled(tmp_path: Path) -> None:
    got, _ = overruling(tmp_path, "不知道", "那怎么办", "帮您问", gives_way=True, overrule_from=0.8)
    assert got == "innocent"


def test_what_is_said_next_may_tip_it_and_nothing_waits_for_that(tmp_path: Path) -> None:
    bench = Bench(tmp_path, "不知道")
    model = LeaningModel(BARS, weights(bang_ni=-5.0))
    one = said("不知道")
    verdict = Meaning(bench.rules, model).judge(bench.candidate("不知道"), scene(one, is_closed=False))
    assert (verdict.ruling, verdict.is_open) == ("guilty", False)
    assert verdict.revisable_until_sample is not None
    assert verdict.revisable_until_sample > one.end_sample


def test_the_weights_that_come_along_were_fitted_on_enough_and_know_the_usual_pieces() -> None:
    own = fitted()
    assert own.sentences > 500
    assert own.weights["bang ni"] < 0 < own.weights["~ ."]
