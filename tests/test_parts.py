"""Messages and parts: from what a person has at hand to what the wire has, and what cannot be sent."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Any

import pytest

from jupyter_openrouter import media, parts
from jupyter_openrouter.errors import InvalidRequestError
from jupyter_openrouter.request import chat_body, encode
from jupyter_openrouter.response import Response

PNG = b"\x89PNG\r\n\x1a\n" + bytes(8)
IMAGES = {
    "png": PNG,
    "jpeg": b"\xff\xd8\xff\xe0" + bytes(8),
    "webp": b"RIFF\0\0\0\0WEBPVP8 ",
    "gif": b"GIF89a" + bytes(8),
}
SOUNDS = {
    "wav": b"RIFF\0\0\0\0WAVEfmt ",
    "aiff": b"FORM\0\0\0\0AIFF",
    "m4a": b"\0\0\0\x20ftypM4A ",
    "flac": b"fLaC\0\0",
    "ogg": b"OggS\0\0",
    "mp3": b"ID3\x04",
    "aac": b"\xff\xf1\x50\x80",
}
VIDEOS = {
    "mp4": b"\0\0\0\x20ftypisom",
    "mov": b"\0\0\0\x14ftypqt  ",
    "webm": b"\x1a\x45\xdf\xa3\0",
    "mpeg": b"\0\0\x01\xba\x44",
}


def data(url: str) -> bytes:
    return base64.b64decode(url.partition(",")[2])


@pytest.mark.parametrize(("kind", "content"), IMAGES.items())
def test_an_image_is_known_by_its_bytes_whatever_its_name(kind: str, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "picture.txt"
    path.write_bytes(content)
    encoded = f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
    for source in (content, bytearray(content), memoryview(content), path, str(path), encoded):
        assert parts.image(source) == {"type": "image_url", "image_url": {"url": encoded}}


def test_a_url_is_sent_as_it_is_and_detail_beside_it() -> None:
    url = "HTTPS://example.org/a%20b.png?x=ä#y"
    assert parts.image(url, detail="high")["image_url"] == {"url": url, "detail": "high"}
    assert parts.video("https://youtu.be/x")["video_url"] == {"url": "https://youtu.be/x"}


@pytest.mark.parametrize(("kind", "content"), SOUNDS.items())
def test_sound_goes_as_base64_with_its_format(kind: str, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "sound.bin"
    path.write_bytes(content)
    for source in (content, path, f"data:audio/x;base64,{base64.b64encode(content).decode()}"):
        part = parts.audio(source)
        assert part == {
            "type": "input_audio",
            "input_audio": {"data": part["input_audio"]["data"], "format": kind},
        }
        assert base64.b64decode(part["input_audio"]["data"]) == content


def test_a_frame_of_mp3_is_told_from_one_of_aac() -> None:
    assert parts.audio(b"\xff\xfb\x90\x00")["input_audio"]["format"] == "mp3"
    assert parts.audio(b"\xff\xf9\x50\x80")["input_audio"]["format"] == "aac"


def test_raw_samples_need_their_format_and_a_name_helps_where_the_bytes_say_nothing(tmp_path: Path) -> None:
    assert parts.audio(bytes(4), format="pcm16")["input_audio"]["format"] == "pcm16"
    with pytest.raises(InvalidRequestError, match="wav, mp3, flac"):
        parts.audio(bytes(4))
    path = tmp_path / "x.AIF"
    path.write_bytes(bytes(4))
    assert parts.audio(path)["input_audio"]["format"] == "aiff"


@pytest.mark.parametrize(("kind", "content"), VIDEOS.items())
def test_a_video_becomes_a_data_url(kind: str, content: bytes) -> None:
    url = parts.video(content)["video_url"]["url"]
    assert url.startswith(f"data:video/{kind};base64,")
    assert data(url) == content


def test_a_pdf_takes_its_name_from_the_file_and_never_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "paper.pdf"
    path.write_bytes(b"%PDF-1.7 x")
    part = parts.file(path)
    assert part["type"] == "file"
    assert part["file"]["filename"] == "paper.pdf"
    assert part["file"]["file_data"].startswith("data:application/pdf;base64,")
    assert data(part["file"]["file_data"]) == b"%PDF-1.7 x"
    assert parts.file(b"%PDF-1.7")["file"]["filename"] == "document.pdf"
    assert parts.file(path, filename="other.pdf")["file"]["filename"] == "other.pdf"
    assert parts.file("https://example.org/")["file"] == {
        "filename": "document.pdf",
        "file_data": "https://example.org/",
    }


class Figure:
    def __init__(self) -> None:
        self.asked: dict[str, Any] = {}

    def savefig(self, file: Any, **how: Any) -> None:
        self.asked = how
        file.write(PNG)


class Axes:
    def get_figure(self) -> Figure:
        return Figure()


class Picture:
    def __init__(self, png: Any, jpeg: Any = None) -> None:
        self.png, self.jpeg = png, jpeg

    def _repr_png_(self) -> Any:
        return self.png

    def _repr_jpeg_(self) -> Any:
        return self.jpeg


@pytest.mark.parametrize(
    "source",
    [Figure(), Axes(), Picture(PNG), Picture((PNG, {"width": 1})), Picture(base64.b64encode(PNG).decode())],
    ids=["figure", "axes", "bytes", "bytes with metadata", "base64"],
)
def test_what_a_notebook_shows_as_a_picture_is_an_image(source: Any) -> None:
    assert data(parts.image(source)["image_url"]["url"]) == PNG


def test_a_picture_that_is_a_jpeg_only_is_taken_as_one() -> None:
    url = parts.image(Picture(None, IMAGES["jpeg"]))["image_url"]["url"]
    assert url.startswith("data:image/jpeg;base64,")


@pytest.mark.parametrize("make", [parts.image, parts.file, parts.audio, parts.video])
@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("nowhere/at all.png", "There is no file 'nowhere/at all.png'"),
        (Path("nowhere.png"), "There is no file 'nowhere.png'"),
        ("ftp://example.org/x", "There is no file 'ftp://example.org/x'.*a URL"),
        ("x" * 100_000, "There is no file|cannot be read"),
        ("nul\0", "no file|cannot be read"),
        ("", "is no file"),
        (".", "'.' is no file"),
        (b"", "empty"),
        (b"hello world", "It must be"),
        ("data:image/png,abc", "no data URL"),
        ("data:image/png;base64,***", "no data URL"),
        ("data:", "no data URL"),
        ("https://exa mple.org/x", "no URL|is a URL|%20"),
        ("https://", "no URL"),
        ("http://[", "no URL"),
        ("https://example.org/\n", "no URL"),
        (None, "A NoneType is no"),
        (3, "A int is no"),
        (Figure, "A type is no"),
        (Picture, "A type is no"),
        (Picture(None), "A Picture is no"),
    ],
    ids=lambda value: value.__name__ if callable(value) else repr(value)[:30],
)
def test_what_cannot_be_sent_is_refused_with_a_sentence(make: Any, source: Any, said: str) -> None:
    with pytest.raises(InvalidRequestError, match=said) as caught:
        make(source)
    assert len(str(caught.value)) < 500


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes by name here")
def test_a_pipe_is_no_file_and_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InvalidRequestError, match="is no file"):
        parts.image(tmp_path / "pipe")


def test_an_unknown_type_is_refused_and_the_known_ones_are_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequestError, match="png, jpeg, webp or gif"):
        parts.image(b"<svg></svg>")
    with pytest.raises(InvalidRequestError, match="It must be pdf"):
        parts.file(PNG)
    with pytest.raises(InvalidRequestError, match=r"'opus' is no type of audio.*wav, mp3"):
        parts.audio(SOUNDS["ogg"], format="opus")
    (tmp_path / "x.avi").write_bytes(b"RIFF\0\0\0\0AVI ")
    with pytest.raises(InvalidRequestError, match=r"'avi' is no type of video.*mp4, mpeg, mov or webm"):
        parts.video(tmp_path / "x.avi")


def test_sound_is_not_sent_by_url() -> None:
    with pytest.raises(InvalidRequestError, match="only as bytes"):
        parts.audio("https://example.org/a.mp3")


def test_more_than_20_mb_is_refused_before_it_is_read_or_encoded(tmp_path: Path) -> None:
    large = tmp_path / "large.png"
    with large.open("wb") as opened:
        opened.truncate(1024**3)  # a hole, which takes no space
    whole = media.MAX_PART_BYTES
    assert whole == 20 * 1024**2
    for source in (
        large,
        memoryview(bytes(whole + 1)),
        "data:image/png;base64," + "A" * (whole * 4 // 3 + 8),
    ):
        with pytest.raises(InvalidRequestError, match="larger than 20 MB"):
            parts.image(source)
    assert len(data(parts.image(PNG.ljust(whole, b"\0"))["image_url"]["url"])) == whole


def test_one_text_stays_a_text_and_more_become_parts_in_order() -> None:
    assert parts.user("hi") == {"role": "user", "content": "hi"}
    message = parts.user("What is this?", parts.image("https://example.org/x.png"), name="Ada")
    assert [part["type"] for part in message["content"]] == ["text", "image_url"]
    assert message["name"] == "Ada"
    assert parts.system(parts.text("long", cache=True))["content"] == [
        {"type": "text", "text": "long", "cache_control": {"type": "ephemeral"}}
    ]


@pytest.mark.parametrize("wrong", [(), (1,), (None,), ("a", b"b"), ({"text": "no type"},)])
def test_a_message_of_something_else_is_refused(wrong: tuple[Any, ...]) -> None:
    with pytest.raises(InvalidRequestError, match=r"empty|neither text nor a part"):
        parts.user(*wrong)


def test_a_response_is_replayed_with_its_reasoning_details_unchanged() -> None:
    response = Response("a/b")
    details = [{"type": "reasoning.text", "text": "hm", "signature": "s", "field of next year": [1]}]
    response.reasoning_details = details
    message = parts.assistant(response)
    assert message["role"] == "assistant"
    assert message["reasoning_details"] == details
    by_hand = parts.assistant("Yes.", reasoning_details=details)
    assert by_hand == {"role": "assistant", "content": "Yes.", "reasoning_details": details}


def test_an_assistant_message_may_be_tool_calls_alone_and_not_nothing() -> None:
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    assert parts.assistant(tool_calls=[call]) == {"role": "assistant", "content": None, "tool_calls": [call]}
    for wrong in (None, 1, b"x"):
        with pytest.raises(InvalidRequestError, match="assistant"):
            parts.assistant(wrong)


def test_a_tool_s_result_is_text_parts_or_json() -> None:
    assert parts.tool_result("c", "21 °C")["content"] == "21 °C"
    assert parts.tool_result("c", {"°C": [1, None]})["content"] == '{"°C": [1, null]}'
    assert parts.tool_result("c", [{"type": "of mine"}])["content"] == '[{"type": "of mine"}]'
    assert parts.tool_result("c", [parts.text("a")])["content"] == [{"type": "text", "text": "a"}]
    assert parts.tool_result("c", [])["content"] == "[]"
    knot: list[Any] = []
    knot.append(knot)
    for wrong in (object(), float("nan"), knot):
        with pytest.raises(InvalidRequestError, match="JSON"):
            parts.tool_result("c", wrong)
    with pytest.raises(InvalidRequestError, match="id"):
        parts.tool_result("", "x")


def test_a_conversation_of_all_of_them_can_be_sent() -> None:
    body = chat_body(
        [
            parts.system("Be short."),
            parts.user("Look:", parts.image(PNG), parts.file(b"%PDF-1"), parts.audio(SOUNDS["wav"])),
            parts.assistant(tool_calls=[{"id": "c", "type": "function", "function": {"name": "f"}}]),
            parts.tool_result("c", 3),
            parts.user(parts.video(VIDEOS["mp4"])),
        ],
        model="a/b",
    )
    assert encode(body)
    assert [message["role"] for message in body["messages"]] == [
        "system",
        "user",
        "assistant",
        "tool",
        "user",
    ]
