"""Attachments that a browser sends in pieces: put together in bounded memory, and known by their bytes; no I/O."""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from pathlib import PurePath

from . import parts
from .attached import Attachment, Names, apart, text_part
from .errors import InvalidRequestError
from .media import MAX_PART_BYTES, audio_type, image_type

MOST_OPEN = 16
"""Uploads that are kept at a time, whole or not; for a new one the oldest go, whole ones first."""
MOST_BYTES = 3 * MAX_PART_BYTES
"""Of all of them together."""
_CLAIMS = {
    ".png": "image",
    ".jpg": "image",
    ".jpeg": "image",
    ".webp": "image",
    ".gif": "image",
    ".pdf": "PDF file",
}
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


class _Open:
    def __init__(self, name: str, size: int) -> None:
        self.name, self.size = name, size
        self.data = bytearray()
        self.done: Attachment | None = None


class Uploads:
    """The uploads of one widget, by the names that the browser gave them.

    >>> uploads = Uploads()
    >>> uploads.take("u1", name="a.txt", size=5, offset=0, data=b"hello")
    >>> uploads.whole(["u1"])[0].told["kind"]
    'text'
    """

    def __init__(self, names: Names | None = None) -> None:
        self._open: dict[str, _Open] = {}
        self._names = names or Names()

    def __len__(self) -> int:
        return len(self._open)

    @property
    def size(self) -> int:
        """Bytes of all that is kept, as they were declared."""
        return sum(one.size for one in self._open.values())

    def take(self, upload: str, *, name: str, size: int, offset: int, data: bytes) -> None:
        """Takes the next piece of an upload; the last one makes it an attachment.

        Raises:
            InvalidRequestError: it is too large, it does not follow the piece before, or it is nothing that can be
                sent; what had come of this upload is dropped then.
        """
        found = self._open.get(upload)
        if found is None:
            if offset:
                raise InvalidRequestError("The first piece of this attachment is missing.", remedy="")
            self._check_room(size)
            found = self._open[upload] = _Open(name, size)
        try:
            if (
                found.done is not None
                or offset != len(found.data)
                or (name, size) != (found.name, found.size)
            ):
                raise InvalidRequestError(
                    "A piece of this attachment does not follow the one before.", remedy=""
                )
            if offset + len(data) > size:
                raise InvalidRequestError("The attachment is larger than it was said to be.", remedy="")
            if not data:
                raise InvalidRequestError("The attachment is empty.", remedy="")
            found.data += data
            if len(found.data) == size:
                found.done = attachment(bytes(found.data), name, self._names)
                found.data = bytearray()
        except InvalidRequestError:
            del self._open[upload]
            raise

    def _check_room(self, size: int) -> None:
        if size > MAX_PART_BYTES:
            raise InvalidRequestError(f"An attachment has at most {MAX_PART_BYTES >> 20} MB.", remedy="")
        # What no question has used for so long belongs to a page that was loaded again.
        for upload in sorted(self._open, key=lambda one: self._open[one].done is None):
            if len(self._open) < MOST_OPEN and self.size + size <= MOST_BYTES:
                break
            del self._open[upload]

    def whole(self, uploads: Sequence[str]) -> list[Attachment]:
        """These uploads as attachments; they stay until they are dropped.

        Raises:
            InvalidRequestError: one of them is not there, or has not come whole.
        """
        found = []
        for upload in dict.fromkeys(uploads):
            one = self._open.get(upload)
            if one is None or one.done is None:
                raise InvalidRequestError("An attachment has not come whole.", remedy="Attach it again.")
            found.append(one.done)
        return found

    def drop(self, uploads: Sequence[str]) -> None:
        """Forgets these."""
        for upload in uploads:
            self._open.pop(upload, None)

    def clear(self) -> None:
        """Forgets all."""
        self._open.clear()


def attachment(data: bytes, name: str, names: Names) -> Attachment:
    """The bytes of a file as an attachment; what they are is told by themselves, not by their name.

    Raises:
        InvalidRequestError: they are no image, PDF file, sound or text.
    """
    own = PurePath(name.replace("\\", "/")).name or "file"
    claims = _CLAIMS.get(PurePath(own).suffix.lower(), "")
    if image_type(data):
        part = parts.image(data)
        names.keep(part, own)
    elif b"%PDF-" in data[:1024]:
        part = parts.file(data, filename=own)
    elif claims:
        # As text it would go as well, which is not what its sender takes it for.
        raise InvalidRequestError(
            f"{own[:60]} is no {claims}, whatever its name says.", remedy="Is the file damaged?"
        )
    elif (text := _text(data)) is not None:
        part = text_part(own, text)
    elif audio_type(data):
        part = parts.audio(data)
    else:
        raise InvalidRequestError(
            f"{own[:60]} is no image, PDF file, sound or text that can be sent.",
            remedy="Images are PNG, JPEG, WebP or GIF; texts are UTF-8.",
        )
    return apart([part], names=names)[1][0]


def _text(data: bytes) -> str | None:
    encoding = next((known for mark, known in _MARKS if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return None
    # What no text has; a form feed and an escape are in some.
    return None if any(sign in text for sign in "\0\1\2\3\4\5\6") else text
