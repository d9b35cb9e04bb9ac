"""How the distances are computed within the memory, and why."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from projektor_ray.transport.memory import MemoryPlan


def memory_text(plan: "MemoryPlan") -> str:
    """The layout, the bytes that a process needs, and the reason."""
    return f"{plan.layout}, {size_text(plan.bytes_needed)}: {_reason(plan)}"


def _reason(plan: "MemoryPlan") -> str:
    kernel = f"a kernel of {plan.points:,} × {plan.targets:,} ({size_text(plan.kernel_bytes)})"
    of_each = f" each of {plan.processes} processes" if plan.processes > 1 else ""
    text = {
        "dense": f"{kernel} fits",
        "by mixture": f"{kernel} fits into the memory of{of_each}",
        "by provider": f"{kernel} exceeds the {size_text(plan.bytes_available)} of a process, so "
        f"{plan.processes} processes share it by provider",
        "blocked": f"{kernel} exceeds the {size_text(plan.bytes_available)} of a process, so every "
        "round computes it again, block by block",
    }[plan.layout]
    turns = "" if plan.batch == plan.mixtures else f"; {plan.batch} of {plan.mixtures} mixtures"
    return text + (f"{turns} at a time" if turns else "")


def size_text(count: float) -> str:
    """Bytes in MiB or GiB."""
    return f"{count / 2**30:.1f} GiB" if count >= 2**30 else f"{count / 2**20:.0f} MiB"
