"""The dbt project compiled for BigQuery, with neither network nor credentials, as objects to check and execute."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from dbt.cli.main import dbtRunner

from footfall.settings import PROJECT_ROOT

DBT_DIR: Final = PROJECT_ROOT / "dbt"


@dataclass(frozen=True)
class Node:
    """One compiled model or data test, or a source.

    ``relation`` is how SQL names its table, ``path`` the same as (project, dataset, table), ``contract`` the declared
    types by column.
    """

    name: str
    kind: str
    sql: str
    relation: str | None
    path: tuple[str, str, str] | None
    contract: dict[str, str]
    primary_key: tuple[str, ...]
    config: Mapping[str, Any]

    @property
    def incremental(self) -> bool:
        """True when a run may rewrite a part of the table."""
        return self.config.get("materialized") == "incremental"


@dataclass(frozen=True)
class Compiled:
    """A compiled project: its nodes in dependency order, and its sources by table name."""

    nodes: tuple[Node, ...]
    sources: Mapping[str, Node]

    @property
    def models(self) -> dict[str, Node]:
        """Models that become a table or a view, in dependency order."""
        return {node.name: node for node in self.nodes if node.kind == "model"}

    @property
    def tests(self) -> tuple[Node, ...]:
        """Data tests."""
        return tuple(node for node in self.nodes if node.kind == "test")


def compile_offline(target_dir: Path, variables: Mapping[str, Any], project_dir: Path = DBT_DIR) -> Compiled:
    """Compile every node with the target ``offline``; any attempt to reach a network fails the compilation."""
    arguments = ["compile", "--target", "offline", "--no-introspect", "--no-populate-cache"]
    with no_network():
        run_dbt(arguments, target_dir, variables, project_dir)
    return _compiled(json.loads((target_dir / "manifest.json").read_text(encoding="utf-8")))


def run_dbt(arguments: list[str], target_dir: Path, variables: Mapping[str, Any], project_dir: Path = DBT_DIR) -> None:
    """Run one dbt command in this process. Raises AssertionError with dbt's own words when it does not succeed."""
    outcome = dbtRunner().invoke([
        *arguments,
        "--quiet", "--no-use-colors", "--no-partial-parse", "--log-level-file", "none",
        "--project-dir", str(project_dir), "--profiles-dir", str(project_dir),
        "--target-path", str(target_dir), "--log-path", str(target_dir),
        "--vars", json.dumps(variables),
    ])  # fmt: skip
    if not outcome.success:
        failed = [f"{item.node.name}: {item.message}" for item in getattr(outcome.result, "results", None) or []
                  if item.status in ("error", "fail")]  # fmt: skip
        raise AssertionError(f"dbt {' '.join(arguments)}: {outcome.exception or '; '.join(failed)}")


@contextlib.contextmanager
def no_network() -> Iterator[None]:
    """Refuse every internet connection of this process while the context is open."""
    connect = socket.socket.connect

    def refuse(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            raise AssertionError(f"offline compilation tried to connect to {address}")
        connect(self, address)

    socket.socket.connect = refuse  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        socket.socket.connect = connect  # type: ignore[method-assign]


def _compiled(manifest: Mapping[str, Any]) -> Compiled:
    nodes = {
        key: node
        for key, node in manifest["nodes"].items()
        if node["resource_type"] in ("model", "test") and node["config"].get("materialized") != "ephemeral"
    }
    ordered: dict[str, Node] = {}

    def visit(key: str) -> None:
        if key in manifest["nodes"] and key not in ordered:
            for parent in manifest["nodes"][key]["depends_on"]["nodes"]:
                visit(parent)
            if key in nodes:
                ordered[key] = _node(nodes[key])

    for key in nodes:
        visit(key)
    sources = {source["name"]: _node(source) for source in manifest["sources"].values()}
    return Compiled(tuple(ordered.values()), sources)


def _node(entry: Mapping[str, Any]) -> Node:
    kind, columns = entry["resource_type"], entry["columns"].values()
    table = entry.get("identifier") or entry["alias"]
    return Node(
        name=entry["name"],
        kind=kind,
        sql=entry.get("compiled_code") or "",
        relation=entry["relation_name"],
        path=None if kind == "test" else (entry["database"], entry["schema"], table),
        contract={column["name"]: column["data_type"] for column in columns if column["data_type"]},
        primary_key=tuple(entry.get("primary_key") or ()),
        config=entry["config"],
    )
