"""Whole objects of S3, read past moto's long way through a request.

A load asks for thousands; moto alone would take most of a rehearsal's time for them.
"""

from __future__ import annotations

from typing import Any

from moto.s3.models import FakeKey, s3_backends
from werkzeug.wrappers import Response

from infra.rehearsal.aws.world import ACCOUNT

# What makes a request another one than that for all of an object as it is
_MORE = ("HTTP_RANGE", "HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE", "QUERY_STRING")


def read(environ: dict[str, Any]) -> Response | None:
    """The object a plain GET asks for, as it is; None leaves the request to moto."""
    if environ["REQUEST_METHOD"] != "GET" or any(environ.get(name) for name in _MORE):
        return None
    path = environ["PATH_INFO"].encode("latin-1").decode()  # as WSGI packs UTF-8
    bucket, _, name = path.lstrip("/").partition("/")
    found = s3_backends[ACCOUNT]["aws"].buckets.get(bucket)
    key = found.keys.get(name) if found else None
    wanted = environ.get("HTTP_IF_MATCH")
    if not isinstance(key, FakeKey) or wanted not in (None, key.etag):
        return None
    if key.storage_class != "STANDARD":  # it may be archived
        return None
    headers = {name: str(value) for name, value in key.response_dict.items()}
    return Response(key.value, headers=headers, content_type="binary/octet-stream")
