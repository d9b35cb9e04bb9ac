"""Which samples of each pilot a person should look at, and what is shown of each."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from projektor_ray.profiles.pilot_profile import PilotProfile
from projektor_ray.profiles.sample_values import SampleValues
from projektor_ray.storage.schemas import Row

PER_KIND = 6
"""Samples of a provider of each kind, at most."""
IN_ALL = 1200
"""Samples of all providers of each kind, about; each provider has one at least."""

Kind = Literal["least valuable", "suspected label"]


@dataclass(frozen=True)
class Thumbnail:
    """A sample that is an image, and why it is shown.

    Attributes
    ----------
    sample : position in the provider's pilot, counted from 0.
    label : as the provider gives it; None without labels.
    suggested : the class that the neighbours in validation vote for; None unless it is suspected.
    value : see `SampleValues`.
    image : PNG.
    """

    provider: str
    kind: Kind
    sample: int
    label: str | None
    suggested: str | None
    value: float
    image: bytes

    def to_row(self) -> Row:
        """A row of the table `thumbnails`."""
        return dict(vars(self))


@dataclass(frozen=True)
class Remarkable:
    """A sample to look at, see `Thumbnail`; `suggested` is the number of a class."""

    provider: int
    kind: Kind
    sample: int
    value: float
    suggested: int | None = None


def remarkable(pilots: Sequence[PilotProfile], values: Sequence[SampleValues]) -> list[Remarkable]:
    """The least valuable samples of each pilot, worst first, then those of suspected labels.

    Parameters
    ----------
    pilots, values : of every provider, in any order.
    """
    most = max(1, min(PER_KIND, IN_ALL // max(1, len(pilots))))
    by_provider = {one.provider: one for one in values}
    chosen = []
    for pilot in sorted(pilots, key=lambda pilot: pilot.provider):
        i, own = pilot.provider, by_provider[pilot.provider]
        chosen += [
            Remarkable(i, "least valuable", x, float(own.values[x]))
            for x in own.least_valuable(most)
        ]
        chosen += [
            Remarkable(
                i, "suspected label", one.sample, float(own.values[one.sample]), one.suggested
            )
            for one in pilot.suspects[:most]
        ]
    return chosen


def positions(chosen: Sequence[Remarkable], names: Sequence[str]) -> dict[str, list[int]]:
    """Where these samples are in the pilot of each provider, without repeats."""
    wanted: dict[str, set[int]] = defaultdict(set)
    for one in chosen:
        wanted[names[one.provider]].add(one.sample)
    return {name: sorted(of) for name, of in wanted.items()}


def thumbnails(
    chosen: Sequence[Remarkable],
    pictures: Mapping[str, Mapping[int, tuple[Any, bytes]]],
    names: Sequence[str],
    class_names: Sequence[str],
) -> list[Thumbnail]:
    """Of those samples that have a picture: label and PNG by provider and position."""
    shown = []
    for one in chosen:
        name = names[one.provider]
        if one.sample in pictures.get(name, {}):
            label, image = pictures[name][one.sample]
            given, suggested = (_label(each, class_names) for each in (label, one.suggested))
            shown.append(Thumbnail(name, one.kind, one.sample, given, suggested, one.value, image))
    return shown


def _label(label: Any, class_names: Sequence[str]) -> str | None:
    """The name of a class, or the number that a label is."""
    if label is None or not class_names:
        return None if label is None else f"{label:g}" if isinstance(label, float) else str(label)
    return class_names[label] if label < len(class_names) else "a class that validation lacks"
