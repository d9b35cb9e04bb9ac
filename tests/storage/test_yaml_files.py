"""Study files that are broken, huge or hostile: one clear error each, at once."""

import os
from pathlib import Path

import pytest
import yaml

from projektor_ray.errors import InputError
from projektor_ray.storage import yaml_files
from projektor_ray.storage.yaml_files import read_yaml
from projektor_ray.study import read_study

STUDY = """\
name: demo
providers:
  - {name: ada, source: {sklearn: iris}, capacity: 50, price: 2}
  - {name: bob, source: {sklearn: iris}}
validation: {sklearn: iris}
learner: {name: sklearn.naive_bayes.GaussianNB}
probes: {scales: [10, 40], seeds: 2}
selection: {size: 60}
"""
BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join(['*' + old] * 10)}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


def edited(old: str, new: str) -> str:
    assert old in STUDY
    return STUDY.replace(old, new)


HOSTILE: dict[str, str | bytes] = {
    "alias bomb": BOMB,
    "alias bomb in a field": STUDY + "projection_sizes: *i\n" + BOMB,
    "merge bomb": "a: &a {k: v}\n" + "b: &b {<<: [" + ", ".join(["*a"] * 600_000) + "]}\n",
    "list within itself": "name: &a [*a]\n",
    "mapping within itself": "&a {name: *a}\n",
    "unknown alias": "name: *nothing\n",
    "nested lists": "[" * 100_000,
    "nested mappings": "{a: " * 5_000,
    "nested by indentation": "\n".join(" " * i + "a:" for i in range(2_000)),
    "bad date": edited("name: demo", "name: !!timestamp 2024-13-45"),
    "month 99 as a size": edited("size: 60", "size: 2024-99-99"),
    "5,000 digits": edited("size: 60", "size: " + "9" * 5_000),
    "5,000 digits in a list": edited("[10, 40]", f"[10, {'9' * 5_000}]"),
    "5,000 digits as seeds": edited("seeds: 2", "seeds: " + "1" * 5_000),
    "hexadecimal of 9,000 digits": edited("size: 60", "size: 0x" + "F" * 9_000),
    "2^63 as a size": edited("size: 60", f"size: {2**63}"),
    "2^63 as a capacity": edited("capacity: 50", f"capacity: {2**63}"),
    "2^64 as a price": edited("price: 2", f"price: {2**64}"),
    "-2^70 as a seed": edited("seeds: 2", f"seeds: [{-(2**70)}]"),
    "10^12 seeds": edited("seeds: 2", "seeds: 1000000000000"),
    "10^13 samples": edited("size: 60", "size: 10000000000000"),
    "a scale of 10^15": edited("[10, 40]", "[10, 1000000000000000]"),
    "10^9 mixtures": edited("seeds: 2", "design: sobol, n_mixtures: 1000000000"),
    "10^9 levels": edited("seeds: 2", "lattice: 1000000000"),
    "10^9 restarts": edited("size: 60", "size: 60, restarts: 1000000000"),
    "a price of 1e300": edited("price: 2", "price: 1e300"),
    "a price that is infinite": edited("price: 2", "price: .inf"),
    "a price that is no number": edited("price: 2", "price: .nan"),
    "an exponent of 400": edited("price: 2", "price: 1.0e+400"),
    "a budget of 1e300": edited("size: 60", "size: 60, budget: 1.0e+300"),
    "a key twice": STUDY + "name: again\n",
    "a key twice inside": edited("size: 60", "size: 60, size: 70"),
    "a provider's key twice": edited("price: 2", "price: 2, price: 0"),
    "a name that is a path": edited("name: demo", "name: ../../../x"),
    "a name that is absolute": edited("name: demo", "name: /tmp/x"),
    "a name of dots": edited("name: demo", "name: '..'"),
    "a name with a line break": edited("name: demo", 'name: "a\\nb"'),
    "a name of 5,000 letters": edited("name: demo", f"name: {'x' * 5_000}"),
    "a provider of control characters": edited("name: ada", 'name: "\\e[31mada"'),
    "a provider of 5,000 letters": edited("name: ada", f"name: {'x' * 5_000}"),
    "a set that is a path": edited("validation:", "validations: {../x: {sklearn: iris}}\nmetric:"),
    "no mapping": "- a\n- b\n",
    "a number": "42\n",
    "nothing": "",
    "comments": "# nothing\n",
    "two documents": "name: a\n---\nname: b\n",
    "a key that is a list": "? [a, b]\n: c\n",
    "a key that is a number": "1: 2\n",
    "a key that is nothing": "~: 2\n",
    "a Python object": "name: !!python/object/apply:os.system ['true']\n",
    "an unknown tag": "name: !secret x\n",
    "broken binary": "name: !!binary '%%%'\n",
    "a float that is text": "name: !!float abc\n",
    "tabs": "name:\n\t- a\n",
    "an open quote": 'name: "abc\n',
    "NUL": b"name: a\x00b\n",
    "Latin-1": "name: Käse\n".encode("latin-1"),
    "UTF-16": "name: demo\n".encode("utf-16"),
    "Parquet": b"PAR1\x00\x01\x02",
    "a lone surrogate": b"name: \xed\xa0\x80\n",
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_gets_one_short_error(content: str | bytes, tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputError) as failure:
        read_study(path)
    lines = str(failure.value).splitlines()
    assert len(lines) <= 8
    assert all(len(line) < 500 for line in lines)


def test_the_study_that_they_are_made_from_is_read(tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(STUDY)
    assert read_study(path).selection.size == 60
    anchors = STUDY.replace("{sklearn: iris}, capacity", "&iris {sklearn: iris}, capacity")
    path.write_text(anchors.replace("validation: {sklearn: iris}", "validation: {<<: *iris}"))
    assert read_study(path).validation == read_study(path).providers[0].source
    path.write_text(STUDY.replace("name: demo", "name: 2024-01-31"))
    assert read_study(path).name == "2024-01-31", "a date is a text"


def test_no_fifo_is_waited_for_and_no_device_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for path in (tmp_path / "fifo", Path("/dev/zero"), tmp_path, tmp_path / "absent"):
        with pytest.raises(InputError, match=path.name):
            read_yaml(path)
    with pytest.raises(InputError, match="null"):
        read_yaml("a\x00null")


def test_a_file_of_many_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_files, "MOST_BYTES", 100)
    path = tmp_path / "study.yaml"
    path.write_text("a: " + "x" * 200)
    with pytest.raises(InputError, match="at most 100 bytes; got 203"):
        read_yaml(path)


def test_it_reads_what_pyyaml_reads(tmp_path: Path) -> None:
    root = Path(__file__).parents[2] / "examples"
    for path in root.glob("*.yaml"):
        assert read_yaml(path) == yaml.safe_load(path.read_text())
