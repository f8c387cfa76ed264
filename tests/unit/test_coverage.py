"""The coverage table: every audible clause of the five standards has a row, and none claims what is not so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from deskguard.authoring import coverage_table
from deskguard.authoring.coverage import (
    Coverage,
    Document,
    Listening,
    Means,
    Mistake,
    listening,
    load,
    mistakes,
    status,
)
from deskguard.authoring.words import Words
from deskguard.cli import main
from deskguard.errors import DeskguardError
from deskguard.resources import bundled
from deskguard.rules.pack import load_packs
from deskguard.visits.manner_book import load_manner

RULES = load_packs([])
MANNER = load_manner(RULES.packs)
HEARD = listening(RULES, MANNER)
COVERAGE = load()
ROWS = {row.clause: row for document in COVERAGE.documents for row in document.rows}
ZH = Words()
README = bundled("config/standards") / "README.md"
REASONS = """
[person]
tone = {zh = "由人听", en = "a person listens"}
[uncovered]
training = {zh = "培训", en = "training"}
[partly]
words = {zh = "只听得出说出口的", en = "only what is said"}
"""


def test_all_452_clauses_of_the_38_documents_have_their_row() -> None:
    assert len(COVERAGE.documents) == 38
    assert sum(one.clauses for one in COVERAGE.documents) == 452
    assert [(one.id, len(one.rows)) for one in COVERAGE.documents] == [
        (one.id, one.clauses) for one in COVERAGE.documents
    ]
    assert len(ROWS) == 452
    assert {one.standard for one in COVERAGE.documents} == {one.pack_id for one in RULES.packs}


def test_no_row_claims_what_is_not_there_and_none_forgets_what_cites_its_clause() -> None:
    assert coverage_table.complaints(COVERAGE, HEARD, ZH) == []


def test_everything_that_listens_is_named_in_some_row() -> None:
    named = {name for row in ROWS.values() for name in row.by}
    assert set(HEARD.means) - named == set()


def test_every_reason_is_used() -> None:
    for kind in ("person", "uncovered", "partly"):
        used = {getattr(row, kind) for row in ROWS.values()} - {""}
        assert set(getattr(COVERAGE.reasons, kind)) == used, kind


def test_quotes_begin_as__the_rules_that_cite_the_clause() -> None:
    cited = [one for rule in RULES.rules.values() for one in rule.clauses]
    cited += [one for act in RULES.courtesy.acts for one in act.clauses]
    cited += [one for kind in MANNER.rules.values() for one in kind.clauses]
    differing = {
        one.clause
        for one in cited
        if bare(ROWS[one.clause].quote) not in bare(one.quote)
        and bare(one.quote) not in bare(ROWS[one.clause].quote)
    }
    assert differing == set()


def bare(quote: str) -> str:
    """A quote without the blanks that a web page puts into it."""
    return "".join(quote.split())


def test_a_ban_that_leaves_everything_to_a_person_never_covers_a_clause_whole() -> None:
    whole = {
        row.clause
        for row in ROWS.values()
        if row.by and not row.partly and any(HEARD.means[name].needs_person for name in row.by)
    }
    assert whole == set()


def test_the_readme_holds_the_table_that_the_command_makes() -> None:
    text = README.read_text(encoding="utf-8")
    made = coverage_table.table(COVERAGE, HEARD, ZH.masking(RULES))
    assert coverage_table.with_section(text, made) == text, "run deskguard rules coverage --into"


def test_the_summary_counts_every_clause_once() -> None:
    made = coverage_table.table(COVERAGE, HEARD, ZH)
    last = next(line for line in made if line.startswith(f"| {ZH('coverage.all')} |"))
    clauses, *columns, partly = (int(one) for one in last.strip("| ").split(" | ")[1:])
    assert clauses == sum(columns) == 452
    assert partly == sum(bool(row.partly) for row in ROWS.values()) > 0


def row(clause: str = "s000.1", **keys: object) -> dict[str, object]:
    return {"clause": clause, "quote": "不许说", **(keys or {"by": ["T01"]})}


def folder_with(folder: Path, *rows: dict[str, object], clauses: int | None = None) -> Path:
    """A folder of coverage data with one document."""
    document = {
        "id": "s000", "title": "规范", "clauses": len(rows) if clauses is None else clauses, "rows": rows
    }  # fmt: skip
    inline = ", ".join(f"{key} = {_toml(value)}" for key, value in document.items())
    (folder / "s000.toml").write_text(f"document = [{{{inline}}}]\n", encoding="utf-8")
    (folder / "reasons.toml").write_text(REASONS, encoding="utf-8")
    return folder


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


CITED = "s000.1"


def heard(*cited: str) -> Listening:
    """A rule that cites these clauses, an act that is only noticed, and a kind of manner."""
    nothing: frozenset[str] = frozenset()
    means = {
        "T01": Means(kind="rule", name="我不知道", clauses=frozenset(cited)),
        "K.any.thanks": Means(kind="noticed", name="感谢", clauses=nothing),
        "manner.loud": Means(kind="manner", name="声音过大", clauses=nothing),
    }
    return Listening(means=means, titles={"s000": "规范"})


@pytest.mark.parametrize(
    ("rows", "clauses", "key"),
    [
        ([row()], 2, "rows"),
        ([row(), row()], None, "twice"),
        ([row("s001.1")], None, "elsewhere"),
        ([row(by=["T99"])], None, "unknown"),
        ([row(by=["K.no.such"])], None, "unknown"),
        ([row(by=["manner.rude"])], None, "unknown"),
        ([row(person="mood")], None, "reason"),
        ([row(uncovered="tone")], None, "reason"),
        ([row(by=["T01"], partly="training")], None, "reason"),
    ],
)
def test_a_mistake_in_the_data_is_found(
    tmp_path: Path, rows: list[dict[str, object]], clauses: int | None, key: str
) -> None:
    data = load(folder_with(tmp_path, *rows, clauses=clauses))
    assert [one.key for one in mistakes(data, heard())] == [key]
    (line,) = coverage_table.complaints(data, heard(), ZH)
    assert "{" not in line


@pytest.mark.parametrize("keys", [{"by": ["manner.loud"]}, {"person": "tone"}, {"uncovered": "training"}])
def test_a_clause_that_a_rule_cites_must_name_it(tmp_path: Path, keys: dict[str, object]) -> None:
    data = load(folder_with(tmp_path, row(CITED, **keys)))
    assert mistakes(data, heard(CITED)) == [Mistake("unnamed", {"clause": CITED, "name": "T01"})]
    assert mistakes(load(folder_with(tmp_path, row(CITED))), heard(CITED)) == []


def test_a_cited_clause_without_a_row_is_found(tmp_path: Path) -> None:
    data = load(folder_with(tmp_path, row(person="tone")))
    assert [one.key for one in mistakes(data, heard(CITED))] == ["unnamed"]


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"by": ["T01"], "person": "tone"}, "exactly one of"),
        ({"by": []}, "exactly one of"),
        ({"person": "tone", "partly": "words"}, "partly goes with by"),
        ({"by": ["T01"], "quote": "长" * 31}, "30 characters"),
        ({"by": ["T01"], "covers": "all"}, "not a known key"),
    ],
)
def test_a_row_that_cannot_be_is_refused(tmp_path: Path, keys: dict[str, object], told: str) -> None:
    with pytest.raises(DeskguardError, match=told) as caught:
        load(folder_with(tmp_path, {**row(), "by": [], **keys}))
    assert caught.value.code == "bad-coverage"
    assert "s000.toml" in str(caught.value)


def small(tmp_path: Path) -> Coverage:
    return load(
        folder_with(
            tmp_path,
            row(CITED),
            row("s000.2", by=["manner.loud", "T01"], partly="words"),
            row("s000.3", by=["K.any.thanks"]),
            row("s000.4", person="tone"),
            row("s000.5", uncovered="training"),
        )
    )


def test_what_listens_is_what_the_rules_the_acts_and_the_kinds_of_manner_say() -> None:
    kinds = {one: HEARD.means[one].kind for one in ("T01", "K.bye", "K.wait.notice", "manner.loud")}
    assert kinds == {"T01": "rule", "K.bye": "act", "K.wait.notice": "noticed", "manner.loud": "manner"}
    assert "s001.a14.2" in HEARD.means["K.bye"].clauses
    assert "s001.a8.1" in HEARD.means["manner.loud"].clauses
    assert {name for name, one in HEARD.means.items() if one.needs_person} == {"C08", "C09", "C10"}


def test_a_row_counts_as_the_first_that_covers_it(tmp_path: Path) -> None:
    (document,) = small(tmp_path).documents
    told = [status(one, heard(CITED)) for one in document.rows]
    assert told == ["rule", "rule", "noticed", "person", "uncovered"]


def test_the_table_tells_what_covers_a_clause_what_is_left_and_why_not(tmp_path: Path) -> None:
    made = coverage_table.table(small(tmp_path), heard(CITED), ZH)
    assert made[-5:] == [
        f"| {CITED} | 不许说 | T01 |",
        "| s000.2 | 不许说 | manner.loud°、T01°。只听得出说出口的 |",
        "| s000.3 | 不许说 | K.any.thanks⁺° |",
        "| s000.4 | 不许说 | 留给人：由人听 |",
        "| s000.5 | 不许说 | 没有覆盖：培训 |",
    ]
    english = coverage_table.table(small(tmp_path), heard(CITED), Words("en"))
    assert english[-2:] == [
        "| s000.4 | 不许说 | For a person: a person listens |",
        "| s000.5 | 不许说 | Not covered: training |",
    ]


def test_a_document_without_clauses_says_so(tmp_path: Path) -> None:
    empty = load(folder_with(tmp_path))
    assert coverage_table.table(empty, heard(), ZH)[-1] == ZH("coverage.nothing")


def test_programs_get_a_line_for_each_clause(tmp_path: Path) -> None:
    lines = list(coverage_table.tables(small(tmp_path), heard(CITED), ZH))
    assert [(one["clause"], one["status"], one["cited_by"], one["told"]) for one in lines] == [
        (CITED, "rule", ["T01"], ""),
        ("s000.2", "rule", [], "只听得出说出口的"),
        ("s000.3", "noticed", [], ""),
        ("s000.4", "person", [], "由人听"),
        ("s000.5", "uncovered", [], "培训"),
    ]


def test_a_bar_in_a_quote_does_not_break_the_table() -> None:
    (line,) = (one for one in _with_quote("甲|乙") if "甲" in one)
    assert line.count("|") - line.count("\\|") == 4


def _with_quote(quote: str) -> list[str]:
    (first, *_) = COVERAGE.documents
    one = first.rows[0].model_copy(update={"quote": quote, "by": ("manner.loud",)})
    document = Document(id=first.id, title=first.title, clauses=1, rows=(one,))
    return coverage_table.table(Coverage(documents=(document,), reasons=COVERAGE.reasons), heard(), ZH)


def test_the_table_goes_between_its_marks_and_leaves_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "guide.md"
    path.write_text(f"上\n{coverage_table.BEGIN}\n旧\n{coverage_table.END}\n下\n", encoding="utf-8")
    assert coverage_table.put_into(path, ["新", "的"], ZH)
    assert path.read_text(encoding="utf-8") == f"上\n{coverage_table.BEGIN}\n新\n的\n{coverage_table.END}\n下\n"
    assert not coverage_table.put_into(path, ["新", "的"], ZH)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"no marks\n", "no-coverage-marks"),
        (f"{coverage_table.END}\n{coverage_table.BEGIN}\n".encode(), "no-coverage-marks"),
        (b"\xff\xfe", "not-utf8"),
        (None, "unreadable"),
    ],
)
def test_a_document_that_cannot_take_the_table_is_left_alone(
    tmp_path: Path, content: bytes | None, code: str
) -> None:
    path = tmp_path / "guide.md"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DeskguardError) as caught:
        coverage_table.put_into(path, ["新"], ZH)
    assert caught.value.code == code
    assert (path.read_bytes() if content is not None else None) == content


def test_the_command_prints_the_table_and_puts_it_into_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rules", "coverage", "--language", "zh-CN"]) == 0
    printed = capsys.readouterr().out
    assert printed.splitlines() == coverage_table.table(COVERAGE, HEARD, ZH.masking(RULES))
    path = tmp_path / "README.md"
    path.write_text(f"{coverage_table.BEGIN}\n{coverage_table.END}\n", encoding="utf-8")
    assert main(["rules", "coverage", "--language", "zh-CN", "--into", str(path)]) == 0
    assert printed in path.read_text(encoding="utf-8")
    assert main(["rules", "coverage", "--json"]) == 0
    lines = [json.loads(one) for one in capsys.readouterr().out.splitlines()[1:]]
    assert [one["clause"] for one in lines] == list(ROWS)
