"""Which failures are tried again."""

from dataclasses import dataclass

import pytest
import torch

from projektor_ray.probes.faults import Fault, Verdict, fault_of, reason, verdict


@dataclass(frozen=True)
class Failure:
    fault: Fault
    packed: bool = False


LEARNER, MEMORY, TIME, LOST, NETWORK = (
    Failure(fault) for fault in ("learner", "memory", "time", "lost", "outside")
)


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (ValueError("NaN"), "learner"),
        (SystemExit(3), "learner"),
        (RuntimeError("CUDA error: device-side assert triggered"), "learner"),
        (MemoryError(), "memory"),
        (torch.OutOfMemoryError("CUDA out of memory"), "memory"),
        (RuntimeError("CUDA error: out of memory\nCompile with TORCH_USE_CUDA_DSA"), "memory"),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublas"), "memory"),
        (RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"), "memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), "memory"),
        (RuntimeError("DataLoader worker (pid 5) is killed by signal: Killed. "), "memory"),
        (RuntimeError("DataLoader worker (pid 5) is killed by signal: Aborted. "), "learner"),
        (ConnectionResetError(), "outside"),
        (TimeoutError(), "outside"),
        (OSError(28, "No space left on device"), "outside"),
        (FileNotFoundError(2, "No such file"), "learner"),
        (PermissionError(13, "Permission denied"), "learner"),
        (IsADirectoryError(21, "Is a directory"), "learner"),
        (NotADirectoryError(20, "Not a directory"), "learner"),
    ],
)
def test_what_an_exception_tells(error: BaseException, fault: Fault) -> None:
    assert fault_of(error) == fault


@pytest.mark.parametrize(
    ("failures", "becomes"),
    [
        ([LEARNER], "final"),
        ([TIME], "final"),
        ([MEMORY], "final"),
        ([LOST, LEARNER], "final"),
        ([LOST], "again"),
        ([LOST, LOST], "again"),
        ([LOST, LOST, LOST], "left"),
        ([NETWORK], "again"),
        ([NETWORK, NETWORK], "again"),
        ([NETWORK, NETWORK, NETWORK], "left"),
        ([NETWORK, LOST, NETWORK], "left"),
    ],
)
def test_what_may_pass_is_tried_again_as_often_as_asked_and_never_final(
    failures: list[Failure], becomes: Verdict
) -> None:
    assert verdict(failures, 2) == becomes
    assert verdict(failures, 0) == ("final" if becomes == "final" else "left")


def test_memory_is_tried_once_more_with_more_room() -> None:
    assert verdict([MEMORY], 0, more_room=True) == "again"
    assert verdict([LOST, MEMORY], 0, more_room=True) == "again"
    assert verdict([MEMORY, MEMORY], 5, more_room=True) == "final"
    assert verdict([MEMORY, LOST, MEMORY], 5, more_room=True) == "final"


def test_a_pack_that_failed_as_a_whole_is_tried_one_at_a_time() -> None:
    for fault in ("learner", "outside", "memory", "time"):
        assert verdict([Failure(fault, packed=True)], 0) == "again"
    assert verdict([Failure("lost", packed=True)], 0) == "left"
    assert verdict([Failure("lost", packed=True)], 1) == "again"
    assert verdict([Failure("time", packed=True), TIME], 0) == "final"
    assert verdict([Failure("memory", packed=True), MEMORY], 0, more_room=True) == "final"


def test_the_reason_is_the_last_line() -> None:
    assert reason("Traceback\n  a line\nValueError: boom\n") == "ValueError: boom"
    assert reason("") == ""
