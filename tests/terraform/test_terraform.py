"""The Terraform in terraform/: its layout, the settings it hands to Footfall, and its modules' own tests.

What needs the Google provider runs where the provider can be had (the Terraform registry, or a mirror named by the
command line's configuration file, ``TF_CLI_CONFIG_FILE``) and skips with the reason elsewhere. Nothing here needs an
account with Google: the modules' tests replace the provider's answers.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from footfall.doctor.variables import known_variables
from footfall.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
TERRAFORM = ROOT / "terraform"
CONFIGURATIONS = sorted(path.parent.relative_to(TERRAFORM).as_posix() for path in TERRAFORM.glob("*/*/versions.tf"))
MODULES = [name for name in CONFIGURATIONS if name.startswith("modules/")]
NO_PROVIDER = (
    "Failed to query available provider packages",
    "Failed to install provider",
    "Could not connect to registry.terraform.io",
)

# Terraform's cache of providers takes one writer at a time
pytestmark = pytest.mark.xdist_group("terraform")


class Terraform:
    """Terraform run on a copy of terraform/, so that no lock file, state or provider lands in the repository."""

    def __init__(self, program: str, copy: Path) -> None:
        self.program, self.copy = program, copy
        cache = copy.parent / "providers"
        cache.mkdir()
        self.environment = os.environ | {
            "CHECKPOINT_DISABLE": "1",
            "TF_IN_AUTOMATION": "1",
            "TF_INPUT": "0",
            "TF_PLUGIN_CACHE_DIR": str(cache),
            "TF_REGISTRY_CLIENT_TIMEOUT": "10",
            "TF_REGISTRY_DISCOVERY_RETRY": "0",
        }

    def run(self, folder: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The command's outcome, whatever it is."""
        return subprocess.run(
            [self.program, *arguments],
            cwd=self.copy / folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def ok(self, folder: str, *arguments: str) -> str:
        """What the command printed; the test fails with all of it when the command did."""
        outcome = self.run(folder, *arguments)
        assert outcome.returncode == 0, f"terraform {arguments[0]} in {folder}:\n{outcome.stdout}{outcome.stderr}"
        return outcome.stdout

    def init(self, folder: str) -> None:
        """Make a configuration ready, or skip where its provider cannot be had."""
        outcome = self.run(folder, "init", "-backend=false", "-no-color")
        if any(sign in outcome.stderr for sign in NO_PROVIDER):
            pytest.skip(
                "The Google provider cannot be had here, so `terraform validate` and `terraform test` did "
                "not run. They do where the Terraform registry, or a mirror of it, is in reach."
            )
        assert outcome.returncode == 0, outcome.stdout + outcome.stderr


@pytest.fixture(scope="module")
def terraform(tmp_path_factory: pytest.TempPathFactory) -> Terraform:
    program = shutil.which("terraform")
    if program is None:
        pytest.skip("terraform is not on PATH; install Terraform 1.9 or later to check terraform/.")
    copy = tmp_path_factory.mktemp("terraform") / "terraform"
    shutil.copytree(TERRAFORM, copy, ignore=shutil.ignore_patterns(".terraform", "*.tfstate*", "*.tfvars"))
    return Terraform(program, copy)


def blocks(folder: str, kind: str) -> dict[str, str]:
    """Name and body of each ``variable`` or ``output``; `terraform fmt` keeps them in this shape."""
    text = "\n".join(path.read_text() for path in sorted((TERRAFORM / folder).glob("*.tf")))
    return dict(re.findall(rf'^{kind} "(\w+)" \{{\n(.*?)^\}}', text, re.M | re.S))


def example(folder: str) -> str:
    """The first HCL example of a README."""
    found = re.search(r"```hcl\n(.*?)```", (TERRAFORM / folder / "README.md").read_text(), re.S)
    assert found, f"{folder}/README.md has no example. Add one that calls the module."
    return found[1]


def test_files_are_formatted(terraform: Terraform) -> None:
    outcome = terraform.run(".", "fmt", "-check", "-recursive", "-diff", "-no-color")
    assert outcome.returncode == 0, f"Run `terraform fmt -recursive terraform`:\n{outcome.stdout}"


def test_footfall_reads_the_settings_an_environment_prints(
    terraform: Terraform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The settings module needs no provider, so it is applied for real and its output becomes our environment."""
    folder = "modules/settings"
    values = {
        "project_id": "example-footfall",
        "region": "europe-west4",
        "zone_buckets": {zone: f"example-{zone}" for zone in ("raw", "events", "quarantine", "ledger")},
        "code_bucket": "example-code",
        "datasets": {layer: f"example_{layer}" for layer in ("events", "build", "marts")},
        "spark_service_account": "spark@example-footfall.iam.gserviceaccount.com",
    }
    (terraform.copy / folder / "terraform.tfvars.json").write_text(json.dumps(values))
    terraform.ok(folder, "init", "-no-color")
    terraform.ok(folder, "apply", "-auto-approve", "-no-color")
    environment = json.loads(terraform.ok(folder, "output", "-json", "environment"))
    env_file = terraform.ok(folder, "output", "-raw", "env_file")

    assert set(environment) <= known_variables(), "a variable nobody reads would be set in vain"
    assert dict(line.split("=", 1) for line in env_file.splitlines()) == environment
    for name in list(os.environ):
        if name.startswith("FOOTFALL_"):
            monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    settings = Settings()
    assert settings.env == "gcp"
    for zone in ("raw", "events", "quarantine", "ledger"):
        assert settings.zone(zone) == f"gs://example-{zone}"
    assert settings.gcp.model_dump() == {
        "project": "example-footfall",
        "region": "europe-west4",
        "events_dataset": "example_events",
        "build_dataset": "example_build",
        "marts_dataset": "example_marts",
        "code_bucket": "gs://example-code",
        "spark_service_account": "spark@example-footfall.iam.gserviceaccount.com",
    }


@pytest.mark.parametrize("folder", CONFIGURATIONS)
def test_configuration_is_valid_and_passes_its_own_tests(terraform: Terraform, folder: str) -> None:
    terraform.init(folder)
    terraform.ok(folder, "validate", "-no-color")
    report = terraform.ok(folder, "test", "-no-color")
    assert re.search(r"[1-9]\d* passed, 0 failed", report), report


@pytest.mark.parametrize("folder", MODULES)
def test_example_of_the_readme_is_valid(terraform: Terraform, folder: str) -> None:
    here = f"envs/example_{Path(folder).name}"
    (terraform.copy / here).mkdir()
    (terraform.copy / here / "main.tf").write_text(example(folder))
    terraform.init(here)
    terraform.ok(here, "validate", "-no-color")


@pytest.mark.parametrize("folder", CONFIGURATIONS)
def test_every_input_and_output_is_described_there_and_in_the_readme(folder: str) -> None:
    readme = (TERRAFORM / folder / "README.md").read_text()
    inputs, outputs = blocks(folder, "variable"), blocks(folder, "output")
    assert inputs, f"{folder} has no variables: were they renamed?"
    for name, body in (inputs | outputs).items():
        assert re.search(r'^  description = ".{10,}"$', body, re.M), f"{folder}: describe {name} in a sentence."
        assert f"| `{name}` |" in readme, f"{folder}/README.md: add a row for {name}."
    for name, body in inputs.items():
        assert re.search(r"^  type\s+= ", body, re.M), f"{folder}: give {name} a type."
        # a bool is checked by its type
        if not re.search(r"^  type\s+= bool$", body, re.M):
            assert "  validation {" in body, f"{folder}: validate {name} and say in error_message what to write."
    listed = set(re.findall(r"^\| `(\w+)` \|", readme.partition("## Inputs")[2], re.M))
    assert listed == set(inputs) | set(outputs), f"{folder}/README.md names what is not there."


def test_grants_are_additive_and_nothing_is_looked_up() -> None:
    """A policy or binding takes away what other teams granted; a data source needs an account just to plan."""
    for path in sorted(TERRAFORM.glob("*/*/*.tf")):
        text = path.read_text()
        assert not re.search(r'^resource "google_\w+_iam_(policy|binding)"', text, re.M), (
            f"{path.relative_to(ROOT)}: use an _iam_member resource, which leaves other grants alone."
        )
        assert not re.search(r'^(data|ephemeral) "', text, re.M), (
            f"{path.relative_to(ROOT)}: take the value as a variable instead of looking it up."
        )
