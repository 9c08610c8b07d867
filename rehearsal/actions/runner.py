"""A small, strict GitHub Actions runner: runs the jobs of a reusable workflow file of this repository as it stands.

`run` steps run in bash as on GitHub. Composite actions of this repository are taken from the checkout; other actions have stand-ins
(standins.py). Jobs run one after the other, each with a fresh HOME, workspace and environment. What a job may do elsewhere is not decided
here: `start_job` asks the local GitHub, which says whether the job starts, and with what.

Not modelled, and refused if a file uses it: matrices, services, containers, continue-on-error, secrets, calls of further workflows.
Runs that share `groups` wait for each other as their jobs' `concurrency` says. Not acted upon: `runs-on`, `timeout-minutes` of zero.
"""

import re
import tempfile
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rehearsal.actions import commands, definitions, machine, processes, standins
from rehearsal.actions.concurrency import Group, Groups
from rehearsal.actions.expressions import Declared, Open, Scope, condition, interpolate, text
from rehearsal.actions.results import Conclusion, Job, JobCancelled, JobRefused, JobWaiting, RunResult, Step

# https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax: jobs.<job_id>.timeout-minutes
JOB_TIMEOUT_MINUTES = 360
SHELLS = {None: ("bash", "-e"), "bash": ("bash", "--noprofile", "--norc", "-eo", "pipefail")}
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
TOKEN_VARIABLES = ("ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN")


@dataclass(frozen=True)
class StartedJob:
    """What GitHub gives a job that starts: the `github` and `vars` contexts, environment variables, what to call when it ends.

    `resolve` says which ref a `uses: OWNER/NAME/PATH@REF` of the job runs, by default the branch REF.
    """

    github: Mapping[str, Any]
    vars: Mapping[str, str]
    env: Mapping[str, str]
    finish: Callable[[], None] = lambda: None
    resolve: Callable[[str], str] = lambda uses: f"refs/heads/{uses.rpartition('@')[2]}"


# Job id, effective permissions, environment ("" = none) -> what the job gets. Raises JobRefused or JobWaiting.
StartJob = Callable[[str, Mapping[str, str], str], StartedJob]


@dataclass(frozen=True)
class Machine:
    """Where a run happens.

    checkout: folder of this repository, whose `.github/actions` are used. source: what actions/checkout checks out. extra_env: variables
    for every process of every job (such as AWS_ENDPOINT_URL). own_repository: OWNER/NAME by which workflows call this repository's actions.
    groups: the concurrency groups that the run shares with others. artifacts: what other jobs of the same run, the caller's, uploaded
    (default: nothing).
    """

    checkout: Path
    scratch: Path
    own_repository: str
    source: Path | None = None
    extra_env: Mapping[str, str] = field(default_factory=dict)
    path: str = field(default_factory=machine.default_path)
    groups: Groups = field(default_factory=Groups)
    artifacts: standins.Artifacts | None = None


def run_workflow(
    workflow: Path,
    *,
    inputs: Mapping[str, Any],
    start_job: StartJob,
    own_repository: str,
    checkout: Path | None = None,
    source: Path | None = None,
    extra_env: Mapping[str, str] | None = None,
    path: str | None = None,
    scratch: Path | None = None,
    groups: Groups | None = None,
    artifacts: standins.Artifacts | None = None,
) -> RunResult:
    """Run a reusable workflow. `checkout` is by default the repository that holds the workflow file; `scratch` (default: a new temporary
    folder, removed afterwards) gets a folder for this run.

    Raises DefinitionError or ExpressionError for a file or inputs that GitHub would refuse or that this runner does not model. A job that
    fails, is refused or can't run on this machine is a result.
    """
    workflow = workflow.resolve()
    definition = definitions.workflow(workflow)
    values = definitions.workflow_inputs(definition, inputs)
    with _scratch(scratch) as folder:
        place = Machine(
            checkout=(checkout or workflow.parents[2]).resolve(),
            scratch=folder,
            source=source.resolve() if source else None,
            extra_env=dict(extra_env or {}),
            path=path or machine.default_path(),
            own_repository=own_repository,
            groups=groups or Groups(),
            artifacts=artifacts,
        )
        return _Run(definition, values, start_job, place).result()


