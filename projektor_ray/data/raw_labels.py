"""Labels as a source has them: numbers, texts, or numbers that the source names."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from projektor_ray.data.plain_columns import is_bytes, is_list, is_number, is_text, plain
from projektor_ray.errors import InputError, rows_named

NOT_LABELS = "expected labels that are whole numbers, real numbers or names"


@dataclass(frozen=True, eq=False)
class RawLabels:
    """Labels of all rows of a source, none of them missing.

    Attributes
    ----------
    values : (n,) integers, truth values or real numbers; of texts, their positions in `texts`.
    texts : the distinct texts, where labels are texts.
    names : names that the source gives to the classes 0, 1, …, where labels are numbers.
    """

    values: NDArray[Any]
    texts: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    @staticmethod
    def of_array(array: Any, where: str, names: tuple[str, ...] = ()) -> "RawLabels":
        """Labels of an array, a list or a pandas Series; shape (n,) or (n, 1).

        Raises
        ------
        InputError
            If labels are missing, of several kinds, or of another shape.
        """
        if hasattr(array, "detach"):  # a tensor of PyTorch's
            array = array.detach().cpu().numpy()
        if isinstance(array, np.ndarray):
            if array.ndim == 2 and array.shape[1] == 1:
                array = array[:, 0]
            if array.ndim != 1:
                raise InputError(
                    f"{where}: {NOT_LABELS}, one for each sample; got an array of shape "
                    f"{array.shape}. Of columns of 0 and 1, give the position of the 1"
                )
            array = _native(array, where)
        try:
            column = pa.array(array, from_pandas=True)
        except (pa.ArrowException, OverflowError, ValueError, TypeError) as failure:
            raise InputError(f"{where}: {NOT_LABELS}: {failure}") from None
        return RawLabels.of_column(column, where, names)

    @staticmethod
    def of_column(
        column: pa.Array | pa.ChunkedArray,
        where: str,
        names: tuple[str, ...] = (),
        *,
        is_upload: bool = False,
    ) -> "RawLabels":
        """Labels of an Arrow column.

        Parameters
        ----------
        is_upload : whether somebody sent it, who cannot do without labels.

        Raises
        ------
        InputError
            If labels are missing, or neither numbers nor texts.
        """
        if isinstance(column, pa.ChunkedArray):
            column = column.combine_chunks()
        column = plain(column)
        if is_list(column.type):
            lengths = pc.fill_null(pc.list_value_length(column), 0)
            if not pc.all(pc.equal(lengths, 1)).as_py():
                raise InputError(
                    f"{where}: {NOT_LABELS}; got lists. Of columns of 0 and 1, give the position "
                    "of the 1"
                )
            column = plain(column.flatten())
        if is_bytes(column.type):
            try:
                column = column.cast(pa.large_binary()).cast(pa.large_string())
            except pa.ArrowException:
                raise InputError(f"{where}: {NOT_LABELS}; got bytes that are no UTF-8") from None
        _check_none_missing(column, where, names, is_upload)
        if is_text(column.type):
            encoded = column.dictionary_encode()
            texts = tuple(encoded.dictionary.to_pylist())
            return RawLabels(np.asarray(encoded.indices, dtype=np.int64), texts)
        if not is_number(column.type):
            raise InputError(f"{where}: {NOT_LABELS}; got {column.type}")
        values = column.to_numpy(zero_copy_only=False)
        if values.dtype.kind == "u" and values.size and values.max() > np.iinfo(np.int64).max:
            raise InputError(f"{where}: labels must be below 2⁶³; got {values.max()}")
        if names and values.dtype.kind in "bui" and values.size and values.max() >= len(names):
            raise InputError(
                f"{where}: the file names {len(names)} classes, 0 to {len(names) - 1}, but a label "
                f"is {values.max()}"
            )
        return RawLabels(values, names=names if values.dtype.kind in "bui" else ())

    def __len__(self) -> int:
        return len(self.values)


def _check_none_missing(
    column: pa.Array, where: str, names: tuple[str, ...], is_upload: bool
) -> None:
    """Refuse nulls, NaN, texts without letters, and −1 where the file names the classes."""
    missing = column.is_null(nan_is_null=True)
    if is_text(column.type):
        missing = pc.or_kleene(missing, pc.equal(pc.utf8_trim_whitespace(column), ""))
    if names and pa.types.is_signed_integer(column.type):
        missing = pc.or_kleene(missing, pc.less(column, 0))
    rows = np.flatnonzero(pc.fill_null(missing, True).to_numpy(zero_copy_only=False))
    if rows.size:
        raise InputError(
            f"{where}: {rows.size} of {len(column)} labels are missing, in {rows_named(rows)}; "
            f"drop these rows{'' if is_upload else ', or set target: none'}. A class that is "
            "called NA must be quoted in a CSV file"
        )


def _native(array: NDArray[Any], where: str) -> NDArray[Any]:
    """The array in the machine's byte order, without types that Arrow lacks."""
    if array.dtype.kind not in "biufUSO":
        raise InputError(f"{where}: {NOT_LABELS}; got {array.dtype}")
    if array.dtype.kind == "f" and array.dtype.itemsize > 8:
        return array.astype(np.float64)
    return array.astype(array.dtype.newbyteorder("="), copy=False)
