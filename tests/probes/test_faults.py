"""Which failures are tried again."""

import errno
import socket

import pytest
import torch

from projektor_ray.probes.faults import Fault, NextAction, fault_of, last_line, next_action

LEARNER: Fault = "learner"
MEMORY: Fault = "memory"
TIME: Fault = "time"
LOST: Fault = "lost"
NETWORK: Fault = "transient_io"


def wrapped(error: Exception, *causes: Exception) -> Exception:
    """An error that was raised from others."""
    error.__cause__ = wrapped(*causes) if causes else None
    return error


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
        (ConnectionResetError(), "transient_io"),
        (TimeoutError(), "transient_io"),
        (OSError(28, "No space left on device"), "transient_io"),
        (FileNotFoundError(2, "No such file"), "learner"),
        (PermissionError(13, "Permission denied"), "learner"),
        (IsADirectoryError(21, "Is a directory"), "learner"),
        (NotADirectoryError(20, "Not a directory"), "learner"),
        (BlockingIOError(errno.EAGAIN, "try again"), "transient_io"),
        (socket.gaierror(socket.EAI_AGAIN, "no answer"), "transient_io"),
        (socket.gaierror(socket.EAI_NONAME, "no such host"), "learner"),
        (OSError("cannot identify image file"), "learner"),
        (OSError(errno.EINVAL, "Invalid argument"), "learner"),
        (UnicodeEncodeError("utf-8", "\udcff", 0, 1, "surrogates not allowed"), "learner"),
        (OverflowError("int too big to convert"), "learner"),
        (
            wrapped(OSError("GET failed"), ValueError("pool"), ConnectionResetError()),
            "transient_io",
        ),
        (wrapped(OSError("GET failed"), ValueError("no such key")), "learner"),
        (wrapped(OSError(errno.EINVAL, "no"), ConnectionResetError()), "learner"),
        (wrapped(ValueError("bad answer"), ConnectionResetError()), "learner"),
    ],
)
def test_what_an_exception_tells(error: BaseException, fault: Fault) -> None:
    assert fault_of(error) == fault


@pytest.mark.parametrize(
    ("failures", "becomes"),
    [
        ([LEARNER], "record"),
        ([TIME], "record"),
        ([MEMORY], "record"),
        ([LOST, LEARNER], "record"),
        ([LOST], "retry"),
        ([LOST, LOST], "retry"),
        ([LOST, LOST, LOST], "postpone"),
        ([NETWORK], "retry"),
        ([NETWORK, NETWORK], "retry"),
        ([NETWORK, NETWORK, NETWORK], "postpone"),
        ([NETWORK, LOST, NETWORK], "postpone"),
    ],
)
def test_what_may_pass_is_tried_again_as_often_as_asked_and_never_final(
    failures: list[Fault], becomes: NextAction
) -> None:
    assert next_action(failures, 2) == becomes
    assert next_action(failures, 0) == ("record" if becomes == "record" else "postpone")


def test_memory_is_tried_once_more_with_more_memory() -> None:
    assert next_action([MEMORY], 0, more_memory=True) == "retry"
    assert next_action([LOST, MEMORY], 0, more_memory=True) == "retry"
    assert next_action([MEMORY, MEMORY], 5, more_memory=True) == "record"
    assert next_action([MEMORY, LOST, MEMORY], 5, more_memory=True) == "record"


def test_the_last_line_names_the_error() -> None:
    assert last_line("Traceback\n  a line\nValueError: boom\n") == "ValueError: boom"
    assert last_line("") == ""


def test_errors_that_were_raised_from_one_another_end() -> None:
    first, second = OSError("first"), OSError("second")
    first.__cause__, second.__cause__ = second, first
    assert fault_of(first) == "learner"
