"""Recordings of every usual kind in, 16 kHz chunks out; broken ones say what is wrong with them."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile

from deskguard.errors import DeskguardError
from deskguard.hearing.media import CHUNK_SAMPLES, Resampler, read_raw, read_recording
from deskguard.values import SAMPLE_RATE_HZ, AudioChunk, Pcm
from hearing_values import noise, tone


def joined(chunks: list[AudioChunk]) -> Pcm:
    return np.concatenate([one.pcm for one in chunks], axis=1)


def heard(path: Path) -> Pcm:
    return joined(list(read_recording(path)))


def read_until_error(path: Path) -> tuple[list[AudioChunk], DeskguardError]:
    """The chunks before the error, and the error; fails when there is none."""
    chunks: list[AudioChunk] = []
    reading = read_recording(path)
    with pytest.raises(DeskguardError) as failure:
        while True:
            chunks.append(next(reading))
    return chunks, failure.value


def written(path: Path, pcm: Pcm, rate_hz: int = SAMPLE_RATE_HZ, subtype: str | None = None) -> Path:
    soundfile.write(path, pcm.T, rate_hz, subtype=subtype)
    return path


def encoded(path: Path, codec: str, rate_hz: int, pcm: Pcm) -> Path:
    """A mono recording written by FFmpeg."""
    import av

    frame = av.AudioFrame.from_ndarray(pcm[None], format="fltp", layout="mono")
    frame.sample_rate = rate_hz
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate_hz)
        stream.layout = "mono"
        fitted = av.AudioResampler(
            format=stream.format.name, layout="mono", rate=rate_hz, frame_size=stream.frame_size or 1024
        )
        for one in [*fitted.resample(frame), *fitted.resample(None)]:
            container.mux(stream.encode(one))
        container.mux(stream.encode(None))
    return path


def loudest_hz(pcm: Pcm) -> float:
    """The strongest frequency of the middle of a row, to 2 Hz."""
    middle = pcm[pcm.size // 2 - 4000 : pcm.size // 2 + 4000]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(middle.size)))
    return float(np.argmax(spectrum) * SAMPLE_RATE_HZ / middle.size)


@pytest.mark.parametrize(
    ("name", "rate_hz", "subtype"),
    [
        ("a.wav", 16_000, "PCM_16"),
        ("a.wav", 16_000, "PCM_U8"),
        ("a.wav", 16_000, "PCM_24"),
        ("a.wav", 16_000, "PCM_32"),
        ("a.wav", 16_000, "FLOAT"),
        ("a.wav", 16_000, "DOUBLE"),
        ("a.wav", 8_000, "ULAW"),
        ("a.wav", 8_000, "ALAW"),
        ("a.wav", 8_000, "MS_ADPCM"),
        ("a.wav", 8_000, "GSM610"),
        ("a.wav", 8_000, "PCM_16"),
        ("a.wav", 11_025, "PCM_16"),
        ("a.wav", 44_100, "PCM_16"),
        ("a.wav", 48_000, "FLOAT"),
        ("a.wav", 192_000, "PCM_16"),
        ("a.flac", 16_000, "PCM_16"),
        ("a.flac", 44_100, "PCM_24"),
        ("a.ogg", 44_100, "VORBIS"),
        ("a.ogg", 48_000, "OPUS"),
        ("a.mp3", 44_100, None),
        ("a.aiff", 44_100, "PCM_16"),
    ],
)
def test_length_level_and_pitch_survive_every_format(
    tmp_path: Path, name: str, rate_hz: int, subtype: str | None
) -> None:
    pcm = heard(written(tmp_path / name, tone(2.0, rate_hz=rate_hz)[None], rate_hz, subtype))
    assert pcm.shape[0] == 1
    assert pcm.shape[1] == pytest.approx(2 * SAMPLE_RATE_HZ, abs=SAMPLE_RATE_HZ * 0.01)
    assert loudest_hz(pcm[0]) == pytest.approx(1000, abs=4)
    assert float(np.abs(pcm[0, 4000:28_000]).max()) == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize(
    ("name", "codec", "rate_hz"),
    [("a.m4a", "aac", 44_100), ("a.mp4", "aac", 48_000), ("a.webm", "libopus", 48_000)],
)
def test_phone_and_browser_recordings_are_read(tmp_path: Path, name: str, codec: str, rate_hz: int) -> None:
    pcm = heard(encoded(tmp_path / name, codec, rate_hz, tone(2.0, rate_hz=rate_hz)))
    assert pcm.shape[1] == pytest.approx(2 * SAMPLE_RATE_HZ, abs=SAMPLE_RATE_HZ * 0.06)
    assert loudest_hz(pcm[0]) == pytest.approx(1000, abs=4)


@pytest.mark.parametrize(
    ("name", "subtype"), [("a.flac", "PCM_16"), ("a.ogg", "VORBIS"), ("a.mp3", None), ("a.w64", "PCM_16")]
)
def test_a_recording_with_the_wrong_ending_is_read(tmp_path: Path, name: str, subtype: str | None) -> None:
    right = written(tmp_path / name, tone(2.0, rate_hz=44_100)[None], 44_100, subtype)
    pcm = heard(right.rename(tmp_path / "a.wav"))
    assert pcm.shape[1] == pytest.approx(2 * SAMPLE_RATE_HZ, abs=SAMPLE_RATE_HZ * 0.06)
    assert loudest_hz(pcm[0]) == pytest.approx(1000, abs=4)


def test_a_wav_with_much_said_about_it_before_its_sound_is_read(tmp_path: Path) -> None:
    plain = written(tmp_path / "a.wav", tone(1.0)[None])
    data = plain.read_bytes()
    note = b"JUNK" + (200_000).to_bytes(4, "little") + bytes(200_000)
    (tmp_path / "b.wav").write_bytes(
        b"RIFF" + (len(data) - 8 + len(note)).to_bytes(4, "little") + data[8:12] + note + data[12:]
    )
    assert np.array_equal(heard(tmp_path / "b.wav"), heard(plain))


def test_sixteen_bits_come_back_to_the_bit(tmp_path: Path) -> None:
    steps = np.arange(-32_768, 32_768, 5, dtype=np.int16)
    soundfile.write(tmp_path / "a.flac", steps, SAMPLE_RATE_HZ, subtype="PCM_16")
    pcm = heard(tmp_path / "a.flac")[0]
    assert np.array_equal(pcm, steps.astype(np.float32) / 32_768)
    assert pcm.min() == -1.0


def test_eight_bits_are_centred(tmp_path: Path) -> None:
    pcm = heard(written(tmp_path / "a.wav", np.zeros((1, 4000), np.float32), subtype="PCM_U8"))
    assert not pcm.any()


@pytest.mark.parametrize("channels", [2, 3, 6, 7, 8, 9, 16])
@pytest.mark.parametrize(("rate_hz", "subtype"), [(16_000, "PCM_16"), (44_100, "FLOAT")])
def test_every_channel_keeps_its_own_sound(tmp_path: Path, channels: int, rate_hz: int, subtype: str) -> None:
    rows = np.stack([tone(0.6, 400.0 + 200 * row, rate_hz=rate_hz) for row in range(channels)])
    pcm = heard(written(tmp_path / "a.wav", rows, rate_hz, subtype))
    assert pcm.shape[0] == channels
    assert [loudest_hz(row) for row in pcm] == pytest.approx(
        [400.0 + 200 * row for row in range(channels)], abs=4
    )


def test_eight_channels_of_flac_are_read(tmp_path: Path) -> None:
    rows = np.stack([noise(0.5, seed=row) for row in range(8)])
    pcm = heard(written(tmp_path / "a.flac", rows))
    assert pcm.shape == (8, 8000)
    assert np.allclose(pcm, rows, atol=1e-4)


def test_chunks_are_fifty_milliseconds_and_follow_each_other(tmp_path: Path) -> None:
    chunks = list(read_recording(written(tmp_path / "a.wav", noise(1.03)[None])))
    assert {one.pcm.shape[1] for one in chunks[:-1]} == {CHUNK_SAMPLES}
    assert chunks[-1].pcm.shape[1] == round(1.03 * SAMPLE_RATE_HZ) % CHUNK_SAMPLES
    position = 0
    for one in chunks:
        assert one.start_sample == position
        assert one.lost_before == 0
        assert not one.pcm.flags.writeable
        position = one.end_sample


def test_broken_floats_are_passed_on_for_the_stages_to_clean(tmp_path: Path) -> None:
    rows = tone(0.5)[None].copy()
    rows[0, 100:110] = np.nan
    rows[0, 200] = np.inf
    pcm = heard(written(tmp_path / "a.wav", rows, subtype="FLOAT"))
    assert pcm.shape == rows.shape
    assert np.isnan(pcm).sum() == 10


def test_a_wav_that_breaks_off_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    whole = noise(1.0)[None]
    path = written(tmp_path / "a.wav", whole, subtype="FLOAT")
    path.write_bytes(path.read_bytes()[:-20_000])
    chunks, error = read_until_error(path)
    pcm = joined(chunks)
    assert pcm.shape[1] == SAMPLE_RATE_HZ - 20_000 // 4
    assert np.array_equal(pcm, whole[:, : pcm.shape[1]])
    assert error.code == "truncated"
    assert str(path) in error.problem


def test_a_flac_that_breaks_off_gives_every_whole_block_before(tmp_path: Path) -> None:
    steps = (noise(3.0) * 32_768).astype(np.int16)
    path = tmp_path / "a.flac"
    soundfile.write(path, steps, SAMPLE_RATE_HZ, subtype="PCM_16")
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
    chunks, error = read_until_error(path)
    pcm = joined(chunks)
    # Noise hardly compresses, so six tenths of the bytes are six tenths of the sound, less a block of 4096.
    assert 0.6 * 48_000 - 4096 <= pcm.shape[1] <= 0.6 * 48_000 + 4096
    assert pcm.shape[1] % 4096 == 0
    assert np.array_equal(pcm[0], steps[: pcm.shape[1]].astype(np.float32) / 32_768)
    assert error.code == "truncated"


def test_a_wav_of_unknown_length_is_no_error(tmp_path: Path) -> None:
    path = written(tmp_path / "a.wav", tone(0.5)[None], subtype="PCM_16")
    raw = bytearray(path.read_bytes())
    raw[4:8] = b"\xff\xff\xff\xff"
    path.write_bytes(bytes(raw))
    assert heard(path).shape == (1, 8000)


NOT_SOUND: list[tuple[str, bytes, str]] = [
    ("empty.wav", b"", "empty-audio"),
    ("text.wav", b"this is a letter, not a recording\n" * 40, "not-audio"),
    ("letter.txt", "您好，请问您要办理什么业务？\n".encode() * 40, "not-audio"),
    ("zeros.mp3", bytes(3000), "not-audio"),
    ("noise.ogg", np.random.default_rng(3).bytes(4000), "not-audio"),
    ("head.wav", b"RIFF\x24\x00\x00\x00WAVEfmt ", "not-audio"),
    ("head.flac", b"fLaC\x00\x00\x00\x22", "not-audio"),
    ("head.ogg", b"OggS\x00\x02" + bytes(8), "not-audio"),
]


@pytest.mark.parametrize(("name", "content", "code"), NOT_SOUND)
def test_what_is_not_sound_is_refused_by_name(tmp_path: Path, name: str, content: bytes, code: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    chunks, error = read_until_error(path)
    assert chunks == []
    assert error.code == code
    assert str(path) in error.problem
    assert error.remedy


@pytest.mark.parametrize(("name", "subtype"), [("a.wav", "PCM_16"), ("a.flac", "PCM_16"), ("a.ogg", "OPUS")])
def test_no_sound_at_all_is_refused(tmp_path: Path, name: str, subtype: str) -> None:
    path = written(tmp_path / name, np.zeros((1, 0), np.float32), subtype=subtype)
    chunks, error = read_until_error(path)
    assert chunks == []
    assert error.code in ("empty-audio", "not-audio")


def test_an_ogg_cut_in_its_header_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "a.ogg", tone(1.0, rate_hz=48_000)[None], 48_000, "OPUS")
    path.write_bytes(path.read_bytes()[:60])
    assert read_until_error(path)[1].code == "not-audio"


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    assert read_until_error(tmp_path / "none.wav")[1].code == "file-missing"
    _, error = read_until_error(tmp_path)
    assert error.code == "not-audio"
    assert "folder" in error.problem


def test_a_film_without_sound_is_refused(tmp_path: Path) -> None:
    import av

    path = tmp_path / "film.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 64
        for _ in range(5):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8))))
        container.mux(stream.encode(None))
    _, error = read_until_error(path)
    assert error.code == "not-audio"
    assert "no sound track" in error.problem


@pytest.mark.parametrize("rate_hz", [8000, 11_025, 22_050, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("size", [1, 441, 512, 5000])
def test_resampling_does_not_depend_on_the_size_of_blocks(rate_hz: int, size: int) -> None:
    block = tone(0.2, 440.0, rate_hz=rate_hz)[None]
    whole = Resampler(rate_hz, 1)
    expected = np.concatenate([whole.feed(block), whole.finish(1)], axis=1)
    parts = Resampler(rate_hz, 1)
    fed = [parts.feed(block[:, at : at + size]) for at in range(0, block.shape[1], size)]
    pcm = np.concatenate([*fed, parts.finish(1)], axis=1)
    assert pcm.shape == expected.shape
    assert np.allclose(pcm, expected, atol=1e-5)
    assert pcm.shape[1] == pytest.approx(0.2 * SAMPLE_RATE_HZ, abs=2)


def test_sixteen_kilohertz_pass_through_untouched() -> None:
    block = np.stack([noise(0.1, seed=1), noise(0.1, seed=2)])
    same = Resampler(SAMPLE_RATE_HZ, 2)
    assert same.feed(block) is block
    assert same.finish(2).shape == (2, 0)


class Dribble(io.BytesIO):
    """A pipe that gives fewer bytes than asked for, an odd number of them at times."""

    def read(self, size: int | None = -1) -> bytes:
        return super().read(min(size or 0, 1 + self.tell() % 7))


@pytest.mark.parametrize("stream_type", [io.BytesIO, Dribble])
@pytest.mark.parametrize("odd_byte", [b"", b"\x7f"])
def test_raw_audio_is_read_whatever_the_pipe_gives_at_a_time(
    stream_type: type[io.BytesIO], odd_byte: bytes
) -> None:
    steps = np.arange(-3000, 3000, 7, dtype="<i2")
    chunks = list(read_raw(stream_type(steps.tobytes() + odd_byte)))
    assert np.array_equal(joined(chunks)[0], steps.astype(np.float32) / 32_768)
    position = 0
    for one in chunks:
        assert one.start_sample == position
        position = one.end_sample


def test_an_empty_pipe_gives_nothing() -> None:
    assert list(read_raw(io.BytesIO(b""))) == []
