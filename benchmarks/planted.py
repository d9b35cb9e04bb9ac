"""Planted surfaces with a known optimum: regret of the selection, coverage of its intervals.

python -m benchmarks.planted

The metric at size N is `0.8 − ½·D(p) + 0.06·g(N)`; `D(p) = ‖M p − M p*‖²` is also the distance,
but for a smooth error, `M` is random (8, m), `p*` the optimum. `g` grows by 1 between the scales,
as `−N^−β` with β between 0 (linear in ln N) and ½, another one in each repetition. Noise falls as
N^−0.35. Writes `benchmarks/results/planted.md`.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from numpy.typing import NDArray

from projektor_ray.projection import Joint, LogLinear, ScaleModel
from projektor_ray.providers import Provider
from projektor_ray.selection import ProjectedObjective, select

Floats = NDArray[np.float64]

SCALES, SIZE = (250, 1000), 10_000
NOISE, GAIN = 0.01, 0.06
CASES = ((3, 12, 30), (10, 30, 20), (100, 100, 6))
"""Providers, mixtures trained once at each scale, repetitions."""
POINTS = 100.0


@dataclass(frozen=True)
class Surface:
    """A planted metric over m providers."""

    features: Floats
    optimum: Floats
    error: Floats
    exponent: float

    @staticmethod
    def random(providers: int, rng: np.random.Generator) -> "Surface":
        optimum = rng.dirichlet(np.full(providers, 0.5))
        error = rng.normal(size=providers) * 0.05
        features = rng.normal(size=(8, providers)) / 2
        return Surface(features, optimum, error, float(rng.uniform(0.01, 0.5)))

    def gap(self, mixtures: Floats) -> Floats:
        """`D(p)`, shape (B,)."""
        return np.asarray(np.sum(((mixtures - self.optimum) @ self.features.T) ** 2, axis=1))

    def truth(self, mixtures: Floats, size: float) -> Floats:
        before, last, at = (np.array([*SCALES, size]) / SCALES[-1]) ** -self.exponent
        grown = (last - at) / (before - last)
        return np.asarray(0.8 - 0.5 * self.gap(mixtures) + GAIN * grown)

    def distances(self, mixtures: Floats) -> SimpleNamespace:
        """The distance that is measured, and its gradient."""
        apart = (mixtures - self.optimum) @ self.features.T
        value = 0.3 + self.gap(mixtures) + mixtures**2 @ self.error
        return SimpleNamespace(
            value=value, gradient=2 * apart @ self.features + 2 * mixtures * self.error
        )


def one(kind: ScaleModel, providers: int, mixtures: int, seed: int) -> tuple[float, float, float]:
    """Regret in points, coverage and half-width in points of new trainings at the size to buy."""
    rng = np.random.default_rng([providers, seed])
    surface = Surface.random(providers, rng)
    design = rng.dirichlet(np.ones(providers) * (1 if providers < 10 else 0.3), size=mixtures)
    rows, sizes = np.tile(design, (2, 1)), np.repeat(SCALES, mixtures)
    noise = NOISE * (sizes / SCALES[-1]) ** -0.35 * rng.normal(size=len(rows))
    values = np.array([surface.truth(p[None], n)[0] for p, n in zip(rows, sizes, strict=True)])
    model = kind.fit(rows, surface.distances(rows).value, sizes, values + noise)
    objective = ProjectedObjective(model, SIZE, surface.distances)
    sellers = [Provider(f"{i:03}", None, 0.0) for i in range(providers)]
    plan = select(objective, sellers, SIZE, candidates=design, starts=16)
    regret = surface.truth(surface.optimum[None], SIZE) - surface.truth(plan.mixture[None], SIZE)
    new = rng.dirichlet(np.ones(providers), size=100)
    drawn = surface.truth(new, SIZE) + NOISE * (SIZE / SCALES[-1]) ** -0.35 * rng.normal(size=100)
    low, high = model.interval(new, surface.distances(new).value, SIZE).T
    covered = np.mean((low <= drawn) & (drawn <= high))
    return float(POINTS * regret[0]), float(covered), float(POINTS * np.mean(high - low) / 2)


def main() -> None:
    lines = [
        "# Planted surfaces\n",
        "Written by `python -m benchmarks.planted`: scales 250 and 1,000, purchase of 10,000,",
        "noise of one point at 1,000; 90 % intervals of new trainings at 10,000; in points.\n",
        "| providers | trainings | model | regret | coverage | half-width |",
        "|---|---|---|---|---|---|",
    ]
    for providers, mixtures, repetitions in CASES:
        for name, make in (("joint", Joint), ("cs + Eq. 3", LogLinear)):
            found = np.array([one(make(), providers, mixtures, s) for s in range(repetitions)])
            regret, covered, width = found.mean(axis=0)
            error = found[:, 0].std() / np.sqrt(repetitions)
            lines.append(
                f"| {providers} | 2 × {mixtures} | {name} | {regret:.2f} ± {error:.2f} "
                f"| {covered:.2f} | {width:.1f} |"
            )
            print(lines[-1], flush=True)
    text = "\n".join(lines) + "\n"
    (Path(__file__).parent / "results" / "planted.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    main()
