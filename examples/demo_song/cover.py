"""The song's cover: paper lanterns over dark water, drawn with numpy, stored as PNG with zlib.

The file format is that of the PNG specification (W3C, 2003): a signature, then chunks of length,
name, data and CRC; every row of pixels begins with a filter number.
"""

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

SIZE = 240
"""Width and height in pixels."""

HORIZON = 0.72
"""Height of the waterline, as a share of the picture from the top."""

LANTERNS = (
    # Centre x and y, height: shares of the picture.
    (0.30, 0.36, 0.26),
    (0.67, 0.25, 0.18),
    (0.53, 0.55, 0.13),
    (0.86, 0.48, 0.09),
    (0.11, 0.60, 0.08),
    (0.44, 0.13, 0.07),
)

NIGHT = np.array([14.0, 20.0, 52.0])
DUSK = np.array([92.0, 52.0, 98.0])
PAPER = np.array([255.0, 170.0, 78.0])
GLOW = np.array([150.0, 70.0, 22.0])
"""RGB, 0 to 255."""


def _scene(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Colour (rows, columns, 3) of the air at points in shares of the picture."""
    height = np.clip(y / HORIZON, 0.0, 1.0)[..., np.newaxis]
    colour = NIGHT * (1.0 - height**2) + DUSK * height**2
    for across, down, tall in LANTERNS:
        dx, dy = (x - across) / (0.40 * tall), (y - down) / (0.5 * tall)
        inside = np.clip((1.0 - (dx**4 + dy**4)) * 6.0, 0.0, 1.0)[..., np.newaxis]
        flame = np.exp(-(dx**2 + (dy - 0.4) ** 2))[..., np.newaxis]
        ribs = (0.92 + 0.08 * np.cos(np.pi * 5.0 * dy))[..., np.newaxis]
        halo = np.exp(-(dx**2 + dy**2) / 5.0)[..., np.newaxis]
        colour = colour + GLOW * halo
        colour = colour * (1.0 - inside) + inside * ribs * PAPER * (0.62 + 0.45 * flame)
    return np.clip(colour, 0.0, 255.0)


def picture() -> NDArray[np.uint8]:
    """The cover's pixels, shape (SIZE, SIZE, 3), RGB."""
    y, x = np.mgrid[0:SIZE, 0:SIZE] / SIZE
    below = np.maximum(y - HORIZON, 0.0)
    ripple = 0.012 * np.sin(900.0 * np.sqrt(below + 0.01)) * np.sqrt(below / (1.0 - HORIZON))
    mirrored = HORIZON - 2.4 * below
    air = _scene(x, y)
    water = 0.55 * _scene(x + ripple, mirrored)
    pixels = np.where((y < HORIZON)[..., np.newaxis], air, water)
    return pixels.round().astype(np.uint8)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(pixels: NDArray[np.uint8]) -> bytes:
    """A PNG file of RGB pixels, shape (rows, columns, 3)."""
    rows, columns, _ = pixels.shape
    header = struct.pack(">IIBBBBB", columns, rows, 8, 2, 0, 0, 0)
    # Filter 2 stores the difference to the row above, modulo 256: a smooth sky packs well so.
    above = np.concatenate([np.zeros_like(pixels[:1]), pixels[:-1]])
    filtered = (pixels - above).reshape(rows, -1)
    lines = np.concatenate([np.full((rows, 1), 2, dtype=np.uint8), filtered], axis=1)
    body = zlib.compress(lines.tobytes(), level=9)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", body)
        + _chunk(b"IEND", b"")
    )
