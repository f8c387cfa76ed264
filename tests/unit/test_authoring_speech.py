"""What `rules test` and `rules try` take: manifests beside recordings, words, files; and what they refuse."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from deskguard.authoring.trials import places
from deskguard.authoring.trials.speech import Recording, find_recordings, tried
from deskguard.authoring.trials.testing import Chosen, readable, run
from deskguard.authoring.trials.trying import read, text_of
from deskguard.authoring.words import Words
from deskguard.errors import DeskguardError
from deskguard.rules.pack import load_packs
from deskguard.settings import Settings
from golden_recordings import FOLDER
from rules_packs import entry, pack_file

ZH = Words()


# ---- manifests ----


def recording(folder: Path, manifest: str, name: str = "one") -> Path:
    (folder / f"{name}.toml").write_text(manifest, encoding="utf-8")
    (folder / f"{name}.wav").write_bytes(b"never read")
    return folder / f"{name}.toml"


def test_a_manifest_says_what_must_be_raised_and_who_speaks(tmp_path: Path) -> None:
    (one,) = find_recordings(recording(tmp_path, 'rule = "T01"\nrole = "visitor"\nvoice = "x"\n'), ZH)
    assert one.path == tmp_path / "one.wav"
    assert [each.rule_id for each in one.manifest.wanted] == ["T01"]
    ((turn,),) = one.roles().turns.values()
    assert turn.role == "visitor"
    recording(tmp_path, 'rule = ["T01", "T03"]\n', "two")
    recording(tmp_path, "", "three")
    (tmp_path / "alone.toml").write_text('rule = "T01"\n')
    found = find_recordings(tmp_path, ZH)
    assert [(each.path.stem, len(each.manifest.wanted)) for each in found] == [
        ("one", 1),
        ("three", 0),
        ("two", 2),
    ]


def test_the_manifests_of_the_fixtures_are_understood() -> None:
    found = {one.path.stem: one for one in find_recordings(FOLDER, ZH)}
    conversation = found["conv_closing_time"]
    assert {one.rule_id for one in conversation.manifest.wanted} >= {"T11", "T12"}
    (turns,) = conversation.roles().turns.values()
    assert {turn.role for turn in turns} == {"staff", "visitor"}
    assert found["conv_complaint_polite"].manifest.wanted == ()
    assert found["conv_complaint_polite"].manifest.trap


@pytest.mark.parametrize(
    ("manifest", "said"),
    [
        ("rule = 3\n", "rule"),
        ('role = "clerk"\n', "role"),
        ('[[turn]]\nspeaker = "staff"\nstart_s = -1.0\nend_s = 2.0\n', "start_s"),
        ("rule = \n", "not valid TOML"),
    ],
)
def test_a_manifest_with_a_mistake_is_named(tmp_path: Path, manifest: str, said: str) -> None:
    path = recording(tmp_path, manifest)
    with pytest.raises(DeskguardError) as caught:
        find_recordings(tmp_path, ZH)
    assert str(path) in str(caught.value)
    assert said in str(caught.value)


def test_no_folder_and_no_recordings_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(DeskguardError, match="没有 "):
        find_recordings(tmp_path / "none", ZH)
    with pytest.raises(DeskguardError, match="没有带同名"):
        find_recordings(tmp_path, ZH)


class Deaf:
    """A listener in whose place nothing is heard: what is left out never reaches it."""

    def hear(self, name: str, *_: object) -> object:
        raise AssertionError(f"{name} was listened to")


def test_recordings_of_other_rules_are_not_listened_to(tmp_path: Path) -> None:
    rules = load_packs([pack_file(tmp_path, entry("我不知道", "P1"))])
    recording(tmp_path, 'rule = "T01"\n')
    (one,) = find_recordings(tmp_path / "one.toml", ZH)
    assert list(tried(Deaf(), rules, [one])) == []  # type: ignore[arg-type]
    innocent = Recording(path=one.path, manifest=one.manifest.model_copy(update={"rule": ()}))
    assert list(tried(Deaf(), rules, [innocent], only="P1")) == []  # type: ignore[arg-type]


def test_the_run_of_examples_ends_with_a_summary(tmp_path: Path) -> None:
    pack = pack_file(tmp_path, entry("我不知道", "P1", examples=["我不知道", "你好"]), entry("没时间", "P2"))
    chosen = Chosen(rules=load_packs([pack]), rule=None, speech=None, words=ZH)
    good, bad, summary = run(chosen, Settings())
    assert (good["is_good"], bad["is_good"]) == (True, False)
    assert readable(good, ZH) == []
    assert readable(bad, ZH)[0].startswith("✗ P1")
    assert (summary["examples"], summary["failed"], summary["without_examples"]) == (2, 1, ["P2"])
    assert readable(summary, ZH) == ["例句 2 句，不对的 1 句。", "还没有例句的规则：P2"]


# ---- what to try ----


def test_words_one_by_one_are_one_conversation_and_files_their_own(tmp_path: Path) -> None:
    talk, sound = tmp_path / "a.txt", tmp_path / "a.wav"
    talk.write_text("\ufeff客：你好\n", encoding="utf-8")
    sound.write_bytes(b"x")
    given = read(["员：好", str(talk), str(sound), "客：谢谢"], "staff", ZH)
    assert [[(line.role, line.text) for line in lines] for lines in given.talks] == [
        [("staff", "好"), ("visitor", "谢谢")],
        [("visitor", "你好")],
    ]
    assert given.recordings == (str(sound),)
    assert given.roles is not None
    assert given.roles.source == "staff"


def test_standard_input_is_a_conversation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("客：你好\n".encode())))
    assert read(["-"], None, ZH).talks[0][0].text == "你好"


@pytest.mark.parametrize(
    ("what", "roles", "said"),
    [
        (["none.txt"], None, "没有文件 none.txt"),
        (["none.wav"], None, "没有文件 none.wav"),
        (["folder/none.FLAC"], None, "没有文件"),
        (["  "], None, "没有可以试的话"),
        (["员："], None, "没有可以试的话"),
        (["我不知道"], "staff", "--roles 只对录音有用"),
        (["长" * 5000 + ".wav"], None, "没有文件"),
    ],
)
def test_what_cannot_be_tried_is_refused(what: list[str], roles: str | None, said: str) -> None:
    with pytest.raises(DeskguardError) as caught:
        read(what, roles, ZH)
    assert said in str(caught.value)


def test_words_that_are_no_path_are_words() -> None:
    for text in ("我不知道/不归我管", "a\0b", "长" * 5000, "~", ".."):
        assert read([text], None, ZH).talks[0][0].text == text


def test_text_in_another_encoding_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("我不知道".encode("gbk"))
    with pytest.raises(DeskguardError, match="UTF-8"):
        text_of(str(path), ZH)
    with pytest.raises(DeskguardError, match="读不了"):
        text_of(str(tmp_path), ZH)


def test_a_place_of_a_recording_is_told_with_its_time() -> None:
    place = {
        "type": "place", "outcome": "unlikely", "rule_id": "T01", "phrase": "我不知道", "needs_person": False,
        "heard": "我不自道", "variant": "我不知道", "tier": "near", "distance": 0.1, "start_s": 1.0,
        "end_s": 1.5, "suppressed": "low-confidence", "why": ["below 0.50: not believed"],
    }  # fmt: skip
    assert places.readable(place, ZH) == [
        "  · T01 我不知道  【不算：听上去没说】“我不自道”（音相近，说法“我不知道”）",
        "      1.00–1.50 秒、每个音节差 0.10、不出卡片：把握不够",
        "      不到 0.50，不信",
    ]
