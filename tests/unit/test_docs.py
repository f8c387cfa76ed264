"""The documents say all that the program can do, in both languages, and name nothing it cannot."""

from __future__ import annotations

import argparse
import ast
import inspect
import re
import tomllib
import wave
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
from pydantic import BaseModel

from deskguard.cli import _parser
from deskguard.desk import alerts
from deskguard.desk.finding_lines import finding_line
from deskguard.desk.replay import Replayer, alert_line, role_line
from deskguard.hub.oidc.config import OidcSettings
from deskguard.i18n import catalogue
from deskguard.rules.pack import PackFile
from deskguard.scoring.card_schema import CardFile, FillFile
from deskguard.scoring.lines import Judged
from deskguard.scoring.lines import finding_line as night_line
from deskguard.scoring.review import Standing
from deskguard.settings import Settings
from deskguard.values import Alert, ClauseRef, Courtesy, Hit, Labelled, Manner, Visit
from scoring_values import a_finding

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
READMES = ("README.md", "README.zh-CN.md")
KINDS = ("alert", "transcript", "role", "visit", "courtesy", "manner", "help", "summary")
CONTRACT = {kind: f"### {kind}" for kind in KINDS}
TRANSCRIPT_FIELDS = (
    *("utterance_id", "start_s", "end_s", "text", "role", "role_confidence", "is_announcement", "is_final"),
)


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def code_in(text: str) -> set[str]:
    """Everything between backticks on one line."""
    return set(re.findall(r"`([^`\n]+)`", text))


def options_in(text: str) -> set[str]:
    """Every option between backticks: `--port PORT` names --port."""
    return {word for code in code_in(text) for word in code.split() if re.fullmatch(r"--?[a-z][a-z-]*", word)}


def section(text: str, heading: str) -> str:
    """What stands under a heading, up to the next one."""
    return text.split(f"\n{heading}\n", 1)[1].split("\n#", 1)[0]


def commands(
    parser: argparse.ArgumentParser, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], argparse.ArgumentParser]]:
    """Every parser with the words that lead to it."""
    yield path, parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, inner in action.choices.items():
                yield from commands(inner, (*path, name))


COMMANDS = dict(commands(_parser()))


@pytest.mark.parametrize("readme", READMES)
def test_every_command_is_in_the_readme(readme: str) -> None:
    text = text_of(readme)
    for path in COMMANDS:
        assert " ".join(("deskguard", *path)) in text, path


@pytest.mark.parametrize("readme", READMES)
def test_every_option_stands_under_its_command(readme: str) -> None:
    text = text_of(readme)
    for path, parser in COMMANDS.items():
        # -h is the same everywhere and told once.
        heading = f"### deskguard {path[0]}" if path else ""
        told = options_in(section(text, heading) if path else text)
        for action in parser._actions:
            missing = [one for one in action.option_strings if one not in told | {"-h", "--help"}]
            assert missing == [], f"{readme}, deskguard {' '.join(path)}"
    assert {"-h", "--help", "--version"} <= options_in(text)


@pytest.mark.parametrize("readme", READMES)
def test_no_option_in_the_readme_is_made_up(readme: str) -> None:
    known = {one for parser in COMMANDS.values() for action in parser._actions for one in action.option_strings}
    text = text_of(readme)
    for path in {path[:1] for path in COMMANDS if path}:
        assert options_in(section(text, f"### deskguard {path[0]}")) <= known, path


def leaves(model: type[BaseModel]) -> Iterator[tuple[str, str, Any]]:
    for table, field in model.model_fields.items():
        for key, inner in cast("type[BaseModel]", field.annotation).model_fields.items():
            yield table, key, inner.default


@pytest.mark.parametrize("readme", READMES)
def test_every_setting_is_in_the_readme_with_its_default(readme: str) -> None:
    rows = dict(re.findall(r"^\| (`\[\w+\]` `\w+`) \| `([^`]*)` \|", text_of(readme), re.MULTILINE))
    expected = {f"`[{table}]` `{key}`": default for table, key, default in leaves(Settings)}
    assert set(rows) == set(expected)
    for name, default in expected.items():
        found = tomllib.loads(f"value = {rows[name]}")["value"]
        assert found == (list(default) if isinstance(default, tuple) else default), name


