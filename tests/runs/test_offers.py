"""Names of offers are those of the mixture's columns but for case, spaces and prefixes."""

from pathlib import Path

import pandas as pd
import pytest

from projektor_ray.errors import InputError
from projektor_ray.runs import Offers

NAMES = ["the clinic", "web, en", "code"]


def test_offers_name_columns_and_providers_in_their_own_way() -> None:
    table = pd.DataFrame(
        {
            " Provider": ["The Clinic ", "config/mixture/code", "Web,  en"],
            "PRICE": [0.5, 0.1, 0.2],
            "Minimum Order": [10, None, None],
        }
    )
    offers = Offers.read(table, NAMES)
    assert [(one.name, one.price) for one in offers.providers] == [
        *(("the clinic", 0.5), ("web, en", 0.2), ("code", 0.1)),
    ]
    assert offers.terms["the clinic"].minimum_order == 10


def test_changes_name_providers_in_their_own_way() -> None:
    offers = Offers.free(NAMES).changed({"CODE": 3.0}, required=["the_clinic"], excluded=["web en"])
    assert [one.price for one in offers.providers] == [0.0, 0.0, 3.0]
    assert offers.terms["the clinic"].required
    assert offers.terms["web, en"].excluded
    with pytest.raises(InputError, match="there is no provider 'kode'"):
        Offers.free(NAMES).changed({"kode": 1.0})


def test_a_provider_may_be_called_as_a_missing_cell_is_written(tmp_path: Path) -> None:
    path = tmp_path / "offers.csv"
    path.write_text("provider,price\na,1\nNA,2\n")
    offers = Offers.read(path, ["a", "NA"])
    assert [(one.name, one.price) for one in offers.providers] == [("a", 1.0), ("NA", 2.0)]
    path.write_text("provider,price\na,1\n,2\n")
    with pytest.raises(InputError, match="is empty in row 2"):
        Offers.read(path, ["a", "b"])


def test_a_provider_that_is_both_required_and_excluded_is_named() -> None:
    with pytest.raises(InputError, match="'code' cannot be both"):
        Offers.free(NAMES).changed(required=["CODE"], excluded=["code"])