@contextmanager
def _scratch(given: Path | None) -> Generator[Path]:
    if given is not None:
        given.mkdir(parents=True, exist_ok=True)
        yield Path(tempfile.mkdtemp(prefix="run-", dir=given)).resolve()
        return
    with tempfile.TemporaryDirectory(prefix="package-flow-run-", ignore_cleanup_errors=True) as folder:
        yield Path(folder).resolve()


def permissions_of(definition: Mapping[str, Any], job: Mapping[str, Any]) -> dict[str, str]:
    """A job's permissions: its own, or else the workflow's. Raises DefinitionError if neither says any: defaults differ by repository."""
    declared = job.get("permissions", definition.get("permissions"))
    if not isinstance(declared, Mapping):
        raise definitions.DefinitionError(f"permissions are a mapping, got {declared!r}")
    return dict(declared)


class _Run:
    def __init__(self, definition: Mapping[str, Any], inputs: Mapping[str, Any], start_job: StartJob, place: Machine) -> None:
        self.definition, self.inputs, self.start_job, self.place = definition, inputs, start_job, place
        self.jobs: dict[str, Job] = {}
        self.artifacts = place.artifacts or standins.Artifacts(place.scratch / "artifacts")

    def result(self) -> RunResult:
        waiting = dict(self.definition["jobs"])
        while waiting:
            ready = [name for name, job in waiting.items() if all(one in self.jobs for one in definitions.needs(job))]
            if not ready:
                raise definitions.DefinitionError(f"these jobs wait for each other: {', '.join(waiting)}")
            self.jobs[ready[0]] = self._job(ready[0], waiting.pop(ready[0]))
        return RunResult(self.jobs, self._outputs())

    def _outputs(self) -> dict[str, str]:
        declared = (self.definition["on"]["workflow_call"] or {}).get("outputs") or {}
        jobs = {
            name: Declared(f"job {name}", {"outputs": self._job_outputs(name), "result": str(job.conclusion)})
            for name, job in self.jobs.items()
        }
        scope = Scope({"jobs": Declared("jobs", jobs), "inputs": Declared("inputs", self.inputs)})
        return {name: text(interpolate(about["value"], scope)) for name, about in declared.items()}

    def _job_outputs(self, name: str) -> Declared:
        """All declared outputs; empty where the job did not get to them."""
        declared = self.definition["jobs"][name].get("outputs") or {}
        return Declared(f"needs.{name}.outputs", {output: self.jobs[name].outputs.get(output, "") for output in declared})

    def _ancestors(self, job: Mapping[str, Any]) -> set[str]:
        direct = definitions.needs(job)
        return set(direct).union(*(self._ancestors(self.definition["jobs"][one]) for one in direct))

    def _needs(self, job: Mapping[str, Any]) -> Declared:
        named = {
            one: Declared(f"needs.{one}", {"outputs": self._job_outputs(one), "result": _github_result(self.jobs[one])})
            for one in definitions.needs(job)
        }
        return Declared("needs", named)

    def _job(self, name: str, job: Mapping[str, Any]) -> Job:
        results = [_github_result(self.jobs[one]) for one in sorted(self._ancestors(job))]
        status = {
            "success": lambda: all(one == Conclusion.SUCCESS for one in results),
            "failure": lambda: Conclusion.FAILURE in results,
            "cancelled": lambda: False,
            "always": lambda: True,
        }
        contexts = {"inputs": Declared("inputs", self.inputs), "needs": self._needs(job)}
        scope = Scope(contexts, status)
        title = text(interpolate(job.get("name", name), scope))
        if not condition(job.get("if"), scope):
            return Job(name, title, Conclusion.SKIPPED, reason=self._why_skipped(job))
        return self._start(name, title, job, scope)

    def _why_skipped(self, job: Mapping[str, Any]) -> str:
        for one in sorted(self._ancestors(job)):
            if self.jobs[one].conclusion in (Conclusion.UNAVAILABLE, Conclusion.WAITING, Conclusion.FAILURE):
                return f"{one}: {self.jobs[one].conclusion}"
        return "its condition does not hold"

    def _start(self, name: str, title: str, job: Mapping[str, Any], scope: Scope) -> Job:
        try:
            with self.place.groups.turn(title, self._group(name, job, scope)):
                return self._started(name, title, job, scope)
        except JobRefused as refusal:
            return Job(name, title, Conclusion.FAILURE, reason=str(refusal))
        except JobWaiting as waiting:
            return Job(name, title, Conclusion.WAITING, reason=str(waiting))
        except JobCancelled as cancelled:
            return Job(name, title, Conclusion.CANCELLED, reason=str(cancelled))

    def _group(self, name: str, job: Mapping[str, Any], scope: Scope) -> Group | None:
        if "concurrency" not in job:
            return None
        declared = job["concurrency"]
        values = {key: text(interpolate(value, scope)) for key, value in declared.items()} if isinstance(declared, Mapping) else declared
        return Group.declared(f"job {name}", values)

    def _started(self, name: str, title: str, job: Mapping[str, Any], scope: Scope) -> Job:
        permissions = permissions_of(self.definition, job)
        started = self.start_job(name, permissions, _environment_name(job.get("environment"), scope))
        try:
            _check_token(name, permissions, started)
            return _JobRun(self, name, title, job, scope, started).result()
        finally:
            started.finish()


