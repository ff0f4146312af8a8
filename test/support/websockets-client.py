# A WebSocket client made with python3-websockets, for websocket-python.test.ts: it goes through one of the scenarios
# below with a server that echoes, and prints what came of it as a line of JSON.
#
#   websockets-client.py URL SCENARIO OPTIONS
#
# OPTIONS are connect's, as JSON: { "compression": "deflate" | null, "subprotocols": [..], .. }.
import asyncio
import json
import sys

import websockets

url, scenario = sys.argv[1:3]
options = json.loads(sys.argv[3])
sizes = [0, 1, 125, 126, 127, 1000, 65_535, 65_536, 65_537, 1_000_000, 4 * 1024 * 1024]


def connect():
    return websockets.connect(url, max_size=None, ping_interval=None, **options)


def messages():
    for size in sizes:
        yield bytes((at * 31 + size) % 251 for at in range(min(size, 5000))).ljust(size, b"\xff")
        yield "äöü€𝄞".ljust(size, "x")[: size // 4]


async def echo(websocket):
    """All messages one by one, then all at once; and how many came back as they were."""
    same = 0
    for message in messages():
        await websocket.send(message)
        same += await websocket.recv() == message

    async def send_all():
        for message in messages():
            await websocket.send(message)

    sending = asyncio.create_task(send_all())
    for message in messages():
        same += await websocket.recv() == message
    await sending
    return {"same": same, "of": 4 * len(sizes)}


async def fragments(websocket):
    """A text in fragments of a character and bytes in fragments of 1,000, the client's pings in between."""
    text = "äöü€𝄞" * 20
    data = bytes(range(250)) * 40

    async def pieces(message, size):
        for at in range(0, len(message), size):
            await websocket.ping()
            yield message[at : at + size]

    await websocket.send(pieces(text, 1))
    await websocket.send(pieces(data, 1000))
    return {"same": [await websocket.recv() == text, await websocket.recv() == data]}


async def ping(websocket):
    pong = await websocket.ping(b"are you there")
    await asyncio.wait_for(pong, 5)
    return {"ponged": True}


async def listen(websocket):
    """What comes, until the server closes."""
    messages = []
    try:
        while True:
            messages.append(await websocket.recv())
    except websockets.ConnectionClosed:
        return {"messages": messages}


async def close(websocket):
    await websocket.close(4000, "größer")


async def drop(websocket):
    websocket.transport.abort()


async def tell():
    """Goes through the scenario, and adds how it ended."""
    async with connect() as websocket:
        told = await globals()[scenario](websocket) or {}
        subprotocol = websocket.subprotocol
        await websocket.close(4001, "done")
    return {**told, "subprotocol": subprotocol, "code": websocket.close_code, "reason": websocket.close_reason}


async def many():
    """Fifty connections, a hundred messages each, interleaved; and how many had all of theirs in order."""
    connections = [await connect() for _ in range(50)]

    async def lane(number, websocket):
        for turn in range(100):
            await websocket.send(f"{number} {turn}")
        got = [await websocket.recv() for _ in range(100)]
        await websocket.close()
        return got == [f"{number} {turn}" for turn in range(100)]

    return {"inOrder": sum(await asyncio.gather(*(lane(n, one) for n, one in enumerate(connections))))}


async def refused():
    try:
        async with connect():
            return {"refused": False}
    except Exception as error:  # Its class has changed in version 14.
        response = getattr(error, "response", None)
        return {"refused": True, "status": getattr(response, "status_code", None) or getattr(error, "status_code", None)}


alone = {"many": many, "refused": refused}
print(json.dumps(asyncio.run(alone.get(scenario, tell)())))
