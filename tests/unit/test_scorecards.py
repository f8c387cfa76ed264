"""Scorecards: those that come along say where each figure is from; mistakes of a file are told at once."""

from __future__ import annotations

import tomllib
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import pytest

from deskguard.authoring.coverage import load as load_coverage
from deskguard.errors import DeskguardError
from deskguard.resources import bundled
from deskguard.rules.pack import load_packs
from deskguard.scoring.card_files import card_files, find_card, load_card
from deskguard.scoring.known import idle_in, known_names
from deskguard.scoring.scorecard import usable
from deskguard.visits.manner_book import load_manner
from scoring_values import GRADES, HEADER, OURS, a_card, a_section, an_item, card_file, figure

if TYPE_CHECKING:
    from pathlib import Path

CARDS = ("recommended", "s003.d12", "s004.d04")
FILLED = {
    "base": 100, "badge": 1, "idling": 2, "software": 5, "games": 5, "late": 1, "absent": 10, "meetings": 1,
    "leave": 1, "bonus": 2, "excellent": 95, "competent": 80, "basic": 60, "failed": 60,
}  # fmt: skip
RULES = load_packs([])
MANNER = load_manner(RULES.packs)


def fill_file(folder: Path, values: dict[str, float], *more: str, fills: str = "s003.d12") -> Path:
    lines = ["[card]", 'id = "hall"', 'title = "Our hall"', f'fills = "{fills}"', "[fill]"]
    lines += [f"{name} = {value}" for name, value in values.items()]
    path = folder / "hall.toml"
    path.write_text("\n".join([*lines, *more]) + "\n", encoding="utf-8")
    return path


def problem(path: Path) -> str:
    with pytest.raises(DeskguardError) as caught:
        load_card(path)
    assert caught.value.code == "bad-card"
    return caught.value.problem


def test_three_cards_come_along() -> None:
    assert sorted(find_card(name).card_id for name in CARDS) == sorted(CARDS)
    assert len(card_files()) == 3


@pytest.mark.parametrize("name", CARDS)
def test_every_item_of_a_card_that_comes_along_finds_something_in_force(name: str) -> None:
    assert idle_in(find_card(name), known_names(RULES, MANNER)) == []


@pytest.mark.parametrize("name", ["s003.d12", "s004.d04"])
def test_figures_of_a_standard_quote_a_clause_of_it(name: str) -> None:
    card = find_card(name)
    rows = {row.clause: row.quote for document in load_coverage().documents for row in document.rows}
    cited = [(one.clause, one.quote) for _, one in card.figures()]
    cited += [(item.clause, item.quote) for _, item in card.items()]
    for clause, quote in cited:
        assert clause == card.card_id or clause in rows, clause
        assert quote
    for _, item in card.items():
        # Where the clause is one of its own, the line quotes it from where it begins to be about the line.
        if item.clause in rows:
            assert rows[item.clause][:6].replace(" ", "") in item.quote.replace(" ", ""), item.item_id


def test_the_hospital_card_holds_the_printed_figures() -> None:
    card = usable(find_card("s004.d04"))
    takes = {item.item_id: item.each.hundredths for _, item in card.items()}
    assert {one: takes.pop(one) for one in ("1.1.d.liable", "1.3", "1.4", "1.5", "1.6")} == {
        "1.1.d.liable": 500, "1.3": 100, "1.4": 100, "1.5": 100, "1.6": 100,
    }  # fmt: skip
    assert set(takes.values()) == {200}
    assert {one.points.hundredths for one in card.sections if one.points} == {5000}
    assert [one.section_id for one in card.sections if not one.for_named_only] == ["common"]
    assert card.grades == ()


def test_the_annual_card_has_every_number_blank_and_says_which_when_it_is_used() -> None:
    card = find_card("s003.d12")
    assert all(one.amount is None for _, one in card.figures())
    assert set(card.blanks()) == set(FILLED)
    with pytest.raises(DeskguardError) as caught:
        usable(card)
    assert caught.value.code == "card-blank"
    for name, (_, one) in card.blanks().items():
        assert f"{name} (" in caught.value.problem
        assert one.quote in caught.value.problem


def test_blanks_are_filled_by_a_file_that_names_the_card(tmp_path: Path) -> None:
    card = usable(load_card(fill_file(tmp_path, FILLED)))
    assert (card.card_id, card.title) == ("hall", "Our hall")
    assert card.base is not None
    assert (card.base.amount, card.base.quote) == (10_000, find_card("s003.d12").base.quote)  # type: ignore[union-attr]
    assert [one.name for one in card.grades] == ["优秀", "称职", "基本称职", "不称职"]


