"""The lake in a Cloud Storage bucket. An upload becomes visible when it is complete; retries are the library's own."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

from google.api_core import exceptions as api
from google.auth import exceptions as auth
from google.cloud import storage as gcs
from requests import exceptions as http

from footfall.errors import InputError
from footfall.lake.storage import Entry, ObjectNotFound, Storage, StorageProblem, changed_while_read, checked_path

# below the 10 connections that the library's HTTP session keeps open
_READERS: Final = 8
_STREAM_CHUNK_BYTES: Final = 8 << 20
_CONTENT_TYPE: Final = "application/octet-stream"
_CHECK_SECONDS: Final = 2.5
_NEEDED_PERMISSIONS: Final = (
    "storage.objects.create",
    "storage.objects.delete",
    "storage.objects.get",
    "storage.objects.list",
)


class BucketStorage(Storage):
    """Objects below ``gs://bucket/prefix``. The bucket must exist.

    Credentials are the application default ones; with ``STORAGE_EMULATOR_HOST`` in the environment, none.
    """

    def __init__(self, bucket: str, prefix: str = "") -> None:
        self._name = bucket
        self._prefix = f"{checked_path(prefix.strip('/'))}/" if prefix.strip("/") else ""

    @cached_property
    def _bucket(self) -> gcs.Bucket:
        with self._explained("open", ""):
            # objects belong to buckets alone; without this the library insists on a project
            return gcs.Client(project=None).bucket(self._name)

    def uri(self, path: str = "") -> str:
        return f"gs://{self._name}/{self._prefix}{checked_path(path) if path else ''}".rstrip("/")

    def check(self) -> None:
        with self._explained("use", ""):
            quick: dict[str, Any] = {"timeout": _CHECK_SECONDS, "retry": None}
            next(iter(self._bucket.client.list_blobs(self._bucket, prefix=self._prefix, max_results=1, **quick)), None)
            granted = self._bucket.test_iam_permissions(_NEEDED_PERMISSIONS, **quick)
        missing = sorted(set(_NEEDED_PERMISSIONS) - set(granted))
        if missing:
            raise StorageProblem(
                f"Cannot use {self.uri()}: these credentials lack {', '.join(missing)}. "
                f"Grant them roles/storage.objectAdmin on the bucket {self._name}."
            )

    def exists(self, path: str) -> bool:
        with self._explained("look at", path):
            return bool(self._blob(path).exists())

    def read(self, path: str) -> bytes:
        with self._explained("read", path):
            # raw: an object stored with Content-Encoding gzip comes as it is stored, not unpacked on the way
            return cast(bytes, self._blob(path).download_as_bytes(raw_download=True))

    def open(self, path: str) -> BinaryIO:
        with self._explained("read", path):
            blob = self._blob(path)
            # asking first raises for a missing object here, and pins the generation: the chunks are of one object
            blob.reload()
            return cast(BinaryIO, blob.open("rb", chunk_size=_STREAM_CHUNK_BYTES, raw_download=True))

    def write(self, path: str, data: bytes, *, only_if_absent: bool = False) -> bool:
        with self._explained("write", path):
            try:
                self._blob(path).upload_from_string(
                    data, content_type=_CONTENT_TYPE, if_generation_match=0 if only_if_absent else None
                )
            except api.PreconditionFailed:
                return False
        return True

    def swap(self, path: str, data: bytes, *, expected: bytes | None) -> bool:
        attempt = {"footfall-attempt": secrets.token_hex(8)}
        with self._explained("write", path):
            while True:
                generation, found = self._generation(path)
                if found != expected:
                    return False
                blob = self._blob(path)
                blob.metadata = attempt
                try:
                    blob.upload_from_string(data, content_type=_CONTENT_TYPE, if_generation_match=generation)
                except api.PreconditionFailed:
                    # refused because of this very upload: its answer was lost, and the library repeated it
                    stored = self._bucket.get_blob(blob.name)
                    if stored is None or stored.metadata != attempt:
                        continue
                return True

    def _generation(self, path: str) -> tuple[int, bytes | None]:
        """(generation, content) of an object as one; (0, None) when there is none, which is how an upload asks for it.

        Unlike :meth:`read`, with the generation asked for first, so that both are of one object.
        """
        while (blob := self._bucket.get_blob(self._prefix + checked_path(path))) is not None:
            try:
                return blob.generation, blob.download_as_bytes(raw_download=True)
            except api.NotFound:  # replaced or deleted in between
                continue
        return 0, None

    def put_file(self, local: Path, path: str, *, sha256: str | None = None) -> None:
        try:
            with local.open("rb") as source, self._explained("write", path):
                blob = self._blob(path)
                if sha256 is not None:
                    # the service refuses the upload unless it gets the very bytes that were hashed here
                    blob.md5_hash = _md5_if_unchanged(source, local, sha256)
                try:
                    blob.upload_from_file(source, rewind=True, content_type=_CONTENT_TYPE)
                except (api.BadRequest, api.Conflict) as error:
                    if sha256 is not None and "md5" in str(error).lower():
                        raise changed_while_read(local) from error
                    raise
        except OSError as error:
            raise InputError(f"Cannot read {local}: {error.strerror}. Check the path and its permissions.") from error

    def list(self, prefix: str = "") -> Iterator[Entry]:
        with self._explained("list", ""):
            for blob in self._bucket.client.list_blobs(self._bucket, prefix=self._prefix + prefix):
                # the console stores an empty object for each folder it makes
                if not blob.name.endswith("/"):
                    yield Entry(blob.name.removeprefix(self._prefix), int(blob.size), blob.updated)

    def delete(self, path: str) -> None:
        with self._explained("delete", path):
            try:
                self._blob(path).delete()
            except api.NotFound:
                return

    def read_many(self, paths: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        wanted = list(paths)
        with ThreadPoolExecutor(_READERS) as readers:
            yield from zip(wanted, readers.map(self.read, wanted), strict=True)

    def _blob(self, path: str) -> gcs.Blob:
        return self._bucket.blob(self._prefix + checked_path(path))

    def _bucket_exists(self) -> bool:
        """By listing: reading the bucket's own record takes a permission that object roles do not carry."""
        try:
            next(iter(self._bucket.client.list_blobs(self._bucket, max_results=1)), None)
        except api.NotFound:
            return False
        return True

    @contextmanager
    def _explained(self, action: str, path: str) -> Iterator[None]:
        """Say what a failing call means and what to do."""
        uri = self.uri(path)
        try:
            yield
        except api.NotFound as error:
            if path and self._bucket_exists():
                raise ObjectNotFound(f"Cannot {action} {uri}: it does not exist. Check the path.") from error
            raise StorageProblem(
                f"Cannot {action} {uri}: the bucket {self._name} does not exist. "
                "Check FOOTFALL_LAKE__* for a typing error, or create the bucket with Terraform."
            ) from error
        except (api.Forbidden, api.Unauthorized) as error:
            raise StorageProblem(
                f"Cannot {action} {uri}: permission denied ({error.message}). "
                f"Grant these credentials roles/storage.objectAdmin on the bucket {self._name}."
            ) from error
        except (auth.DefaultCredentialsError, auth.RefreshError) as error:
            raise StorageProblem(
                f"Cannot {action} {uri}: no usable Google Cloud credentials. Run `gcloud auth application-default "
                "login`, or set GOOGLE_APPLICATION_CREDENTIALS to a key file."
            ) from error
        except (api.GoogleAPICallError, api.RetryError, auth.TransportError, http.RequestException) as error:
            raise StorageProblem(
                f"Cannot {action} {uri}: Cloud Storage did not answer as it should ({type(error).__name__}: {error}). "
                "Check the network and try again."
            ) from error


def _md5_if_unchanged(source: BinaryIO, local: Path, sha256: str) -> str:
    """MD5 (base64, as Cloud Storage takes it) of a file that must have this SHA-256."""
    strong, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
    while chunk := source.read(1 << 20):
        strong.update(chunk)
        md5.update(chunk)
    if strong.hexdigest() != sha256:
        raise changed_while_read(local)
    return base64.b64encode(md5.digest()).decode()
