"""How a file was read, where the file itself does not say it, in words."""

from projektor_ray.data import Note
from projektor_ray.explain.formatting import count


def note_text(note: Note) -> str:
    """A note of a reading in words."""
    images = count(note.count, "image")
    return {
        "alike classes": f"classes that differ by case or spaces only: {note.detail}",
        "alpha": f"{images} with transparency, laid on white",
        "animated": f"{count(note.count, 'animated image')}: the first frame is used",
        "channels first": "channels moved from the second place to the last",
        "class positions": "labels are numbers: taken as positions in the validation set's class "
        f"names ({note.detail})",
        "compared by number": f"the file's class names ({note.detail}) are not used: the "
        "validation set has numbers",
        "decimal comma": "decimal commas",
        "deep": f"{images} of 16 bits, divided by 257",
        "empty parts": f"{count(note.count, 'empty part')} left out",
        "encoding": f"encoding: {note.detail}",
        "escaped quotes": 'quotes written as \\"',
        "files left out": f"{count(note.count, 'file')} not read ({note.detail})",
        "float images": f"{images} of real numbers from 0 to 1, multiplied by 255",
        "mixed cells": f"texts among the numbers of {note.detail}: {count(note.count, 'cell')}",
        "resized": f"{images} resized to {note.detail}",
        "rotated": f"{images} turned upright",
        "separator": f"columns separated by {note.detail}",
        "sheets left out": f"{count(note.count, 'sheet')} not read ({note.detail})",
    }[note.kind]
