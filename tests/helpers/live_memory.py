"""Counts the bytes of all tensors that are alive while it is entered."""

import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten


class LiveMemory(TorchDispatchMode):  # type: ignore[misc, unused-ignore]
    """Beside those that were there before.

    Attributes
    ----------
    peak : the most bytes at any moment.
    """

    def __init__(self) -> None:
        super().__init__()
        self.peak = 0
        self._sizes: dict[int, int] = {}

    def __torch_dispatch__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        out = func(*args, **(kwargs or {}))
        for found in tree_flatten(out)[0]:
            if isinstance(found, torch.Tensor):
                self._add(found.untyped_storage())
        return out

    def _add(self, storage: torch.UntypedStorage) -> None:
        where = storage.data_ptr()
        if where and where not in self._sizes:
            self._sizes[where] = storage.nbytes()
            weakref.finalize(storage, self._sizes.pop, where, None)
            self.peak = max(self.peak, sum(self._sizes.values()))
