"""Attachments in pieces: bounded, in order, and known by their bytes; and read out of a message again."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_openrouter.attached import Names, apart, text_part, together
from jupyter_openrouter.errors import InvalidRequestError
from jupyter_openrouter.extras import Images
from jupyter_openrouter.media import MAX_PART_BYTES
from jupyter_openrouter.uploads import MOST_OPEN, Uploads, attachment

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def taken(uploads: Uploads, data: bytes, name: str = "a", upload: str = "u", piece: int = 7) -> None:
    for offset in range(0, len(data), piece):
        uploads.take(upload, name=name, size=len(data), offset=offset, data=data[offset : offset + piece])


@pytest.mark.parametrize(
    ("data", "kind", "mime"),
    [
        (PNG, "image", "image/png"),
        (b"%PDF-1.4 x", "file", "application/pdf"),
        (b"hello", "text", "text/plain"),
        ("h\u00e4".encode("utf-16"), "text", "text/plain"),
        (b"ID3" + bytes(30), "audio", "audio/mp3"),
    ],
)
def test_what_an_attachment_is_its_bytes_tell_and_not_its_name(data: bytes, kind: str, mime: str) -> None:
    uploads = Uploads()
    taken(uploads, data, name="../evil\\x.exe")
    told = uploads.whole(["u"])[0].told
    assert (told["kind"], told["mime"]) == (kind, mime)
    assert kind == "audio" or told["name"] == "x.exe"


@pytest.mark.parametrize(
    ("data", "name", "told"),
    [
        (b"\xff" * 4000, "x.png", "x.png is no image"),
        (b"\xff" * 4000, "x.mp3", "x.mp3 is no image, PDF file, sound"),
        (b"words", "x.JPG", "x.JPG is no image"),
        (b"words", "x.pdf", "x.pdf is no PDF file"),
        (b"ID3" + bytes(30), "x.gif", "x.gif is no image"),
        (PNG[1:], "x.webp", "x.webp is no image"),
    ],
)
def test_bytes_that_are_not_what_their_name_says_are_refused(data: bytes, name: str, told: str) -> None:
    uploads = Uploads()
    with pytest.raises(InvalidRequestError, match=told):
        taken(uploads, data, name=name, piece=4000)
    assert len(uploads) == 0


def test_an_image_or_a_pdf_by_another_name_is_what_it_is() -> None:
    for data, name, kind in (
        (PNG, "x.jpg", "image"),
        (PNG, "x.pdf", "image"),
        (b"%PDF-1.4", "x.png", "file"),
    ):
        assert attachment(data, name, Names()).told["kind"] == kind


@pytest.mark.parametrize("data", [b"MZ\0\1\2", b"\x80\x81", b"PK\3\4\0\0"])
def test_what_cannot_be_sent_is_refused_and_forgotten(data: bytes) -> None:
    uploads = Uploads()
    with pytest.raises(InvalidRequestError, match="is no image"):
        taken(uploads, data)
    assert len(uploads) == 0


@pytest.mark.parametrize(
    ("size", "offset", "data", "message"),
    [
        (5, 1, b"x", "first piece"),
        (5, 0, b"toolong", "larger than"),
        (5, 0, b"", "empty"),
        (0, 0, b"", "empty"),
        (MAX_PART_BYTES + 1, 0, b"x", "at most 20 MB"),
    ],
)
def test_a_piece_that_does_not_fit_is_refused(size: int, offset: int, data: bytes, message: str) -> None:
    uploads = Uploads()
    with pytest.raises(InvalidRequestError, match=message):
        uploads.take("u", name="a", size=size, offset=offset, data=data)
    assert len(uploads) == 0


def test_pieces_out_of_order_or_after_the_end_are_refused() -> None:
    uploads = Uploads()
    uploads.take("u", name="a", size=5, offset=0, data=b"he")
    with pytest.raises(InvalidRequestError, match="does not follow"):
        uploads.take("u", name="a", size=5, offset=3, data=b"lo")
    taken(uploads, b"hello")
    with pytest.raises(InvalidRequestError, match="does not follow"):
        uploads.take("u", name="a", size=5, offset=0, data=b"hello")
    with pytest.raises(InvalidRequestError, match="not come whole"):
        uploads.whole(["u"])


def test_a_new_one_takes_the_place_of_the_oldest_that_nobody_used() -> None:
    uploads = Uploads()
    uploads.take("begun", name="a", size=5, offset=0, data=b"he")
    for number in range(MOST_OPEN + 5):
        taken(uploads, b"hello", upload=f"u{number}")
        assert len(uploads) <= MOST_OPEN
    assert uploads.whole([f"u{MOST_OPEN + 4}"])
    uploads.take("begun", name="a", size=5, offset=2, data=b"llo")
    for number in range(5):
        uploads.take(f"big{number}", name="a", size=MAX_PART_BYTES, offset=0, data=b"x")
        assert uploads.size <= 3 * MAX_PART_BYTES


@given(st.text(max_size=200), st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_a_text_file_is_told_from_the_words_beside_it(words: str, text: str) -> None:
    found, attachments = apart(together(words, [text_part("a b.txt", text)]))
    assert found == (words if words.strip() else "")
    assert [one.told["name"] for one in attachments] == ["a b.txt"]


def test_a_name_cannot_open_anything() -> None:
    part = text_part("x`\n``` evil", "hello")
    assert apart([part])[1][0].told["name"] == "x' ''' evil"


def test_images_keep_their_names_and_can_be_had_by_their_ids() -> None:
    names, images = Names(), Images()
    part = attachment(PNG, "dot.png", names).part
    told = apart(together("?", [part]), images, names)[1][0].told
    assert told["name"] == "dot.png"
    message = images.message(told["id"])
    assert message is not None
    assert base64.b64decode(message["data"]) == PNG
    assert apart([part])[1][0].told["name"] == "image.png"
