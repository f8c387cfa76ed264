"""A microphone on a driver made by hand: choosing, losses, unplugging, pausing, a busy device."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable

import pytest

from deskguard.errors import DeskguardError
from deskguard.hearing.microphone import CaptureState, Microphone, find_device, list_devices, record
from deskguard.settings import MicrophoneSettings
from deskguard.values import SAMPLE_RATE_HZ, AudioChunk
from sound_driver import BLOCK_S, Driver, Stream, device, speaking


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> Driver:
    made = Driver()
    monkeypatch.setitem(sys.modules, "sounddevice", made)
    return made


class Listener:
    """A microphone that is stopped when the driver has no more openings, and the states it told."""

    def __init__(self, driver: Driver, *openings: Callable[[Stream], None], wanted: str | int = "") -> None:
        driver.openings = list(openings)
        driver.on_nothing_left = self.stop
        self.states: list[CaptureState] = []
        self.microphone = Microphone(MicrophoneSettings(device=wanted, lost_after_s=0.05), self.states.append)

    def stop(self) -> None:
        self.microphone.stop()

    def chunks(self) -> list[AudioChunk]:
        return list(self.microphone.chunks())


def refusal(wanted: str | int) -> DeskguardError:
    with pytest.raises(DeskguardError) as failure:
        find_device(wanted)
    return failure.value


def test_only_inputs_are_listed_and_the_default_is_marked(driver: Driver) -> None:
    driver.plugged.append(device("Webcam"))
    driver.list_again()
    assert [(one.index, one.name, one.is_default) for one in list_devices()] == [
        (1, "USB microphone", True),
        (2, "Webcam", False),
    ]


@pytest.mark.parametrize("wanted", ["", 1, "USB microphone", "usb mic", "MICROPHONE"])
def test_a_device_is_found_by_default_index_name_or_part_of_it(driver: Driver, wanted: str | int) -> None:
    assert driver.plugged
    assert find_device(wanted).index == 1


def test_without_a_default_the_first_input_is_taken(driver: Driver) -> None:
    driver.default.device = [-1, -1]
    assert find_device("").name == "USB microphone"


def test_an_exact_name_wins_over_names_that_hold_it(driver: Driver) -> None:
    driver.plugged += [device("Mic"), device("Mic array")]
    driver.list_again()
    assert find_device("Mic").index == 2


@pytest.mark.parametrize("wanted", ["webcam", 0, 7])
def test_an_unknown_device_is_told_with_a_list_of_those_there(driver: Driver, wanted: str | int) -> None:
    assert driver.plugged
    error = refusal(wanted)
    assert error.code == "no-such-microphone"
    assert "1 USB microphone" in error.problem
    assert repr(wanted) in error.problem


def test_an_ambiguous_name_is_told_with_the_candidates(driver: Driver) -> None:
    driver.plugged += [device("USB camera"), device("Line in")]
    driver.list_again()
    error = refusal("usb")
    assert "fits several devices" in error.problem
    assert "1 USB microphone; 2 USB camera." in error.problem
    assert "Line in" not in error.problem


def test_a_computer_without_a_microphone_is_told_so(driver: Driver) -> None:
    driver.plugged = [device("Speakers", 0)]
    driver.list_again()
    assert refusal("").code == "no-microphone"
    with pytest.raises(DeskguardError):
        Microphone(MicrophoneSettings(), lambda _state: None)


def test_the_package_or_the_system_library_missing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    assert refusal("").code == "no-sounddevice"


def test_blocks_become_sixteen_kilohertz_chunks_that_follow_each_other(driver: Driver) -> None:
    listener = Listener(driver, speaking(40))
    got = listener.chunks()
    assert len(got) == 40
    position = 0
    for one in got:
        assert one.start_sample == position
        assert (one.lost_before, one.is_break) == (0, False)
        assert one.pcm.shape[0] == 2
        assert not one.pcm.flags.writeable
        position = one.end_sample
    assert position == pytest.approx(40 * BLOCK_S * SAMPLE_RATE_HZ, abs=100)
    assert [one.captured_ns for one in got] == sorted(one.captured_ns for one in got)
    assert listener.states == ["listening", "microphone-lost"]
    assert driver.opened[0].is_closed


def test_blocks_are_copied_before_the_driver_uses_them_again(driver: Driver) -> None:
    driver.plugged[1] = device("USB microphone", 1, 16_000.0)
    driver.list_again()
    got = Listener(driver, speaking(3, 0.5)).chunks()
    assert all((one.pcm == 0.5).all() for one in got)


def test_channels_beyond_two_are_not_opened(driver: Driver) -> None:
    driver.plugged[1] = device("USB microphone", 8)
    driver.list_again()
    assert Listener(driver, speaking(1)).chunks()[0].pcm.shape[0] == 2


def test_an_overflow_of_the_driver_is_a_loss_before_its_block(driver: Driver) -> None:
    driver.plugged[1] = device("USB microphone", 1, 16_000.0)
    driver.list_again()

    def script(stream: Stream) -> None:
        stream.speak(2)
        stream.speak(overflow=True)
        stream.speak(2)

    got = Listener(driver, script).chunks()
    assert [one.lost_before for one in got] == [0, 0, 800, 0, 0]
    assert got[2].start_sample == got[1].end_sample + 800


def test_samples_delivered_and_lost_add_up_when_nobody_takes_them(driver: Driver) -> None:
    driver.plugged[1] = device("USB microphone", 1, 16_000.0)
    driver.list_again()
    # 200 blocks fit; the machine was frozen while 50 more came, then 200 are taken and one more comes.
    listener = Listener(driver, speaking(250))
    chunks = listener.microphone.chunks()
    got = [next(chunks) for _ in range(200)]
    driver.opened[0].speak()
    got += list(chunks)
    delivered = sum(one.pcm.shape[1] for one in got)
    lost = sum(one.lost_before for one in got)
    assert lost == 50 * 800
    assert got[-1].end_sample == delivered + lost == 251 * 800


def test_a_microphone_that_returns_is_found_again_and_the_gap_is_lost_samples(driver: Driver) -> None:
    listener = Listener(driver, speaking(5), speaking(5))
    got = listener.chunks()
    assert len(got) == 10
    before, after = got[4], got[5]
    assert after.lost_before > 0
    assert not after.is_break
    assert after.start_sample == before.end_sample + after.lost_before
    assert after.lost_before == pytest.approx(
        (after.captured_ns - before.captured_ns) * SAMPLE_RATE_HZ / 1e9 - after.pcm.shape[1], abs=2
    )
    assert listener.states == ["listening", "microphone-lost", "listening", "microphone-lost"]
    assert all(stream.is_closed for stream in driver.opened)


def test_a_device_that_is_slow_to_begin_is_not_given_up(driver: Driver) -> None:
    def slow(stream: Stream) -> None:
        # Longer than a silence that means the device has gone.
        threading.Timer(0.08, lambda: stream.speak(4)).start()

    listener = Listener(driver, slow)
    chunks = listener.chunks()
    assert listener.states[0] == "listening"
    assert [one.lost_before for one in chunks] == [0] * 4
    assert len(driver.opened) == 1


def test_a_stream_that_opens_and_stays_silent_belongs_to_the_gap(driver: Driver) -> None:
    listener = Listener(driver, speaking(5), speaking(0), speaking(5))
    got = listener.chunks()
    assert len(got) == 10
    assert got[5].start_sample == got[4].end_sample + got[5].lost_before
    assert [one.lost_before > 0 for one in got] == [False] * 5 + [True] + [False] * 4
    assert listener.states == ["listening", "microphone-lost", "listening", "microphone-lost"]


def test_a_microphone_chosen_by_index_is_looked_for_by_its_name(driver: Driver) -> None:
    def unplug_and_replug(stream: Stream) -> None:
        stream.speak(2)
        driver.plugged = [device("Speakers", 0), device("Webcam"), device("USB microphone", 2)]

    listener = Listener(driver, unplug_and_replug, speaking(2), wanted=1)
    assert len(listener.chunks()) == 4
    assert [stream.device for stream in driver.opened] == [1, 2]


def test_a_pause_closes_the_device_and_is_a_break_without_loss(driver: Driver) -> None:
    listener = Listener(driver, speaking(3), speaking(3))
    microphone = listener.microphone
    chunks = microphone.chunks()
    got = [next(chunks) for _ in range(3)]
    microphone.pause()
    mark = next(chunks)
    assert driver.opened[0].is_closed
    microphone.resume()
    got_after = list(chunks)
    assert (mark.is_break, mark.pcm.shape[1], mark.lost_before) == (True, 0, 0)
    assert mark.start_sample == got[-1].end_sample
    assert got_after[0].is_break
    assert got_after[0].start_sample >= mark.start_sample
    assert sum(one.lost_before for one in [*got, mark, *got_after]) == 0
    assert not any(one.is_break for one in got_after[1:])
    assert listener.states == ["listening", "paused", "listening", "microphone-lost"]


def test_a_microphone_lost_after_a_pause_is_a_loss_again(driver: Driver) -> None:
    listener = Listener(driver, speaking(2), speaking(2), speaking(2))
    chunks = listener.microphone.chunks()
    for _ in range(2):
        next(chunks)
    listener.microphone.pause()
    next(chunks)
    listener.microphone.resume()
    after = list(chunks)
    assert [one.is_break for one in after] == [True, False, False, False]
    assert [one.lost_before > 0 for one in after] == [False, False, True, False]


def test_a_busy_microphone_is_told_at_the_start(driver: Driver) -> None:
    driver.is_busy = True
    listener = Listener(driver)
    with pytest.raises(DeskguardError) as failure:
        listener.chunks()
    assert failure.value.code == "microphone-busy"
    assert "1 'USB microphone' cannot be opened: Device unavailable." in failure.value.problem


def test_stopping_ends_the_stream_and_closes_the_device(driver: Driver) -> None:
    listener = Listener(driver, speaking(100))
    chunks = listener.microphone.chunks()
    next(chunks)
    listener.stop()
    assert list(chunks) == []
    assert driver.opened[0].is_closed


def test_a_recording_for_the_doctor_is_one_channel_at_sixteen_kilohertz(driver: Driver) -> None:
    pcm = record(MicrophoneSettings(), 0.5)
    assert pcm.shape == (8000,)
    assert pcm[4000] == pytest.approx(0.25, abs=0.01)
    driver.is_busy = True
    with pytest.raises(DeskguardError, match="cannot be opened"):
        record(MicrophoneSettings(), 0.5)
