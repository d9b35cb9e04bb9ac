"""Fits of few probes take one BLAS thread, and leave the number of threads as it was."""

from threadpoolctl import threadpool_info, threadpool_limits

from projektor_ray.predictors.blas_threads import FEW_PROBES, one_blas_thread


def threads() -> set[int]:
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


def test_few_probes_take_one_thread_and_many_as_many_as_there_were() -> None:
    with threadpool_limits(2, "blas"):
        with one_blas_thread(FEW_PROBES):
            assert threads() == {1}
        assert threads() == {2}
        with one_blas_thread(FEW_PROBES + 1):
            assert threads() == {2}
