"""Rule packs: what they become, and every mistake a supervisor can make in one."""

from __future__ import annotations

from pathlib import Path

import pytest

from deskguard.errors import DeskguardError
from deskguard.rules.pack import load_packs
from rules_packs import HEADER, entry, pack_file, rule_set


def refused(*paths: Path, only: tuple[str, ...] = ()) -> DeskguardError:
    with pytest.raises(DeskguardError) as caught:
        load_packs(paths, only)
    assert caught.value.remedy
    return caught.value


def test_a_phrase_becomes_a_rule(tmp_path: Path) -> None:
    rules = rule_set(
        tmp_path, entry("没时间", say=["没工夫"], answer_only=["没空"], cooldown_s=30, severity="high")
    )
    rule = rules.rules["P1"]
    assert (rule.phrase, rule.severity, rule.cooldown_s, rule.advice) == ("没时间", "high", 30.0, "say this")
    assert [(one.text, one.where) for one in rule.variants] == [
        ("没时间", "anywhere"),
        ("没工夫", "anywhere"),
        ("没空", "answer"),
    ]
    assert [(one.standard, one.title, one.clause, one.quote) for one in rule.clauses] == [
        ("test", "Test standard", "1.1", "quoted")
    ]


def test_the_same_phrase_in_two_packs_is_one_rule_with_two_clauses(tmp_path: Path) -> None:
    one = pack_file(
        tmp_path, entry("我不知道", say=["我哪知道"]), header='[pack]\nid = "a"\ntitle = "A"\n', name="1.toml"
    )
    other = pack_file(
        tmp_path,
        entry("我不知道", say=["我咋知道"], severity="high", clause="9"),
        header='[pack]\nid = "b"\ntitle = "B"\n',
        name="2.toml",
    )
    rule = load_packs([other, one]).rules["P1"]
    assert [(ref.standard, ref.clause) for ref in rule.clauses] == [("a", "1.1"), ("b", "9")]
    assert [variant.text for variant in rule.variants] == ["我不知道", "我哪知道", "我咋知道"]
    assert rule.severity == "high"


def test_the_digest_does_not_depend_on_order_or_layout(tmp_path: Path) -> None:
    first, second = entry("没时间"), entry("我不管", "P2")
    one = rule_set(tmp_path, first, second).sha256
    assert rule_set(tmp_path, second, "\n# a remark\n", first).sha256 == one
    assert rule_set(tmp_path, second).sha256 != one


def test_only_keeps_the_named_packs(tmp_path: Path) -> None:
    for name in "ab":
        header = f'[pack]\nid = "{name}"\ntitle = "T"\n'
        pack_file(tmp_path, entry("没时间", f"P{name}"), header=header, name=f"{name}.toml")
    assert [pack.pack_id for pack in load_packs([tmp_path], ["b"]).packs] == ["b"]
    assert "there are a, b" in refused(tmp_path, only=("c",)).problem


def test_described_bans_are_listed_but_are_no_rules(tmp_path: Path) -> None:
    described = '[[described]]\nid = "d"\nclause = "2"\nquote = "不顶撞用户"\n'
    rules = rule_set(tmp_path, described)
    assert rules.rules == {}
    assert [ref.quote for ref in rules.packs[0].described] == ["不顶撞用户"]


BAD_ENTRIES = [
    (entry("没时间", colour="red"), ['phrase 1 ("P1"), colour is not a known key', "known keys: id, severity"]),
    (entry("没时间", advise="x"), ["advise is not a known key", 'did you mean "advice"?']),
    (entry("没时间", excpt=["x"]), ['did you mean "except"?']),
    (entry("没时间", severity="hgih"), ['phrase 1 ("P1"), severity is "hgih"', 'Write "high".']),
    (entry("没时间", severity=3), ["severity is 3"]),
    (entry("没时间", say="没空"), ['say is "没空"', "array"]),
    (entry("没时间", say=["没空", 7]), ["say, item 2 is 7"]),
    (entry("没时间", cooldown_s=-1), ["cooldown_s is -1"]),
    (entry("没时间", cooldown_s="60"), ['cooldown_s is "60"']),
    (entry("没时间", advice=None), ["advice is missing"]),
    (entry("没时间", quote=" "), ["quote"]),
    (entry("没时间", "bad id!"), ["id is"]),
    (entry("没时间") + entry("我不管"), ['phrase 2 ("P1"): id is also that of phrase 1']),
    (entry("没时间", say=["沒 時間！"]), ['say: "沒 時間！" is the same as "没时间" of phrase 1']),
    (
        entry("没时间") + entry("我不管", "P2", say=["没时间"]),
        ['phrase 2 ("P2"), say: "没时间" is the same as'],
    ),
    (entry(""), ["phrase", "empty"]),
    (entry("没时间", say=["  "]), ["say", "empty"]),
    (entry("……，！"), ["would match everything"]),
    (entry("{谁}…"), ["would match everything"]),
    (entry("的"), ["one syllable", "at least two"]),
    (entry("我…不"), ["two syllables and a gap"]),
    (entry(".*"), ["regular expression"]),
    (entry("没(时间|空)"), ["regular expression"]),
    (entry("没[时空]"), ["regular expression"]),
    (entry("你去问{谁"), ["brace"]),
    (entry("没时间", except_=["没时间"]), ["must be longer"]),
    (entry("没时间", except_=[".+"]), ["except", "regular expression"]),
]


