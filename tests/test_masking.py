"""What is taken for a secret, what is not, and that looking for one takes time in proportion to the text."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_openrouter import masking
from jupyter_openrouter.masking import mask, masked

WORD = "a1B2c3D4e5"
PEM = f"-----BEGIN RSA PRIVATE KEY-----\n{WORD * 6}\n{WORD * 6}=\n-----END RSA PRIVATE KEY-----"
SECRETS = {
    "sk-or-v1-" + "ab12" * 16: "API key",
    "sk-or-" + WORD * 2: "API key",
    "sk-ant-api03-" + WORD * 8 + "-_AA": "API key",
    "sk-proj-" + WORD * 6: "API key",
    "sk-" + WORD * 5: "API key",
    "sk_live_" + WORD * 3: "Stripe key",
    "ghp_" + WORD * 4: "GitHub token",
    "gho_" + WORD * 4: "GitHub token",
    "github_pat_" + WORD * 3 + "_" + WORD * 5: "GitHub token",
    "glpat-" + WORD * 2: "GitLab token",
    "hf_" + WORD * 4: "Hugging Face token",
    "AKIA" + "ABCD1234EFGH5678": "AWS key id",
    "ASIA" + "ABCD1234EFGH5678": "AWS key id",
    "xoxb-" + "123456789012-" + WORD: "Slack token",
    "AIza" + WORD * 3 + "a-_1B": "Google key",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0." + WORD * 4: "signed token",
    PEM: "private key",
    PEM.replace("\n", "\\n"): "private key",
    PEM.replace("RSA ", ""): "private key",
    PEM.removesuffix("-----END RSA PRIVATE KEY-----"): "private key",
    PEM.replace("-----\n", "-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,0A1B\n\n", 1): "private key",
}


@pytest.mark.parametrize("secret", SECRETS, ids=lambda secret: secret[:16])
def test_a_secret_is_masked_and_what_is_around_it_is_not(secret: str) -> None:
    marked = f"⟦masked: {SECRETS[secret]}⟧"
    for before, after in (
        ("", ""),
        ("key=", " done"),
        ("{'k': '", "'}"),
        ("a\\n", '"'),
        ("(", ")"),
        ("=", ";"),
    ):
        text = f"{before}{secret}{after}"
        if "END" not in secret and SECRETS[secret] == "private key":
            assert mask(text).startswith(
                before + marked
            )  # without its end, what follows is taken for more of it
        else:
            assert mask(text) == f"{before}{marked}{after}"
        assert masked(mask(text)) == {SECRETS[secret]: 1}


@pytest.mark.parametrize("name", ["aws_secret_access_key", "AWS_SECRET_ACCESS_KEY"])
@pytest.mark.parametrize("between", [" = ", "=", "': '", ": "])
def test_the_secret_key_of_aws_is_known_by_its_name(name: str, between: str) -> None:
    secret = WORD * 4
    assert mask(f"{name}{between}{secret}") == f"{name}{between}⟦masked: AWS secret key⟧"
    assert secret in mask(f"some_other_name{between}{secret}")


@pytest.mark.parametrize(
    "text",
    [
        "sk-learn-is-a-library-for-machine-learning",
        "sk-or-is-not-the-beginning-of-a-key-in-words",
        "the task-" + WORD * 5,
        "risk-proj-" + WORD * 5,
        "sk-" + WORD,
        "ghp_short",
        "Xghp_" + WORD * 4,
        "AKIA" + "lowercaseletters",
        "AKIA" + "ABCD1234EFGH56789",
        "hf_hub_download(repo_id=x)",
        "eyJust a word. eyJ.eyJ.x",
        "a.b.c.eyJhbGciOiJIUzI1NiJ9",
        "-----BEGIN CERTIFICATE-----\n" + WORD * 6 + "\n-----END CERTIFICATE-----",
        "-----BEGIN PUBLIC KEY-----\n" + WORD * 6 + "\n-----END PUBLIC KEY-----",
        "a line that says -----BEGIN PRIVATE KEY----- and goes on",
        "550e8400-e29b-41d4-a716-446655440000",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "secret_access_key = os.environ['X']",
    ],
)
def test_what_only_resembles_a_secret_stays(text: str) -> None:
    assert mask(text) == text


@given(st.text())
def test_other_text_is_unchanged_and_a_masked_text_is_masked_no_further(text: str) -> None:
    assert mask(text) == text
    secrets = text.join(SECRETS)
    assert mask(mask(secrets)) == mask(secrets)


def test_every_kind_has_its_hint_without_which_nothing_is_looked_for() -> None:
    for secret in SECRETS:
        assert any(hint in secret for hint in masking._HINTS)


@pytest.mark.parametrize(
    "seed",
    [
        "eyJ-",
        "eyJ.",
        "eyJaaaaaaaaaaaa.",
        "sk-or-",
        "xoxb-",
        "ghp_",
        "-----BEGIN PRIVATE KEY-----",
        "secret_access_key=",
        "-----BEGIN PRIVATE KEY-----\n" + " " * 30,
        "eyJ" + "a" * 1900 + ".eyJ" + "b" * 7000 + " ",
    ],
    ids=lambda seed: seed[:30].strip(),
)
def test_the_hardest_texts_take_steps_in_proportion_to_their_length(seed: str) -> None:
    # Counted, not timed: a pattern that went over the same characters again for each start would not end here.
    text = seed * (2_000_000 // len(seed))
    assert len(mask(text)) > 0


def test_no_pattern_has_a_repetition_within_a_repetition() -> None:
    for pattern in (*masking._PREFIXED.values(), masking._AWS_SECRET):
        assert not re.search(r"[*+}]\)[*+{]", pattern)
