"""A web route that passes a stream on to the browser, and stops it when the browser goes away.

    pip install jupyter_openrouter[demo] starlette uvicorn
    uvicorn examples.relay:app
    curl -N -d 'tell me a story' http://127.0.0.1:8000/ask

It asks ``demo/slow`` of the embedded server. For OpenRouter itself, leave ``base_url`` out.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

from jupyter_openrouter import AsyncOpenRouter
from jupyter_openrouter.demo import DemoServer


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    server = DemoServer()
    await server.start()
    async with AsyncOpenRouter(base_url=server.base_url) as client:
        app.state.client = client
        yield
    await server.stop()


async def ask(request: Request) -> StreamingResponse:
    prompt = (await request.body()).decode()
    stream = request.app.state.client.chat_stream(prompt, model="demo/slow")
    # When the browser goes away, Starlette ends the iteration, which closes the connection to the model.
    return StreamingResponse(stream.events(), media_type="text/event-stream")


app = Starlette(routes=[Route("/ask", ask, methods=["POST"])], lifespan=lifespan)
