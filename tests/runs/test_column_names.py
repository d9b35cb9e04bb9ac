"""Names alike but for case, spaces and the prefixes of tools; names of providers."""

import pytest

from projektor_ray.errors import InputError
from projektor_ray.runs.column_names import bare, find_name, provider_names, require


@pytest.mark.parametrize(
    ("name", "last"),
    [
        ("config/size", "size"),
        ("params_n", "n"),
        ("config.train.num_samples", "num_samples"),
        (" Train Size ", "train_size"),
        ("user_attrs_val_acc", "val_acc"),
        ("summary.val/accuracy", "accuracy"),
        ("numSamples", "num_samples"),
        ("cfg_size", "size"),
        ("General/num_samples", "num_samples"),
    ],
)
def test_the_last_part_of_a_name_without_prefixes(name: str, last: str) -> None:
    assert bare(name) == last


@pytest.mark.parametrize(
    ("columns", "providers"),
    [
        (["config/mixture/web", "config/mixture/code"], ("web", "code")),
        (["params_web", "params_code"], ("web", "code")),
        (["General/mixture/web", "General/mixture/code"], ("web", "code")),
        (["args.web", "args.code"], ("web", "code")),
        (["config.mix.web", "config.mix.code"], ("web", "code")),
        (["user_attrs_mix_web", "user_attrs_mix_code"], ("web", "code")),
        (["train_the_pile_arxiv", "train_the_pile_cc"], ("the_pile_arxiv", "the_pile_cc")),
        (["web_share", "code_share"], ("web", "code")),
        (["web (%)", "code (%)"], ("web", "code")),
        (["early_web", "early_code"], ("early_web", "early_code")),
        (["web.en", "web.de"], ("web.en", "web.de")),
        (["weight_1", "weight_2"], ("weight_1", "weight_2")),
        (["mix.size", "mix.web"], ("mix.size", "mix.web")),
    ],
)
def test_providers_lose_what_tools_add_to_all_of_them(
    columns: list[str], providers: tuple[str, ...]
) -> None:
    assert provider_names(columns) == providers


def test_a_name_is_found_by_its_words_and_by_its_last_part() -> None:
    names = ["Val Loss", "config.mix.web", "config.lr", "other.lr"]
    assert find_name("val_loss", names) == "Val Loss"
    assert find_name("web", names) == "config.mix.web"
    assert find_name("lr", names) is None
    with pytest.raises(InputError, match=r"did you mean 'config.lr'"):
        require("konfig.lr", names)
