"""Whether pilots and validation sets mean the same: features by name, and labels."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from projektor_ray.errors import InputError, listed
from projektor_ray.study.validation_sets import SetSummary

SHOWN = 5


def check_features(pilots: Sequence[SetSummary], validations: Sequence[SetSummary]) -> None:
    """Refuse features that are not, by name and in order, those of the first validation set.

    Sets whose features have no names are compared with nothing.

    Raises
    ------
    InputError
        Names the pilot or validation set, and what differs.
    """
    first, *further = validations
    called = [(f"provider {one.name!r}", one) for one in pilots]
    called += [(f"the {one.called}", one) for one in further]
    for whose, one in called:
        names = one.feature_names
        if names and first.feature_names and names != first.feature_names:
            raise InputError(_other_features(whose, one, f"the {first.called}", first))


def _other_features(whose: str, one: SetSummary, of: str, first: SetSummary) -> str:
    expected, came = first.feature_names, one.feature_names
    lists = f"expected {_quoted(expected)}; got {_quoted(came)}"
    if sorted(came) == sorted(expected):
        place = next(i for i, name in enumerate(expected) if came[i] != name)
        return (
            f"{whose} has the features of {of} in another order, and features are matched by "
            f"their place: {lists}. The first that differs is feature {place + 1}, "
            f"{expected[place]!r} in {of}, {came[place]!r} here. List them in one order under "
            "`features` of both sources"
        )
    known, own = set(expected), set(came)
    lacks = [name for name in expected if name not in own]
    extra = [name for name in came if name not in known]
    differ = [f"lacks {_quoted(lacks)}{_unused(one, lacks)}"] if lacks else []
    differ += [f"has {_quoted(extra)}, which {of} has not"] if extra else []
    return (
        f"{whose} has other features than {of}: {lists}. It {' and '.join(differ)}"
        f"{_alike(extra, lacks)}. Rename the columns, or choose the same ones in one order under "
        "`features` of both sources"
    )


def _unused(one: SetSummary, names: Sequence[str]) -> str:
    """Which of the names a set has as columns, and why they are no features."""
    left_out = {column.name: column.reason for column in one.reading.left_out}
    why = [f"{name!r}: {left_out[name]}" for name in names if name in left_out]
    return f" (left out as {', '.join(why[:SHOWN])})" if why else ""


def check_labels(pilots: Sequence[SetSummary], validations: Sequence[SetSummary]) -> None:
    """Refuse a pilot that numbers its classes otherwise, or has none that a validation set has.

    Raises
    ------
    InputError
        Names the provider, and the labels of both.
    """
    known = _labels(validations)
    _check_names_of_numbers([*validations, *pilots])
    for pilot in pilots:
        _check_numbering(pilot, known)
        foreign = _foreign(pilot, known)
        if foreign and len(foreign) == len(pilot.classes):
            raise InputError(
                f"provider {pilot.name!r} has no label in common with validation: expected "
                f"{_quoted(known.values())}; got {_quoted(foreign)}"
                f"{_alike(foreign, known.values())}. Give equal classes equal labels, or drop the "
                "provider"
            )


def _check_numbering(pilot: SetSummary, known: dict[int, str]) -> None:
    """Refuse arrays whose class of one number has another name; sources are numbered alike."""
    for number, label in zip(pilot.classes, pilot.labels, strict=True):
        other = known.get(number, label)
        if label != other and str(number) not in (label, other):
            raise InputError(
                f"provider {pilot.name!r} has numbered its classes without validation's names: "
                f"expected {other!r} as class {number}; got {label!r}. Make its samples with "
                "schema=validation.schema"
            )


def _check_names_of_numbers(sets: Sequence[SetSummary]) -> None:
    """Refuse sets whose files give one number different names, where numbers are compared."""
    named = [one for one in sets if any(n.kind == "compared by number" for n in one.reading.notes)]
    for one in named[1:]:
        for number, names in enumerate(
            zip(named[0].reading.class_names, one.reading.class_names, strict=False)
        ):
            if names[0] != names[1]:
                raise InputError(
                    f"{named[0].name!r} and {one.name!r} have numbers as labels, which their files "
                    f"name differently: {number} is {names[0]!r} in the first, {names[1]!r} in the "
                    "second. Give the validation set class names, so that classes are compared by "
                    "name"
                )


@dataclass(frozen=True)
class ForeignLabels:
    """Labels of one provider that no validation set has.

    Attributes
    ----------
    provider : its name.
    classes : how many labels the provider has.
    foreign : those of them that no validation set has.
    known : the labels of all validation sets.
    """

    provider: str
    classes: int
    foreign: tuple[str, ...]
    known: tuple[str, ...]

    @property
    def alike(self) -> list[tuple[str, str]]:
        """Foreign labels that differ from a known one by case or spaces only, with that one."""
        return _alike_pairs(self.foreign, self.known)


def foreign_labels(
    pilots: Sequence[SetSummary], validations: Sequence[SetSummary]
) -> list[ForeignLabels]:
    """The labels that no validation set has, of each provider with any."""
    known = _labels(validations)
    each = [
        ForeignLabels(pilot.name, len(pilot.classes), _foreign(pilot, known), tuple(known.values()))
        for pilot in pilots
    ]
    return [one for one in each if one.foreign]


def _labels(validations: Sequence[SetSummary]) -> dict[int, str]:
    """The classes of all validation sets, by number."""
    pairs = [zip(one.classes, one.labels, strict=True) for one in validations]
    return dict(sorted(pair for each in pairs for pair in each))


def _foreign(pilot: SetSummary, known: dict[int, str]) -> tuple[str, ...]:
    pairs = zip(pilot.classes, pilot.labels, strict=True)
    return tuple(sorted(label for number, label in pairs if number not in known))


def _quoted(names: Iterable[str]) -> str:
    return listed([*map(repr, names)], SHOWN)


def _alike(names: Iterable[str], known: Iterable[str]) -> str:
    """Which of the names are known but for case or spaces, in brackets."""
    texts = [f"{name!r} is {other!r}" for name, other in _alike_pairs(names, known)[:SHOWN]]
    return f" ({', '.join(texts)} but for case or spaces)" if texts else ""


def _alike_pairs(names: Iterable[str], known: Iterable[str]) -> list[tuple[str, str]]:
    plain = {_plain(name): name for name in known}
    return [(name, plain[_plain(name)]) for name in names if _plain(name) in plain]


def _plain(name: str) -> str:
    return "".join(name.split()).casefold()
