"""An OpenTelemetry collector on loopback: takes metrics over HTTP and keeps what it was sent."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest, ExportMetricsServiceResponse


@dataclass
class Collector:
    """What came."""

    url: str = ""
    bodies: list[bytes] = field(default_factory=list)
    status: int = 200

    def values(self) -> dict[str, dict[frozenset[tuple[str, str]], float]]:
        """Of every metric, by its attributes, the value that came last; of a histogram its count."""
        found: dict[str, dict[frozenset[tuple[str, str]], float]] = {}
        for name, point in self._points():
            attributes = frozenset((each.key, each.value.string_value) for each in point.attributes)
            value = point.count if hasattr(point, "count") else point.as_double or float(point.as_int)
            found.setdefault(name, {})[attributes] = value
        return found

    def last_ns(self, metric: str) -> int:
        """When the last value of a metric was measured, in nanoseconds since 1970; 0 where none was."""
        return max((point.time_unix_nano for name, point in self._points() if name == metric), default=0)

    def _points(self) -> Iterator[tuple[str, Any]]:
        for body in self.bodies:
            for resource in ExportMetricsServiceRequest.FromString(body).resource_metrics:
                for metric in (metric for scope in resource.scope_metrics for metric in scope.metrics):
                    yield from ((metric.name, point) for point in getattr(metric, metric.WhichOneof("data")).data_points)


@contextmanager
def collector() -> Iterator[Collector]:
    found = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if found.status == 200 and self.path == "/v1/metrics":
                found.bodies.append(gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body)
            answer = ExportMetricsServiceResponse().SerializeToString()
            self.send_response(found.status)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
