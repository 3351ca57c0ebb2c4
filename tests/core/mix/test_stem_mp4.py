"""Stem files hold what went into them, to the sample, and appear only when they are whole."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from mutagen.mp4 import MP4

from core.audio.tags import Cover, Tags, read_tags
from core.audio.waveform import Samples
from core.errors import AudioError, OutputError, UsageError
from core.mix import mp4_index
from core.mix.mp4_boxes import file_boxes, find_all, find_one, inner_boxes
from core.mix.stem_mp4 import read_stem_mp4, write_stem_mp4

JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 40 + b"\xff\xd9"
TAGS = Tags(
    {"title": ("Fishin'",), "artist": ("Karissa",), "bpm": ("120",), "key": ("Am",)},
    Cover("image/jpeg", JPEG),
)


def decoded(path: Path) -> list[Samples]:
    """Return all tracks, each of shape (frames, 2)."""
    tracks = []
    with path.open("rb") as file:
        for number in range(5):
            file.seek(0)
            with av.open(file) as container:
                frames = [frame.to_ndarray() for frame in container.decode(audio=number)]
                stream = container.streams.audio[number]
                whole = np.concatenate(frames, axis=1).T[: stream.duration]
            if whole.dtype != np.float32:
                whole = whole / 2.0 ** (8 * whole.dtype.itemsize - 1)
            tracks.append(whole.astype(np.float32))
    return tracks


def snr(wanted: Samples, got: Samples) -> float:
    """Return the ratio of a signal to what differs from it, dB."""
    error = float(np.square(got - wanted, dtype=np.float64).sum())
    return 10 * np.log10(float(np.square(wanted, dtype=np.float64).sum()) / error)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "Karissa - Fishin'.stem.mp4"


def test_alac_is_exact_to_the_bit(stem_song, target: Path) -> None:
    written = write_stem_mp4(target, stem_song.master, stem_song.paths, codec="alac")
    assert written.path == target
    assert written.notes == ()
    tracks = decoded(target)
    expected = [
        stem_song.mix,
        *(stem_song.samples[n] for n in ("drums", "bass", "other", "vocals")),
    ]
    for track, wanted in zip(tracks, expected, strict=True):
        assert np.array_equal(track, wanted)
    with av.open(str(target)) as container:
        assert container.streams.audio[0].codec_context.format.name == "s16p"


def test_aac_is_close_and_aligned_to_the_sample(stem_song, target: Path) -> None:
    write_stem_mp4(target, stem_song.master, stem_song.paths)
    tracks = decoded(target)
    expected = [
        stem_song.mix,
        *(stem_song.samples[n] for n in ("drums", "bass", "other", "vocals")),
    ]
    for track, wanted in zip(tracks, expected, strict=True):
        assert track.shape == wanted.shape
        aligned = snr(wanted, track)
        assert aligned > 25
        assert snr(wanted[1:], track[:-1]) < aligned - 6
        assert snr(wanted[:-1], track[1:]) < aligned - 6
    assert snr(tracks[0], np.sum(tracks[1:], axis=0)) > 25


def test_without_a_master_it_is_the_exact_sum_of_the_stems(stem_song, target: Path) -> None:
    write_stem_mp4(target, None, stem_song.paths, codec="alac")
    master, *stems = decoded(target)
    assert np.array_equal(master, np.sum(stems, axis=0))
    assert np.array_equal(master, stem_song.mix)


def test_an_original_that_is_gone_is_replaced_by_the_sum(stem_song, target: Path) -> None:
    gone = target.with_name("gone.mp3")
    written = write_stem_mp4(target, gone, stem_song.paths, codec="alac")
    assert written.notes == ("gone.mp3 is not there; the master is the sum of the stems.",)
    assert np.array_equal(decoded(target)[0], stem_song.mix)


def test_a_master_can_be_made_while_it_is_written(stem_song, target: Path) -> None:
    def blocks() -> Iterator[Samples]:
        for start in range(0, len(stem_song.mix), 999):
            yield stem_song.mix[start : start + 999] * 0.5

    write_stem_mp4(target, blocks, stem_song.paths, codec="alac", rate=44100)
    assert np.array_equal(decoded(target)[0], stem_song.mix * 0.5)


def test_two_stems_are_filled_up_with_silence(make_stem_song, target: Path) -> None:
    song = make_stem_song("vocals", "accompaniment")
    written = write_stem_mp4(target, song.master, song.paths, codec="alac")
    assert "stems 1 and 2 are silent" in written.notes[0]
    _, first, second, accompaniment, vocals = decoded(target)
    assert not first.any()
    assert not second.any()
    assert np.array_equal(accompaniment, song.samples["accompaniment"])
    assert np.array_equal(vocals, song.samples["vocals"])
    info = read_stem_mp4(target)
    assert info.names == ("(silent)", "(silent)", "Accompaniment", "Vocals")
    assert info.colours == ("#808080", "#808080", "#CC79A7", "#56B4E9")


def test_five_stems_are_merged_into_four_that_add_up(make_stem_song, target: Path) -> None:
    song = make_stem_song("vocals", "drums", "bass", "piano", "other")
    written = write_stem_mp4(target, song.master, song.paths, codec="alac")
    assert "piano went into Other" in written.notes[0]
    master, _, _, other, _ = tracks = decoded(target)
    assert np.array_equal(other, song.samples["piano"] + song.samples["other"])
    assert np.array_equal(master, np.sum(tracks[1:], axis=0))


def test_tags_and_cover_stand_beside_the_stem_box(stem_song, target: Path) -> None:
    write_stem_mp4(target, stem_song.master, stem_song.paths, tags=TAGS)
    assert read_tags(target) == TAGS
    assert MP4(target)["TAUT"] == ["STEM"]
    assert read_stem_mp4(target).names == ("Drums", "Bass", "Other", "Vocals")


def test_the_stem_box_and_the_samples_survive_a_tag_editor(stem_song, target: Path) -> None:
    write_stem_mp4(target, stem_song.master, stem_song.paths, tags=TAGS, codec="alac")
    before = decoded(target)
    info = read_stem_mp4(target)
    song = MP4(target)
    # More than the padding holds, so that all samples have to move.
    song["\xa9cmt"] = ["x" * 50_000]
    song.save()
    assert read_stem_mp4(target) == info
    assert all(map(np.array_equal, decoded(target), before))
    song = MP4(target)
    song.delete()
    assert read_stem_mp4(target) == info
    assert all(map(np.array_equal, decoded(target), before))


def test_a_cover_that_mp4_cannot_hold_is_told(stem_song, target: Path) -> None:
    tags = Tags({"title": ("T",)}, Cover("image/webp", b"RIFF"))
    written = write_stem_mp4(target, stem_song.master, stem_song.paths, tags=tags)
    assert "cover" in written.notes[0]
    assert read_tags(target).title == "T"


@pytest.mark.parametrize(
    ("own", "asked", "expected"),
    [(48000, None, 48000), (96000, None, 48000), (22050, None, 44100), (48000, 44100, 44100)],
)
def test_every_rate_becomes_one_that_the_format_knows(
    make_stem_song, target: Path, own: int, asked: int | None, expected: int
) -> None:
    song = make_stem_song(rate=own, seconds=0.7)
    write_stem_mp4(target, song.master, song.paths, codec="alac", rate=asked)
    info = read_stem_mp4(target)
    assert info.rate == expected
    assert info.tracks[0].frames == round(len(song.mix) * expected / own)
    tracks = decoded(target)
    # Resampled to 24 bits each, so that the sum is off by a few steps.
    assert np.abs(tracks[0] - np.sum(tracks[1:], axis=0)).max() < 6 * 2.0**-23


def test_mono_is_heard_on_both_sides(make_stem_song, target: Path) -> None:
    song = make_stem_song(channels=1)
    write_stem_mp4(target, song.master, song.paths, codec="alac")
    master = decoded(target)[0]
    assert np.array_equal(master, np.repeat(song.mix, 2, axis=1))


def test_shorter_files_are_continued_by_silence_and_told(
    make_stem_song, stem_song, target: Path
) -> None:
    short = make_stem_song("drums", seconds=0.5)
    paths = stem_song.paths | {"drums": short.paths["drums"]}
    written = write_stem_mp4(target, stem_song.master, paths, codec="alac")
    assert written.notes == ("drums.flac ends 1.00 s before the others; silence follows.",)
    tracks = decoded(target)
    assert {len(track) for track in tracks} == {len(stem_song.mix)}
    assert np.array_equal(tracks[1][:22050], short.samples["drums"])
    assert not tracks[1][22050:].any()


def test_more_than_16_bits_are_kept(stem_song, target: Path, tmp_path: Path) -> None:
    fine = tmp_path / "vocals.flac"
    steps = np.random.default_rng(3).integers(-(2**22), 2**22, (30000, 2), dtype=np.int32)
    soundfile.write(fine, steps << 8, 44100, subtype="PCM_24")
    paths = stem_song.paths | {"vocals": fine}
    write_stem_mp4(target, stem_song.master, paths, codec="alac")
    assert np.array_equal(decoded(target)[4][:30000], (steps / 2**23).astype(np.float32))


def test_one_frame_is_enough(target: Path, tmp_path: Path) -> None:
    stem = tmp_path / "vocals.wav"
    soundfile.write(stem, np.full((1, 2), 0.25, np.float32), 44100, subtype="PCM_16")
    for codec in ("aac", "alac"):
        write_stem_mp4(target, None, {"vocals": stem}, codec=codec, overwrite=True)
        assert [track.frames for track in read_stem_mp4(target).tracks] == [1] * 5


def test_a_sum_beyond_full_scale_is_told(make_stem_song, target: Path) -> None:
    song = make_stem_song(level=0.6)
    written = write_stem_mp4(target, None, song.paths, codec="alac")
    assert written.notes[0].startswith("Master: ")
    assert written.notes[0].endswith("samples are beyond full scale and will be cut off.")
    assert np.array_equal(decoded(target)[0], np.clip(song.mix, -1.0, 1 - 2.0**-23))


def test_colours_can_be_chosen(stem_song, target: Path) -> None:
    write_stem_mp4(target, None, stem_song.paths, colours={"drums": "#0000ff"})
    assert read_stem_mp4(target).colours == ("#0000ff", "#D55E00", "#CC79A7", "#56B4E9")


def test_progress_counts_the_seconds(stem_song, target: Path) -> None:
    seen: list[tuple[float, float]] = []
    write_stem_mp4(
        target,
        stem_song.master,
        stem_song.paths,
        codec="alac",
        progress=lambda done, total: seen.append((done, total)),
    )
    assert seen[-1] == (1.5, 1.5)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert len(seen) > 1


def test_the_same_song_gives_the_same_file(stem_song, target: Path) -> None:
    write_stem_mp4(target, stem_song.master, stem_song.paths, tags=TAGS)
    first = target.read_bytes()
    write_stem_mp4(target, stem_song.master, stem_song.paths, tags=TAGS, overwrite=True)
    assert target.read_bytes() == first


def test_the_boxes_are_laid_out_as_by_native_instruments_tool(stem_song, target: Path) -> None:
    write_stem_mp4(target, stem_song.master, stem_song.paths, tags=TAGS)
    data = target.read_bytes()
    with target.open("rb") as file:
        boxes = file_boxes(file)
    assert boxes[0].kind == b"ftyp"
    assert data[8:12] == b"M4A "
    # In front of the samples, where readers that do not know sizes of 64 bits find it.
    assert boxes[1].kind == b"moov"
    moov = data[boxes[1].body : boxes[1].end]
    user_data = find_one(moov, b"udta")
    assert [box.kind for box in inner_boxes(user_data)] == [b"meta", b"stem"]
    assert find_one(user_data, b"stem").startswith(b'{"mastering_dsp": {')
    headers = find_all(moov, b"trak", b"tkhd")
    assert [int.from_bytes(header[1:4]) for header in headers] == [1, 0, 0, 0, 0]
    assert [header[34:36] for header in headers] == [b"\0\0"] * 5
    # Half a second of a track stands together.
    tables = find_all(moov, b"trak", b"mdia", b"minf", b"stbl", b"stco")
    assert all(3 <= int.from_bytes(table[4:8]) <= 5 for table in tables)


def test_files_too_large_for_32_bits_get_wider_offsets(
    stem_song, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As if 32 bits ended at 100 kB instead of 4 GB.
    monkeypatch.setattr(mp4_index, "_LARGEST_32", 100_000)
    write_stem_mp4(target, stem_song.master, stem_song.paths, codec="alac")
    data = target.read_bytes()
    with target.open("rb") as file:
        moov = next(data[box.body : box.end] for box in file_boxes(file) if box.kind == b"moov")
    assert len(find_all(moov, b"trak", b"mdia", b"minf", b"stbl", b"co64")) == 5
    assert find_all(moov, b"trak", b"mdia", b"minf", b"stbl", b"stco") == []
    assert read_stem_mp4(target).duration == 1.5
    assert np.array_equal(decoded(target)[0], stem_song.mix)


def test_a_full_disk_leaves_nothing_behind(stem_song, target: Path, file_size_limit) -> None:
    write_stem_mp4(target, stem_song.master, stem_song.paths, tags=TAGS)
    size = target.stat().st_size
    target.unlink()
    # In the samples, in the index, in the tags, and when the index is brought forward.
    for limit in (5_000, size // 2, size - 30_000, size - 12_000, size - 700, size - 1):
        file_size_limit(limit)
        with pytest.raises(OutputError, match="larger than is allowed here"):
            write_stem_mp4(target, stem_song.master, stem_song.paths, tags=TAGS)
        assert list(target.parent.iterdir()) == []
    file_size_limit(size)
    write_stem_mp4(target, stem_song.master, stem_song.paths, tags=TAGS)
    assert target.stat().st_size == size


@pytest.fixture
def file_size_limit() -> Iterator[Callable[[int], None]]:
    """Let writes fail beyond a size, as on a full disk; works without root and on any system."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_without_pyav_it_is_said(stem_song, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "core.mix.stem_encode", None)
    with pytest.raises(OutputError, match="need PyAV"):
        write_stem_mp4(target, stem_song.master, stem_song.paths)
    assert list(target.parent.iterdir()) == []


