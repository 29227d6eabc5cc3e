"""HTTP servers on a free port of the loopback interface, and a proxy that lets nothing out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from socket import socket
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import make_server

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

LOOPBACK: Final = "127.0.0.1"

WsgiApplication = Callable[[dict[str, Any], "StartResponse"], Iterable[bytes]]

#: Serves a connection that a client opened through the proxy.
Tunnel = Callable[[socket], None]


class _QuietHandler(MotoRequestHandler):  # type: ignore[misc]  # moto is untyped
    """Keeps moto's header handling; no line per request on standard error."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


class LoopbackServer:
    """Serves a WSGI application, each request in its own thread, until it is stopped."""

    def __init__(self, application: WsgiApplication, name: str) -> None:
        self._server = make_server(LOOPBACK, 0, application, threaded=True, request_handler=_QuietHandler)
        self.port = self._server.port
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), name=name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop listening; requests that are being answered may finish in their own threads."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class RefusingProxy:
    """An HTTP proxy that refuses every request at once and remembers for which hosts it was asked.

    rdklib calls ``https://sts.<region>.amazonaws.com`` whatever the endpoint configuration says; through
    this proxy that call fails before any name is looked up, and rdklib falls back to the endpoint. Hosts
    with a tunnel are not refused: it gets the connection.
    """

    def __init__(self) -> None:
        self._hosts: list[str] = []
        self._lock = Lock()
        self._tunnels: dict[str, Tunnel] = {}
        find, remember = self._tunnel, self._remember

        class Handler(StreamRequestHandler):
            rbufsize = 0  # what follows the request belongs to the tunnel

            def handle(self) -> None:
                line = self.rfile.readline(65536).decode("latin-1")
                while self.rfile.readline(65536).strip():
                    pass
                tunnel = find(line)
                if tunnel is not None:
                    self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                    tunnel(self.connection)
                    return
                remember(line)
                self.wfile.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

        self._server = ThreadingTCPServer((LOOPBACK, 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://{LOOPBACK}:{self._server.server_address[1]}"
        self._thread = Thread(
            target=self._server.serve_forever, args=(0.05,), name="refusing-proxy", daemon=True
        )
        self._thread.start()

    def open_tunnel(self, host: str, tunnel: Tunnel) -> None:
        """Let a tunnel serve the connections to a host."""
        self._tunnels[host] = tunnel

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts that were asked for, in order, each as often as it was asked for."""
        with self._lock:
            return tuple(self._hosts)

    def stop(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _tunnel(self, request_line: str) -> Tunnel | None:
        return self._tunnels.get(_host(request_line)) if request_line.startswith("CONNECT ") else None

    def _remember(self, request_line: str) -> None:
        with self._lock:
            self._hosts.append(_host(request_line))


def _host(request_line: str) -> str:
    method, _, target = request_line.partition(" ")
    address = target.split(" ")[0]
    url = f"//{address}" if method == "CONNECT" else address
    return urlsplit(url).hostname or address
