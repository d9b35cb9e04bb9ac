"""small_cnn trained in packs against one after the other.

    python -m benchmarks.packing [--networks 8] [--steps 30] [--rounds 3]

Prints, for sets of 64 images of several sizes and widths, the time of a network and step alone and
packed (seconds of this process's CPU, which others on the machine distort less; on a GPU seconds of
the clock), how far the outputs are apart, and which way `worth_packing` chooses.
"""

import argparse
import time

import numpy as np
from numpy.typing import NDArray

from projektor_ray.learners.network import trained
from projektor_ray.learners.network_settings import NetworkSettings
from projektor_ray.learners.packed import packed_outputs, worth_packing
from projektor_ray.learners.reproducible import pick_device, reproducible
from projektor_ray.learners.task import Task
from projektor_ray.learners.training import outputs_of, to_pixels

SHAPES = ((8, 8), (8, 16), (8, 32), (16, 8), (16, 16), (32, 8), (32, 32))
"""(height and width of an image, channels of the first layer)."""


def random_task(size: int, seed: int) -> Task:
    random = np.random.default_rng(seed)
    images = random.integers(0, 256, size=(64, size, size, 3), dtype=np.uint8)
    return Task(images, np.arange(64) % 10, np.arange(10))


def alone(
    task: Task, pixels: NDArray[np.uint8], settings: NetworkSettings, seed: int
) -> NDArray[np.float32]:
    device = pick_device()
    with reproducible(seed, device):
        network = trained(
            "small_cnn", task.images, task.targets, task.outputs, settings, seed, device
        )
        return outputs_of(network, to_pixels(pixels, device))


def compare(size: int, width: int, networks: int, steps: int, rounds: int) -> None:
    settings = NetworkSettings(width=width, epochs=0.01, min_steps=steps)
    tasks = [random_task(size, seed) for seed in range(networks)]
    pixels, device = random_task(size, networks).images, pick_device()
    clock = time.process_time if device.type == "cpu" else time.perf_counter
    times: dict[str, list[float]] = {"alone": [], "packed": []}
    for _ in range(rounds):
        start = clock()
        one = [alone(task, pixels, settings, seed) for seed, task in enumerate(tasks)]
        between = clock()
        many = packed_outputs(tasks, pixels, settings, range(networks), device)
        times["alone"].append(between - start)
        times["packed"].append(clock() - between)
    first, second = (min(found) / networks / steps * 1e3 for found in times.values())
    apart = max(float(np.abs(a - b).max()) for a, b in zip(one, many, strict=True))
    chosen = "packed" if worth_packing(tasks[0].images, settings, device) else "alone"
    print(
        f"| {size} × {size} | {width} | {first:.2f} | {second:.2f} | {first / second:.2f} | "
        f"{apart:.1e} | {chosen} |",
        flush=True,
    )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--networks", type=int, default=8)
    options.add_argument("--steps", type=int, default=30)
    options.add_argument("--rounds", type=int, default=3)
    arguments = options.parse_args()
    print("| images | width | alone, ms | packed, ms | factor | outputs apart | chosen |")
    print("|---|---|---|---|---|---|---|")
    for size, width in SHAPES:
        compare(size, width, arguments.networks, arguments.steps, arguments.rounds)


if __name__ == "__main__":
    main()
