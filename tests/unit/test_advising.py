"""Verdicts with remedies, and the settings that follow from what was measured."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from deskguard.desk.advising import advice, changes
from deskguard.desk.measuring import Measured
from deskguard.hearing.calibration import Between, RoomSound, VoiceSound
from deskguard.i18n import catalogue
from deskguard.settings import MannerSettings, MicrophoneSettings, RolesSettings, Settings

ROOM = RoomSound(floor_dbfs=-62.0, hum_dbfs=-80.0, hum_ratio=0.05)
VOICE = VoiceSound(speech_s=14.0, level_dbfs=-30.0, snr_db=32.0, clipped_ratio=0.0, fall_db=22.0)
APART = Between(clerk_db=12.04, visitor_db=-8.0)


def measured(**changed: Any) -> Measured:
    one = Measured(
        rooms=(ROOM, ROOM),
        voices=(VOICE, VOICE),
        between=APART,
        are_alike=False,
        clerks=0,
        normal_lufs=-23.04,
        normal_syllables_per_s=4.817,
    )
    return replace(one, **changed)


def alone(**changed: Any) -> Measured:
    return measured(rooms=(ROOM,), voices=(VOICE,), between=None, **changed)


def codes(one: Measured, settings: Settings | None = None, ok: str = "warn") -> list[str]:
    return [found.code for found in advice(one, settings or Settings()) if found.ok == ok]


def test_a_good_desk_has_nothing_to_mend() -> None:
    assert codes(measured()) == []
    assert codes(measured(), ok="ok") == [
        "room",
        "voice",
        "near",
        "room",
        "voice",
        "near",
        "separation",
        "normal",
    ]
    assert codes(alone(), ok="ok") == ["room", "voice", "near", "normal"]


@pytest.mark.parametrize(
    ("room", "code"),
    [({"floor_dbfs": -34.9}, "loud-room"), ({"hum_dbfs": -50.0, "hum_ratio": 0.8}, "hum")],
)
def test_a_bad_room_is_told_with_a_remedy(room: dict[str, float], code: str) -> None:
    assert codes(replace(alone(), rooms=(replace(ROOM, **room),))) == [code]


@pytest.mark.parametrize(
    ("voice", "code"),
    [
        ({"snr_db": 9.9}, "noisy"),
        ({"level_dbfs": -51.0}, "quiet"),
        ({"clipped_ratio": 0.002}, "clipping"),
        ({"fall_db": 13.9}, "echo"),
    ],
)
def test_a_bad_place_of_a_microphone_is_told_with_a_remedy(voice: dict[str, float], code: str) -> None:
    assert codes(replace(alone(), voices=(replace(VOICE, **voice),))) == [code]


@pytest.mark.parametrize(
    ("voice", "code"),
    [({"snr_db": 15.0, "fall_db": None}, "voice-fair"), ({"fall_db": 15.0}, "near-fair")],
)
def test_what_will_do_is_told_without_a_remedy(voice: dict[str, Any], code: str) -> None:
    one = replace(alone(), voices=(replace(VOICE, **voice),))
    assert codes(one) == []
    assert code in codes(one, ok="ok")


def test_each_microphone_is_named_for_whom_it_stands() -> None:
    turned = measured(clerks=1, between=Between(clerk_db=-8.0, visitor_db=12.0))
    found = advice(turned, Settings())
    assert [one.side for one in found if one.code == "room"] == ["visitor", "staff"]
    assert [one.side for one in advice(alone(), Settings()) if one.code == "room"] == [""]


def test_what_was_measured_goes_into_the_settings_rounded() -> None:
    assert changes(measured(), Settings()) == {
        "roles": {"gain_difference_db": 2.0},
        "manner": {"normal_lufs": -23.0, "normal_syllables_per_s": 4.82},
    }
    assert changes(alone(), Settings()) == {"manner": {"normal_lufs": -23.0, "normal_syllables_per_s": 4.82}}


def test_what_the_settings_say_already_is_no_change() -> None:
    settings = Settings(
        roles=RolesSettings(gain_difference_db=2.0),
        manner=MannerSettings(normal_lufs=-23.0, normal_syllables_per_s=4.82),
    )
    assert changes(measured(), settings) == {}


def test_swapped_microphones_are_told_and_turned_round() -> None:
    one = measured(clerks=1, between=Between(clerk_db=-8.0, visitor_db=12.0))
    assert codes(one) == ["swapped"]
    assert changes(one, Settings())["roles"] == {"channels": "visitor,staff", "gain_difference_db": 2.0}
    known = Settings(roles=RolesSettings(channels="visitor,staff"))
    assert codes(one, known) == []
    # And back again: they were exchanged since.
    assert codes(measured(), known) == ["swapped"]
    assert changes(measured(), known)["roles"]["channels"] == "staff,visitor"


def test_microphones_too_near_to_each_other_are_one() -> None:
    near = measured(between=Between(clerk_db=3.0, visitor_db=-0.8))
    assert codes(near) == ["inseparable"]
    assert changes(near, Settings())["roles"] == {"mode": "one-microphone"}
    weak = measured(between=Between(clerk_db=2.5, visitor_db=-2.5))
    assert codes(weak) == ["weak-separation"]
    assert changes(weak, Settings()).get("roles") is None


def test_microphones_that_were_moved_apart_are_two_again() -> None:
    once = Settings(
        roles=RolesSettings(mode="one-microphone"), microphone=MicrophoneSettings(visitor_device="B")
    )
    assert changes(measured(), once)["roles"]["mode"] == "auto"


def test_where_nobody_is_to_look_who_speaks_calibration_does_not_change_that() -> None:
    never = Settings(roles=RolesSettings(mode="none"))
    near = measured(between=Between(clerk_db=1.0, visitor_db=-1.0))
    assert "roles" not in changes(near, never)


def test_one_microphone_named_twice_is_told() -> None:
    twice = Settings(microphone=MicrophoneSettings(visitor_device="B"))
    assert codes(alone(are_alike=True), twice) == ["alike"]
    assert codes(alone(are_alike=True)) == []


def test_without_a_pace_the_rest_is_kept() -> None:
    one = alone(normal_syllables_per_s=None)
    assert codes(one) == ["no-pace"]
    assert changes(one, Settings()) == {"manner": {"normal_lufs": -23.0}}
    assert changes(alone(normal_lufs=None, normal_syllables_per_s=None), Settings()) == {}


EVERYTHING = [
    *advice(measured(), Settings()),
    *advice(measured(clerks=1, between=Between(clerk_db=-8.0, visitor_db=12.0)), Settings()),
    *advice(measured(between=Between(clerk_db=1.0, visitor_db=-1.0)), Settings()),
    *advice(measured(between=Between(clerk_db=2.5, visitor_db=-2.5)), Settings()),
    *advice(alone(are_alike=True), Settings(microphone=MicrophoneSettings(visitor_device="B"))),
    *advice(alone(normal_lufs=None, normal_syllables_per_s=None), Settings()),
    *advice(replace(alone(), rooms=(RoomSound(floor_dbfs=-20, hum_dbfs=-20, hum_ratio=0.9),)), Settings()),
    *(
        found
        for snr_db, fall_db in ((5.0, 10.0), (15.0, 15.0))
        for found in advice(
            replace(
                alone(),
                voices=(
                    VoiceSound(speech_s=9, level_dbfs=-55, snr_db=snr_db, clipped_ratio=0.005, fall_db=fall_db),
                ),
            ),
            Settings(),
        )
    ),
]


@pytest.mark.parametrize("language", catalogue.LANGUAGES)
def test_everything_that_can_be_found_has_words(language: str) -> None:
    texts = catalogue.load(language)
    told = {one.code for one in EVERYTHING}
    written = {key.removeprefix("calibrate.found_") for key in texts if key.startswith("calibrate.found_")}
    assert told == written
    for one in EVERYTHING:
        assert texts[f"calibrate.found_{one.code}"].format(**one.values)
        assert one.ok == "ok" or texts[f"calibrate.do_{one.code}"]
