"""What is trained again when a provider joins or leaves, and how good the continued design is."""

import tempfile
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from benchmarks.outcomes import RESULTS
from projektor_ray.predictors import PREDICTORS
from projektor_ray.storage.array_types import Floats
from projektor_ray.storage.folder import Folder
from projektor_ray.storage.ledger import Ledger
from projektor_ray.study import Study
from projektor_ray.study.base_design import Reuse
from projektor_ray.study.fitting import missing_probes
from tests.helpers.provider_changes import NAMES, begun, study_of

SEEDS = 2
DESIGNS: dict[str, dict[str, Any]] = {
    "default": {},
    "maximin, 40 mixtures": {"design": "maximin", "n_mixtures": 40},
    "d_optimal": {"design": "d_optimal"},
    "simplex_centroid": {"design": "simplex_centroid"},
    "sobol": {"design": "sobol"},
    "adaptive, its beginning": {"design": "adaptive"},
}
LISTED = {"mixtures": [{"ada": 1.0}, {"bob": 1.0}, {"cyd": 1.0}, {"ada": 0.5, "bob": 0.5}]}
SMALL: dict[str, dict[str, Any]] = {
    "default": {},
    "lattice: 4": {"lattice": 4},
    "mixtures, 4 listed": LISTED,
}
CHANGES = [(5, 6, DESIGNS), (6, 5, DESIGNS), (3, 4, SMALL), (4, 3, SMALL), (4, 5, {"default": {}})]
CHANGES += [(5, 4, {"default": {}})]
QUALITY = [(5, 6), (8, 9), (3, 4), (4, 5), (6, 5)]
SURFACES, NOISE = 30, 0.01


def costs() -> Iterator[str]:
    """Rows of probes that are used and trained, without and with the base."""
    for first, then, designs in CHANGES:
        for name, probes in designs.items():
            with tempfile.TemporaryDirectory() as place:
                folder, probes = Folder(place), {"seeds": SEEDS, **probes}
                _, trained = begun(folder, NAMES[:first], **probes)
                fresh = study_of(NAMES[:then], **probes)
                rows = Ledger(folder, "probes").rows(fresh.probes_metadata.input_hash)
                study, _ = begun(folder, NAMES[:then], most=0, **probes)
                before, now = (
                    f"{Reuse.of(one, rows).used} | {len(missing_probes(one, rows))}"
                    for one in (fresh, study)
                )
                applies = len(trained) - Reuse.of(study, rows).obsolete
            yield f"| {name} | {first} → {then} | {len(trained)} | {applies} | {before} | {now} |"


def quality() -> Iterator[str]:
    """Rows of covering radii, and of the error of a model that is fitted to planted surfaces."""
    names = [f"p{place}" for place in range(9)]
    for first, then in QUALITY:
        with tempfile.TemporaryDirectory() as place:
            begun(Folder(place), names[:first])
            continued, new = begun(Folder(place), names[:then])
        fresh = study_of(names[:then])
        earlier = study_of(names[:first])
        yield quality_row(f"{then}, fresh", fresh, len(fresh.mixtures) - shared(earlier, fresh))
        mixtures = len(new) // len(continued.scales)
        yield quality_row(f"{first} → {then}, continued", continued, mixtures)


def shared(some: Study, other: Study) -> int:
    return len(set(some.mixture_ids) & set(other.mixture_ids))


def quality_row(name: str, study: Study, new: int) -> str:
    design = study.mixtures
    providers = design.shape[1]
    radii = nearest(any_mixtures(providers, 2000, 0), design)
    errors = [surface_error(design, seed) for seed in range(SURFACES)]
    return (
        f"| {name} | {len(design)} | {new} | {radii.max():.2f} | {radii.mean():.2f} "
        f"| {np.mean(errors):.4f} ± {np.std(errors) / np.sqrt(SURFACES):.4f} |"
    )


def any_mixtures(providers: int, count: int, seed: int) -> Floats:
    """Half of them uniform on the simplex, half of them near its faces."""
    stream = np.random.default_rng(seed)
    return np.vstack(
        [stream.dirichlet(np.full(providers, weight), count) for weight in (1.0, 1 / providers)]
    )


def nearest(mixtures: Floats, design: Floats) -> Floats:
    """Hellinger distance of each mixture to the design."""
    affinity = np.sqrt(mixtures) @ np.sqrt(design).T
    return np.asarray(np.sqrt(np.maximum(2 - 2 * affinity, 0.0)).min(axis=1))


def surface_error(design: Floats, seed: int) -> float:
    """Root mean square error of `gp`, fitted to noisy probes of a planted surface."""
    distance, metric = planted(design.shape[1], seed)
    stream = np.random.default_rng([seed, 1])
    values = metric(design) + stream.normal(0, NOISE, len(design))
    model = PREDICTORS["gp"]().fit(design, distance(design), values)
    points = any_mixtures(design.shape[1], 300, seed + 1)
    return float(np.sqrt(np.mean((model.predict(points, distance(points)) - metric(points)) ** 2)))


def planted(providers: int, seed: int) -> tuple[Callable[[Floats], Floats], ...]:
    """A distance, and a metric with diminishing returns and interactions of providers."""
    stream = np.random.default_rng(seed)
    quality, power = stream.uniform(0.2, 1, providers), stream.uniform(0.3, 0.8)
    together = 0.3 * stream.normal(size=(providers, providers))

    def metric(p: Floats) -> Floats:
        interactions = np.einsum("bi,ij,bj->b", p, together, p)
        return np.asarray(0.3 * (p**power @ quality) + 0.3 * interactions)

    return (lambda p: 1 - p @ quality), metric


def main() -> None:
    lines = [
        "# Providers that join and leave\n",
        "Written by `python -m benchmarks.provider_changes`. Probes at 2 scales with "
        f"{SEEDS} seeds; used: finished probes in the design, to train: probes it lacks.",
        "Before: the fresh design of the new providers; now: the design continued from the base.\n",
        "| design | providers | finished | that still apply | used before | to train before "
        "| used now | to train now |",
        "|---|---|---|---|---|---|---|---|",
        *costs(),
        "\nDefault designs. Radius: Hellinger distance of any mixture to the nearest trained one, "
        "largest and mean.",
        f"Error: of `gp` on {SURFACES} planted surfaces, noise {NOISE} a probe, one probe a "
        "mixture; ± standard error.\n",
        "| providers | mixtures | of them new | largest radius | mean radius | error |",
        "|---|---|---|---|---|---|",
        *quality(),
    ]
    text = "\n".join(lines) + "\n"
    (RESULTS / "provider_changes.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
