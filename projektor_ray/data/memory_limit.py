"""How much memory a file may take when it is read, checked before the memory is taken."""

from dataclasses import dataclass

from projektor_ray.errors import InputError

ALWAYS = 2**29
"""Bytes that any file may take."""
EXPANSION = 32
"""How many times its own size a larger file may take: broken and hostile ones take thousands."""


@dataclass(frozen=True)
class MemoryLimit:
    """The most memory that a file's content may take.

    Attributes
    ----------
    gigabytes : as the user said, in GiB; None: 0.5, or 32 times the file's size where that is more.
    is_upload : whether somebody sent the content, who cannot raise the limit.
    """

    gigabytes: float | None = None
    is_upload: bool = False

    def check(self, needed: int, stored: int, where: str) -> None:
        """Refuse a file of `stored` bytes whose content needs `needed` bytes.

        Raises
        ------
        InputError
            If the content needs more than the limit.
        """
        if needed <= self.allowed(stored):
            return
        if self.is_upload:
            raise InputError(
                f"{where} would need {needed / 2**30:.2g} GiB of memory, and may need "
                f"{self.allowed(stored) / 2**30:.2g} GiB at most. Send a random part of the rows"
            )
        raise InputError(
            f"{where} would need {needed / 2**30:.2g} GiB of memory, but the file has only "
            f"{stored / 2**20:.2g} MiB: it may be broken or hostile. If it is right, raise "
            f"`memory_limit_gb` of the source, for example to {needed * 2 / 2**30:.2g}"
        )

    def allowed(self, stored: int) -> int:
        """Bytes that the content of a file of `stored` bytes may take."""
        if self.gigabytes is not None:
            return int(self.gigabytes * 2**30)
        return max(ALWAYS, EXPANSION * stored)
