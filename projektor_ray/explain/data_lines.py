"""What was read of each provider's pilot and each validation set, a line for each."""

from collections.abc import Sequence

from projektor_ray.data import LeftOut
from projektor_ray.errors import listed
from projektor_ray.explain.facts import Fact, fact
from projektor_ray.explain.formatting import count
from projektor_ray.explain.reading_notes import note_text
from projektor_ray.study.compatibility import ForeignLabels
from projektor_ray.study.validation_sets import UNNAMED, SetSummary

SHOWN = 8
MOST_LINES = 20
LABEL_RULES = {
    "named": "named in the study",
    "as validation": "called as in the validation set",
    "only candidate": "found by its name",
    "guessed": "guessed: another column could be the label too, see what is left out",
}
REASONS = {
    "index": "an index",
    "identifier": "an identifier: all its whole numbers differ",
    "second label": "looks like a second label",
    "copy of label": "one value for each label",
    "not numeric": "not numeric",
    "other input": "another column holds the features",
    "not in validation": "not a feature of the validation set",
    "not listed": "not listed under `features`",
}


def data_facts(validations: Sequence[SetSummary], pilots: Sequence[SetSummary]) -> tuple[Fact, ...]:
    """What was read of each set; a pilot's columns in full where they are not validation's."""
    first = validations[0]
    return (
        *(data_fact(one) for one in validations),
        *(data_fact(one, first) for one in pilots),
    )


def data_parts(validations: Sequence[SetSummary], pilots: Sequence[SetSummary]) -> list[str]:
    """The lines of `data_facts` for a page: those in which something was guessed or left out first,
    and at most 20.
    """
    facts = sorted(
        data_facts(validations, pilots),
        key=lambda one: not (one.values["notes"] or one.values["left_out"]),
    )
    more = len(facts) - MOST_LINES
    return [str(one) for one in facts[:MOST_LINES]] + ([f"and {more:,} more"] if more > 0 else [])


def data_fact(one: SetSummary, first: SetSummary | None = None) -> Fact:
    """What was read of a pilot or a validation set.

    Parameters
    ----------
    first : the validation set that a pilot is compared with.
    """
    reading = one.reading
    parts = [count(one.size, "sample"), *_columns(one, first), *_classes(one)]
    if reading.left_out:
        parts.append(f"left out: {_left_out(reading.left_out)}")
    parts += [note_text(note) for note in reading.notes]
    return fact(
        "data_read",
        f"{one.name}: {' · '.join(parts)}",
        name=one.name,
        samples=one.size,
        input_shape=list(one.input_shape),
        features=list(one.feature_names),
        label=reading.label,
        label_rule=reading.label_rule,
        target=one.target,
        classes=dict(zip(one.labels, one.counts, strict=True)),
        left_out={each.name: each.reason for each in reading.left_out},
        notes=[{"kind": n.kind, "count": n.count, "detail": n.detail} for n in reading.notes],
    )


def guessed_labels(sets: Sequence[SetSummary]) -> list[Fact]:
    """A hint for each label column that was chosen among several."""
    return [
        fact(
            "guessed_label",
            f"The label of {_whose(one)} is the column {one.reading.label!r}, although "
            f"{listed([repr(name) for name in others], SHOWN)} could be the label too. Set "
            f"`label: {one.reading.label}` in the source, or once under `defaults`, to confirm.",
            name=one.name,
            label=one.reading.label,
            others=others,
        )
        for one in sets
        if one.reading.label_rule == "guessed"
        for others in [[e.name for e in one.reading.left_out if e.reason == "second label"]]
    ]


def foreign_label_facts(labels: Sequence[ForeignLabels]) -> list[Fact]:
    """A fact for each provider with labels that no validation set has."""
    return [
        fact(
            "foreign_labels",
            _foreign_labels(one),
            provider=one.provider,
            foreign=one.foreign,
            known=one.known,
        )
        for one in labels
    ]


def _foreign_labels(one: ForeignLabels) -> str:
    alike = [f"{name!r} differs from {other!r} by case or spaces only" for name, other in one.alike]
    return (
        f"{len(one.foreign)} of {count(one.classes, 'label')} of {one.provider} are in no "
        f"validation set: {listed([*map(repr, one.foreign)], SHOWN)}. The validation sets have "
        f"{listed([*map(repr, one.known)], SHOWN)}. "
        + (f"{'; '.join(alike[:SHOWN])}. " if alike else "")
        + "Correct misspelt labels. Samples with other labels are used for training, at the "
        "largest label distance."
    )


def _whose(one: SetSummary) -> str:
    return "the validation set" if one.name == UNNAMED else repr(one.name)


def _columns(one: SetSummary, first: SetSummary | None) -> list[str]:
    """The features and the label; in short where a named validation set has the same."""
    if (
        first is not None
        and one.feature_names
        and one.feature_names == first.feature_names
        and one.reading.label == first.reading.label
        and one.reading.label_rule in ("named", "as validation", first.reading.label_rule)
    ):
        return ["features and label as in validation"]
    return [_features(one), *_label(one)]


def _features(one: SetSummary) -> str:
    if len(one.input_shape) == 3:
        height, width, channels = one.input_shape
        return f"images of {width}×{height}, {count(channels, 'channel')}"
    features = count(one.input_shape[0], "feature")
    if one.feature_names:
        return f"{features}: {listed(one.feature_names, SHOWN)}"
    if one.reading.inputs:
        return f"{features} from {one.reading.inputs[0]!r}"
    return features


def _label(one: SetSummary) -> list[str]:
    rule = one.reading.label_rule
    if rule == "by folder":
        return ["label: the folder's name"]
    if not one.reading.label:
        return [] if one.target != "none" else ["no labels"]
    return [f"label: {one.reading.label} ({LABEL_RULES[rule]})"]


def _classes(one: SetSummary) -> list[str]:
    if one.target == "regression":
        return ["regression target"]
    if not one.classes:
        return []
    each = [f"{name}: {number:,}" for name, number in zip(one.labels, one.counts, strict=True)]
    return [f"{count(len(one.classes), 'class', 'classes')}: {listed(each, SHOWN)}"]


def _left_out(columns: Sequence[LeftOut]) -> str:
    reasons = list(dict.fromkeys(column.reason for column in columns))
    names = {
        reason: [
            column.name or "a column without a name"
            for column in columns
            if column.reason == reason
        ]
        for reason in reasons
    }
    return "; ".join(f"{listed(names[r], SHOWN)} ({REASONS[r]})" for r in reasons)