def test_bundled_settings_hold_every_key_with_its_default() -> None:
    table = tomllib.loads(text_of("config/deskguard.toml"))
    written = {(name, key): value for name, keys in table.items() for key, value in keys.items()}
    assert set(written) == {(name, key) for name, key, _ in leaves(Settings)}
    for name, key, default in leaves(Settings):
        assert written[name, key] == (list(default) if isinstance(default, tuple) else default), (name, key)


def test_every_key_of_a_pack_is_explained_beside_the_packs() -> None:
    told = code_in(text_of("config/standards/README.md"))
    for field in PackFile.model_fields.values():
        inner = [*getattr(field.annotation, "__args__", ()), field.annotation]
        entry = next(one for one in inner if isinstance(one, type) and issubclass(one, BaseModel))
        missing = {one.alias or name for name, one in entry.model_fields.items()} - told
        assert missing == set(), entry.__name__


@pytest.mark.parametrize("readme", READMES)
def test_every_key_of_the_oidc_file_is_in_the_readme_with_its_default(readme: str) -> None:
    rows = dict(re.findall(r"^\| `(\[?\w+\]?)` \| *`?([^`|]*?)`? *\|", text_of(readme), re.MULTILINE))
    for name, field in OidcSettings.model_fields.items():
        told = rows["[roles]" if name == "roles" else name].strip()
        default = None if field.is_required() else field.get_default(call_default_factory=True)
        expected = list(default) if isinstance(default, tuple) else None if default == {} else default
        assert (tomllib.loads(f"value = {told}")["value"] if told else None) == expected, name


