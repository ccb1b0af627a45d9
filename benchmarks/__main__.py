"""Runs all benchmarks, prints what they find and rewrites RESULTS.md: `python -m benchmarks [--quick]`."""

from __future__ import annotations

import argparse
import time

from . import environment

NAMES = ["streaming", "burst", "starting", "client", "browser", "chat"]


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "only", nargs="*", metavar="NAME", help=f"run these alone, of {', '.join(NAMES)}; writes nothing"
    )
    parser.add_argument(
        "--write", action="store_true", help="with names: put their results in place of their old ones"
    )
    parser.add_argument(
        "--quick", action="store_true", help="shorter answers and fewer pairs; writes nothing"
    )
    parser.add_argument("--pairs", type=int, help="pairs of each benchmark (default: each its own)")
    chosen = parser.parse_args()
    if unknown := set(chosen.only) - set(NAMES):
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}")
    return chosen


def main() -> None:
    """One benchmark after the other: they must not share the machine with each other."""
    chosen = options()
    environment.enter()
    from . import browser, burst, chat, client, report, starting, streaming

    runs = {
        "streaming": (streaming.run, 1 if chosen.quick else 2),
        "burst": (burst.run, 1 if chosen.quick else 3),
        "starting": (starting.run, 5 if chosen.quick else 15),
        "client": (client.run, 2 if chosen.quick else 7),
        "browser": (browser.run, 1 if chosen.quick else 2),
        "chat": (chat.run, 1 if chosen.quick else 5),
    }
    sections = []
    for name in chosen.only or NAMES:
        began = time.monotonic()
        run, pairs = runs[name]
        sections.append(run(quick=chosen.quick, pairs=chosen.pairs or pairs))
        print(f"\n{sections[-1].text()}\n\n({name}: {time.monotonic() - began:.0f} s)", flush=True)
    text = report.document(sections, quick=chosen.quick)
    print(f"\n{text.partition('###')[0]}")
    if chosen.quick or (chosen.only and not chosen.write):
        return
    if chosen.only:
        for section in sections:
            report.replace(section)
    else:
        report.write(text)
    print(f"Written to {report.RESULTS.relative_to(environment.ROOT)}.")


if __name__ == "__main__":
    main()
