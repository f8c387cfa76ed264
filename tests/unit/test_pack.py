"""Rule packs: what they become, and every mistake a supervisor can make in one."""

from __future__ import annotations

from pathlib import Path

import pytest

from deskguard.errors import DeskguardError
from deskguard.rules.pack import RuleSet, load_packs
from deskguard.rules.schema import Example
from rules_packs import HEADER, ban, described, entry, frame, pack_file, rule_set


def refused(*paths: Path, only: tuple[str, ...] = ()) -> DeskguardError:
    with pytest.raises(DeskguardError) as caught:
        load_packs(paths, only, language=paths[0].parent / "no-language")
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


def test_described_bans_without_a_ban_are_listed_but_are_no_rules(tmp_path: Path) -> None:
    rules = rule_set(tmp_path, described("不顶撞用户"))
    assert rules.rules == {}
    assert [ref.quote for ref in rules.packs[0].described] == ["不顶撞用户"]
    assert rules.packs[0].bans == ()


def shared(folder: Path, *entries: str) -> Path:
    """A folder of frames and bans for every standard."""
    language = folder / "language"
    language.mkdir(exist_ok=True)
    pack_file(language, *entries, header="")
    return language


def load(folder: Path, *entries: str, language: Path | None = None) -> RuleSet:
    return load_packs([pack_file(folder, *entries)], language=language or folder / "none")


def test_a_ban_is_in_force_when_a_clause_names_it(tmp_path: Path) -> None:
    language = shared(tmp_path, ban("C01", say=["我也没办法"]), ban("C02", say=["爱办不办"]))
    rules = load(tmp_path, described("不推诿", ban="C01"), language=language)
    rule = rules.rules["C01"]
    assert set(rules.rules) == {"C01"}
    assert (rule.phrase, rule.kind, rule.clauses[0].quote) == ("ban C01", "sort", "不推诿")
    assert [one.text for one in rule.variants] == ["我也没办法"]
    assert rules.packs[0].bans == ("C01",)
    assert rules.packs[0].described == ()


def test_a_ban_that_several_clauses_name_carries_them_all(tmp_path: Path) -> None:
    language = shared(tmp_path, ban("C01"))
    entries = [described("不推诿", ban="C01"), described("不敷衍", "d2", ban="C01")]
    rules = load(tmp_path, *entries, language=language)
    assert [ref.quote for ref in rules.rules["C01"].clauses] == ["不推诿", "不敷衍"]


def test_a_pack_may_hold_bans_and_frames_of_its_own(tmp_path: Path) -> None:
    rules = load(tmp_path, ban("B1", unless=["@f"]), frame("f"), described("不敷衍", ban="B1"))
    assert rules.rules["B1"].unless[0].say == ("@f",)
    assert rules.frames["f"].say == ("要是~",)


def test_conditions_keep_what_they_say(tmp_path: Path) -> None:
    reach = {"say": ["@f", "我帮您"], "where": "after", "next_turns": 1, "next_s": 8, "by": "staff"}
    rule = load(tmp_path, frame("f"), entry("没时间", unless=["~过来", reach], soften=["抱歉"])).rules["P1"]
    short, long = rule.unless
    assert (short.say, short.where, short.by) == (("~过来",), None, "same")
    assert (long.where, long.next_turns, long.next_s, long.by) == ("after", 1, 8.0, "staff")
    assert rule.soften[0].say == ("抱歉",)


def test_marks_of_a_rule(tmp_path: Path) -> None:
    keys = {"needs_person": True, "masked": True, "min_confidence": 0.8}
    dialect = '[[phrase.dialect]]\nregion = "西南"\nsay = ["莫得时间"]\n'
    dialect += '[[phrase.dialect]]\nregister = "口语"\nsay = ["没功夫啊"]\n'
    rule = load(tmp_path, entry("没时间", **keys), dialect).rules["P1"]
    assert (rule.needs_person, rule.masked, rule.min_confidence) == (True, True, 0.8)
    marked = [("没时间", ""), ("莫得时间", "西南"), ("没功夫啊", "口语")]
    assert [(one.text, one.mark) for one in rule.variants] == marked


