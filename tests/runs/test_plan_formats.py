"""Each trainer's own rule reads what is written: sums, counts, no zero share, names."""

import json
import shlex
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from projektor_ray.errors import InputError
from projektor_ray.runs.plan_formats import PLAN_FORMATS, plan_text
from projektor_ray.runs.purchase_order import OrderLine, PurchaseOrder

ORDER = PurchaseOrder(
    (
        OrderLine("web", 1200, 12.0, 4000),
        OrderLine("code: python", 799, 0.0, 799),
        OrderLine("books", 1, 0.5, 300),
    )
)


def read(name: str, order: PurchaseOrder = ORDER) -> Any:
    text = plan_text(order, name)
    return json.loads(text) if text.startswith("{") else yaml.safe_load(text)


def blend_of(parts: list[str]) -> tuple[list[str], list[float]]:
    """Megatron-LM's `get_blend_from_list`, and what its `BlendedDataset` asserts of the weights."""
    assert len(parts) % 2 == 0
    weights = [float(weight) for weight in parts[::2]]
    assert all(weight > 0 for weight in weights)
    return [prefix.strip() for prefix in parts[1::2]], (np.array(weights) / sum(weights)).tolist()


def test_hugging_face_interleaves_with_these_probabilities() -> None:
    datasets = pytest.importorskip("datasets")
    written = read("huggingface")
    assert abs(sum(written["probabilities"]) - 1) < 1e-8  # what Generator.choice asserts
    sources = [
        datasets.Dataset.from_dict({"source": [name] * 5000}) for name in written["datasets"]
    ]
    mixed = datasets.interleave_datasets(
        sources,
        probabilities=written["probabilities"],
        stopping_strategy=written["stopping_strategy"],
        seed=0,
    )
    assert np.mean([one == "web" for one in mixed["source"]]) == pytest.approx(0.6, abs=0.02)


def test_streams_of_mosaicml_choose_whole_samples_that_add_up() -> None:
    streams = read("mosaicml")["streams"]
    assert [set(stream) for stream in streams.values()] == [{"choose"}] * 3
    assert sum(stream["choose"] for stream in streams.values()) == 2000
    assert all(isinstance(stream["choose"], int) for stream in streams.values())


def test_blends_of_megatron() -> None:
    split = read("megatron-json")
    for parts in (shlex.split(plan_text(ORDER, "megatron")), split["train"]):
        prefixes, weights = blend_of(parts)
        assert prefixes == ["web", "code: python", "books"]
        np.testing.assert_allclose(weights, [0.6, 0.3995, 0.0005], rtol=1e-12)
    assert set(split) == {"train", "valid", "test"}


def test_sources_of_olmo_core() -> None:
    sources = read("olmo-core")["sources"]
    assert all(0 < source["target_ratio"] <= 1 for source in sources)
    assert np.allclose(sum(source["target_ratio"] for source in sources), 1.0)
    assert [source["source_name"] for source in sources] == list(ORDER.shares)


def test_weights_of_levanter_and_regmix() -> None:
    assert read("levanter")["data"]["train_weights"] == ORDER.shares
    train = read("regmix")["train"]
    assert list(train) == ["train_web", "train_code: python", "train_books"]
    assert sum(train.values()) == pytest.approx(1)
    prefixed = PurchaseOrder((OrderLine("train_the_pile_arxiv", 5, 0.0, None),))
    assert read("regmix", prefixed)["train"] == {"train_the_pile_arxiv": 1.0}


def test_axolotl_keeps_as_many_samples_as_were_bought() -> None:
    """It keeps int(weight × size) of each data set, with a weight above 0 and up to 1."""
    for dataset, line in zip(read("axolotl")["datasets"], ORDER.lines, strict=True):
        assert 0 < dataset["weight"] <= 1
        assert int(dataset["weight"] * (line.available or 0)) == line.samples
    with pytest.raises(InputError, match=r"'web'.*--capacity"):
        plan_text(PurchaseOrder((OrderLine("web", 5, 0.0, None),)), "axolotl")


def test_axolotl_s_file_says_of_which_samples_a_weight_is() -> None:
    note = plan_text(ORDER, "axolotl").partition("datasets:")[0]
    assert all(line.startswith("# ") for line in note.splitlines())
    assert "everything that the provider sells" in note
    assert "write weight: 1" in note


@given(st.integers(1, 10**9), st.integers(0, 10**9))
def test_axolotl_loses_no_sample_to_rounding(samples: int, more: int) -> None:
    order = PurchaseOrder((OrderLine("web", samples, 0.0, samples + more),))
    weight = read("axolotl", order)["datasets"][0]["weight"]
    assert weight <= 1
    assert int(weight * (samples + more)) == samples


def test_llama_factory_divides_names_and_probabilities_by_commas() -> None:
    written = read("llama-factory")
    names = [name.strip() for name in written["dataset"].split(",")]
    probabilities = [float(part) for part in written["interleave_probs"].split(",")]
    assert dict(zip(names, probabilities, strict=True)) == ORDER.shares
    assert written["mix_strategy"].startswith("interleave")
    with pytest.raises(InputError, match="web, en"):
        plan_text(PurchaseOrder((OrderLine("web, en", 5, 0.0, None),)), "llama-factory")


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(InputError, match="did you mean 'levanter'"):
        plan_text(ORDER, "levantar")


NAMES = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=12)


@given(
    st.dictionaries(
        NAMES.filter(lambda name: name.strip() == name and "," not in name),
        st.integers(1, 10**12),
        min_size=1,
        max_size=6,
    ),
    st.sampled_from(sorted(PLAN_FORMATS)),
)
def test_every_name_and_share_survives_every_format(bought: dict[str, int], name: str) -> None:
    order = PurchaseOrder(tuple(OrderLine(key, n, 0.0, n) for key, n in bought.items()))
    if name == "megatron":
        prefixes, weights = blend_of(shlex.split(plan_text(order, name)))
        assert len(prefixes) == len(bought)
        np.testing.assert_allclose(weights, list(order.shares.values()))
        return
    content = read(name, order)
    texts = json.dumps(content, ensure_ascii=False)
    for key in bought:
        assert json.dumps(key, ensure_ascii=False)[1:-1] in texts
