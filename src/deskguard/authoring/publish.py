"""A draft to the live folder: only what loads, and only if its own examples hold; every version is kept."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from deskguard.authoring import versions
from deskguard.authoring.trials.examples import failures, told
from deskguard.authoring.versions import SHOWN, Entry
from deskguard.authoring.words import complaint
from deskguard.rules.pack import load_packs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deskguard.authoring.versions import Files
    from deskguard.authoring.words import Words
    from deskguard.rules.ruleset import RuleSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Who publishes, when and why."""

    author: str
    note: str
    published: str
    """ISO 8601 with offset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What to print, and whether anything was published."""

    lines: tuple[str, ...]
    is_live: bool


def live_folder(packs: Sequence[str], given: Path | None, words: Words) -> Path:
    """The folder to publish into: the one given, else the one that the settings name; else DeskguardError."""
    if given is not None:
        return given
    if len(packs) != 1 or packs[0].endswith(".toml"):
        raise complaint(words, "no_live_folder", "no-live-folder", packs=words.joined(packs) or words("none"))
    return Path(packs[0])


def publish(draft: str, live: Path, signature: Signature, words: Words, only: Sequence[str] = ()) -> Published:
    """Make a draft (folder, file or version) the live rules.

    A folder or a version becomes all of the live folder; a single file replaces the one of its name or joins
    the others. Raises DeskguardError, with the live folder as it was, when the draft does not load.
    """
    source = Path(draft) if Path(draft).exists() else versions.find(live, draft, words)
    files = versions.read_files(source, words)
    before = versions.live_version(live, words)
    if source.is_file() and before is not None:
        files = {**versions.read_files(live, words), **files}
    rules = _loaded(source, live, files, only)
    failed = failures(rules)
    if failed:
        lines = [line for one in failed for line in told(one, rules, words.masking(rules))]
        return Published(lines=(*lines, words("not_published", n=len(failed), live=live)), is_live=False)
    ledger = versions.read_ledger(live, words)
    if before is not None and versions.hash_of(files) == before and ledger and ledger[-1].version == before:
        return Published(lines=(words("already_live", version=before[:SHOWN], live=live),), is_live=True)
    with versions.publishing(live, words):
        if before is not None:
            # Edits by hand since the last publication are kept, too.
            versions.keep(live, versions.read_files(live, words), words)
        home = versions.keep(live, files, words)
        if load_packs([home]).sha256 != load_packs(_parts(source, live, files)).sha256:
            raise complaint(words, "draft_changed", "draft-changed", path=source)
        versions.put_live(live, files, _entry(home.name, rules, signature), words)
    return Published(
        lines=(
            words("published", live=live, rules=len(rules.rules)),
            words("version", version=home.name),
            words("hash", sha256=rules.sha256),
        ),
        is_live=True,
    )


def list_versions(live: Path, words: Words) -> list[str]:
    """A line for each publication, newest first; * marks what is live."""
    entries = versions.read_ledger(live, words)
    now = versions.live_version(live, words)
    lines = [words("live_folder", live=live)]
    newest_of_live = next((one for one in reversed(entries) if one.version == now), None)
    for one in reversed(entries):
        mark = "*" if one is newest_of_live else " "
        lines.append(
            f"{mark} {one.version[:SHOWN]}  {one.published}  {one.author}  "
            f"{words('counted_rules', n=one.rules)}  {one.note}".rstrip()
        )
    if not entries:
        lines.append(words("no_versions"))
    if now is not None and newest_of_live is None:
        lines.append(words("live_unpublished", version=now[:SHOWN]))
    return lines


def _loaded(source: Path, live: Path, files: Files, only: Sequence[str]) -> RuleSet:
    """The rules as they will be; loaded from where they lie now, so that mistakes name known places."""
    paths = _parts(source, live, files)
    rules = load_packs(paths)
    if only:
        # A desk that keeps to some packs must find them.
        load_packs(paths, only)
    return rules


def _parts(source: Path, live: Path, files: Files) -> list[Path]:
    if not source.is_file():
        return [source]
    return [source, *(live / name for name in files if name != source.name)]


def _entry(version: str, rules: RuleSet, signature: Signature) -> Entry:
    return Entry(
        version=version,
        rules_sha256=rules.sha256,
        published=signature.published,
        author=signature.author,
        note=signature.note,
        packs=tuple(one.pack_id for one in rules.packs),
        rules=len(rules.rules),
    )
