"""How many submissions the webhook takes: signed POSTs to a real API server on a real PostgreSQL, for a bounded time.

    make bench-webhook-load  or   python benchmarks/webhook_load.py [seconds] [posters]

Beside it, in the same run, the physical limit: the same bytes landed by as many threads without HTTP, signatures or
events. Each message is new. Memory is the API server's, at the beginning, the middle and the end.
"""

from __future__ import annotations

import concurrent.futures
import io
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import requests

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.installation import FEED, cases, installation  # noqa: E402
from tests.stack import Stack, signed, wait_for  # noqa: E402

from samepicture.landing import Landing  # noqa: E402
from samepicture.sealing import fresh_landing_key  # noqa: E402


def pressed(act: Callable[[bytes], None], seconds: float, posters: int, first: int) -> list[float]:
    """Seconds that each act took, by so many threads for so long."""
    stop = time.monotonic() + seconds

    def poster(place: int) -> list[float]:
        taken, number = [], first + place * 100_000
        while time.monotonic() < stop:
            body = cases(number)
            number += 1
            began = time.perf_counter()
            act(body)
            taken.append(time.perf_counter() - began)
        return taken

    with concurrent.futures.ThreadPoolExecutor(posters) as pool:
        return [seconds for taken in pool.map(poster, range(posters)) for seconds in taken]


def memory(stack: Stack) -> int:
    """Megabytes of the API server and its children."""
    server = psutil.Process(stack.parts["api-server"].pid)
    return sum(process.memory_info().rss for process in (server, *server.children(recursive=True))) >> 20


def line(name: str, taken: list[float], seconds: float) -> str:
    ordered = sorted(taken)
    p99 = ordered[int(0.99 * (len(ordered) - 1))]
    return f"{name:<28}{len(taken) / seconds:>8.0f}/s{statistics.median(taken) * 1000:>10.1f}{p99 * 1000:>10.1f}"


def main() -> None:
    seconds, posters = float(sys.argv[1]) if len(sys.argv) > 1 else 30.0, int(sys.argv[2]) if len(sys.argv) > 2 else 4
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = installation(folder)
        landing = Landing(str(folder / "limit"), fresh_landing_key())
        limit = pressed(lambda body: landing.land(FEED, "cases.csv", io.BytesIO(body)) and None, seconds / 3, posters, 0)
        with Stack(settings, folder / "airflow") as stack:
            stack.start("dag-processor", "api-server")
            wait_for(lambda: stack.api("assets", name_pattern=f"submission.{FEED}")["total_entries"], 120, "the feed's DAG")
            session = requests.Session()
            session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=posters))
            statuses: list[int] = []

            def post(body: bytes) -> None:
                statuses.append(session.post(f"{stack.url}/intake/{FEED}", data=body, headers=signed(body), timeout=60).status_code)

            pressed(post, 3, posters, 10_000_000)
            used = [memory(stack)]
            taken = pressed(post, seconds / 2, posters, 20_000_000)
            used.append(memory(stack))
            taken += pressed(post, seconds / 2, posters, 30_000_000)
            used.append(memory(stack))
            landed = len(list((settings.home / "landing" / "receipts").glob("*.json")))
    print(f"{posters} posters, {len(cases(0)) / 1000:.0f} kB each, {seconds:.0f} s")
    print(f"{'':<28}{'':>10}{'p50 ms':>10}{'p99 ms':>10}")
    print(line("landing alone, the limit", limit, seconds / 3))
    print(line("webhook", taken, seconds))
    print(f"accepted {statuses.count(202):,} of {len(statuses):,}, landed {landed:,}; API server {' / '.join(map(str, used))} MB")
    print(f"webhook / limit: {len(taken) / seconds / (len(limit) / (seconds / 3)):.2f}")


if __name__ == "__main__":
    main()
