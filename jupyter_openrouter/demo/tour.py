"""The guided tour that demo/tour gives: written Markdown, true of this package, rich in forms."""

from __future__ import annotations

import re

from .models import MODELS

OPENING = """\
# Welcome to jupyter_openrouter

This text was **written, not generated**: `demo/tour` sits in a small server on your own machine and sends \
its tour token by token, the way a model would. No key, no network and no money are involved. 🧭
"""

SECTIONS = {
    "cell": """\
## Ask from a cell

Begin a cell with `%%openrouter`, name a model, and write the prompt below:

```python
%%openrouter --model demo/tour --out tour
What can you do?
```

While the answer arrives, it is shown as Markdown. Afterwards it is in two places:

1. in the variable `_openrouter`, which always holds the last response:
   - its text, and the reasoning if there was any,
   - its usage: tokens in, tokens out, and the cost;
2. under the name that you gave:
   - `--out tour` puts the response into `tour`,
   - so that the next cell can work with it.
""",
    "stop": """\
## Stop

The **Stop** button ends an answer at any moment and keeps every word that has arrived. The connection is \
closed, which is how OpenRouter learns that nobody listens any more; the cell ends in order, and the \
response is marked as stopped. Try it now, in the middle of this sentence, or ask `demo/slow` for something \
longer.

> What has been read once should not vanish because the rest never came.
""",
    "chat": """\
## Chat

For a conversation, make a widget:

```python
from jupyter_openrouter import ChatWidget

ChatWidget(model="demo/tour")
```

It has a place to write, a Stop of its own, and remembers the turns before.
""",
    "key": """\
## Your key

The real service needs a key. Set it where Jupyter is started, and never in a cell:

```bash
export OPENROUTER_API_KEY="…"
jupyter lab
```

The key is not written into the notebook, nor into a log or an error.
""",
    "cost": """\
## What an answer costs

Every model has two prices, one for a token in and one for a token out. With $n$ tokens at the price $p$, \
the cost is

$$
C = n_\\text{in}\\, p_\\text{in} + n_\\text{out}\\, p_\\text{out}
$$

| Model | In, USD per million | Out, USD per million | Good for |
| :--- | ---: | ---: | :--- |
PRICES

These are list prices of play money, and the tokens an estimate: one for every four characters begun. So \
$400$ characters at \\$4.00 per million come to \\$0.0004. On the real service both numbers are \
OpenRouter's own.
""",
    "saved": """\
## What the file keeps

A saved notebook holds each answer three times over, in one output: as Markdown for people, as plain text \
for terminals and searches, and as JSON for whoever wants to know later where the words came from, which is \
the provenance: the model asked and the model used, the provider, the generation id, the tokens, the cost, the \
finish reason, and whether the answer was stopped. That is why a notebook reads the same on a web page that \
knows nothing of this extension, after a conversion, or a year from now on another machine, when the server \
that wrote it has long been switched off.
""",
    "render": """\
## A page for the renderer

Text comes in pieces that may end inside a word, a formula or a character's neighbourhood, and still has to \
look right at every moment. Here is some of what tends to break:

- **Scripts:** 日本語のテキスト、简体中文, 한국어, Ελληνικά, עברית, हिन्दी.
- **Emoji:** 🚀, with a skin tone 👋🏽, a family 👩‍👩‍👧‍👦, a flag 🇳🇴.
- **Formulas:** inline $e^{i\\pi} + 1 = 0$, and displayed:

  $$
  \\int_{-\\infty}^{\\infty} e^{-x^2}\\,dx = \\sqrt{\\pi}
  $$

- **Nesting:**
  1. one
     - one and a half, ~~struck out~~
  2. two, with `code`, *emphasis* and ***both***

Code in a third language, with characters that HTML would like to have:

```javascript
const seen = new Map();
for (const word of text.split(/\\s+/)) {
  seen.set(word, (seen.get(word) ?? 0) + 1); // a < b && c > d
}
```
""",
    "next": """\
## Where to go next

- `demo/echo` gives your message back, byte for byte.
- `demo/reasoner` thinks first, `demo/tools` calls your functions.
- `demo/burst` is as fast as it gets; `demo/faulty` fails in any way that you name.

To run this server apart from a notebook, use `python -m jupyter_openrouter.demo`. The models of the real \
service are listed at [openrouter.ai/models](https://openrouter.ai/models).
""",
}


GOOD_FOR = {
    "demo/tour": "looking around",
    "demo/reasoner": "seeing reasoning",
    "demo/slow": "trying Stop",
}


def price_rows() -> str:
    """The rows of the table of prices, as the catalogue has them."""
    rows = []
    for slug, use in GOOD_FOR.items():
        paid = [f"{float(price) * 1e6:.2f}" for price in MODELS[slug].prices]
        rows.append(f"| `{slug}` | {paid[0]} | {paid[1]} | {use} |")
    return "\n".join(rows)


def tour(prompt: str) -> str:
    """The tour as Markdown; if the prompt holds a section's word, that section comes first.

    >>> tour("how do I Stop it?").index("## Stop") < tour("").index("## Stop")
    True
    """
    asked = set(re.findall(r"[a-z]+", prompt.lower()))
    first = next((name for name in ("stop", "chat", "key", "cost") if name in asked), "cell")
    order = [first, *(name for name in SECTIONS if name != first)]
    return "\n".join([OPENING, *(SECTIONS[name] for name in order)]).replace("PRICES", price_rows())