def test_examples_are_words_or_conversations(tmp_path: Path) -> None:
    talk = {"turns": ["客：几楼？", "员: 没时间"]}
    visitor = {"text": "我没时间", "role": "visitor"}
    rule = load(tmp_path, entry("没时间", examples=["没时间", talk], counter_examples=[visitor])).rules["P1"]
    assert [one.lines() for one in rule.examples] == [
        (("staff", "没时间"),),
        (("visitor", "几楼？"), ("staff", "没时间")),
    ]
    assert rule.counter_examples == (Example(text="我没时间", role="visitor"),)


def test_conditions_and_examples_of_two_packs_are_united(tmp_path: Path) -> None:
    for name, word in (("a", "要是~"), ("b", "如果~")):
        text = entry("没时间", unless=["~过来", word], min_confidence=0.9 if name == "a" else 0.7)
        pack_file(tmp_path, text, header=f'[pack]\nid = "{name}"\ntitle = "T"\n', name=f"{name}.toml")
    rule = load_packs([tmp_path], language=tmp_path / "none").rules["P1"]
    assert [one.say for one in rule.unless] == [("~过来",), ("要是~",), ("如果~",)]
    assert rule.min_confidence == 0.7


def test_shared_frames_and_bans_are_part_of_the_digest_whatever_their_order(tmp_path: Path) -> None:
    one = load(tmp_path, entry("没时间"), language=shared(tmp_path, frame("f"), frame("g"))).sha256
    other = load(tmp_path, entry("没时间"), language=shared(tmp_path, frame("g"), "# x\n", frame("f"))).sha256
    changed = load(tmp_path, entry("没时间"), language=shared(tmp_path, frame("f", say=["若~"]), frame("g")))
    assert one == other
    assert changed.sha256 != one
    assert load(tmp_path, entry("没时间")).sha256 != one


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
    (entry("没时间", unless=["~来~"]), ['phrase 1 ("P1"), unless: "~来~" has ~ twice']),
    (entry("没时间", unless=["…~"]), ["has no words beside ~"]),
    (entry("没时间", unless=["……"]), ["has no words; it would always hold"]),
    (entry("没时间", unless=["吗"]), ["too short to stand by itself"]),
    (entry("没时间", unless=["我…不"]), ["too short to stand by itself"]),
    (entry("没时间", unless=["要是{~"]), ["brace"]),
    (entry("没时间", unless=["(要是|如果)~"]), ["regular expression"]),
    (entry("没时间", unless=["要是@f~"]), ["an @ among words"]),
    (entry("没时间", unless=[" "]), ["unless, item 1, say, item 1"]),
    (entry("没时间", unless=[]), ["unless is empty; write a condition, or delete the key"]),
    (entry("没时间", only_if=[]), ["only_if is empty"]),
    (entry("没时间", soften=[{"say": []}]), ["soften, item 1, say is []"]),
    (entry("没时间", unless=["~来", "~来"]), ['unless: "~来" is given twice']),
    (entry("没时间", unless=[{"say": ["~来", "~来"]}]), ['"~来" is given twice']),
    (entry("没时间", unless=[{"say": ["~来"], "wher": "turn"}]), ['did you mean "where"?']),
    (entry("没时间", unless=[{"say": ["~来"], "where": "aftr"}]), ['where is "aftr"', 'Write "after".']),
    (entry("没时间", unless=[{"say": ["~来"], "next_s": 0}]), ["next_s is 0"]),
    (entry("没时间", unless=[{"say": ["~来"], "by": "clerk"}]), ['by is "clerk"']),
    (entry("没时间", unless=[{"say": ["抱歉"], "where": "before", "next_turns": 1}]), ["what comes later"]),
    (entry("没时间", unless=[{"say": ["抱歉"], "where": "after", "last_turns": 1}]), ["what came before"]),
    (entry("没时间", unless=[{"say": ["抱歉"], "by": "visitor"}]), ["add last_turns or next_turns"]),
    (entry("没时间", unless="~来"), ['unless is "~来"', "array"]),
    (entry("没时间", unless=[7]), ["unless, item 1 is 7"]),
    (entry("没时间", unless=["@condtion"]) + frame("condition"), ['did you mean "condition"?']),
    (entry("没时间", unless=["@xyz"]), ['"@xyz" names no frame; there are quotes']),
    (frame("f", say=["@g"]) + frame("g", say=["@f"]), ["@f → @g → @f is a circle"]),
    (frame("f", say=["@f", "~来"]), ["@f → @f is a circle"]),
    (frame("f", say=[]), ["frame 1", "say is []"]),
    (frame("f", say=["~"]), ['frame 1 ("f"), say: "~" has no words']),
    (frame("f", title=None), ["title is missing"]),
    (frame("f") + frame("f"), ["id is also that of a frame"]),
    (frame("quotes"), ["built in"]),
    (ban("C1", say=None), ["has no say"]),
    (ban("C1", name=None), ["name is missing"]),
    (ban("C1", kind="Deflect!"), ["kind is"]),
    (ban("C1", phrase="没时间"), ["phrase is not a known key"]),
    (ban("C1") + ban("C1"), ['ban 2 ("C1"): id is also that of ban 1']),
    (entry("没时间", "C1") + ban("C1"), ["id is also that of phrase 1"]),
    (entry("没时间") + ban("C1", say=["没時间"]), ['ban 1 ("C1"), say: "没時间" is the same as "没时间"']),
    (described("不推诿", ban="C9") + ban("C1"), ['ban is "C9"; no ban has that id, there are C1']),
    (entry("没时间") + '[[phrase.dialect]]\nsay = ["莫得时间"]\n', ["either region or register"]),
    (entry("没时间") + '[[phrase.dialect]]\nregion = "x"\nregister = "y"\nsay = ["莫得"]\n', ["either region"]),
    (entry("没时间") + '[[phrase.dialect]]\nregion = "x"\nsay = ["没时间"]\n', ["dialect", "is the same as"]),
    (entry("没时间", examples=["没时间", "没时间。"]), ["item 2: is the same as examples, item 1"]),
    (entry("没时间", examples=["没时间"], counter_examples=["没时间"]), ["is the same as examples, item 1"]),
    (entry("没时间", examples=[""]), ["either text or turns"]),
    (entry("没时间", examples=[{"text": "没时间", "turns": ["员：没时间"]}]), ["either text or turns"]),
    (entry("没时间", examples=[{"turns": ["没时间"]}]), ["does not begin with 员： or 客："]),
    (entry("没时间", examples=[{"text": "x", "role": "clerk"}]), ['role is "clerk"']),
    (entry("没时间", min_confidence=1.5), ["min_confidence is 1.5"]),
    (entry("没时间", masked="yes"), ['masked is "yes"']),
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


