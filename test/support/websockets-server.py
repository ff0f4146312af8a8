# A WebSocket server made with python3-websockets, for websocket-python.test.ts. It prints its port, then a line of
# JSON for each connection that has ended: [path, code, reason].
#
#   /echo             sends back what comes
#   /fragments        sends back what comes, text as one fragment per character, bytes as fragments of 10,000
#   /ping             pings, and sends 'ponged' when the pong is there
#   /close/CODE/WHY   closes
#   /drop             drops the connection
#
# Its one argument is JSON: { "compression": "deflate" | null, "subprotocols": [..], "origins": [..] }.
import asyncio
import json
import sys

import websockets

options = json.loads(sys.argv[1])


def say(line):
    print(json.dumps(line), flush=True)


async def fragments_of(message):
    if isinstance(message, str):
        for character in message:
            yield character
    else:
        for at in range(0, len(message), 10_000):
            yield message[at : at + 10_000]


async def serve(websocket, path):
    if path == "/ping":
        pong = await websocket.ping(b"are you there")
        await pong
        await websocket.send("ponged")
    elif path.startswith("/close/"):
        _, _, code, reason = path.split("/")
        await websocket.close(int(code), reason)
    elif path == "/drop":
        websocket.transport.abort()
    async for message in websocket:
        await websocket.send(fragments_of(message) if path == "/fragments" else message)


async def on_connection(websocket):
    # Where it is told has changed in version 14.
    path = websocket.request.path if hasattr(websocket, "request") else websocket.path
    try:
        await serve(websocket, path)
    except websockets.ConnectionClosed:
        pass
    await websocket.wait_closed()
    say([path, websocket.close_code, websocket.close_reason])


async def main():
    async with websockets.serve(
        on_connection, "127.0.0.1", 0, max_size=None, ping_interval=None, **options
    ) as server:
        say(server.sockets[0].getsockname()[1])
        await asyncio.Future()


asyncio.run(main())
