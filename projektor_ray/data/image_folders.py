"""A folder of images by class, in torchvision's `ImageFolder` layout."""

import posixpath

from projektor_ray.data.data_splits import no_classes
from projektor_ray.data.images import IMAGE_ENDINGS, decode_images
from projektor_ray.data.origin import Index, Inputs, Origin
from projektor_ray.data.raw_labels import RawLabels
from projektor_ray.data.samples import ImageSize
from projektor_ray.data.source_reading import SourceReading
from projektor_ray.data.table_folders import left_out
from projektor_ray.errors import InputError, listed
from projektor_ray.storage.locations import Location

SHOWN = 5


def image_folder(location: Location) -> Origin:
    """Images as FOLDER/CLASS/…/IMAGE, whose labels are the classes.

    Raises
    ------
    InputError
        If there are no images in subfolders, or the subfolders are no classes: splits such as train
        and val, numbered parts, or folders such as images and labels.
    """
    every = location.inside
    inside = [name for name in every if name.lower().endswith(IMAGE_ENDINGS)]
    if not inside or not all("/" in name for name in inside):
        loose = [name for name in inside if "/" not in name]
        came = f"{loose[0]} outside of one" if loose else f"{len(every)} other files"
        raise InputError(
            f"{location.where}: expected tables, or images in one subfolder for each class; got "
            f"{came}"
        )
    classes = [name.split("/", 1)[0] for name in inside]
    if others := no_classes(inside):
        raise InputError(
            f"{location.where}: {listed(others, SHOWN)} are folders of a data set rather than "
            f"classes. Name one of them, for example {location.where.rstrip('/')}/{others[0]}"
        )

    def inputs(index: Index, image_size: ImageSize | None) -> Inputs:
        paths = [posixpath.join(location.path, inside[row]) for row in index]
        return decode_images([location.read(path) for path in paths], paths, image_size)

    notes = left_out([name for name in every if name not in set(inside)])
    labels = RawLabels.of_array(classes, location.where)
    reading = SourceReading("images", label_rule="by folder", notes=notes)
    return Origin(location.where, len(inside), labels, inputs, reading=reading)
