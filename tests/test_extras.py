"""What stands beside a text: bounded, checked, and told in pieces that add up."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from jupyter_openrouter import extras
from jupyter_openrouter.chunks import Growing, fold
from jupyter_openrouter.extras import Beside, Images, Picture, picture, pieces
from jupyter_openrouter.publish import Publisher, utf16_length
from jupyter_openrouter.response import Response

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(40)).decode()


def chunk(**delta: Any) -> dict[str, Any]:
    return {"choices": [{"delta": delta}]}


def image(url: Any) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url}}


@pytest.mark.parametrize(
    ("kind", "opens"),
    [
        ("image/png", b"\x89PNG\r\n\x1a\n"),
        ("image/jpeg", b"\xff\xd8\xff\xe0"),
        ("image/gif", b"GIF89a"),
        ("image/webp", b"RIFF\n\n\n\nWEBP"),
    ],
)
def test_four_types_of_images_are_shown_when_they_begin_as_they_should(kind: str, opens: bytes) -> None:
    data = base64.b64encode(opens + bytes(30)).decode()
    assert picture(f"data:{kind};base64,{data}") == Picture(kind, data)
    assert Picture(kind, data).bytes == len(opens) + 30
    other = base64.b64encode(b"<svg onload=alert(1)>" + bytes(30)).decode()
    assert picture(f"data:{kind};base64,{other}") == "not an image"


@pytest.mark.parametrize(
    "url",
    [
        f"data:image/svg+xml;base64,{PNG}",
        f"data:text/html;base64,{PNG}",
        f"data:image/png,{PNG}",
        f'data:image/png;base64,{PNG}" onerror="alert(1)',
        f"data:image/png;base64,{PNG}\n",
        f"data:image/png;base64, {PNG}",
        "data:image/png;base64,",
        "javascript:alert(1)",
        "",
    ],
)
def test_every_other_data_url_is_named_and_not_shown(url: str) -> None:
    assert isinstance(picture(url), str)
    [reference] = Beside(_with(images=[image(url)])).now()["images"]
    assert set(reference) == {"note"}


def test_an_image_that_is_too_large_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "MAX_IMAGE_BYTES", 30)
    assert "not shown" in str(picture(f"data:image/png;base64,{PNG}"))


def _with(**delta: Any) -> Growing:
    growing = Growing()
    fold(growing, chunk(**delta))
    return growing


def test_an_image_elsewhere_is_an_address_and_odd_entries_are_notes() -> None:
    odd = [
        image("https://x.example/a.png"),
        image(5),
        {"image_url": None},
        {},
        image("https://x/" + "a" * 3000),
    ]
    found = Beside(_with(images=odd)).now()["images"]
    assert found[0] == {"url": "https://x.example/a.png"}
    assert [set(one) for one in found[1:]] == [{"note"}] * 4


def test_sources_are_counted_once_each_and_bounded() -> None:
    def cited(url: Any, title: Any = "t") -> dict[str, Any]:
        return {"type": "url_citation", "url_citation": {"url": url, "title": title}}

    odd = [cited("http://a"), cited("http://a"), cited(None), {"type": "file"}, cited("http://b", None)]
    flat = {"type": "url_citation", "url": "http://c", "title": "x" * 5000}
    many = [cited(f"http://{number}") for number in range(500)]
    found = Beside(_with(annotations=[*odd, flat, *many])).now()["citations"]
    assert [one["url"] for one in found[:3]] == ["http://a", "http://b", "http://c"]
    assert len(found[2]["title"]) == extras.MAX_TITLE
    assert len(found) == extras.MAX_CITATIONS


def rebuilt(messages: list[dict[str, Any]]) -> dict[str, Any]:
    """What a browser makes of the pieces, with every offset checked."""
    calls: list[dict[str, str]] = []
    held: dict[str, Any] = {"refusal": "", "tool_calls": calls, "images": [], "citations": []}
    for piece in [
        piece for message in messages if message["type"] == "extras" for piece in message["pieces"]
    ]:
        kind = piece["kind"]
        if kind == "refusal":
            assert piece["offset"] == utf16_length(held["refusal"])
            held["refusal"] += piece["text"]
        elif kind == "tool_call":
            if piece["at"] == len(calls):
                calls.append({"name": "", "arguments": ""})
            call = calls[piece["at"]]
            assert piece["offset"] == utf16_length(call["arguments"])
            call["name"], call["arguments"] = piece["name"], call["arguments"] + piece["text"]
        else:
            assert piece["at"] == len(held[f"{kind}s"])
            held[f"{kind}s"].append(piece[kind])
    return {name: value for name, value in held.items() if value}


@pytest.mark.parametrize("every", [1, 3, 50])
def test_the_pieces_add_up_and_grow_in_step_with_what_came(every: int) -> None:
    sent: list[dict[str, Any]] = []

    class Target:
        def send(self, content: dict[str, Any]) -> None:
            sent.append(content)

    response, images = Response("m"), Images()
    publisher = Publisher(Target(), response, images=images)
    written = '{"text": "' + "é🙂 long " * 40 + '"}'
    start = {"index": 0, "id": "c", "function": {"name": "write", "arguments": ""}}
    chunks = [chunk(tool_calls=[start])]
    chunks += [chunk(tool_calls=[{"index": 0, "function": {"arguments": one}}]) for one in written]
    chunks.insert(40, chunk(images=[image(f"data:image/png;base64,{PNG}")], refusal="No🙂"))
    chunks.insert(90, chunk(annotations=[{"type": "url_citation", "url_citation": {"url": "http://a"}}]))
    for number, one in enumerate(chunks):
        fold(response, one)
        if number % every == 0:
            publisher.send_new()
    response.close()
    publisher.send_new()
    assert rebuilt(sent) == Beside(response).now()
    assert rebuilt(sent)["tool_calls"] == [{"name": "write", "arguments": written}]
    assert [message["sent"] for message in sent if message["type"] == "extras"] == list(
        range(1, 1 + sum(message["type"] == "extras" for message in sent))
    )
    assert [message["data"] for message in sent if message["type"] == "image"] == [PNG]
    texts = [
        piece["text"]
        for message in sent
        if message["type"] == "extras"
        for piece in message["pieces"]
        if "text" in piece
    ]
    assert sum(map(len, texts)) == len(written) + len("No🙂")


def test_half_a_surrogate_pair_in_arguments_waits_for_its_other_half() -> None:
    growing = Growing()
    for part in ('"a\ud83d', '\ude00"'):
        fold(growing, chunk(tool_calls=[{"index": 0, "id": "c", "function": {"arguments": part}}]))
        beside = Beside(growing).now()
        assert not beside["tool_calls"][0]["arguments"].endswith("\ud83d")
    assert pieces({}, beside)[0]["text"] == '"a\ud83d\ude00"'


def test_only_so_many_bytes_of_images_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "MAX_KEPT_BYTES", 100)
    images = Images()
    names = [images.keep(Picture("image/png", letter * 40)) for letter in "AABC"]
    assert names[0] == names[1]
    assert images.message(names[0]) is None
    assert images.message(names[3]) == {
        "type": "image",
        "id": names[3],
        "mime": "image/png",
        "data": "C" * 40,
    }
    for odd in (None, 5, "", "x", ["a"], {}):
        assert images.message(odd) is None
