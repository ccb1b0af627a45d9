"""An answer that is gone on with, as it is shown while the rest of it arrives: the old text first, then the new."""

from __future__ import annotations

from typing import Any

from .response import Response


class GoingOn:
    """What a publisher reads of a response, with another one before it.

    >>> first, rest = Response("m/x"), Response("m/x")
    >>> _ = first.add(0, "one "), rest.add(0, "two")
    >>> GoingOn(first, rest).text
    'one two'
    """

    def __init__(self, first: Response, rest: Response) -> None:
        self._first, self._rest = first, rest
        self._images = [*first.images]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._rest, name)

    @property
    def text_parts(self) -> list[str]:
        """Both texts; only the end grows."""
        return [self._first.text, *self._rest.text_parts]

    @property
    def reasoning_parts(self) -> list[str]:
        """The reasoning of both; only the end grows."""
        rest = self._rest.reasoning_parts
        gap = ["\n\n"] if self._first.reasoning and rest else []
        return [self._first.reasoning, *gap, *rest]

    @property
    def text(self) -> str:
        """Both texts so far."""
        return "".join(self.text_parts)

    @property
    def reasoning(self) -> str:
        """The reasoning of both so far."""
        return "".join(self.reasoning_parts)

    @property
    def images(self) -> list[Any]:
        """The images of both; only the end grows."""
        return [*self._images, *self._rest.images]

    @property
    def annotations(self) -> list[Any]:
        """The annotations of both."""
        return [*self._first.annotations, *self._rest.annotations]
