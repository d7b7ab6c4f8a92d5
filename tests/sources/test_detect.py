"""The format of a file, told by its lines, and the columns its header names."""

from __future__ import annotations

import pytest

from footfall.errors import InputError
from footfall.sources import SOURCES
from footfall.sources.detect import detect
from tests.bad_lines import CLOUDFRONT_FIELDS, CLOUDFRONT_HEADER, CSV_HEADER, cloudfront, combined, common, csv

FILES = {
    "combined": combined(),
    "common": common(),
    "cloudfront": CLOUDFRONT_HEADER + cloudfront(),
    "ecommerce_csv": CSV_HEADER + csv(),
}


@pytest.mark.parametrize("name", FILES)
def test_a_format_is_told_by_its_lines(name: str) -> None:
    assert set(FILES) == set(SOURCES), "a new source wants its example here"
    assert detect(FILES[name].encode(), "a.log").source is SOURCES[name]


@pytest.mark.parametrize("name", FILES)
def test_most_lines_decide_and_bad_ones_do_not_hinder(name: str) -> None:
    bad = "\n".join(["half a line", combined()[:40], "\ufffd\0\x1b", ""])
    other = combined() if name != "combined" else common()
    data = f"{FILES[name]}\n{FILES[name].splitlines()[-1]}\n{bad}\n{other}\n"
    assert detect(data.encode(), "a.log").source is SOURCES[name]


def test_a_header_alone_is_a_file_without_events() -> None:
    assert detect(CSV_HEADER.encode(), "a.csv").source is SOURCES["ecommerce_csv"]
    assert detect(CLOUDFRONT_HEADER.encode(), "a.log").source is SOURCES["cloudfront"]


def test_the_header_names_the_columns() -> None:
    old = (
        "date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) x"
    )
    found = detect(f"#Version: 1.0\r\n#Software: a\u2028b\r\n#Fields: {old}\r\n{cloudfront()}\r\n".encode(), "a.log")
    assert (found.fields, found.header_lines) == (tuple(old.split()), 3)
    found = detect(f"{CLOUDFRONT_HEADER}{cloudfront()}\n".encode(), "a.log")
    assert (found.fields, found.header_lines) == (tuple(CLOUDFRONT_FIELDS.split()), 2)
    found = detect(f"\ufeff{CSV_HEADER}{csv()}\n".encode(), "a.csv")
    assert (found.fields[0], len(found.fields), found.header_lines) == ("event_time", 9, 1)


@pytest.mark.parametrize("missing", ["date", "c-ip", "cs-uri-stem", "sc-status"])
def test_a_header_without_what_an_event_needs_is_refused(missing: str) -> None:
    fields = CLOUDFRONT_FIELDS.replace(f"{missing} ", "", 1)
    with pytest.raises(InputError, match="no header line that names its columns"):
        detect(f"#Fields: {fields}\n{cloudfront()}\n".encode(), "a.log")


def test_a_sample_cut_in_a_character_or_a_line_is_enough() -> None:
    data = (combined(request="GET /\U0001f355 HTTP/1.1") + "\n").encode() * 3
    for cut in range(len(data) // 2, len(data)):
        assert detect(data[:cut], "a.log").source.name == "combined"
