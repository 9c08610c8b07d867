"""One stack under Pulumi's engine: a program, run inline by the Automation API, with a state and a `PULUMI_HOME` in a folder of its own."""

import contextlib
import json
import re
import shutil
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pulumi import automation

from bootstrap import drift
from rehearsal.engine import language
from rehearsal.program import wire

_PASSPHRASE = "rehearsal"
_COLOUR = re.compile(r"<\{%.*?%\}>")
_UNCHANGING = ("same", "read", "refresh")
# A state in a bucket or on a disk is written, and checked, as a whole at each step (backend/snapshot.go of the engine), which grows with
# the square of the resources. So it is written once, when a command ends, also when it ends in an error. What is killed then leaves a state
# that knows nothing of what it did: not for stacks that anybody keeps, and not where stops are tried.
WRITTEN_ONCE = {"PULUMI_SKIP_CHECKPOINTS": "true"}
# What the engine says last of a command that failed; the reason has been said before.
_SUMMARIES = re.compile(r"^(update|preview|destroy|refresh) failed$")

Event = automation.EngineEvent


@dataclass(frozen=True)
class Source:
    """What runs: project file, project, stack, configuration as in a stack file, texts of the secret keys, the program.

    `environment` is what the command's own process has besides the few variables that every process needs.
    """

    project_file: Path
    project: str
    stack: str
    values: Mapping[str, Any]
    secrets: Mapping[str, str]
    program: Callable[[], None]
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """What the engine did with one resource: its word for it (create, update, replace, delete, same ...) and the inputs that differ."""

    operation: str
    urn: str
    differs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Message:
    """What the program, a provider or the engine said, and of which resource ("" = none)."""

    severity: str
    text: str
    urn: str


@dataclass
class Run:
    """One command: the steps as they were done, the messages, inputs that were unknown by URN, and the command's own words if it failed."""

    steps: list[Step] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    unknown: dict[str, list[str]] = field(default_factory=dict)
    failed: str = ""

    @property
    def changes(self) -> list[Step]:
        """The steps that changed something."""
        return [step for step in self.steps if step.operation not in _UNCHANGING]

    @property
    def warnings(self) -> list[str]:
        """What a person should have read."""
        return [one.text for one in self.messages if one.severity == "warning"]

    @property
    def errors(self) -> list[Message]:
        """Why it failed, the first reason first; empty if it did not."""
        found: list[Message] = []
        for one in self.messages:
            # The engine repeats what the program said, as an unhandled error.
            repeated = any(said.text in one.text and said.urn == one.urn for said in found)
            if one.severity == "error" and not _SUMMARIES.match(one.text) and not repeated:
                found.append(one)
        return found if found or not self.failed else [Message("error", self.failed, "")]


