"""A Falcon app that does nothing but answer: what `keystroke.py` measures against."""

import json
import sys
from pathlib import Path
from typing import Any

import falcon
import falcon.asgi
import uvloop

from playlist_app.server import bind, http_server, url_of


class Answer:
    def __init__(self, answers: dict[str, bytes]) -> None:
        self.answers = answers

    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        resp.content_type = falcon.MEDIA_JSON
        resp.data = self.answers[req.relative_uri]


def app(file: Path) -> Any:
    texts: dict[str, str] = json.loads(file.read_text())
    made = falcon.asgi.App()
    made.add_route("/api/v1/catalog/search", Answer({path: text.encode() for path, text in texts.items()}))
    return made


def main() -> None:
    bound = bind("127.0.0.1", 0)
    server = http_server(app(Path(sys.argv[1])), ready=lambda: print(url_of(bound), flush=True))
    uvloop.run(server.serve(sockets=[bound]))


if __name__ == "__main__":
    main()
