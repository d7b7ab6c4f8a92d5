"""gcp-storage-emulator with what it lacks: conditional uploads, lost answers, and the XML API that delta-rs speaks.

Of the XML API: list, head, get, put, and put once. Of the JSON API, uploads heed ``ifGenerationMatch``. Where an
object's name contains ``LOSES_ANSWERS``, each upload is stored when it is first made, and answered as if it were not.

A program: ``python xml_emulator.py BUCKET`` serves an empty bucket on a free port and prints its address. It is a
process of its own because delta-rs holds Python's lock while it waits for answers. The emulator's own HTTP server
answers one connection after another; delta-rs keeps several open.

https://cloud.google.com/storage/docs/xml-api/reference-methods
"""

from __future__ import annotations

import logging
import re
import sys
import threading
from datetime import datetime
from email.utils import format_datetime
from functools import partial
from http import HTTPStatus
from http.server import ThreadingHTTPServer
from io import BytesIO
from typing import ClassVar
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

from gcp_storage_emulator.exceptions import NotFound
from gcp_storage_emulator.handlers.buckets import create_bucket
from gcp_storage_emulator.handlers.objects import _checksums, _make_object_resource
from gcp_storage_emulator.server import RequestHandler
from gcp_storage_emulator.storage import Storage

_JSON_API = ("storage", "upload", "download", "b", "batch", "wipe", "")
LOSES_ANSWERS = "loses-answers"
# the check of an object and its upload are one step in Cloud Storage
_UPLOAD = threading.Lock()
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_NAME = re.compile(rb'"name": *"([^"]+)"')  # in the first part of a multipart upload


class XmlRequestHandler(RequestHandler):
    """Answers what is addressed /bucket and /bucket/object; looks at conditions; leaves the rest to the emulator."""

    _lost: ClassVar[set[bytes]] = set()

    def do_GET(self) -> None:
        bucket, name = self._address()
        if bucket in _JSON_API:
            super().do_GET()
        elif name:
            self._get(bucket, name)
        else:
            self._list(bucket)

    def do_HEAD(self) -> None:
        self._get(*self._address())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.rfile = BytesIO(body)
        address = urlsplit(self.path)
        wanted = parse_qs(address.query).get("ifGenerationMatch")
        named = _NAME.search(body)
        if not address.path.startswith("/upload/") or named is None:
            super().do_POST()
            return
        name = named[1].decode()
        with _UPLOAD:
            if wanted is not None and wanted != [self._generation(address.path.split("/")[-2], name)]:
                self._answer(HTTPStatus.PRECONDITION_FAILED)
                return
            answer, self.wfile = self.wfile, BytesIO()
            super().do_POST()
            kept, self.wfile = self.wfile.getvalue(), answer
        if self._loses_answer(name, body):
            self._answer(HTTPStatus.SERVICE_UNAVAILABLE)
        else:
            self.wfile.write(kept)

    def do_PUT(self) -> None:
        bucket, name = self._address()
        if bucket in _JSON_API:
            super().do_PUT()
        else:
            self._put(bucket, name)

    def _address(self) -> tuple[str, str]:
        bucket, _, name = unquote(urlsplit(self.path).path).lstrip("/").partition("/")
        return bucket, name

    def _get(self, bucket: str, name: str) -> None:
        try:
            content = self.storage.get_file(bucket, name)
            known = self.storage.get_file_obj(bucket, name)
        except NotFound:
            self._answer(HTTPStatus.NOT_FOUND)
            return
        updated = format_datetime(datetime.fromisoformat(known["updated"]), usegmt=True)
        headers = {"ETag": known["etag"], "Last-Modified": updated}
        wanted = _RANGE.fullmatch(self.headers.get("Range", ""))
        if wanted is None:
            self._answer(HTTPStatus.OK, content, headers)
            return
        first, last = wanted.groups()
        start = int(first) if first else max(0, len(content) - int(last))
        part = content[start : int(last) + 1 if first and last else None]
        headers["Content-Range"] = f"bytes {start}-{start + len(part) - 1}/{len(content)}"
        self._answer(HTTPStatus.PARTIAL_CONTENT, part, headers)

    def _list(self, bucket: str) -> None:
        query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        prefix, after, delimiter = query.get("prefix", ""), query.get("start-after", ""), query.get("delimiter")
        try:
            objects, _ = self.storage.get_file_list(bucket, prefix)
        except NotFound:
            self._answer(HTTPStatus.NOT_FOUND)
            return
        rows: dict[str, str] = {}
        for known in objects:
            name = known["name"]
            head, found, _ = name.removeprefix(prefix).partition(delimiter) if delimiter else ("", "", "")
            if name <= after:
                continue
            if found:
                folder = prefix + head + found
                rows[folder] = f"<CommonPrefixes><Prefix>{escape(folder)}</Prefix></CommonPrefixes>"
            else:
                rows[name] = (
                    f"<Contents><Key>{escape(name)}</Key><Size>{known['size']}</Size>"
                    f"<LastModified>{known['updated']}</LastModified><ETag>{escape(known['etag'])}</ETag></Contents>"
                )
        body = "<IsTruncated>false</IsTruncated>" + "".join(rows[key] for key in sorted(rows))
        self._answer(HTTPStatus.OK, f"<ListBucketResult>{body}</ListBucketResult>".encode())

    def _put(self, bucket: str, name: str) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with _UPLOAD:
            if self.headers.get("x-goog-if-generation-match", "0") != "0":
                self._answer(HTTPStatus.NOT_IMPLEMENTED)
                return
            if "x-goog-if-generation-match" in self.headers and self._generation(bucket, name) != "0":
                self._answer(HTTPStatus.PRECONDITION_FAILED)
                return
            known = _make_object_resource("", bucket, name, "application/octet-stream", str(len(content)))
            known = _checksums(content, known)
            self.storage.create_file(bucket, name, content, known)
        if self._loses_answer(name, content):
            self._answer(HTTPStatus.SERVICE_UNAVAILABLE)
        else:
            self._answer(HTTPStatus.OK, headers={"ETag": known["etag"]})

    def _generation(self, bucket: str, name: str) -> str:
        try:
            return str(self.storage.get_file_obj(bucket, name)["generation"])
        except NotFound:
            return "0"

    def _loses_answer(self, name: str, content: bytes) -> bool:
        """Whether this is the first time that such an object gets this content."""
        upload = name.encode() + content
        repeated = upload in self._lost
        self._lost.add(upload)
        return LOSES_ANSWERS in name and not repeated

    def _answer(self, status: HTTPStatus, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def main(bucket: str) -> None:
    logging.disable(logging.CRITICAL)
    storage = Storage(use_memory_fs=True)
    create_bucket(bucket, storage)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(XmlRequestHandler, storage))
    server.daemon_threads = True
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1])
