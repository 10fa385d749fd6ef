"""The floor: fetches the answers of a recorded run with nothing but an HTTP client, and parses them.

It knows beforehand what to ask. Kept are the run's limit of requests in flight, and that a request which
names something from an answer (an id, an address, a next page) waits for that answer.

Usage: python reference_floor.py RECORDING IN_FLIGHT
"""

import asyncio
import json
import ssl
import sys
from pathlib import Path

import httpx


async def fetch(recording: dict, in_flight: int) -> int:
    places = asyncio.Semaphore(in_flight)
    answered = [asyncio.Event() for _ in recording["requests"]]
    trust = ssl.create_default_context(cafile=recording["ca_file"])
    async with httpx.AsyncClient(base_url=recording["base"], verify=trust, timeout=100) as client:
        bearers = {}
        for service, sign_in in recording["tokens"].items():
            answer = await client.post(sign_in["url"], content=sign_in["body"], headers=sign_in["headers"])
            bearers[service] = f"Bearer {answer.json()['access_token']}"

        async def one(number: int, asked: dict) -> int:
            for earlier in asked["after"]:
                await answered[earlier].wait()
            headers = {**asked["headers"], "Authorization": bearers[asked["service"]]}
            async with places:
                answer = await client.request(
                    asked["method"], asked["url"], headers=headers, content=asked["body"] or None
                )
            json.loads(answer.content)
            answered[number].set()
            return answer.status_code

        statuses = await asyncio.gather(*(one(*each) for each in enumerate(recording["requests"])))
    return sum(status == 429 for status in statuses)


recorded = json.loads(Path(sys.argv[1]).read_text("utf-8"))
refused = asyncio.run(fetch(recorded, int(sys.argv[2])))
sys.exit(f"{refused} requests were refused" if refused else 0)
