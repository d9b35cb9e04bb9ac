"""What a deal with a provider asks beyond capacity and price."""

from dataclasses import dataclass

from projektor_ray.errors import InputError


@dataclass(frozen=True)
class Terms:
    """What a deal with a provider asks beyond capacity and price.

    Attributes
    ----------
    minimum_order : fewest samples if any are bought.
    required : whether some must be bought.
    excluded : whether none may be bought.
    """

    minimum_order: int = 0
    required: bool = False
    excluded: bool = False

    def allows(self, samples: int) -> bool:
        """Whether so many samples may be bought."""
        return samples == 0 or not (self.excluded or samples < self.minimum_order)

    def __post_init__(self) -> None:
        if self.minimum_order < 0:
            raise InputError(f"a minimum order must be 0 or more samples; got {self.minimum_order}")
        if self.required and self.excluded:
            raise InputError("a provider cannot be both required and excluded")