def test_one_blank_left_over_is_named(tmp_path: Path) -> None:
    values = {name: value for name, value in FILLED.items() if name != "late"}
    with pytest.raises(DeskguardError, match=r"late \(item 5\.a, takes\)") as caught:
        usable(load_card(fill_file(tmp_path, values)))
    assert "badge" not in caught.value.problem


def test_mistakes_of_a_fill_are_told_together(tmp_path: Path) -> None:
    found = problem(fill_file(tmp_path, {"bse": 100, "idling": 0.125}, "[windows]", 'common = ["1"]'))
    assert 'did you mean "base"?' in found
    assert "two decimals" in found
    assert '"common" is no section' in found


@pytest.mark.parametrize(
    ("values", "said"),
    [({"excellent": 80, "competent": 80}, "comes first"), ({"basic": 60, "failed": 59}, "must agree")],
)
def test_grades_out_of_order_show_once_filled(tmp_path: Path, values: dict[str, float], said: str) -> None:
    assert said in problem(fill_file(tmp_path, {**FILLED, **values}))


def test_a_grade_that_is_still_blank_is_no_mistake_of_the_one_after_it(tmp_path: Path) -> None:
    values = {name: value for name, value in FILLED.items() if name != "basic"}
    assert set(load_card(fill_file(tmp_path, values)).blanks()) == {"basic"}


def test_a_fill_of_an_unknown_card_names_the_nearest(tmp_path: Path) -> None:
    assert 'did you mean "s003.d12"?' in problem(fill_file(tmp_path, FILLED, fills="s003.d21"))


def test_windows_of_a_department_are_named_in_a_fill(tmp_path: Path) -> None:
    card = load_card(fill_file(tmp_path, {}, "[windows]", 'imaging = ["ct-*"]', fills="s004.d04"))
    assert {one.section_id: one.windows for one in card.sections}["imaging"] == ("ct-*",)


def test_an_unknown_card_names_what_there_is() -> None:
    with pytest.raises(DeskguardError, match=r"recommended, s003\.d12, s004\.d04") as caught:
        find_card("nothing-like-it")
    assert caught.value.code == "unknown-card"
    with pytest.raises(DeskguardError) as caught:
        find_card("recomended")
    assert 'write "recommended"' in caught.value.remedy


def test_own_cards_go_before_those_that_come_along(tmp_path: Path) -> None:
    own = HEADER.replace('id = "test"', 'id = "recommended"')
    card_file(tmp_path, a_section(an_item("a", 1)), header=own)
    assert find_card("recommended", [tmp_path]).title == "Test card"


def test_a_missing_place_of_cards_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DeskguardError, match="does not exist"):
        find_card("recommended", [tmp_path / "nowhere"])


def test_cards_are_equal_by_content(tmp_path: Path) -> None:
    first = a_card(tmp_path, a_section(an_item("a", 1)))
    again = a_card(tmp_path, "# a comment\n" + a_section(an_item("a", 1)))
    other = a_card(tmp_path, a_section(an_item("a", 2)))
    assert first.sha256 == again.sha256 != other.sha256


def test_half_points_are_exact(tmp_path: Path) -> None:
    card = a_card(tmp_path, a_section(an_item("a", 0.07)))
    assert next(card.items())[1].each.hundredths == 7


