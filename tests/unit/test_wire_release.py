"""What a hub sends to its desks: signed whole, numbered, for named windows; anything else is refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from deskguard.errors import DeskguardError
from deskguard.settings import Settings
from deskguard.wire import pushed, release, signing

KEY = signing.new_private_key()
PUBLIC = signing.public_key(KEY)
AT = datetime(2026, 11, 30, tzinfo=UTC)
FILES = {"a.toml": b"[pack]\n", "b.toml": "# 规则\n".encode()}


def envelope(serial: int = 5, windows: tuple[str, ...] = ("east-*",), key: str = KEY) -> dict[str, Any]:
    made = release.signed(release.rules_release(serial, AT, windows, FILES), key)
    found: dict[str, Any] = json.loads(made.model_dump_json())
    return found


def expected(serial: int = 0, window: str = "east-1", public: str = PUBLIC) -> release.Expected:
    return release.Expected(public, window, "rules", serial)


def code_of(given: object, wanted: release.Expected) -> str:
    with pytest.raises(DeskguardError) as caught:
        release.opened(given, wanted)
    return caught.value.code


def resigned(**changes: Any) -> dict[str, Any]:
    """A release with other fields, signed by the right key all the same."""
    body = json.dumps({**json.loads(envelope()["body"]), **changes})
    return {
        "v": 1, "body": body, "key": signing.fingerprint(PUBLIC),
        "signature": signing.sign(KEY, b"deskguard release 1\n" + body.encode()),
    }  # fmt: skip


def test_what_was_signed_comes_out_as_it_went_in() -> None:
    opened = release.opened(envelope(), expected(4))
    assert opened is not None
    assert release.file_bytes(opened) == FILES
    assert opened.sha256 == release.files_sha256(FILES)


def test_the_very_one_that_a_desk_has_is_no_news() -> None:
    assert release.opened(envelope(5), expected(5)) is None


def test_an_older_one_is_refused_however_well_it_is_signed() -> None:
    assert code_of(envelope(5), expected(6)) == "release-older"


@pytest.mark.parametrize("place", range(0, 200, 7))
def test_a_changed_sign_of_the_body_breaks_the_signature(place: int) -> None:
    given = envelope()
    body = given["body"]
    given["body"] = body[:place] + ("x" if body[place] != "x" else "y") + body[place + 1 :]
    assert code_of(given, expected()) == "release-tampered"


@pytest.mark.parametrize("signature", ["", "AAAA", "!", "A" * 88, "签名"])
def test_no_signature_and_a_wrong_one_are_refused(signature: str) -> None:
    assert code_of({**envelope(), "signature": signature}, expected()) == "release-tampered"


def test_another_hubs_signature_is_told_apart() -> None:
    other = signing.new_private_key()
    assert code_of(envelope(key=other), expected()) == "release-other-key"


def test_the_name_of_the_right_key_does_not_help_a_wrong_one() -> None:
    given = {**envelope(key=signing.new_private_key()), "key": signing.fingerprint(PUBLIC)}
    assert code_of(given, expected()) == "release-tampered"


def test_a_signature_for_something_else_is_none_for_a_release() -> None:
    body = envelope()["body"]
    given = {**envelope(), "signature": signing.sign(KEY, body.encode())}
    assert code_of(given, expected()) == "release-tampered"


@pytest.mark.parametrize("given", [None, [], {}, "x", {"v": 2}, {**envelope(), "more": 1}])
def test_what_is_no_envelope_is_unsigned(given: object) -> None:
    assert code_of(given, expected()) == "release-unsigned"


@pytest.mark.parametrize(
    ("windows", "window"), [(("east-*",), "west-1"), (("east-1",), "east-10"), (("E*",), "east-1")]
)
def test_a_release_for_other_windows_is_refused(windows: tuple[str, ...], window: str) -> None:
    assert code_of(envelope(windows=windows), expected(window=window)) == "release-elsewhere"


def test_settings_do_not_pass_for_rules() -> None:
    made = release.signed(release.settings_release(5, AT, ("*",), {"alerts": {"max_per_hour": 3}}), KEY)
    assert code_of(made.model_dump(), expected()) == "release-other-kind"


@pytest.mark.parametrize(
    "changes",
    [
        {"sha256": "0" * 64},
        {"files": {"a.toml": "other"}},
        {"files": {"../a.toml": "x"}},
        {"files": {"/a.toml": "x"}},
        {"files": {".a.toml": "x"}},
        {"files": {"a\\b.toml": "x"}},
        {"files": {"a.py": "x"}},
        {"files": {"a.toml": 1}},
        {"v": 2},
        {"serial": 0},
        {"serial": "5"},
        {"windows": []},
        {"windows": ["a b"]},
        {"kind": "programs"},
        {"issued": "yesterday"},
        {"more": 1},
    ],
)
def test_even_what_is_signed_is_read_strictly(changes: dict[str, Any]) -> None:
    assert code_of(resigned(**changes), expected()) == "release-broken"


def test_a_release_that_is_too_large_is_not_signed() -> None:
    with pytest.raises(DeskguardError) as caught:
        release.signed(release.rules_release(1, AT, ("*",), {"a.toml": b"#" * release.MOST_BYTES}), KEY)
    assert caught.value.code == "release-too-large"


@pytest.mark.parametrize("pem", ["", "no key", signing.new_private_key().replace("M", "N", 1)])
def test_what_is_no_private_key_signs_nothing(pem: str) -> None:
    with pytest.raises(DeskguardError) as caught:
        signing.sign(pem, b"x")
    assert caught.value.code == "bad-signing-key"


@pytest.mark.parametrize(
    "values",
    [
        {"store": {"transcripts": "none"}},
        {"store": {"retention_days": 3650}},
        {"hub": {"hits": "at-once"}},
        {"microphone": {"device": "x"}},
        {"model": {"folder": "/x"}},
        {"rules": {"packs": []}},
        {"manner": {"safe_word": "hi"}},
        {"visits": {"channel": "phone-in"}},
        {"alerts": {"max_per_hour": -1}},
        {"alerts": {"max_per_hour": "3"}},
        {"alerts": {"unknown": 1}},
        {"alerts": 3},
    ],
)
def test_a_hub_sets_only_what_it_may(values: dict[str, Any]) -> None:
    with pytest.raises(DeskguardError) as caught:
        pushed.laid_over(Settings(), values)
    assert caught.value.code == "bad-pushed-settings"


def test_what_a_hub_sets_takes_the_place_of_the_desks_own_and_nothing_else_does() -> None:
    own = Settings()
    laid = pushed.laid_over(own, {"alerts": {"max_per_hour": 3}, "visits": {"off": ["manner.loud"]}})
    assert (laid.alerts.max_per_hour, laid.visits.off) == (3, ("manner.loud",))
    assert laid.model_dump() == {
        **own.model_dump(),
        "alerts": {**own.alerts.model_dump(), "max_per_hour": 3},
        "visits": {**own.visits.model_dump(), "off": ("manner.loud",)},
    }


def test_every_setting_that_a_hub_may_set_exists() -> None:
    known = Settings().model_dump()
    assert all(key in known[table] for table, keys in pushed.SAFE.items() for key in keys)