class StoppedError(Exception):
    pass


@pytest.mark.parametrize("codec", ["aac", "alac"])
def test_what_is_cancelled_leaves_nothing_behind(stem_song, target: Path, codec: str) -> None:
    def cancel(done: float, total: float) -> None:
        raise StoppedError

    with pytest.raises(StoppedError):
        write_stem_mp4(target, None, stem_song.paths, codec=codec, progress=cancel)
    assert list(target.parent.iterdir()) == []


def test_an_existing_file_is_kept_unless_it_may_be_replaced(stem_song, target: Path) -> None:
    target.write_bytes(b"precious")
    with pytest.raises(OutputError, match="already exists"):
        write_stem_mp4(target, None, stem_song.paths)
    assert target.read_bytes() == b"precious"
    write_stem_mp4(target, None, stem_song.paths, overwrite=True)
    assert read_stem_mp4(target).duration == 1.5


def test_a_file_that_cannot_be_read_leaves_nothing_behind(stem_song, target: Path) -> None:
    damaged = target.with_name("drums.flac")
    damaged.write_bytes(b"no sound")
    with pytest.raises(AudioError, match=r"drums\.flac"):
        write_stem_mp4(target, None, stem_song.paths | {"drums": damaged})
    assert list(target.parent.iterdir()) == [damaged]


