"""Draws the small picture that demo/researcher sends: the spectrum of the sky, as a PNG made of nothing but bytes."""

from __future__ import annotations

import base64
import struct
import zlib
from functools import lru_cache

WIDTH, HEIGHT = 480, 200  # pixels
SHORTEST, LONGEST = 400, 700  # nanometres


def brightness(wavelength: float) -> float:
    """How strongly the air scatters light of this wavelength (nm), 1 at the shortest: the inverse fourth power.

    >>> brightness(400), round(brightness(700), 3)
    (1.0, 0.107)
    """
    return (SHORTEST / wavelength) ** 4


def colour(wavelength: float) -> tuple[float, float, float]:
    """Red, green and blue, 0 to 1, of a wavelength in nm: broad bumps, near enough for a picture."""

    def bump(peak: float, width: float) -> float:
        return max(0.0, 1 - abs(wavelength - peak) / width)

    return min(1.0, bump(620, 90) * 1.3 + 0.4 * bump(410, 30)), bump(535, 80) * 1.1, bump(450, 70) * 1.2


@lru_cache(maxsize=1)
def sky() -> bytes:
    """The picture: a curve of `brightness` over the colours it falls on, on white."""
    columns = []
    for x in range(WIDTH):
        wavelength = SHORTEST + (LONGEST - SHORTEST) * x / (WIDTH - 1)
        paint = bytes(int(255 * (0.15 + 0.8 * min(1.0, part))) for part in colour(wavelength))
        columns.append((round(HEIGHT * (1 - 0.94 * brightness(wavelength))), paint))
    rows = b"".join(
        b"\0" + b"".join(paint if y >= top else b"\xfa\xfa\xfa" for top, paint in columns)
        for y in range(HEIGHT)
    )
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )


def data_url() -> str:
    """The picture as the wire has it."""
    return "data:image/png;base64," + base64.b64encode(sky()).decode("ascii")