def entries_of(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """A table of a file and every table inside it."""
    yield model
    for field in model.model_fields.values():
        waiting = [field.annotation]
        while waiting:
            one = waiting.pop()
            waiting += getattr(one, "__args__", ())
            if isinstance(one, type) and issubclass(one, BaseModel):
                yield from entries_of(one)


@pytest.mark.parametrize("file", [CardFile, FillFile])
def test_every_key_of_a_scorecard_is_explained_beside_the_cards(file: type[BaseModel]) -> None:
    told = code_in(text_of("config/scorecards/README.md"))
    told |= {one.strip("[]").rpartition(".")[2] for one in told}
    for entry in entries_of(file):
        missing = {one.alias or name for name, one in entry.model_fields.items()} - told
        assert missing <= {"card"}, entry.__name__


@pytest.mark.parametrize("readme", READMES)
def test_every_field_of_a_finding_is_in_the_contract(readme: str) -> None:
    table = "\n".join(re.findall(r"^\| (`.*?) \|", section(text_of(readme), "### finding"), re.MULTILINE))
    found = night_line(Judged(finding=a_finding(), standing=Standing()))
    assert code_in(table) == set(found)


FINDINGS = (
    Visit(visit_id="v", channel="counter", start_sample=0),
    Courtesy(
        courtesy_id="c",
        visit_id="v",
        act_id="K",
        name="n",
        scene="greet",
        state="open",
        start_sample=0,
        end_sample=1,
    ),
    Manner(
        manner_id="m",
        visit_id="v",
        kind="loud",
        start_sample=0,
        end_sample=1,
        value=7.0,
        expected=6.0,
        unit="LU",
    ),
)


def an_alert() -> Alert:
    hit = Hit(
        hit_id="x-1",
        utterance_id=0,
        rule_id="T01",
        variant="v",
        tier="sound",
        heard="h",
        state="confirmed",
        confidence=0.5,
        start_sample=0,
        end_sample=16_000,
    )
    clause = ClauseRef(standard="s000", title="t", clause="c", quote="q")
    return Alert(
        hit=hit,
        phrase="p",
        advice="a",
        severity="low",
        clauses=(clause,),
        raised_ns=0,
        raised_sample=16_000,
    )


class NoRecogniser:
    """Silence has no speech windows, so nobody asks it to decode."""

    def align(self, hypothesis: Any) -> Any:
        raise AssertionError("silence was recognised")

    decode = look = align


def summary_line(folder: Path) -> dict[str, Any]:
    """What replay itself says of two seconds of silence."""
    with wave.open(str(folder / "silence.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(bytes(2 * 2 * 16_000))
    settings = Settings()
    from deskguard.desk.compose import load_rules

    replayer = Replayer(settings, load_rules(settings), cast("Any", NoRecogniser()), is_real_pace=False)
    return list(replayer.lines(str(folder / "silence.wav")))[-1]


@pytest.mark.parametrize("readme", READMES)
def test_every_field_of_replay_is_in_the_contract(readme: str, tmp_path: Path) -> None:
    text = text_of(readme)
    common = {"v", "type", "file"}
    assert common <= code_in(text)
    fields = {
        "alert": set(alert_line(an_alert())),
        "transcript": set(TRANSCRIPT_FIELDS),
        "role": set(role_line(Labelled(0, "staff", 0.9))) - {"type"},
        **{finding_line(one)["type"]: set(finding_line(one)) for one in FINDINGS},
        "help": {"by", "at_s"},
        "summary": set(summary_line(tmp_path)),
    }
    for kind, heading in CONTRACT.items():
        table = "\n".join(re.findall(r"^\| (`.*?) \|", section(text, heading), re.MULTILINE))
        told = code_in(table) - suppressed_codes()
        assert told == fields[kind] - common, kind


def suppressed_codes() -> set[str]:
    """Every reason the policy can give, read off its source."""
    tree = ast.parse(inspect.getsource(alerts.AlertPolicy))
    strings = {
        node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return {
        one for one in strings if re.fullmatch(r"[a-z]+(-[a-z]+)+|cooldown|contained|withdrawn|softened", one)
    }


@pytest.mark.parametrize("document", [*READMES, "ARCHITECTURE.md"])
def test_every_reason_for_no_card_is_explained(document: str) -> None:
    codes = suppressed_codes()
    assert len(codes) == 13
    rows = set(re.findall(r"^\| `([a-z-]+)` \|", text_of(document), re.MULTILINE))
    assert codes <= rows
    # On the page they have words, too; a withdrawn hit is not listed there.
    assert {f"suppressed.{code}" for code in codes - {"withdrawn"}} <= set(catalogue.load("en"))


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):.*## ", text_of("Makefile"), re.MULTILINE))


@pytest.mark.parametrize("readme", READMES)
def test_readme_and_makefile_name_the_same_targets(readme: str) -> None:
    named = set(re.findall(r"\bmake ([a-z]+(?:-[a-z]+)*)", text_of(readme)))
    assert named == make_targets()


def test_every_target_stands_in_the_makefile_as_one_that_is_no_file() -> None:
    phony = set(re.findall(r"^\.PHONY: (.*)$", text_of("Makefile"), re.MULTILINE)[0].split())
    assert make_targets() == phony


@pytest.mark.parametrize("document", [*READMES, "ARCHITECTURE.md", "tests/README.md"])
def test_files_the_documents_link_to_exist(document: str) -> None:
    home = (ROOT / document).parent
    links = [one for one in re.findall(r"\]\(([^)#]+)\)", text_of(document)) if "://" not in one]
    assert links
    assert [one for one in links if not (home / one).exists()] == []


@pytest.mark.parametrize("readme", READMES)
def test_links_within_a_readme_lead_to_a_heading(readme: str) -> None:
    text = text_of(readme)
    anchors = {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= anchors


@pytest.mark.parametrize("readme", READMES)
def test_scripts_for_windows_exist(readme: str) -> None:
    named = re.findall(r"scripts\\(\w+\.ps1)", text_of(readme))
    assert set(named) == {path.name for path in (ROOT / "scripts").glob("*.ps1")}


def shape(text: str) -> list[tuple[str, int]]:
    """Headings by level, code blocks and tables by their rows: what two languages must share."""
    found: list[tuple[str, int]] = []
    rows, in_code = 0, False
    for line in [*text.splitlines(), ""]:
        if line.startswith("```"):
            in_code = not in_code
            found += [("code", 0)] if in_code else []
        elif not in_code and line.startswith("|"):
            rows += 1
        else:
            if rows:
                found.append(("table", rows))
                rows = 0
            if not in_code and line.startswith("#"):
                found.append(("heading", len(line) - len(line.lstrip("#"))))
    return found


def test_both_readmes_have_the_same_structure() -> None:
    english, chinese = (shape(text_of(one)) for one in READMES)
    assert english == chinese


def test_both_readmes_show_the_same_commands() -> None:
    def blocks(text: str) -> list[str]:
        return re.findall(r"^```\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)

    english, chinese = (blocks(text_of(one)) for one in READMES)
    # The first block names the place to clone from in the reader's language.
    assert english[1:] == chinese[1:]
    assert len(english) == len(chinese)
