"""Lines of raw files as parsed rows: one parse per format and header."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from pyspark.sql import DataFrame, SparkSession

from footfall.lake.keys import Keys
from footfall.lake.landing import raw_path
from footfall.lake.ledger import FileRecord
from footfall.lake.reader import LINE_SCHEMA, TASK_SCHEMA, line_reader
from footfall.settings import Settings
from footfall.sources import SOURCES
from spark.columns import union
from spark.parse import parse
from spark.session import cores


def raw_rows(
    spark: SparkSession, settings: Settings, records: Sequence[FileRecord], numbers: Mapping[str, int], keys: Keys
) -> DataFrame:
    """Every line of the files, as :func:`spark.parse.parse` returns them. ``numbers``: of each file, by its hash."""
    groups: dict[tuple[str, tuple[str, ...]], list[FileRecord]] = defaultdict(list)
    for record in records:
        if record.source is not None:
            groups[record.source, tuple(record.fields)].append(record)
    read = line_reader(settings.zone("raw"), settings.limits.max_line_bytes)
    parsed = []
    for (source, fields), of_group in groups.items():
        tasks = [task for record in of_group for task in _read_tasks(record, numbers[record.sha256])]
        lines = (
            spark.createDataFrame(tasks, TASK_SCHEMA)
            .repartition(min(len(tasks), 4 * cores()))
            .mapInArrow(read, LINE_SCHEMA)
        )
        parsed.append(parse(lines, SOURCES[source], fields, keys, settings.limits))
    if not parsed:  # no file, or nothing but empty ones
        empty = spark.createDataFrame([], LINE_SCHEMA)
        parsed.append(parse(empty, SOURCES["common"], (), keys, settings.limits))
    return union(parsed)


def _read_tasks(record: FileRecord, number: int) -> list[tuple[str, int, bool, int, int, int, int, datetime]]:
    path = raw_path(record.sha256, record.gzip)
    starts = [(0, 1)] if record.gzip else [(split.offset, split.line) for split in record.splits]
    stops = [*[offset for offset, _ in starts[1:]], record.size_bytes]
    return [
        (path, number, record.gzip, offset, stop, line, record.header_lines if line == 1 else 0, record.landed_at)
        for (offset, line), stop in zip(starts, stops, strict=True)
    ]
