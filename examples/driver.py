"""A study from Python, with arrays and a DataFrame instead of files.

python -m examples.driver [OUT]
"""

import sys

import pandas as pd
from sklearn.datasets import load_digits

from jobs.study import run_study
from projektor_ray.data import samples_from_arrays, samples_from_frame
from projektor_ray.selection import PurchasePlans
from projektor_ray.study import read_study


def main(out: str = "out/driver", lattice: int = 4) -> PurchasePlans:
    """Buy 400 digits from three sellers."""
    x, y = load_digits(return_X_y=True)
    frame = pd.DataFrame(x[400:700]).assign(label=y[400:700])
    even, odd = y[700:1100] % 2 == 0, y[1100:1500] % 2 == 1
    pilots = {
        "all-digits": samples_from_frame(frame, label="label"),
        "even": samples_from_arrays(x[700:1100][even][:150], y[700:1100][even][:150]),
        "odd": samples_from_arrays(x[1100:1500][odd][:150], y[1100:1500][odd][:150]),
    }
    study = {
        "name": "driver",
        "providers": [
            {"name": "all-digits", "capacity": 300, "price": 0.08},
            {"name": "even", "capacity": 2000, "price": 0.02},
            {"name": "odd", "capacity": 2000, "price": 0.02},
        ],
        "learner": {"name": "sklearn.linear_model.LogisticRegression", "settings": {"C": 0.05}},
        "probes": {"scales": [30, 120], "lattice": lattice, "seeds": 2},
        "selection": {"size": 400, "budget": 14},
    }
    validation = samples_from_arrays(x[:400], y[:400])
    return run_study(read_study(study), out, arrays=pilots, validation=validation)


if __name__ == "__main__":
    plan = main(*sys.argv[1:]).selected
    print(dict(zip(plan.names, plan.samples.tolist(), strict=True)))