class EngineStack:
    """Runs the engine's commands on one stack, one after the other. Plugins are in the folder's `home` (see rehearsal.engine.plugins)."""

    def __init__(self, command: Path, folder: Path, source: Source) -> None:
        self._folder, self.source = folder, source
        self._work = folder / "work"
        for name in ("work", "state", "cli/bin"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        self.configure(source.values)
        executable = folder / "cli" / "bin" / "pulumi"  # the place in which the Automation API looks for it
        if not executable.exists():
            executable.symlink_to(command)
        self._pulumi = automation.PulumiCommand(root=str(folder / "cli"), skip_version_check=True)
        self.version = str(self._pulumi.version)
        self._environment = {
            **source.environment,
            "PULUMI_HOME": str(home(folder)),
            "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": _PASSPHRASE,
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        }
        options = automation.LocalWorkspaceOptions(
            work_dir=str(self._work), pulumi_home=str(home(folder)), pulumi_command=self._pulumi, env_vars=self._environment
        )
        self._stack = automation.create_or_select_stack(source.stack, source.project, source.program, opts=options)
        for key, text in source.secrets.items():
            self._stack.set_config(key, automation.ConfigValue(text, secret=True))

    def configure(self, values: Mapping[str, Any]) -> None:
        """Gives the stack this configuration."""
        shutil.copy(self.source.project_file, self._work / "Pulumi.yaml")
        file = self._work / f"Pulumi.{self.source.stack}.yaml"
        # What the engine keeps in that file (the passphrase's salt) stays.
        kept = yaml.safe_load(file.read_text()) if file.exists() else {}
        # As JSON, which is YAML too: PyYAML writes 012345678901 without quotes, which the engine reads as a number.
        file.write_text(json.dumps({**kept, "config": dict(values)}))

    def preview(self, watch: Callable[[Event], None] | None = None, **options: Any) -> Run:
        """`pulumi preview`."""
        return self._run(watch, lambda on_event: self._stack.preview(on_event=on_event, **options))

    def up(self, watch: Callable[[Event], None] | None = None, **options: Any) -> Run:
        """`pulumi up --yes --skip-preview`."""
        return self._run(watch, lambda on_event: self._stack.up(on_event=on_event, **options))

    def refresh(self, watch: Callable[[Event], None] | None = None, **options: Any) -> Run:
        """`pulumi refresh --yes`."""
        return self._run(watch, lambda on_event: self._stack.refresh(on_event=on_event, **options))

    def drift(self, watch: Callable[[Event], None] | None = None) -> Run:
        """`pulumi refresh --preview-only --run-program`: as .github/workflows/drift.yml compares."""
        left_out = [drift.REFUSED]
        return self._run(watch, lambda on_event: self._stack.preview_refresh(on_event=on_event, run_program=True, exclude=left_out))

    def destroy(self, watch: Callable[[Event], None] | None = None, **options: Any) -> Run:
        """`pulumi destroy --yes`: the preview refuses what is protected, before anything is deleted."""
        refused = self._run(None, lambda on_event: self._stack.preview_destroy(on_event=on_event))
        return refused if refused.failed else self._run(watch, lambda on_event: self._stack.destroy(on_event=on_event, **options))

    def unprotect(self) -> None:
        """`pulumi state unprotect --all`."""
        self.pulumi("state", "unprotect", "--all", "--yes")

    def take_over(self, file: Path) -> str:
        """`pulumi import --file`, without protection and without code; what it prints. Raises pulumi.automation.CommandError."""
        language.install(self._folder / "cli" / "bin")
        return self.pulumi("import", "--file", str(file), "--generate-code=false", "--protect=false", "--yes")

    def restore(self) -> None:
        """Replaces a state that was cut off while it was written by the one before (docs/faults.md: failed to load checkpoint)."""
        (written,) = (self._folder / "state" / ".pulumi" / "stacks").rglob(f"{self.source.stack}.json")
        attributes = written.with_name(f"{written.name}.attrs")
        if not _readable(written):
            shutil.copy(written.with_name(f"{written.name}.bak"), written)
        if attributes.exists() and not _readable(attributes):
            attributes.unlink()

    def pulumi(self, *arguments: str) -> str:
        """Another command; what it prints. Raises pulumi.automation.CommandError."""
        given = [*arguments, "--stack", self.source.stack]
        return self._pulumi.run(given, str(self._work), self._environment).stdout

    def state(self) -> list[dict[str, Any]]:
        """The resources that the state has, as the engine writes them, secrets encrypted."""
        return (self._stack.export_stack().deployment or {}).get("resources") or []

    def pending(self) -> list[dict[str, Any]]:
        """The operations that were under way when a command ended too early."""
        return (self._stack.export_stack().deployment or {}).get("pending_operations") or []

    def _run(self, watch: Callable[[Event], None] | None, act: Callable[[Callable[[Event], None]], object]) -> Run:
        run = Run()

        def note(event: Event) -> None:
            _note(run, event)
            if watch is not None:
                watch(event)

        with _failures(run):
            act(note)
        return run


def home(folder: Path) -> Path:
    """The `PULUMI_HOME` of a stack's folder."""
    return folder / "home"


@contextlib.contextmanager
def _failures(run: Run) -> Generator[None, None, None]:
    try:
        yield
    except automation.CommandError as error:
        run.failed = str(error).strip()


def _note(run: Run, event: Event) -> None:
    if event.diagnostic_event is not None:
        said = event.diagnostic_event
        run.messages.append(Message(said.severity, plain(said.message), said.urn or ""))
    if event.resource_pre_event is not None:
        about = event.resource_pre_event.metadata
        inputs = about.new.inputs if about.new is not None else {}
        if unknown := sorted(key for key, value in (inputs or {}).items() if wire.has_unknown(value)):
            run.unknown[about.urn] = unknown
    if event.res_outputs_event is not None:
        about = event.res_outputs_event.metadata
        run.steps.append(Step(about.op.value, about.urn, tuple(about.diffs or ())))


def plain(text: str) -> str:
    """A message without the engine's marks for colours."""
    return _COLOUR.sub("", text).strip()


def _readable(file: Path) -> bool:
    try:
        json.loads(file.read_text())
    except ValueError:
        return False
    return True
