"""Great Expectations: the file context below ``settings.docs_dir``, one checkpoint a suite, and the data docs.

Importing Great Expectations takes seconds and several hundred MB, so it happens inside the functions that need it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from footfall.quality.suites import Expectation, Suite

if TYPE_CHECKING:
    from great_expectations.checkpoint.checkpoint import CheckpointResult
    from great_expectations.data_context import FileDataContext

KEPT_RUNS = 50
"""Runs whose results stay in the data docs; GX reads all of them again for the index page of each run."""

_SITE = "footfall"
_PAGES = "footfall.quality.pages"
_VIEW = {"module_name": _PAGES, "class_name": "Verbatim"}
_SITE_CONFIG: Any = {  # GX's own type for it lacks site_section_builders
    "class_name": "SiteBuilder",
    "show_how_to_buttons": False,
    "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": "data_docs/"},
    "site_section_builders": {
        "expectations": "None",  # a validation's page says what each expectation means
        "profiling": "None",
        "validations": {"renderer": {"module_name": _PAGES, "class_name": "ValidationPage"}, "view": _VIEW},
    },
    "site_index_builder": {
        "class_name": "DefaultSiteIndexBuilder",
        "renderer": {"module_name": _PAGES, "class_name": "IndexPage"},
        "view": _VIEW,
    },
}


@dataclass(frozen=True, slots=True)
class Failed:
    """An expectation that failed: for each failing row of its suite, the index and the values GX saw."""

    expectation: Expectation
    rows: Sequence[Mapping[str, Any]]


class Checkpoints:
    """Runs suites as GX checkpoints and renders their results. Use it inside :func:`locked_context`."""

    def __init__(self, context: FileDataContext, run_id: str) -> None:
        self._context = context
        self._run_id = run_id
        self._results: list[Any] = []  # ValidationResultIdentifier of this run

    def run(self, suite: Suite) -> list[Failed]:
        """Validate ``suite.rows`` and return what failed. Raises RuntimeError when GX could not evaluate a rule."""
        import great_expectations as gx
        import pandas as pd

        frame = pd.DataFrame(list(suite.rows), columns=list(suite.columns))
        result = self._checkpoint(suite).run(
            batch_parameters={"dataframe": frame},
            run_id=gx.RunIdentifier(run_name=self._run_id, run_time=datetime.now(UTC)),
        )
        self._results.extend(result.run_results)
        return _failures(suite, result)

    def build_docs(self) -> Path:
        """Render this run's results and the index; forget the oldest runs. Returns the index page."""
        self._forget_old_runs()
        self._context.build_data_docs(site_names=[_SITE], resource_identifiers=self._results)
        return Path(self._context.root_directory) / "data_docs" / "index.html"

    def _checkpoint(self, suite: Suite) -> Any:
        import great_expectations as gx
        from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

        expectations = [
            ExpectationConfiguration(
                type=expectation.type,
                kwargs=dict(expectation.kwargs),
                description=expectation.statement,
                meta={"rule": expectation.rule, "row": suite.row, "value": suite.value},
            ).to_domain_obj()
            for expectation in suite.expectations
        ]
        context = self._context
        stored = context.suites.add_or_update(gx.ExpectationSuite(name=suite.name, expectations=expectations))
        source = context.data_sources.add_or_update_pandas(suite.name)
        batch = source.add_dataframe_asset("staged").add_batch_definition_whole_dataframe("run")
        definition = context.validation_definitions.add_or_update(
            gx.ValidationDefinition(name=suite.name, data=batch, suite=stored)
        )
        return context.checkpoints.add_or_update(
            gx.Checkpoint(
                name=suite.name,
                validation_definitions=[definition],
                result_format={"result_format": "COMPLETE", "unexpected_index_column_names": list(suite.index)},
            )
        )

    def _forget_old_runs(self) -> None:
        """Delete the stored results of all but the newest runs; GX then drops their pages from the docs."""
        stored = Path(self._context.root_directory) / "uncommitted" / "validations"
        newest: dict[str, float] = {}
        for folder in stored.glob("*/*"):
            newest[folder.name] = max(newest.get(folder.name, 0.0), folder.stat().st_mtime)
        for run in sorted(newest, key=lambda name: newest[name], reverse=True)[KEPT_RUNS:]:
            for folder in stored.glob(f"*/{run}"):
                shutil.rmtree(folder)


@contextmanager
def locked_context(docs_dir: Path) -> Iterator[FileDataContext]:
    """The GX context in ``docs_dir``, made on first use, for one process at a time."""
    os.environ["GX_ANALYTICS_ENABLED"] = "False"  # read while GX is imported
    docs_dir.mkdir(parents=True, exist_ok=True)
    with (docs_dir / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        import great_expectations as gx
        from great_expectations.data_context.types.base import ProgressBarsConfig

        context = gx.get_context(mode="file", context_root_dir=docs_dir)
        if _SITE not in context.list_data_docs_sites():
            context.delete_data_docs_site("local_site")
            context.add_data_docs_site(_SITE, _SITE_CONFIG)
        context.variables.progress_bars = ProgressBarsConfig(globally=False)
        yield context


def _failures(suite: Suite, result: CheckpointResult) -> list[Failed]:
    by_rule = {expectation.rule: expectation for expectation in suite.expectations}
    failed = []
    for validation in result.run_results.values():
        for outcome in validation.results:
            if outcome.success:
                continue
            config = outcome.expectation_config
            assert config is not None  # GX sets it on every result of a suite
            rule = config.meta["rule"]
            if "observed_value" in outcome.result:
                rows = [{"observed_value": outcome.result["observed_value"]}]
            elif "unexpected_index_list" in outcome.result:
                rows = outcome.result["unexpected_index_list"]
            else:
                raise RuntimeError(f"Great Expectations could not evaluate {rule}: {outcome.exception_info}")
            failed.append(Failed(by_rule[rule], rows))
    return failed
