"""The command lines of the jobs: `python -m jobs.study STUDY.yaml`, and one for each stage.

Every job's module calls `jobs.entry.main` before it imports anything slow: a first line, and any
mistake in the study's file, come within a second, before PyTorch and Ray are loaded.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from jobs.study_folder import check_folder, folder_of
from projektor_ray.cli import screen
from projektor_ray.cli.command import UNFINISHED, Version, command_line, guarded, run
from projektor_ray.cli.options import ServiceOptions, grouped
from projektor_ray.cli.serve_command import EXTRA, needed
from projektor_ray.errors import InputError

if TYPE_CHECKING:
    from projektor_ray.study import StudyConfig

OWN_LOGGERS = ("projektor_ray", "actors", "jobs")
"""Whose warnings are always shown."""
STANDARD_INPUT = "/dev/stdin"

Address = Annotated[
    str | None,
    typer.Option(help="Ray cluster, HOST:PORT; default: RAY_ADDRESS, else a Ray of its own."),
]
RetryFailed = Annotated[bool, typer.Option("--retry-failed", help="Train failed probes again.")]


@dataclass(frozen=True, kw_only=True)
class StudyOptions:
    """What every job is given: a study, and where it is run."""

    study_file: Annotated[str, typer.Argument(help="The study's YAML file; - is standard input.")]
    out: Annotated[
        str | None,
        typer.Option(help="Folder or URI (s3://…) of the study's tables; default: out/NAME."),
    ] = None
    address: Address = None
    verbose: Annotated[
        bool,
        typer.Option("--verbose", help="Show also the tables of all models, and the log."),
    ] = False
    version: Version = False


@guarded
@grouped
def study(
    options: StudyOptions,
    check: Annotated[
        bool, typer.Option("--check", help="Show what would run and cost; train nothing.")
    ] = False,
    time: Annotated[
        bool,
        typer.Option(
            "--time", help="With --check: train one probe of each new scale, to time the rest."
        ),
    ] = False,
    retry_failed: RetryFailed = False,
    as_json: Annotated[
        bool,
        typer.Option(
            "--json",
            help="Write the result as JSON to standard output, all else to standard error.",
        ),
    ] = False,
) -> int:
    """Run a study from pilots to purchase plan; what is done already is not done again."""
    config, folder = _start(options, as_json=as_json)
    if check:
        from jobs.check import check as check_study
        from jobs.check import check_finished
        from jobs.finished import fingerprint_of, finished_tables

        sources = fingerprint_of(config, None, None)
        if not time and (tables := finished_tables(config, folder, sources)) is not None:
            check_finished(tables)
            return 0
        from jobs.workspace import opened

        with opened(config, folder, options.address, appends=time) as workspace:
            check_study(workspace, timed=time)
        return 0
    from jobs.study import study_results

    results, left = study_results(
        config, folder, options.address, retry_failed=retry_failed, verbose=options.verbose
    )
    if as_json:
        from projektor_ray.explain.json_results import results_to_dict

        screen.print_json(results_to_dict(results))
    return UNFINISHED if left else 0


@guarded
@grouped
def measure(options: StudyOptions) -> None:
    """Measure the distances of mixtures to validation that the study's folder lacks."""
    config, folder = _start(options)
    from jobs.measure import measure as measure_distances
    from jobs.workspace import opened

    with opened(config, folder, options.address, appends=True) as workspace:
        measure_distances(workspace)


@guarded
@grouped
def profiles(options: StudyOptions) -> None:
    """Show the profile of each provider: what its pilot reveals, before any training."""
    config, folder = _start(options)
    from jobs.measure import measure as measure_distances
    from jobs.profiles import profiles as show_profiles
    from jobs.workspace import opened

    with opened(config, folder, options.address, appends=True) as workspace:
        measure_distances(workspace)
        show_profiles(workspace)


