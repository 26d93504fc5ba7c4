"""What stands before the first handler: requests that never end their head, and what is no request at all."""

from typing import Any, Final

import orjson
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from playlist_app.http.parsing import HEAD_LIMIT

_TOO_LARGE: Final = "The head of the request is too large."


class BoundedHttpProtocol(HttpToolsProtocol):
    """uvicorn's protocol with a limit on address and headers, which its parser lacks, and our errors."""

    _head_open: bool = True
    _head_bytes: int = 0

    def data_received(self, data: bytes) -> None:
        was_open = self._head_open
        super().data_received(data)
        # A read that ended the head may have brought much of the body; only an open head is counted.
        if not (was_open and self._head_open):
            self._head_bytes = 0
            return
        self._head_bytes += len(data)
        if self._head_bytes > HEAD_LIMIT and not self.transport.is_closing():
            self.send_400_response(_TOO_LARGE)

    def on_message_begin(self) -> None:
        self._head_open = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._head_open = False
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer in the one shape of every error, then hang up."""
        large = msg == _TOO_LARGE
        details: dict[str, Any] = {"limit": HEAD_LIMIT} if large else {}
        error = {"code": "too_large" if large else "bad_request", "message": msg, "details": details}
        body = orjson.dumps({"error": error})
        status = b"431 Request Header Fields Too Large" if large else b"400 Bad Request"
        self.transport.write(
            b"HTTP/1.1 %b\r\ncontent-type: application/json\r\ncontent-length: %d\r\n"
            b"connection: close\r\n\r\n%b" % (status, len(body), body)
        )
        self.transport.close()
