"""Tags and covers: read from every format, written to every format."""

import struct

import numpy as np
import pytest
import soundfile
from mutagen import id3
from mutagen.aiff import AIFF
from mutagen.asf import ASF, ASFByteArrayAttribute
from mutagen.flac import FLAC, Picture
from mutagen.mp4 import MP4
from mutagen.oggvorbis import OggVorbis

from core.audio.encode import Codec, OutputFormat, open_writer
from core.audio.tags import Cover, Tags, read_tags, stem_tags, write_tags

PNG = Cover("image/png", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40)
JPEG = Cover("image/jpeg", b"\xff\xd8\xff\xe0" + bytes(range(256)) * 40)
FIELDS = {
    "title": ("Séculaire 🎵",),
    "artist": ("First", "Second"),
    "album": ("Album",),
    "albumartist": ("Band",),
    "date": ("2021-03-04",),
    "genre": ("Rock", "Pop"),
    "tracknumber": ("3/12",),
    "discnumber": ("1/2",),
    "composer": ("Composer",),
    "lyricist": ("Poet",),
    "conductor": ("Conductor",),
    "publisher": ("Label",),
    "copyright": ("2021 Somebody",),
    "comment": ("with love",),
    "isrc": ("GBAYE0601498",),
    "bpm": ("120",),
    "key": ("Am",),
    "language": ("eng",),
    "lyrics": ("la la\nla",),
}


@pytest.fixture
def song(tmp_path, music):
    """Write a short song without tags in any output format."""

    def make(codec, tags=None):
        path = tmp_path / f"song.{codec}"
        with open_writer(path, OutputFormat(codec), 48000, 2, tags) as writer:
            writer.write(music(5000))
        assert writer.warnings == []
        return path

    return make


@pytest.mark.parametrize("cover", [PNG, JPEG, None], ids=["png", "jpeg", "none"])
@pytest.mark.parametrize("codec", list(Codec))
def test_every_format_carries_every_tag_and_the_cover(song, decode, codec, cover):
    path = song(codec, Tags(FIELDS, cover))
    tags = read_tags(path)
    assert dict(tags.fields) == FIELDS
    assert tags.cover == cover
    assert tags.warning is None
    read, warnings = decode(path)
    assert len(read) == 5000
    assert warnings == []


@pytest.mark.parametrize("codec", list(Codec))
def test_a_song_without_tags_gives_empty_tags(song, codec):
    assert read_tags(song(codec)) == Tags()


@pytest.mark.parametrize("source", list(Codec))
@pytest.mark.parametrize("target", list(Codec))
def test_tags_go_from_any_format_to_any_other(tmp_path, song, source, target):
    tags = read_tags(song(source, Tags(FIELDS, JPEG)))
    again = read_tags(song(target, tags))
    assert dict(again.fields) == FIELDS
    assert again.cover == JPEG


@pytest.mark.parametrize("codec", list(Codec))
def test_writing_replaces_what_is_there(song, codec):
    path = song(codec, Tags({"title": ("Old",), "artist": ("Kept",)}, PNG))
    assert write_tags(path, codec, Tags({"title": ("New",), "artist": ("Kept",)}, JPEG)) is None
    tags = read_tags(path)
    assert tags.title == "New"
    assert tags.cover == JPEG


def test_stem_titles():
    tags = Tags({"title": ("Song",), "artist": ("A",)}, PNG)
    assert stem_tags(tags, "vocals", "x").title == "Song (Vocals)"
    assert stem_tags(tags, "accompaniment", "x").title == "Song (Instrumental)"
    assert stem_tags(tags, "drums", "x").title == "Song (Drums)"
    assert stem_tags(tags, "drums", "x").artist == "A"
    assert stem_tags(tags, "drums", "x").cover == PNG
    assert stem_tags(Tags(), "vocals", "file name").title == "file name (Vocals)"
    assert stem_tags(Tags(), "bass", "caf\udce9").title == "caf\ufffd (Bass)"
    assert tags.title == "Song"


def test_volume_figures_and_program_comments_stay_behind(song):
    path = song(Codec.MP3, Tags({"title": ("T",)}))
    frames = id3.ID3(path)
    frames.add(id3.TXXX(encoding=3, desc="replaygain_track_gain", text=["-7 dB"]))
    frames.add(id3.RVA2(desc="track", channel=1, gain=-7.0, peak=0.5))
    frames.add(id3.COMM(encoding=3, lang="eng", desc="iTunNORM", text=["000012"]))
    frames.save(path)
    assert dict(read_tags(path).fields) == {"title": ("T",)}
    vorbis = OggVorbis(song(Codec.OGG, Tags({"title": ("T",)})))
    vorbis["replaygain_track_gain"] = ["-7 dB"]
    vorbis.save()
    assert dict(read_tags(vorbis.filename).fields) == {"title": ("T",)}


def test_front_cover_is_preferred(song):
    path = song(Codec.MP3)
    frames = id3.ID3()
    frames.add(id3.APIC(encoding=3, mime="image/png", type=4, desc="back", data=b"back"))
    frames.add(id3.APIC(encoding=3, mime="image/jpeg", type=3, desc="front", data=b"front"))
    frames.add(id3.APIC(encoding=3, mime="-->", type=3, desc="link", data=b"http://x"))
    frames.save(path)
    assert read_tags(path).cover == Cover("image/jpeg", b"front")
    flac = FLAC(song(Codec.FLAC))
    for kind, data in ((4, b"back"), (3, b"front")):
        picture = Picture()
        picture.type, picture.mime, picture.data = kind, "image/png", data
        flac.add_picture(picture)
    flac.save()
    assert read_tags(flac.filename).cover == Cover("image/png", b"front")


