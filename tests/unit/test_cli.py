"""The command line in process: what it refuses, what it prints, and its exit status."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from deskguard import __version__
from deskguard.cli import main
from golden_recordings import FOLDER
from rules_packs import entry, pack_file

LITERAL = FOLDER / "t01_literal.flac"


@pytest.fixture
def refusal(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Runs a command that must end with status 2, print nothing and say why on standard error."""

    def run(*arguments: str | Path) -> str:
        try:
            status: object = main([str(one) for one in arguments])
        except SystemExit as ended:
            status = ended.code
        printed = capsys.readouterr()
        assert status == 2
        assert printed.out == ""
        assert printed.err.startswith("deskguard: ")
        assert printed.err.endswith("\n")
        assert " Fix: " in printed.err
        assert "Traceback" not in printed.err
        return printed.err

    return run


def config(folder: Path, text: str) -> Path:
    path = folder / "deskguard.toml"
    path.write_text(text, encoding="utf-8")
    return path


WRONG: list[tuple[list[str], str]] = [
    ([], "required: COMMAND"),
    (["frobnicate"], "invalid choice: 'frobnicate'"),
    (["replay"], "required: FILE"),
    (["replay", "x.wav", "--pase", "fast"], "unrecognized arguments: --pase fast"),
    (["replay", "x.wav", "--pace", "slow"], "invalid choice: 'slow'"),
    (["models"], "required: ACTION"),
    (["rules"], "required: ACTION"),
    (["rules", "chek"], "invalid choice: 'chek'"),
    (["demo", "--port", "99999"], "'99999' is not a port from 0 to 65535"),
    (["listen", "--port", "-1"], "'-1' is not a port"),
    (["listen", "--port", "http"], "'http' is not a port"),
    (["demo", "--linger", "nan"], "'nan' is not a number of seconds"),
    (["demo", "--linger", "-3"], "'-3' is not a number of seconds"),
    (["demo", "--language", "fr"], "invalid choice: 'fr'"),
]


@pytest.mark.parametrize(("arguments", "said"), WRONG)
def test_a_wrong_command_line_is_one_line_and_status_two(
    refusal: Callable[..., str], arguments: list[str], said: str
) -> None:
    told = refusal(*arguments)
    assert said in told
    assert told.count("\n") == 1


def test_settings_that_do_not_exist_or_do_not_fit_are_refused(
    tmp_path: Path, refusal: Callable[..., str]
) -> None:
    assert "does not exist" in refusal("replay", LITERAL, "--config", tmp_path / "none.toml")
    path = config(tmp_path, '[model]\nnaem = "base"\n[hearing]\nhop_s = 7\n')
    said = refusal("replay", LITERAL, "--config", path)
    assert 'did you mean "name"?' in said
    assert "[hearing.hop_s] is 7" in said


def test_a_missing_model_says_how_to_get_it(tmp_path: Path, refusal: Callable[..., str]) -> None:
    empty = tmp_path / "weights"
    empty.mkdir()
    said = refusal("replay", LITERAL, "--config", config(tmp_path, f"[model]\nfolder = '{empty}'\n"))
    assert 'Model "base" is not in' in said
    assert "deskguard models get base" in said


def test_an_english_only_model_is_refused_by_its_name(tmp_path: Path, refusal: Callable[..., str]) -> None:
    said = refusal("replay", LITERAL, "--config", config(tmp_path, '[model]\nname = "base.en"\n'))
    assert "base.en" in said
    assert "English" in said


def test_a_model_folder_that_is_none_is_refused(tmp_path: Path, refusal: Callable[..., str]) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.bin").write_bytes(b"nothing")
    path = config(tmp_path, f"[model]\nname = '{tmp_path / 'model'}'\n")
    assert str(tmp_path / "model") in refusal("replay", LITERAL, "--config", path)


def test_rules_check_lists_what_is_in_force(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "check"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any("T01" in line and "我不知道" in line for line in lines)
    assert "sha256" in lines[-1]


def test_rules_check_keeps_to_the_packs_that_are_in_use(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rules", "check", "--config", str(config(tmp_path, '[rules]\nonly = ["s003"]\n'))]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("规则包 1 份，")


def test_rules_check_looks_at_any_file_whatever_is_in_use(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "packs"
    folder.mkdir()
    path = pack_file(folder, entry("我不知道"))
    settings = config(tmp_path, '[rules]\nonly = ["s003"]\n')
    assert main(["rules", "check", str(path), "--config", str(settings)]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("规则包 1 份，规则 1 条（")


def test_rules_check_reports_every_mistake_of_a_pack(tmp_path: Path, refusal: Callable[..., str]) -> None:
    path = pack_file(tmp_path, entry("", "P1"), entry("没时间", "P2", severity="hihg", colour="red"))
    said = refusal("rules", "check", path)
    assert str(path) in said
    for part in ("P1", "hihg", "colour"):
        assert part in said


def test_a_pack_that_is_missing_is_refused(tmp_path: Path, refusal: Callable[..., str]) -> None:
    assert "none.toml" in refusal("rules", "check", tmp_path / "none.toml")


@pytest.mark.parametrize("command", [[], ["replay"], ["demo"], ["listen"], ["rules"], ["rules", "check"]])
def test_help_is_printed_and_is_no_error(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*command, "--help"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith(" ".join(["usage: deskguard", *command]))


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"deskguard {__version__}\n"
