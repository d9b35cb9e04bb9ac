"""Images to look at are in a study's folder and on its page."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from jobs.study import run_study
from projektor_ray.data import Samples
from tests.helpers.job_studies import config, table

pytestmark = pytest.mark.ray

LEARNER = {"name": "tests.helpers.job_learners:nearest_mean", "input": "embedded"}


def test_images_to_look_at_are_in_the_folder_and_on_the_page(
    local_ray: None, tmp_path: Path
) -> None:
    features, labels = load_digits(return_X_y=True)
    images = (features.reshape(-1, 8, 8, 1) * 15).astype(np.uint8)
    order = np.random.default_rng(0).permutation(len(images))
    images, labels = images[order], labels[order].astype(np.int64)
    labels[500:530] = (labels[500:530] + 1) % 10
    pilots = {
        name: Samples(images[rows], labels[rows])
        for name, rows in (
            ("ada", np.r_[400:500]),
            ("bob", np.r_[500:600]),
            ("cyd", np.r_[600:700]),
        )
    }
    asked = config(providers=[{"name": name} for name in pilots], validation=None, learner=LEARNER)
    validation = Samples(images[:400], labels[:400])
    run_study(asked, str(tmp_path), arrays=pilots, validation=validation)

    rows = table(tmp_path, "thumbnails").to_pylist()
    values = {
        (row["provider"], row["sample"]): row["value"]
        for row in table(tmp_path, "values").to_pylist()
    }
    for row in rows:
        pilot, sample = pilots[row["provider"]], row["sample"]
        shown = np.asarray(Image.open(io.BytesIO(row["image"])))
        np.testing.assert_array_equal(shown, pilot.inputs[sample, ..., 0])
        assert row["label"] == str(pilot.labels[sample])  # type: ignore[index]
        assert row["value"] == values[row["provider"], sample]
    for name in pilots:
        worst = [
            row["value"]
            for row in rows
            if row["provider"] == name and row["kind"] == "least valuable"
        ]
        assert worst == sorted(value for (of, _), value in values.items() if of == name)[:6]
    suspected = [row for row in rows if row["provider"] == "bob" and row["suggested"] is not None]
    assert len(suspected) == 6
    assert np.mean([row["sample"] < 30 for row in suspected]) >= 5 / 6
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert page.count('<img src="data:image/png;base64,') == len(rows)

    (tmp_path / "thumbnails.parquet").unlink()  # as in folders of earlier versions
    (tmp_path / "report.html").unlink()
    run_study(asked, str(tmp_path), arrays=pilots, validation=validation)
    assert "<img" not in (tmp_path / "report.html").read_text(encoding="utf-8")
