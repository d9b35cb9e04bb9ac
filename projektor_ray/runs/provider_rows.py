"""Whether the rows of a table, such as of offers or of classes, are of the mixtures' providers."""

from collections.abc import Sequence

from projektor_ray.errors import InputError, listed


def check_provider_rows(
    rows: Sequence[str], names: Sequence[str], table: str, *, once: bool = False
) -> None:
    """Refuse a provider without a row, and a row of no provider.

    Parameters
    ----------
    rows : the provider of each row.
    names : of the mixtures' providers.
    table : what the error calls the table.
    once : whether several rows of one provider are refused, too.

    Raises
    ------
    InputError
        Names all of them.
    """
    absent = [name for name in names if name not in rows]
    odd = [name for name in rows if name not in names]
    twice = [name for name in names if rows.count(name) > 1] if once else []
    sentences = [
        f"no row for {listed(absent)}" if absent else "",
        f"no mixture has shares of {listed(odd)}" if odd else "",
        f"several rows for {listed(twice)}" if twice else "",
    ]
    if any(sentences):
        raise InputError(
            f"{table} needs {'one row' if once else 'a row'} for each provider of the mixtures; "
            f"{'; '.join(filter(None, sentences))}. The mixtures' providers are {listed(names)}"
        )
