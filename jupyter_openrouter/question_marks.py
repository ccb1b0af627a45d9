"""Lets a question of ``%openrouter`` end with its question mark, which IPython takes for a call for its own help."""

from __future__ import annotations

from typing import Any

_NAMES = ("OpenRouterQuestion", "OpenRouterAssigned")


def install(shell: Any) -> None:
    """Lets ``%openrouter why is the sky blue?`` ask; ``%openrouter?`` stays help. Again, it changes nothing."""
    from IPython.core.inputtransformer2 import EscapedCommand, MagicAssign

    class OpenRouterQuestion(EscapedCommand):  # type: ignore[misc]
        """A line of ``%openrouter`` with words, as every line magic; looked at before ``HelpEnd``."""

        priority = 1

        @classmethod
        def find(cls, tokens_by_line: Any) -> Any:
            for line in tokens_by_line:
                said = [token for token in line if token.string.strip()]
                words = [token.string for token in said]
                # Something between the name and the mark: `%openrouter?` has nothing.
                if words[:2] == ["%", "openrouter"] and len(words) > 3 and words[-1] == "?" != words[2]:
                    return cls(said[0].start)
            return None

    class OpenRouterAssigned(MagicAssign):  # type: ignore[misc]
        """The same behind ``x =``."""

        priority = 1

        @classmethod
        def find(cls, tokens_by_line: Any) -> Any:
            for line in tokens_by_line:
                said = [token for token in line if token.string.strip()]
                words = [token.string for token in said]
                if "=" not in words or words[-1] != "?":
                    continue
                at = words.index("=") + 1
                asks = words[at : at + 2] == ["%", "openrouter"] and words[at + 2] != "?"
                found = super().find([line]) if asks else None
                if found is not None:
                    # IPython looks first at what begins first, and its help begins with the line.
                    found.percent_at, found.start_col = found.start_col, said[0].start[1]
                    return found
            return None

        def transform(self, lines: list[str]) -> Any:
            self.start_col = self.percent_at
            return super().transform(lines)

    uninstall(shell)
    transformers = getattr(getattr(shell, "input_transformer_manager", None), "token_transformers", None)
    if isinstance(transformers, list):
        transformers += [OpenRouterQuestion, OpenRouterAssigned]


def uninstall(shell: Any) -> None:
    """Takes it away again."""
    transformers = getattr(getattr(shell, "input_transformer_manager", None), "token_transformers", None)
    if isinstance(transformers, list):
        transformers[:] = [one for one in transformers if one.__name__ not in _NAMES]
