"""Folders and files that are splits of one data set, such as train and val, and no classes."""

import posixpath
import re
from collections.abc import Sequence

SPLITS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev", "eval", "evaluation"), "val"),
    **dict.fromkeys(("test", "testing"), "test"),
}
"""Words of the name of a split, and which split each is."""
NUMBERED = re.compile(r"(fold|split|part|shard|chunk|batch)[-_ ]?\d+", re.IGNORECASE)
"""Names of parts of a data set that are numbered."""
CONTAINERS = (
    *("images", "image", "imgs", "img", "pictures", "photos", "jpegimages", "data", "dataset"),
    *("labels", "masks", "annotations"),
)
"""Names of folders that say nothing of what is in the images."""


def split_of(name: str) -> str:
    """The split that a folder or a file is by its first or last word; empty where it is none."""
    stem = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name.split(".")[0]).lower()
    words = re.findall(r"[a-z]+", stem)
    return next((SPLITS[word] for word in (*words[:1], *words[-1:]) if word in SPLITS), "")


def splits(paths: Sequence[str]) -> dict[str, str]:
    """The splits that paths are of, each with the first folder or file that says so.

    Parameters
    ----------
    paths : of files or folders, within one folder.
    """
    first: dict[str, str] = {}
    for path in paths:
        steps = path.split("/")
        for depth, step in enumerate(steps):
            if split := split_of(step):
                first.setdefault(split, "/".join(steps[: depth + 1]))
                break
    return first


def no_classes(paths: Sequence[str]) -> list[str]:
    """The folders of images by class that are no classes, but splits or parts; else empty.

    Parameters
    ----------
    paths : of images, within one folder; each in a subfolder.
    """
    top = sorted({path.split("/", 1)[0] for path in paths})
    if all(split_of(name) for name in top):
        return top
    several = splits(sorted({posixpath.dirname(path) for path in paths}))
    if len(several) > 1:
        return sorted(several.values())
    if len(top) > 1 and all(NUMBERED.fullmatch(name) for name in top):
        return top
    return top if all(name.lower() in CONTAINERS for name in top) else []
