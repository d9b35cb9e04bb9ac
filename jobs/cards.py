"""Provider cards: what each pilot tells of its provider; before any money goes into probes.

python -m jobs.cards STUDY.yaml
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from actors.cards import examine
from jobs.measure import measure
from jobs.options import load, output_of, parser, run
from jobs.workspace import Workspace, opened
from projektor_ray.cli.terminal import headline, table
from projektor_ray.errors import InputError
from projektor_ray.profiles import ProviderCard, SampleValues, Share, draw_cards
from projektor_ray.selection import Plan
from projektor_ray.storage.hashing import digest
from projektor_ray.storage.table_metadata import TableMetadata

VERSION = 2
"""Of what the cards' numbers mean; a table of another version is made anew."""
SHOWN_CHARACTERS = 12


Cards = dict[str, list[ProviderCard]]
"""Of all providers, by the validation set that they are compared with."""


def cards(workspace: Workspace) -> Cards:
    """Examine the pilots beside each validation set, unless a table of the same is there; writes
    the tables `provider_profiles` and `values`."""
    return {one.study.validation.name: _cards(one) for one in workspace.each}


def _cards(workspace: Workspace) -> list[ProviderCard]:
    study = workspace.study
    found = _known(workspace)
    if found is None:
        profiles, copies, values = examine(workspace.pilots, workspace.pilot_distances)
        alone = _distances_alone(workspace)
        names = workspace.pilots.class_names
        found = draw_cards(study.names, names, alone, profiles, copies, values)
        _write_values(workspace, values)
        _write(workspace, found)
    _show(found, study.set_name)
    return found


def add_plan(
    workspace: Workspace, drawn: Cards, plan: Plan, without: Mapping[str, Plan | None]
) -> Cards:
    """The cards with what each provider is to the selected plan; writes them again.

    Parameters
    ----------
    without : the best plans that leave a provider out, see `plans_without`.
    """
    told: Cards = {}
    for one in workspace.each:
        name = one.study.validation.name
        told[name] = _with_plan(drawn[name], plan, without)
        _write(one, told[name])
    return told


def _with_plan(
    drawn: Sequence[ProviderCard], plan: Plan, without: Mapping[str, Plan | None]
) -> list[ProviderCard]:
    told = []
    effects = zip(drawn, plan.samples.tolist(), plan.marginal_value.tolist(), strict=True)
    for card, count, value in effects:
        other = without.get(card.provider)
        lacking = None if other is None else other.predicted
        told.append(
            replace(card, planned_samples=count, marginal_value=value, metric_without=lacking)
        )
    return told


def _metadata(workspace: Workspace) -> TableMetadata:
    study = workspace.study
    input_hash = digest("provider_profiles", VERSION, study.distances_metadata.input_hash)
    return TableMetadata(study.config.name, study.names, input_hash, study.set_name)


def _write(workspace: Workspace, drawn: Sequence[ProviderCard]) -> None:
    rows = [card.to_row() for card in drawn]
    workspace.write("provider_profiles", rows, _metadata(workspace))


def _write_values(workspace: Workspace, values: Sequence[SampleValues]) -> None:
    names = workspace.study.names
    rows = [
        {"provider": names[one.provider], "sample": sample, "value": value}
        for one in sorted(values, key=lambda one: one.provider)
        for sample, value in enumerate(one.values.tolist())
    ]
    workspace.write("values", rows, _metadata(workspace))


def _known(workspace: Workspace) -> list[ProviderCard] | None:
    table = workspace.table("provider_profiles")
    try:
        found = workspace.folder.read_table(table)
    except InputError:
        return None
    if TableMetadata.of(found.schema, table) != _metadata(workspace):
        return None
    return [ProviderCard.from_row(row) for row in found.to_pylist()]


def _distances_alone(workspace: Workspace) -> np.ndarray:
    """Each provider's distance to validation: the ledger's, or measured now."""
    study, distances = workspace.study, workspace.pilot_distances
    ledger, vertices = workspace.distances(), np.eye(len(study.names))
    keys = [(study.identify(vertex),) for vertex in vertices]
    found = np.array([ledger[key]["value"] if key in ledger else np.nan for key in keys])
    absent = np.isnan(found)
    if absent.any():
        distances.reset()
        found[absent] = distances(vertices[absent]).value
        distances.reset()
    return found


def _show(drawn: Sequence[ProviderCard], beside: str) -> None:
    rows = [
        [
            card.provider,
            f"{card.samples:,}",
            f"{card.distance:.3f}",
            _percent(card.wrong_labels),
            f"{card.outliers.value:.0%}",
            _copies(card),
            _classes(card),
        ]
        for card in drawn
    ]
    columns = [
        "provider",
        "pilot",
        "distance",
        "wrong labels",
        "outliers",
        "copies",
        "lacks",
    ]
    table(f"What the pilots tell{f' beside {beside}' if beside else ''}", columns, rows)
    leaked = [card.provider for card in drawn if card.duplicates_in_validation]
    if leaked:
        whose = f"the validation set{f' {beside}' if beside else ''}"
        headline("hint", f"samples of {whose} are in the pilots of {', '.join(leaked)}")


def _percent(share: Share | None) -> str:
    if share is None:
        return "cannot tell"
    return f"{share.value:.0%} ({100 * share.low:.0f}–{100 * share.high:.0f})"


def _copies(card: ProviderCard) -> str:
    """Copies within the pilot, and in another's."""
    says = [f"{card.duplicates_within:,} own"] if card.duplicates_within else []
    if card.closest_provider is not None:
        says.append(f"{card.duplicates_in_closest:,} in {card.closest_provider}")
    return ", ".join(says) or "–"


def _classes(card: ProviderCard) -> str:
    names = " ".join(card.missing_classes) or "–"
    every = len(card.missing_classes) + len(card.classes)
    return names if len(names) <= SHOWN_CHARACTERS else f"{len(card.missing_classes)} of {every}"


def main(arguments: argparse.Namespace) -> int:
    config = load(arguments.study)
    out = output_of(config, arguments.out)
    with opened(config, out, arguments.address, appends=True) as workspace:
        measure(workspace)
        cards(workspace)
    return 0


if __name__ == "__main__":
    run(main, parser("cards", "Say what each pilot tells of its provider."))