def test_ids_are_unique_between_files(tmp_path: Path) -> None:
    language = shared(tmp_path, ban("P1"), ban("C1"), frame("f"))
    path = pack_file(tmp_path, entry("没时间"), ban("C1"), frame("f"))
    with pytest.raises(DeskguardError) as caught:
        load_packs([path], language=language)
    for part in ("id is also that of a ban of", "id is also that of a frame of", "that of a phrase of"):
        assert part in caught.value.problem
    assert "3 mistakes" in caught.value.problem


def test_what_an_unreadable_file_may_hold_is_not_missed(tmp_path: Path) -> None:
    language = shared(tmp_path, "[[frame\n")
    with pytest.raises(DeskguardError) as caught:
        load_packs([pack_file(tmp_path, entry("没时间", unless=["@f"]))], language=language)
    assert "1 mistake:" in caught.value.problem
    assert "names no frame" not in caught.value.problem


def test_a_frame_of_a_faulty_file_counts_as_known(tmp_path: Path) -> None:
    language = shared(tmp_path, frame("f"), ban("C1", severity="urgent"))
    with pytest.raises(DeskguardError) as caught:
        load_packs([pack_file(tmp_path, entry("没时间", unless=["@f"]))], language=language)
    assert "1 mistake:" in caught.value.problem


def test_two_files_with_one_pack_id_are_an_error(tmp_path: Path) -> None:
    pack_file(tmp_path, entry("没时间"), name="1.toml")
    pack_file(tmp_path, entry("我不管", "P2"), name="2.toml")
    problem = refused(tmp_path).problem
    assert "1.toml" in problem
    assert "2.toml" in problem


def test_a_file_named_twice_is_read_once(tmp_path: Path) -> None:
    path = pack_file(tmp_path, entry("没时间"))
    assert len(load_packs([path, tmp_path, path]).packs) == 1
