"""Which failures are tried again."""

from dataclasses import dataclass

import pytest
import torch

from projektor_ray.faults import Fault, fault_of, reason, tried_again


@dataclass(frozen=True)
class Failure:
    fault: Fault
    error: str = "Traceback\n  a line\nValueError: boom\n"


LEARNER, MEMORY, TIME, LOST = (Failure(fault) for fault in ("learner", "memory", "time", "lost"))
RESET, REFUSED = Failure("outside", "reset by peer"), Failure("outside", "connection refused")


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
    ("failures", "again"),
    [
        ([LEARNER], False),
        ([TIME], False),
        ([LOST], True),
        ([LOST, LOST], True),
        ([LOST, LOST, LOST], False),
        ([RESET], True),
        ([RESET, REFUSED], True),
        ([RESET, RESET], True),
        ([RESET, RESET, RESET], False),
        ([RESET, LOST, RESET], False),
        ([MEMORY], False),
        ([LOST, LEARNER], False),
        ([LOST, LOST, RESET], False),
    ],
)
def test_what_may_pass_is_tried_again_as_often_as_asked(
    failures: list[Failure], again: bool
) -> None:
    assert tried_again(failures, 2) is again
    assert not tried_again(failures, 0)


def test_memory_is_tried_once_more_with_more_room() -> None:
    assert tried_again([MEMORY], 0, more_room=True)
    assert tried_again([LOST, MEMORY], 0, more_room=True)
    assert not tried_again([MEMORY, MEMORY], 5, more_room=True)
    assert not tried_again([MEMORY, LOST, MEMORY], 5, more_room=True)


def test_a_pack_that_failed_as_a_whole_is_tried_one_at_a_time() -> None:
    assert tried_again([TIME], 0, packed=True)
    assert tried_again([MEMORY], 0, packed=True)
    assert not tried_again([TIME, TIME], 0)


def test_the_reason_is_the_last_line() -> None:
    assert reason(LEARNER.error) == "ValueError: boom"
    assert reason("") == ""