@guarded
@grouped
def probe(
    options: StudyOptions,
    retry_failed: RetryFailed = False,
    failures: Annotated[
        bool, typer.Option("--failures", help="Show why probes failed; train nothing.")
    ] = False,
    replay: Annotated[
        str | None,
        typer.Option(
            metavar="ID", help="Train one probe again, here: MIXTURE_ID:SIZE:SEED. Writes nothing."
        ),
    ] = None,
) -> int:
    """Train the probes that are not in the study's folder."""
    if sum([retry_failed, failures, replay is not None]) > 1:
        raise InputError("--retry-failed, --failures and --replay exclude each other; give one")
    config, folder = _start(options)
    from jobs.probe import probe as train_probes
    from jobs.probe import probes_left, show_failures
    from jobs.probe import replay as train_again
    from jobs.stage_lines import show_left
    from jobs.workspace import opened

    appends = not failures and replay is None
    with opened(config, folder, options.address, appends=appends) as workspace:
        if replay is not None:
            return int(train_again(workspace, replay).status == "failed")
        if failures:
            show_failures(workspace)
            return 0
        workspace.check_resources()
        left = probes_left(train_probes(workspace, retry_failed=retry_failed))
    show_left(left)
    return UNFINISHED if left else 0


@guarded
@grouped
def fit(options: StudyOptions) -> None:
    """Fit models to the probes of the study's folder, and project every mixture."""
    config, folder = _start(options)
    from jobs.fit import fit as fit_models
    from jobs.fit import show_fits
    from jobs.workspace import opened

    with opened(config, folder, options.address) as workspace:
        show_fits(fit_models(workspace))


@guarded
@grouped
def select_mixture(options: StudyOptions) -> None:
    """Select the mixture to buy from the probes of the study's folder; train nothing."""
    config, folder = _start(options)
    from jobs.fit import fit_models
    from jobs.profiles import profiles as draw_profiles
    from jobs.report import conclude
    from jobs.workspace import opened
    from projektor_ray.cli.terminal import show_results

    with opened(config, folder, options.address) as workspace:
        drawn = draw_profiles(workspace)
        results = conclude(workspace, fit_models(workspace), drawn, figures=False)
        show_results(results, verbose=options.verbose)


@guarded
@grouped
def report(options: StudyOptions) -> None:
    """Write the report, one HTML page, from the study's folder; train nothing."""
    config, folder = _start(options)
    from jobs.report import update_report

    update_report(config, folder, options.address)


@guarded
@grouped
def serve(
    options: ServiceOptions,
    replicas: Annotated[
        int, typer.Option(min=1, max=1000, help="Processes that answer requests.")
    ] = 2,
    pilots: Annotated[
        list[str] | None,
        typer.Option(
            help="Study file whose pilots are loaded, to examine new providers; may be repeated."
        ),
    ] = None,
    address: Address = None,
    version: Version = False,
) -> None:
    """Serve finished studies with Ray Serve: the service of projektor serve, in replicas."""
    screen.status("Read", ", ".join(options.studies))
    for folder in options.studies:
        check_folder(folder, address)
    with needed((*EXTRA, "grpc_reflection"), "ray,service"):
        from jobs.serve import serve_studies
    serve_studies(options, pilots or [], replicas=replicas, address=address)


COMMANDS = {
    command.__name__: command
    for command in (study, measure, profiles, probe, fit, select_mixture, report, serve)
}


def main(job: str) -> NoReturn:
    """Run the command line of a job."""
    app = command_line("")
    app.command()(COMMANDS[job])
    run(app, f"python -m jobs.{job}")


def _start(options: StudyOptions, *, as_json: bool = False) -> tuple["StudyConfig", str]:
    """The configuration and the folder of a study; every job begins with it."""
    if as_json:
        screen.results_to_stderr()
    is_piped = options.study_file == "-"
    screen.status("Study", f"reading {'standard input' if is_piped else options.study_file}")
    from projektor_ray.study import read_study

    config = read_study(STANDARD_INPUT if is_piped else options.study_file)
    folder = folder_of(config, options.out)
    check_folder(folder, options.address)
    screen.show_log(OWN_LOGGERS, verbose=options.verbose)
    return config, folder
