"""Masks what looks like a secret, and the keys in use, in a text that is about to be sent.

Only forms that nothing else has are taken for secrets: a marked prefix with as many characters as its issuer gives
it, or a framed block. A password without such a form is not seen.

>>> mask("key = 'ghp_0123456789abcdefghijABCDEFGHIJ012345'")
"key = '⟦masked: GitHub token⟧'"
"""

from __future__ import annotations

import re
from collections import Counter

from .hidden_keys import without_keys_in_use

LONGEST_SECRET = 16_384
"""Characters. Where a text is cut, this much more of it is masked first, so that no half of a secret is left."""

# Every pattern takes time in proportion to the text: what repeats is bounded, or cannot begin inside of itself.
_PREFIXED = {
    "API key": (
        r"sk-(?:(?:or|ant|proj|svcacct|admin)-(?=[A-Za-z_-]{0,40}[0-9])[A-Za-z0-9_-]{16,}|[A-Za-z0-9]{32,})"
    ),
    "Stripe key": r"[rs]k_(?:live|test)_[A-Za-z0-9]{16,}",
    "GitHub token": r"gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,}",
    "GitLab token": r"glpat-[A-Za-z0-9_-]{20,}",
    "Hugging Face token": r"hf_[A-Za-z0-9]{30,}",
    "AWS key id": r"(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])",
    "Slack token": r"xox[abeoprs]-[A-Za-z0-9-]{10,}",
    "Google key": r"AIza[A-Za-z0-9_-]{35}",
    "signed token": r"(?<![.-])eyJ[A-Za-z0-9_-]{10,2000}\.eyJ[A-Za-z0-9_-]{4,8000}\.[A-Za-z0-9_-]{16,}",
}
_PRIVATE_KEY = (
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
    r"(?=(?:\s|\\[nr]){0,20}(?:[A-Za-z0-9+/=]{16}|(?:Proc-Type|Version|Comment):))"
    r"(?:[A-Za-z0-9+/=\s\\:,.()]|-(?!----))*"
    r"(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----)?"
)
_AWS_SECRET = (
    r"(?:(?<=secret_access_key)|(?<=SECRET_ACCESS_KEY))(?P<between>[\"']?\s{0,3}[=:]\s{0,3}[\"']?)"
    r"[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])"
)
# Not in the middle of a word; but a `\n` that a repr has written out is no word.
_START = r"(?:(?<![A-Za-z0-9_])|(?<=\\[nrt]))"
_KINDS = [*_PREFIXED, "private key", "AWS secret key"]
_SECRET = re.compile(
    f"{_START}(?:{'|'.join(f'({pattern})' for pattern in _PREFIXED.values())})"
    f"|({_PRIVATE_KEY})|({_AWS_SECRET})",
    re.ASCII,
)
_HINTS: tuple[str, ...] = (
    "sk-",
    "k_live_",
    "k_test_",
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "hf_",
    "AKIA",
    "ASIA",
    "xox",
    "AIza",
    "eyJ",
)
_HINTS += ("PRIVATE KEY", "secret_access_key", "SECRET_ACCESS_KEY")
_MASK = re.compile(f"⟦masked: ({'|'.join(_KINDS)})⟧")


def mask(text: str) -> str:
    """The text with a mark in the place of everything that looks like a secret; the rest unchanged.

    >>> mask("sk-learn-is-a-library-for-machine-learning"), mask("AKIAABCDEFGHIJKLMNOP")
    ('sk-learn-is-a-library-for-machine-learning', '⟦masked: AWS key id⟧')
    """
    text = without_keys_in_use(text, "⟦masked: API key⟧")
    return _SECRET.sub(_marked, text) if any(hint in text for hint in _HINTS) else text


def masked(text: str) -> Counter[str]:
    """How many secrets of each kind ``mask`` has taken out of this text.

    >>> masked(mask("AKIAABCDEFGHIJKLMNOP and AKIAPONMLKJIHGFEDCBA"))
    Counter({'AWS key id': 2})
    """
    return Counter(_MASK.findall(text))


def _marked(found: re.Match[str]) -> str:
    # The groups are those of the kinds, in order, and one within the last.
    number = next(i for i, group in enumerate(found.groups()) if group is not None)
    return f"{found['between'] or ''}⟦masked: {_KINDS[number]}⟧"
