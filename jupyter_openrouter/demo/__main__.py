"""Runs the demo server from a shell until Ctrl-C: `python -m jupyter_openrouter.demo`."""

from __future__ import annotations

import argparse
import asyncio
import contextlib

from .server import DemoServer

USE = """\
A demo OpenRouter is listening on {url}

  no key is needed, nothing leaves this machine, and the answers are written, not generated

  models    demo/tour demo/echo demo/reasoner demo/tools demo/slow demo/burst demo/faulty
  try       curl -N {url}/chat/completions -H 'Content-Type: application/json' \\
              -d '{{"model":"demo/tour","stream":true,"messages":[{{"role":"user","content":"hi"}}]}}'

Ctrl-C ends it."""


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m jupyter_openrouter.demo", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1 (default: any free one)")
    parser.add_argument(
        "--rate",
        type=float,
        default=None,
        metavar="TOKENS_PER_SECOND",
        help="pace of all models; 0 is as fast as possible (default: each model its own)",
    )
    return parser.parse_args()


async def serve(port: int, rate: float | None) -> None:
    """Listen until cancelled."""
    server = DemoServer(rate=rate)
    await server.start(port)
    try:
        print(USE.format(url=server.base_url), flush=True)
        await asyncio.Event().wait()
    finally:
        await server.stop()


def main() -> None:
    """Run, and end quietly at Ctrl-C."""
    chosen = options()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(chosen.port, chosen.rate))


if __name__ == "__main__":
    main()
