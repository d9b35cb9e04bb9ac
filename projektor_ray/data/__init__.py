"""How samples get in: readers of tables, arrays and images, labels, views, embedders.

`read_source` reads what a study's file names, `samples_from_arrays` and `samples_from_frame` what
is in memory, `read_table` any table; `build_embedder` turns samples into features. Nothing here
imports torch before an embedder needs it.
"""

from projektor_ray.data.arrays import samples_from_arrays, samples_from_frame
from projektor_ray.data.embedder_config import EmbedderConfig
from projektor_ray.data.embedders import Embedder, build_embedder, embedder_identity
from projektor_ray.data.labels import class_number
from projektor_ray.data.samples import Samples, SampleSchema, Target
from projektor_ray.data.source_config import SourceConfig, SourceDefaults
from projektor_ray.data.source_reading import LeftOut, Note, SourceReading
from projektor_ray.data.sources import read_source
from projektor_ray.data.tables import read_table
from projektor_ray.data.uploads import read_upload

__all__ = [
    "Embedder",
    "EmbedderConfig",
    "LeftOut",
    "Note",
    "SampleSchema",
    "Samples",
    "SourceConfig",
    "SourceDefaults",
    "SourceReading",
    "Target",
    "build_embedder",
    "class_number",
    "embedder_identity",
    "read_source",
    "read_table",
    "read_upload",
    "samples_from_arrays",
    "samples_from_frame",
]
