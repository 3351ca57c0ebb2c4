"""What makes the index of an MP4 file with five tracks that of a stem file."""

from core.mix.mp4_boxes import edit_boxes, inner_boxes, make_box
from core.mix.stem_manifest import StemLabel, write_manifest


def as_stem_file(moov: bytes, labels: tuple[StemLabel, ...]) -> bytes:
    """Return the body of a moov box with a stem box, and with only the first track enabled.

    Parameters
    ----------
    moov
        The body. Other user data, such as tags, stay; a stem box that is there is replaced.
    labels
        Of the four stems.
    """
    user_data = b""
    others = b""
    enabled = True
    for box in inner_boxes(moov):
        body = moov[box.body : box.end]
        if box.kind == b"udta":
            user_data += _without_stem(body)
            continue
        if box.kind == b"trak":
            body = _with_flags(body, enabled=enabled)
            enabled = False
        others += make_box(box.kind, body)
    stem = make_box(b"stem", write_manifest(labels))
    return others + make_box(b"udta", user_data + stem)


def _without_stem(user_data: bytes) -> bytes:
    return b"".join(
        user_data[box.start : box.end] for box in inner_boxes(user_data) if box.kind != b"stem"
    )


def _with_flags(trak: bytes, *, enabled: bool) -> bytes:
    """Return a track with its flags and its group as Native Instruments' tool sets them.

    FFmpeg declares all tracks to be alternatives of each other, of which players choose one.
    """

    def change(kind: bytes, body: bytes) -> tuple[bytes, bytes]:
        if kind != b"tkhd":
            return kind, body
        # Times have 64 bits in version 1.
        group = 46 if body[0] == 1 else 34
        flags = int(enabled).to_bytes(3)
        return kind, body[:1] + flags + body[4:group] + b"\0\0" + body[group + 2 :]

    return edit_boxes(trak, change)