def _github_result(job: Job) -> str:
    """`needs.X.result`, which knows neither waiting nor unavailable: what depends on such a job does not run."""
    known = (Conclusion.SUCCESS, Conclusion.FAILURE, Conclusion.CANCELLED, Conclusion.SKIPPED)
    return str(job.conclusion if job.conclusion in known else Conclusion.FAILURE)


def _environment_name(declared: Any, scope: Scope) -> str:
    if isinstance(declared, Mapping):
        raise definitions.DefinitionError("environment: only a name is supported")
    return text(interpolate(declared, scope))


def _check_token(name: str, permissions: Mapping[str, str], started: StartedJob) -> None:
    if permissions.get("id-token") != "write" and any(variable in started.env for variable in TOKEN_VARIABLES):
        raise AssertionError(f"job {name} was given an OIDC request token without the permission id-token: write")


class _StepFailed(Exception):
    """The step fails; the message is an error of the runner's own, empty where the process said why."""


@dataclass
class _Steps:
    """The steps of a job or of a composite action, as the expressions in them see it."""

    contexts: dict[str, Any]
    outputs: dict[str, Declared] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    action_path: Path | None = None


class _JobRun:
    def __init__(self, run: _Run, name: str, title: str, job: Mapping[str, Any], scope: Scope, started: StartedJob) -> None:
        self.run, self.definition, self.started = run, job, started
        self.folders = machine.JobFolders(run.place.scratch / name).create()
        self.path = run.place.path
        self.job = Job(name, title, Conclusion.SUCCESS, started=True)
        self.log = commands.Log()
        self.exported: dict[str, str] = {}
        self.failed = False
        self.number = 0
        self.deadline = time.monotonic() + 60 * job.get("timeout-minutes", JOB_TIMEOUT_MINUTES)
        self.contexts = {
            **scope.contexts,
            "github": Declared("github", {**started.github, "workspace": str(self.folders.workspace)}),
            "vars": Open(started.vars),
            "runner": Declared("runner", {"os": "Linux", "arch": "X64", "temp": str(self.folders.temp)}),
        }

    def result(self) -> Job:
        workflow_env = self._values(self.run.definition.get("env"), self._scope(_Steps(self.contexts)))
        job_env = self._values(self.definition.get("env"), self._scope(_Steps(self.contexts, env=workflow_env)))
        steps = _Steps(self.contexts, env={**workflow_env, **job_env})
        try:
            self._steps(self.definition["steps"], steps, top=True)
        except standins.UnavailableError as missing:
            self.job.conclusion, self.job.reason = Conclusion.UNAVAILABLE, str(missing)
        else:
            self._conclude(steps)
        self.job.errors = list(self.log.errors)
        return self.job

    def _conclude(self, steps: _Steps) -> None:
        if self.failed:
            self.job.conclusion = Conclusion.FAILURE
            self.job.reason = self.log.errors[0] if self.log.errors else _last_line(self.job)
        else:
            outputs = self._values(self.definition.get("outputs"), self._scope(steps))
            # GitHub leaves out an output that holds a masked value.
            self.job.outputs = {name: value for name, value in outputs.items() if self.log.masked(value) == value}

    def _status(self) -> dict[str, Callable[[], bool]]:
        return {
            "success": lambda: not self.failed,
            "failure": lambda: self.failed,
            "cancelled": lambda: False,
            "always": lambda: True,
        }

    def _scope(self, steps: _Steps, env: Mapping[str, str] | None = None) -> Scope:
        contexts = {
            **steps.contexts,
            "steps": Declared("steps", steps.outputs),
            "env": Open({**self.exported, **steps.env, **(env or {})}),
            "job": Declared("job", {"status": "failure" if self.failed else "success"}),
        }
        return Scope(contexts, self._status())

    def _values(self, templates: Mapping[str, Any] | None, scope: Scope) -> dict[str, str]:
        return {name: text(interpolate(value, scope)) for name, value in (templates or {}).items()}

    def _steps(self, definitions_: list[dict[str, Any]], steps: _Steps, *, top: bool) -> None:
        """Run steps in order. `top`: they are the job's own, recorded one by one; a composite action's are recorded as one."""
        for definition in definitions_:
            name = text(interpolate(definition.get("name"), self._scope(steps))) or definition.get("uses") or "run"
            record = Step(name, Conclusion.SKIPPED)
            if top:
                self.job.steps.append(record)
            outputs: dict[str, str] = {}
            if condition(definition.get("if"), self._scope(steps)):
                record.conclusion, record.exit_code, outputs = self._step(definition, steps, record, top=top)
            if "id" in definition:
                record.outputs = outputs
                seen = {
                    "outputs": _outputs_context(definition, outputs),
                    "outcome": str(record.conclusion),
                    "conclusion": str(record.conclusion),
                }
                steps.outputs[definition["id"]] = Declared(f"steps.{definition['id']}", seen)

    def _step(
        self, definition: Mapping[str, Any], steps: _Steps, record: Step, *, top: bool
    ) -> tuple[Conclusion, int | None, dict[str, str]]:
        exit_code, outputs, conclusion = None, {}, Conclusion.SUCCESS
        try:
            env = self._values(definition.get("env"), self._scope(steps))
            exit_code, outputs = self._use(definition, steps, env) if "uses" in definition else self._run(definition, steps, env)
            if exit_code:
                raise _StepFailed("")
        except standins.UnavailableError:
            record.conclusion = Conclusion.UNAVAILABLE
            raise
        except (_StepFailed, commands.CommandError, standins.ActionError) as problem:
            self.failed, conclusion = True, Conclusion.FAILURE
            if str(problem):
                self.log.take(f"::error::{problem}")
        finally:
            if top:
                record.output += self.log.drain()
        return conclusion, exit_code, outputs

    # ------------------------------------------------------------------------------------------------------------------ run

    def _run(self, definition: Mapping[str, Any], steps: _Steps, env: Mapping[str, str]) -> tuple[int, dict[str, str]]:
        scope = self._scope(steps, env)
        self.number += 1
        files = commands.StepFiles.create(self.folders.root / "files" / str(self.number))
        script = self.folders.temp / f"step-{self.number}.sh"
        script.write_text(text(interpolate(definition["run"], scope)), encoding="utf-8")
        folder = self.folders.workspace / text(interpolate(self._default(definition, "working-directory", steps), scope))
        if not folder.is_dir():
            raise _StepFailed(f"there is no folder {folder}")
        problems = len(self.log.problems)
        ended = processes.run(
            [*self._shell(definition, steps), str(script)],
            cwd=folder,
            env=self._environment(steps, env, files),
            timeout=max(0, min(self.deadline - time.monotonic(), 60 * definition.get("timeout-minutes", JOB_TIMEOUT_MINUTES))),
            line=self.log.take,
        )
        if ended.timed_out:
            raise _StepFailed("the step was ended: it took longer than its timeout")
        if len(self.log.problems) > problems:
            raise _StepFailed("; ".join(self.log.problems[problems:]))
        self.exported.update(commands.read_environment(files.environment))
        self.path = ":".join([*reversed(files.path.read_text(encoding="utf-8").splitlines()), self.path])
        self.job.summary += self.log.masked(files.summary.read_text(encoding="utf-8"))
        return ended.exit_code, commands.read_values(files.output)

    def _default(self, definition: Mapping[str, Any], key: str, steps: _Steps) -> Any:
        """A step's own value, or the job's or the workflow's default, which a composite action does not see."""
        if key in definition or steps.action_path is not None:
            return definition.get(key)
        for place in (self.definition, self.run.definition):
            if key in (found := (place.get("defaults") or {}).get("run") or {}):
                return found[key]
        return None

    def _shell(self, definition: Mapping[str, Any], steps: _Steps) -> tuple[str, ...]:
        shell = self._default(definition, "shell", steps)
        if shell not in SHELLS:
            raise definitions.DefinitionError(f"shell {shell!r} is not supported")
        return SHELLS[shell]

    def _environment(self, steps: _Steps, env: Mapping[str, str], files: commands.StepFiles) -> dict[str, str]:
        action = {"GITHUB_ACTION_PATH": str(steps.action_path)} if steps.action_path else {}
        own, extra = machine.environment(self.folders, self.path), dict(self.run.place.extra_env)
        # Java's home stays the job's, whatever else is set.
        extra["MAVEN_OPTS"] = f"{own['MAVEN_OPTS']} {extra.get('MAVEN_OPTS', '')}".strip()
        return {
            **own,
            **self.started.env,
            "GITHUB_WORKSPACE": str(self.folders.workspace),
            **extra,
            **steps.env,
            **self.exported,
            **env,
            **files.variables(),
            **action,
        }

    # ----------------------------------------------------------------------------------------------------------------- uses

    def _use(self, definition: Mapping[str, Any], steps: _Steps, env: Mapping[str, str]) -> tuple[None, dict[str, str]]:
        given = self._values(definition.get("with"), self._scope(steps, env))
        uses = definition["uses"]
        folder = self._own_action(uses)
        if folder is not None:
            return None, self._composite(folder, uses, given, {**steps.env, **env})
        around = standins.Surroundings(
            self.run.place.source, self.run.artifacts, self.folders, machine.environment(self.folders, self.path)
        )
        done = standins.find(uses)(given, around)
        self.path = ":".join([*done.path, self.path])
        for line in done.log.splitlines():
            self.log.take(line)
        return None, dict(done.outputs or {})

    def _own_action(self, uses: str) -> Path | None:
        """The folder of an action of this repository, or None for another one. In a called workflow `./` is the caller's repository.

        The checkout is what is on the branch. Raises DefinitionError where the same name leads elsewhere, such as to a tag.
        """
        prefix, suffix = f"{self.run.place.own_repository}/", "@main"
        if not (uses.startswith(f"{prefix}.github/actions/") and uses.endswith(suffix)):
            return None
        ref = self.started.resolve(uses)
        if ref != f"refs/heads/{suffix.removeprefix('@')}":
            raise definitions.DefinitionError(f"{uses} is {ref} there, whose files are not this checkout's")
        return self.run.place.checkout / uses.removeprefix(prefix).removesuffix(suffix)

    def _composite(self, folder: Path, uses: str, given: Mapping[str, str], env: Mapping[str, str]) -> dict[str, str]:
        action = definitions.action(folder)
        defaults = definitions.action_inputs(uses, action, given)
        contexts = {key: self.contexts[key] for key in ("github", "runner")}
        scope = Scope(contexts)
        inputs = {name: given[name] if name in given else text(interpolate(value, scope)) for name, value in defaults.items()}
        contexts["inputs"] = Declared(f"inputs of {uses}", inputs)
        inner = _Steps(contexts, env=env, action_path=folder)
        if self.failed:
            raise definitions.DefinitionError(f"{uses}: an action of this repository in a job that has failed is not supported")
        self._steps(action["runs"]["steps"], inner, top=False)
        if self.failed:
            raise _StepFailed("")
        return self._values({name: about["value"] for name, about in (action.get("outputs") or {}).items()}, self._scope(inner))


def _outputs_context(definition: Mapping[str, Any], outputs: Mapping[str, str]) -> Mapping[str, str]:
    """A step's outputs; an action's are all declared, a script's are what it wrote."""
    own = str(definition.get("uses", "")).split("/.github/actions/")[0] != definition.get("uses", "")
    return Declared(f"outputs of step {definition['id']}", outputs) if own and outputs else Open(outputs)


def _last_line(job: Job) -> str:
    failed = [step for step in job.steps if step.conclusion is Conclusion.FAILURE]
    plain = _COLOURS.sub("", failed[0].output) if failed else ""
    lines = [line.strip() for line in plain.splitlines() if line.strip()]
    return lines[-1] if lines else "a step failed"