BAD = [
    (a_section(an_item("a", 1), points=None), "has no base"),
    (a_section(an_item("a", 1)) + a_section(an_item("b", 1), section_id="two", points=None), "the same way"),
    (a_section(an_item("a", 1), cap=figure(3)), "delete cap"),
    (a_section(an_item("a", 1), windows='["w*"]'), 'applies = "named"'),
    ("", "section is missing"),
    (a_section(), "either items or a rating"),
    (a_section(rating='"stars"'), "no rating has that id"),
    (a_section(an_item("a", 1), an_item("a", 2)), '"a" is given twice'),
    (a_section(an_item("a", 1)) + a_section(an_item("b", 1)), '"one" is given twice'),
    (a_section(an_item("a")), "either takes or gives"),
    (a_section(an_item("a", 1, gives=figure(1))), "either takes or gives"),
    (a_section(an_item("a", 0)), "takes: is 0"),
    (a_section(an_item("a", -1)), "greater than or equal to 0"),
    (a_section(an_item("a", 1, select="{rules = []}")), "names nothing"),
    (a_section(an_item("a", 1, people="false")), "nothing would ever count"),
    (a_section(an_item("a", gives=figure(1), select='{kinds = ["phrase"]}')), "cannot earn points"),
    (a_section(an_item("a", takes_="{value = 1}")), "does not say where it comes from"),
    (a_section(an_item("a", takes_=f"{{{OURS}}}")), "neither value nor blank"),
    (a_section(an_item("a", 0.125)), "at most two decimals"),
    (a_section(an_item("a", 1, tkes=figure(1))), 'did you mean "takes"?'),
    (a_section(an_item("a", 1, per='"week"')), "Input should be"),
    (a_section(an_item("a", 1)) + GRADES.replace("value = 75", "value = 95"), "less than that"),
    (a_section(an_item("a", 1)) + GRADES + f'[[grade]]\nname = "x"\nfrom = {figure(1)}\n', "is the last"),
    (a_section(an_item("a", 1)) + "[pass]\n", "pass: is empty"),
    (a_section(an_item("a", 1)) + f"[pass.sections]\ntwo = {figure(1)}\n", '"two" is no section'),
    (
        a_section(an_item("a", 1)) + '[[rating]]\nid = "r"\nname = "r"\nlowest = 5.0\nhighest = 1.0\n',
        "highest must be more",
    ),
    (a_section(an_item("a", 1), points=None, weight=figure(60)), "add up to 60"),
]


@pytest.mark.parametrize(("text", "said"), BAD, ids=[said for _, said in BAD])
def test_a_mistake_in_a_card_is_told_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    assert said.lower() in problem(card_file(tmp_path, text)).lower()


def test_an_unknown_key_is_told_wherever_it_stands(tmp_path: Path) -> None:
    """Also below a key that is named otherwise inside, and in a table whose keys are the office's own."""
    text = (
        a_section(an_item("a", 1))
        + f"[pass]\nno_fatl = true\n[pass.sections]\none = {{value = 1, {OURS}, x = 2}}\n"
    )
    found = problem(card_file(tmp_path, text))
    assert 'did you mean "no_fatal"?' in found
    assert "pass, sections, one, x is not a known key" in found


def test_a_card_without_sections_is_none(tmp_path: Path) -> None:
    assert "there is none" in problem(card_file(tmp_path, header="section = []\n" + HEADER))


def test_schema_and_content_are_told_in_one_message(tmp_path: Path) -> None:
    text = a_section(an_item("a", 0.125, prr='"visit"'), an_item("b", 1, select="{rules = []}"))
    found = problem(card_file(tmp_path, text, header=HEADER.split("period_")[0]))
    assert "4 mistakes" in found
    for said in ("two decimals", "prr", "names nothing", "why period is so"):
        assert said in found


def test_a_card_that_is_no_toml_is_a_readable_error(tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text("[card\n", encoding="utf-8")
    with pytest.raises(DeskguardError) as caught:
        load_card(path)
    assert caught.value.code == "bad-toml"


def test_names_that_select_nothing_are_told_with_the_nearest(tmp_path: Path) -> None:
    items = (
        an_item("a", 1, select='{rules = ["T99", "T0*"]}'),
        an_item("b", 1, select='{acts = ["K.by"], manner = ["loudd"]}'),
        an_item("c", 1, select='{kinds = ["quarel"], clauses = ["s009.*"]}'),
    )
    found = "\n".join(idle_in(a_card(tmp_path, a_section(*items)), known_names(RULES, MANNER)))
    for said in (
        '"T99"',
        'did you mean "K.bye"?',
        'did you mean "loud"?',
        'did you mean "quarrel"?',
        '"s009.*"',
    ):
        assert said in found
    assert "T0*" not in found


def test_the_recommended_card_knows_everything_that_can_be_found() -> None:
    card = find_card("recommended")
    acts = {one.act_id for one in RULES.courtesy.acts if one.expect}

    def chosen(key: str, name: str) -> list[str]:
        return [
            item.item_id
            for _, item in card.items()
            if item.select and any(fnmatchcase(name, one) for one in getattr(item.select, key))
        ]

    assert [act for act in acts if len(chosen("acts", act)) != 1] == []
    assert [kind for kind in MANNER.rules if len(chosen("manner", kind)) != 1] == []
    assert chosen("rules", "T01") == ["grave", "medium", "light"]
    assert sum(one.points.hundredths for one in card.sections if one.points) == 10_000


def test_bundled_cards_travel_in_the_wheel() -> None:
    project = tomllib.loads((bundled("config").parent / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]["config"]
    assert bundled("config/scorecards/recommended.toml").is_file()