def test_old_id3_versions_are_read(song):
    path = song(Codec.MP3)
    frames = id3.ID3()
    frames.add(id3.TIT2(encoding=1, text=["Größe"]))
    frames.add(id3.TYER(encoding=0, text=["1999"]))
    frames.add(id3.TCON(encoding=0, text=["(17)"]))
    frames.save(path, v2_version=3)
    assert dict(read_tags(path).fields) == {
        "title": ("Größe",),
        "date": ("1999",),
        "genre": ("Rock",),
    }


def test_other_names_for_the_same_thing_are_known(song):
    flac = FLAC(song(Codec.FLAC))
    flac.add_tags() if flac.tags is None else None
    flac["ALBUM ARTIST"] = ["Band"]
    flac["year"] = ["1999"]
    flac["tracknumber"] = ["3"]
    flac["totaltracks"] = ["12"]
    flac["organization"] = ["Label"]
    flac.save()
    assert dict(read_tags(flac.filename).fields) == {
        "albumartist": ("Band",),
        "date": ("1999",),
        "tracknumber": ("3/12",),
        "publisher": ("Label",),
    }


def test_aiff_tags_are_read(tmp_path, music):
    path = tmp_path / "song.aiff"
    soundfile.write(path, music(1000), 44100)
    aiff = AIFF(path)
    aiff.add_tags()
    aiff.tags.add(id3.TIT2(encoding=3, text=["Title"]))
    aiff.save()
    assert read_tags(path).title == "Title"


def test_riff_info_is_read(tmp_path, music):
    path = tmp_path / "song.wav"
    with soundfile.SoundFile(path, "w", 44100, 2) as file:
        file.title, file.artist = "Title", "Artist"
        file.write(music(1000))
    assert dict(read_tags(path).fields) == {"title": ("Title",), "artist": ("Artist",)}


def test_windows_media_tags_and_cover_are_read(tmp_path, music, encode_av):
    path = tmp_path / "song.wma"
    encode_av(path, music(20_000), 44100, "asf", "wmav2")
    wma = ASF(path)
    wma["Title"], wma["Author"], wma["WM/AlbumTitle"] = ["Title"], ["Artist"], ["Album"]
    names = "image/png".encode("utf-16-le") + b"\0\0" + "front".encode("utf-16-le") + b"\0\0"
    picture = struct.pack("<BI", 3, len(PNG.data)) + names + PNG.data
    wma["WM/Picture"] = [ASFByteArrayAttribute(b"\x03\xff\xff\xff\xffbroken")]
    wma["WM/Picture"] = [ASFByteArrayAttribute(b"\x03\xff\xff\xff\xffx"), *_attribute(picture)]
    wma.save()
    tags = read_tags(path)
    assert dict(tags.fields) == {"title": ("Title",), "artist": ("Artist",), "album": ("Album",)}
    assert tags.cover == PNG


def _attribute(data):
    return [ASFByteArrayAttribute(data)]


def test_matroska_titles_are_read(tmp_path, music, encode_av):
    import av

    encode_av(tmp_path / "plain.mka", music(20_000), 44100, "matroska", "aac")
    with (
        av.open(str(tmp_path / "plain.mka")) as source,
        av.open(str(tmp_path / "song.mka"), "w") as target,
    ):
        target.metadata["title"] = "Title"
        target.metadata["artist"] = "Artist"
        stream = target.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(audio=0):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    assert dict(read_tags(tmp_path / "song.mka").fields) == {
        "title": ("Title",),
        "artist": ("Artist",),
    }


def test_cover_that_m4a_cannot_hold_is_left_out_with_a_word(tmp_path, music):
    tags = Tags({"title": ("T",)}, Cover("image/webp", b"RIFF....WEBP"))
    with open_writer(tmp_path / "a.m4a", OutputFormat(Codec.M4A), 44100, 2, tags) as writer:
        writer.write(music(2000))
    assert any("image/webp" in warning for warning in writer.warnings)
    assert read_tags(tmp_path / "a.m4a") == Tags({"title": ("T",)})


def test_numbers_that_are_none_do_not_stop_m4a(song):
    path = song(Codec.M4A, Tags({"tracknumber": ("A3",), "bpm": ("fast",), "title": ("T",)}))
    assert dict(read_tags(path).fields) == {"title": ("T",)}
    mp4 = MP4(path)
    assert "trkn" not in mp4.tags


@pytest.mark.parametrize("codec", list(Codec))
def test_damaged_tags_never_stop_a_separation(song, codec):
    path = song(codec, Tags(FIELDS, JPEG))
    data = path.read_bytes()
    random = np.random.default_rng(5)
    for _ in range(40):
        broken = bytearray(data)
        for at in random.integers(0, min(len(data), 4000), 30):
            broken[at] = random.integers(256)
        path.write_bytes(broken)
        assert isinstance(read_tags(path), Tags)
    for share in (0.0, 0.01, 0.1, 0.5):
        path.write_bytes(data[: int(len(data) * share)])
        assert isinstance(read_tags(path), Tags)


def test_text_is_no_song_but_has_no_tags_either(tmp_path):
    (tmp_path / "notes.txt").write_text("words\n" * 100)
    assert read_tags(tmp_path / "notes.txt").fields == {}
