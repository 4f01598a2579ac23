"""A server for load tests: python3 load_server.py FOLDER; the port is in FOLDER/port, what came in FOLDER/seen.

/ok answers at once, /bad with 503, /queue like one worker of 200 requests a second, /limited by a token bucket of
50 a second and 10 at once for each header X-Key, /metrics with a metric that grows, /hang never.
"""
import asyncio
import os
import sys
import time

folder = sys.argv[1]
seen = open(os.path.join(folder, "seen"), "a", buffering=1)
free = 0.0
grown = 1e8
buckets = {}


def limited(key, now):
    tokens, last = buckets.get(key, (10.0, now))
    tokens = min(10.0, tokens + (now - last) * 50)
    buckets[key] = (tokens - 1 if tokens >= 1 else tokens, now)
    return tokens < 1


async def answer(path, headers):
    global free, grown
    now = time.monotonic()
    if path.startswith("/bad"):
        return "503 Busy", "", b"too busy"
    if path.startswith("/queue"):
        free = max(now, free) + 1 / 200
        await asyncio.sleep(free - now)
    if path.startswith("/hang"):
        await asyncio.sleep(60)
    if path.startswith("/metrics"):
        grown += 3e6
        return "200 OK", "", b"rss %d\npool 11\npool_max 10\nflat{a=\"1\"} 2\nflat{a=\"2\"} 3\n" % grown
    if path.startswith("/limited") and limited(headers.get("x-key"), now):
        return "429 Too Many", "Retry-After: 1\r\n", b""
    return "200 OK", "", b"fine"


async def serve(reader, writer):
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            path = head[0].split()[1]
            headers = {k.lower(): v.strip() for k, v in (line.split(":", 1) for line in head[1:] if ":" in line)}
            if "content-length" in headers:
                await reader.readexactly(int(headers["content-length"]))
            seen.write(path + "\n")
            status, more, body = await answer(path, headers)
            writer.write(("HTTP/1.1 %s\r\n%sContent-Length: %d\r\n\r\n" % (status, more, len(body))).encode() + body)
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=1000)
    with open(os.path.join(folder, "port.new"), "w") as f:
        f.write(str(server.sockets[0].getsockname()[1]))
    os.rename(os.path.join(folder, "port.new"), os.path.join(folder, "port"))
    await server.serve_forever()


asyncio.run(main())
