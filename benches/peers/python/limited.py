#!/usr/bin/env python3
"""A service that takes five calls a second and refuses more, before `rolo sandbox`: in real time, with a jitter.

    limited.py KIND ADDRESS JITTER

KIND is how it counts: `fixed` windows of a second, a `sliding` one, or a `bucket` that holds five and gains five a
second. ADDRESS is where calls are passed on to, JITTER by how many milliseconds at most a call comes late. The first
line of stdout is its own address; when it is stopped, it tells how many calls it took and refused, and in how long.
"""
import asyncio
import collections
import json
import random
import signal
import sys
import time

from aiohttp import ClientSession, web

LIMIT = 5


class Fixed:
    def __init__(self):
        self.window, self.used = None, 0

    def takes(self, now):
        if int(now) != self.window:
            self.window, self.used = int(now), 0
        self.used += 1
        return self.used <= LIMIT


class Sliding:
    def __init__(self):
        self.taken = collections.deque()

    def takes(self, now):
        while self.taken and self.taken[0] <= now - 1:
            self.taken.popleft()
        if len(self.taken) >= LIMIT:
            return False
        self.taken.append(now)
        return True


class Bucket:
    def __init__(self):
        self.held, self.at = LIMIT, time.monotonic()

    def takes(self, now):
        self.held, self.at = min(LIMIT, self.held + (now - self.at) * LIMIT), now
        if self.held < 1:
            return False
        self.held -= 1
        return True


async def main(kind, address, jitter):
    counter = {"fixed": Fixed, "sliding": Sliding, "bucket": Bucket}[kind]()
    times, refused = [], 0

    async def answer(request):
        nonlocal refused
        body = await request.read()
        await asyncio.sleep(random.uniform(0, jitter / 1000))
        now = time.monotonic()
        times.append(now)
        if not counter.takes(now):
            refused += 1
            return web.json_response({"message": "Too many requests"}, status=429, headers={"retry-after": "1"})
        headers = {name: request.headers[name] for name in ["authorization", "content-type"] if name in request.headers}
        async with session.request(request.method, address + request.path_qs, data=body, headers=headers) as passed:
            return web.Response(body=await passed.read(), status=passed.status, content_type="application/json")

    async with ClientSession() as session:
        served = web.Application()
        served.router.add_route("*", "/{path:.*}", answer)
        runner = web.AppRunner(served, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        print(f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}", flush=True)
        stopped = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
        await stopped.wait()
        await runner.cleanup()
    print(json.dumps({"calls": len(times), "refused": refused, "seconds": times[-1] - times[0] if times else 0}))


asyncio.run(main(sys.argv[1], sys.argv[2], float(sys.argv[3])))
