"""Properties of authoring: a pack survives a spreadsheet and TOML, whatever its texts hold."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from deskguard.authoring import packfiles
from deskguard.authoring.sheets import tables
from deskguard.authoring.sheets.sheets import CONDITIONS, EXAMPLES, read
from deskguard.authoring.sheets.spreadsheet import export_packs, import_workbook
from deskguard.authoring.sheets.toml import dumps
from deskguard.authoring.sheets.workbook import read_workbook, write_workbook
from deskguard.authoring.words import Words
from deskguard.rules.schema import PackFile

# Each example writes and reads a file: shrinking one would take minutes.
UNSHRUNK = [Phase.explicit, Phase.reuse, Phase.generate]
ZH, EN = Words("zh-CN"), Words("en")
NASTY = [
    "", " ", '""', "=1+1", "'x", "+A1", "_x000D_", "a\rb\r\nc\n", "\x00\x0b\x1f", "\ufffe\uffff", "\x85\u2028",
    "001", "\x7f",
]  # fmt: skip

nasty = st.text(max_size=12) | st.sampled_from(NASTY)
named = st.from_regex(r"\A[A-Za-z0-9_.-]{1,12}\Z")
filled = st.text(min_size=1, max_size=8).filter(str.strip)
numbers = st.integers(0, 100) | st.floats(0, 100, allow_nan=False)


def maybe(**keys: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=keys)


conditions = filled | st.builds(
    lambda say, rest: {"say": say, **rest},
    st.lists(filled, min_size=1, max_size=3),
    maybe(
        where=st.sampled_from(["clause", "utterance", "turn", "before", "after", "within"]),
        next_turns=st.integers(0, 10),
        next_s=st.floats(0.1, 120),
        last_turns=st.integers(0, 10),
        by=st.sampled_from(["same", "staff", "visitor", "anyone"]),
    ),
)
examples = (
    nasty
    | st.builds(lambda text, role: {"text": text, "role": role}, nasty, st.sampled_from(["staff", "visitor"]))
    | st.builds(lambda turns: {"turns": turns}, st.lists(nasty, min_size=1, max_size=3))
)
dialects = st.builds(
    lambda say, rest: {"say": say, **rest},
    st.lists(filled, min_size=1, max_size=2),
    maybe(region=st.sampled_from(["西南", "东北"]), register=st.sampled_from(["口语", ""])),
)
listened = {
    **{key: st.lists(nasty, max_size=3) for key in ("say", "answer_only", "clause_end_only", "except")},
    **{key: st.lists(conditions, max_size=3) for key in CONDITIONS},
    **{key: st.lists(examples, max_size=3) for key in EXAMPLES},
    "dialect": st.lists(dialects, max_size=4),
    "needs_person": st.booleans(),
    "masked": st.booleans(),
    "whole_words": st.booleans(),
    "min_confidence": st.floats(0, 1),
    "cooldown_s": numbers,
    "advice_source": nasty,
}


def entries(**own: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    needed = {"severity": st.sampled_from(["low", "medium", "high"]), "advice": filled, **own}
    return st.fixed_dictionaries(needed, optional=listened)


def with_ids(tables: st.SearchStrategy[dict[str, Any]], prefix: str) -> st.SearchStrategy[list[dict[str, Any]]]:
    lists = st.lists(tables, max_size=3)
    return lists.map(lambda many: [{"id": f"{prefix}{at}", **one} for at, one in enumerate(many)])


packs = st.fixed_dictionaries(
    {
        "pack": st.fixed_dictionaries(
            {"id": named, "title": filled},
            optional=dict.fromkeys(("version", "source", "sector", "language"), nasty),
        )
    },
    optional={
        "frame": with_ids(
            st.fixed_dictionaries({"title": filled, "say": st.lists(filled, min_size=1, max_size=3)}), "f"
        ),
        "phrase": with_ids(entries(phrase=nasty.filter(bool), clause=filled, quote=filled), "P"),
        "ban": with_ids(entries(kind=st.just("deflection"), name=filled), "C"),
        "described": with_ids(
            st.fixed_dictionaries({"clause": filled, "quote": filled}, optional={"ban": named}), "d"
        ),
    },
).map(lambda table: PackFile.model_validate_json(json.dumps(table)))


@settings(
    max_examples=60,
    phases=UNSHRUNK,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(given_packs=st.lists(packs, min_size=1, max_size=2), language=st.sampled_from([ZH, EN]))
def test_a_spreadsheet_loses_nothing(tmp_path: Path, given_packs: list[PackFile], language: Words) -> None:
    before = {f"文件{at}": pack for at, pack in enumerate(given_packs)}
    path = tmp_path / "x.xlsx"
    write_workbook(path, tables.to_sheets(before, language), language)
    # Read in the other language: headings and values are known in both.
    other = EN if language is ZH else ZH
    reading = read(read_workbook(path, other), other)
    gathered = tables.gather(reading, other)
    assert reading.mistakes == gathered.mistakes == []
    after = {name: PackFile.model_validate_json(json.dumps(table)) for name, table in gathered.tables.items()}
    assert after == before


@given(pack=packs, comment=st.sampled_from(["", "一行\n两行"]))
def test_a_pack_as_toml_is_the_same_pack(pack: PackFile, comment: str) -> None:
    table = tomllib.loads(dumps(tables.compact(pack), comment))
    assert PackFile.model_validate_json(json.dumps(table)) == pack


def test_the_bundled_packs_come_back_with_the_same_hash(tmp_path: Path) -> None:
    loaded = packfiles.load([])
    export_packs(loaded, tmp_path / "x.xlsx", ZH, force=False)
    import_workbook(tmp_path / "x.xlsx", tmp_path / "draft", [], ZH, force=False)
    again = packfiles.load([tmp_path / "draft"])
    assert again.rules.sha256 == loaded.rules.sha256
    assert [path.name for path in again.files] == [path.name for path in loaded.files]