@pytest.mark.parametrize(("text", "parts"), BAD_ENTRIES, ids=[parts[0][:40] for _, parts in BAD_ENTRIES])
def test_a_mistake_names_file_entry_value_and_fix(tmp_path: Path, text: str, parts: list[str]) -> None:
    path = pack_file(tmp_path, text)
    problem = refused(path).problem
    assert str(path) in problem
    for part in parts:
        assert part in problem


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        (b"", ["pack is missing"]),
        (b"[pack]\nid = 'a'\n", ["pack.title is missing"]),
        (b"[pack]\ntitle = 'a'\n", ["pack.id is missing"]),
        (b"pack = 3\n", ["pack is 3"]),
        (b"[pack\n", ["not valid TOML", "line 1"]),
        (HEADER.encode() + "[[phrase]]\nid = '没时间'".encode("gbk"), ["not UTF-8", "save it again as UTF-8"]),
        (HEADER.encode() + b"[[phrases]]\nid = 'a'\n", ['did you mean "phrase"?']),
        (HEADER.encode() + b"phrase = 'x'\n", ["phrase"]),
        (b"x = " + b"[" * 5000, ["not valid TOML"]),
        (b"x = " + b"9" * 5000, ["not valid TOML"]),
    ],
)
def test_a_broken_file_is_an_error_with_a_fix(tmp_path: Path, content: bytes, parts: list[str]) -> None:
    path = tmp_path / "broken.toml"
    path.write_bytes(content)
    error = refused(path)
    for part in [*parts, str(path)]:
        assert part in str(error)


def test_a_byte_order_mark_of_notepad_is_fine(tmp_path: Path) -> None:
    path = tmp_path / "bom.toml"
    path.write_text(HEADER + entry("没时间"), encoding="utf-8-sig")
    assert set(load_packs([path]).rules) == {"P1"}


def test_all_mistakes_of_all_files_come_at_once(tmp_path: Path) -> None:
    one = pack_file(tmp_path, entry("没时间", severity="urgent"), entry(".*", "P2"), name="1.toml")
    other = tmp_path / "2.toml"
    other.write_bytes(b"\xff")
    missing = tmp_path / "3.toml"
    problem = refused(one, other, missing).problem
    for part in ("1.toml", '"urgent"', "2.toml", "not UTF-8", "3.toml does not exist", "4 mistakes"):
        assert part in problem


def test_a_spelling_mistake_is_found_beside_others_of_the_same_file(tmp_path: Path) -> None:
    problem = refused(pack_file(tmp_path, entry("的"), entry("没时间", "P2"), entry("沒時間", "P3"))).problem
    assert "one syllable" in problem
    assert 'phrase 3 ("P3"), phrase: "沒時間" is the same as "没时间" of phrase 2' in problem


def test_schema_and_spelling_mistakes_of_one_file_come_together(tmp_path: Path) -> None:
    problem = refused(pack_file(tmp_path, entry("没时间", severity="urgent"), entry("没时间", "P2"))).problem
    assert '"urgent"' in problem
    assert "is the same as" in problem


def test_the_code_names_the_only_mistake(tmp_path: Path) -> None:
    (tmp_path / "gbk.toml").write_bytes("时间".encode("gbk"))
    assert refused(tmp_path).code == "bad-encoding"
    assert refused(tmp_path / "none.toml").code == "file-missing"
    assert refused(pack_file(tmp_path, entry(".*"))).code == "bad-rules"


def test_a_folder_without_packs_is_an_error(tmp_path: Path) -> None:
    assert "holds no rule pack" in refused(tmp_path).problem


def test_two_files_with_one_pack_id_are_an_error(tmp_path: Path) -> None:
    pack_file(tmp_path, entry("没时间"), name="1.toml")
    pack_file(tmp_path, entry("我不管", "P2"), name="2.toml")
    problem = refused(tmp_path).problem
    assert "1.toml" in problem
    assert "2.toml" in problem


def test_a_file_named_twice_is_read_once(tmp_path: Path) -> None:
    path = pack_file(tmp_path, entry("没时间"))
    assert len(load_packs([path, tmp_path, path]).packs) == 1