def test_numbers_that_are_none_are_refused(stem_song, target: Path) -> None:
    def blocks() -> Iterator[Samples]:
        yield np.full((100, 2), np.nan, np.float32)

    with pytest.raises(AudioError, match="not numbers"):
        write_stem_mp4(target, blocks, stem_song.paths, rate=44100)
    assert list(target.parent.iterdir()) == []


def test_a_missing_folder_is_told(stem_song, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="folder does not exist"):
        write_stem_mp4(tmp_path / "none" / "x.stem.mp4", None, stem_song.paths)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda a: a.update(path=Path("song.mp4")), "cannot be called song.mp4"),
        (lambda a: a.update(stems={}), "at least one stem"),
        (lambda a: a.update(rate=32000), "32000 Hz"),
        (lambda a: a.update(codec="mp3"), "mp3"),
        (lambda a: a.update(codec="alac", bitrate=256), "takes no bit rate"),
        (lambda a: a.update(bitrate=5000), "5000 kbit/s"),
        (lambda a: a.update(colours={"drums": "blue"}), "blue"),
        (lambda a: a.update(colours={"kazoo": "#000000"}), "kazoo"),
        (lambda a: a.update(master=lambda: iter(())), "needs a rate"),
        (lambda a: a.update(master=a["path"]), "what it is made from"),
    ],
)
def test_requests_without_sense_are_refused_before_anything_is_written(
    stem_song, target: Path, change: Callable[[dict], None], reason: str
) -> None:
    arguments = {"path": target, "master": None, "stems": stem_song.paths}
    change(arguments)
    path, master, stems = (arguments.pop(key) for key in ("path", "master", "stems"))
    with pytest.raises(UsageError, match=reason):
        write_stem_mp4(path, master, stems, **arguments)
    assert list(target.parent.iterdir()) == []
