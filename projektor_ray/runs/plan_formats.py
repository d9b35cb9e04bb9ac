"""A purchase as the mixture that a trainer takes, each in the trainer's own unit and format.

Providers of which nothing is bought are left out: some trainers refuse a weight of 0, or never end
on it. Shares are of samples; a trainer that counts tokens gets shares of tokens if a sample of each
provider is as long, or if the plan's samples are tokens.
"""

import json
import math
import shlex
from collections.abc import Callable, Mapping
from typing import Any

import yaml

from projektor_ray.errors import InputError, nearest
from projektor_ray.runs.purchase_order import PurchaseOrder

REGMIX_PREFIX = "train_"
AXOLOTL_NOTE = """\
# weight: the part of each data set that axolotl keeps. It is the samples bought over the provider's
# capacity, so path must hold everything that the provider sells. If path holds only the samples
# that you bought, write weight: 1, or axolotl drops samples that you paid for.
"""


def plan_text(order: PurchaseOrder, name: str) -> str:
    """The order in the format of this name, one of `PLAN_FORMATS`.

    Raises
    ------
    InputError
        If there is no such format, or the order cannot be written in it.
    """
    if name not in PLAN_FORMATS:
        raise InputError(f"there is no format {name!r}; {nearest(name, PLAN_FORMATS)}")
    return PLAN_FORMATS[name](order)


def huggingface(order: PurchaseOrder) -> str:
    """Arguments of `datasets.interleave_datasets` as JSON: names, and probabilities that sum to 1.

    `probabilities` are those of drawing the next example from each data set. The stopping strategy
    ends where the first data set does, so that nothing is seen twice.
    """
    return _json(
        {
            "datasets": list(order.shares),
            "probabilities": list(order.shares.values()),
            "stopping_strategy": "first_exhausted",
        }
    )


def mosaicml(order: PurchaseOrder) -> str:
    """`streams` of a MosaicML `StreamingDataset` as YAML: `choose` samples of each an epoch.

    `remote` or `local` of each stream are to be added.
    """
    return _yaml({"streams": {line.provider: {"choose": line.samples} for line in order.lines}})


def megatron(order: PurchaseOrder) -> str:
    """Value of Megatron-LM's `--data-path`: weight and path prefix in turn.

    Weights are parts of the sequences; the names are to be replaced by the data's path prefixes.
    """
    pairs = [f"{share!r} {shlex.quote(name)}" for name, share in order.shares.items()]
    return " ".join(pairs) + "\n"


def megatron_json(order: PurchaseOrder) -> str:
    """File of Megatron-LM's `--per-split-data-args-path`: the blend of `train`, no other split."""
    blend = [part for name, share in order.shares.items() for part in (repr(share), name)]
    return _json({"train": blend, "valid": None, "test": None})


def olmo_core(order: PurchaseOrder) -> str:
    """`SourceMixtureList` of OLMo-core as YAML: sources with target ratios that sum to 1.

    Ratios are of tokens; the paths of each source are to be added.
    """
    sources = [
        {"source_name": name, "target_ratio": share, "paths": []}
        for name, share in order.shares.items()
    ]
    return _yaml({"sources": sources})


def levanter(order: PurchaseOrder) -> str:
    """`train_weights` of levanter's data configuration as YAML: weights of sequences, by name."""
    return _yaml({"data": {"train_weights": order.shares}})


def axolotl(order: PurchaseOrder) -> str:
    """`datasets` of axolotl as YAML: the `weight` of each is the part of its samples that is kept.

    It holds for a `path` with all samples for sale; a comment says to write 1 for a path with the
    samples that were bought.

    Raises
    ------
    InputError
        If a provider's number of samples for sale is not known, so that no part of it is.
    """
    datasets = []
    for line in order.lines:
        if line.available is None:
            raise InputError(
                f"axolotl keeps a part of each data set, and how many samples {line.provider!r} "
                "has is not known; give its capacity, on the command line by --capacity "
                "NAME=SAMPLES"
            )
        weight = line.samples / line.available
        if int(weight * line.available) < line.samples:  # which axolotl computes
            weight = math.nextafter(weight, 1.0)
        datasets.append({"path": line.provider, "weight": weight})
    return AXOLOTL_NOTE + _yaml({"datasets": datasets})


def llama_factory(order: PurchaseOrder) -> str:
    """`dataset` and `interleave_probs` of LLaMA-Factory as YAML; the probabilities sum to 1.

    Raises
    ------
    InputError
        If a name holds a comma, which divides names there.
    """
    for name in order.shares:
        if "," in name:
            raise InputError(
                f"LLaMA-Factory divides names by commas; {name!r} holds one. Rename the provider"
            )
    return _yaml(
        {
            "dataset": ",".join(order.shares),
            "mix_strategy": "interleave_under",
            "interleave_probs": ",".join(repr(share) for share in order.shares.values()),
        }
    )


def regmix(order: PurchaseOrder) -> str:
    """`train` of a RegMix configuration as YAML: weights by the prefix of the data's files."""
    weights = {
        name if name.startswith(REGMIX_PREFIX) else f"{REGMIX_PREFIX}{name}": share
        for name, share in order.shares.items()
    }
    return _yaml({"train": weights})


def _json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _yaml(content: Mapping[str, Any]) -> str:
    text: str = yaml.safe_dump(dict(content), sort_keys=False, allow_unicode=True, width=1000)
    return text


PLAN_FORMATS: dict[str, Callable[[PurchaseOrder], str]] = {
    "huggingface": huggingface,
    "mosaicml": mosaicml,
    "megatron": megatron,
    "megatron-json": megatron_json,
    "olmo-core": olmo_core,
    "levanter": levanter,
    "axolotl": axolotl,
    "llama-factory": llama_factory,
    "regmix": regmix,
}
