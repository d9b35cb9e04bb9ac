"""Tables of trainings in the true formats of the tools that people use."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from projektor_ray.errors import InputError
from projektor_ray.runs import Roles, Runs, join_tables
from projektor_ray.runs.run_sources import read_run_table

NAMES = ("books", "code", "web")
SIZES = (500, 2000)
K = 24
RNG = np.random.default_rng(0)
SHARES = RNG.dirichlet(np.ones(3), K)
SIZE = np.repeat(SIZES, K // 2)
ACCURACY = 0.4 + SHARES @ [0.2, 0.1, 0.0] + 0.05 * np.log(SIZE / 500) + 0.002 * RNG.random(K)
LOSS = 3 - 2 * ACCURACY


def by_run(prefix: str) -> dict[str, Any]:
    return {f"{prefix}{name}": SHARES[:, i] for i, name in enumerate(NAMES)}


def wandb_flat() -> pd.DataFrame:
    """As the page's "export CSV" writes it: settings and summary by their plain names."""
    return pd.DataFrame(
        {"Name": [f"fancy-sun-{i}" for i in range(K)], "State": ["finished"] * K}
        | {
            "Notes": "-",
            "User": "ada",
            "Tags": "",
            "Created": "2026-01-01",
            "Runtime": 100.0 + SIZE,
        }
        | by_run("mix.")
        | {"lr": 0.001, "train.num_samples": SIZE, "seed": np.arange(K) % 3}
        | {"_runtime": 90.5, "_step": 62, "train/loss": LOSS - 0.1, "val/loss": LOSS}
    )


def wandb_api() -> pd.DataFrame:
    """As the documentation's `summary,config,name` script writes it."""
    summaries = [
        {"val/loss": float(loss), "_wandb": {"runtime": 9}, "_step": 62, "best": {"epoch": 3}}
        for loss in LOSS
    ]
    configs = [
        {"mix": dict(zip(NAMES, map(float, row), strict=True)), "train": {"num_samples": int(n)}}
        | {"lr": 0.001, "betas": [0.9, 0.99], "opt": "adam"}
        for row, n in zip(SHARES, SIZE, strict=True)
    ]
    return pd.DataFrame(
        {
            "": range(K),
            "summary": [str(one).replace("3.0", "nan") for one in summaries],
            "config": [str(one) for one in configs],
            "name": [f"run-{i}" for i in range(K)],
        }
    )


def mlflow() -> pd.DataFrame:
    """As `mlflow.search_runs` returns it: parameters are texts."""
    return pd.DataFrame(
        {"run_id": [f"{i:032x}" for i in range(K)], "experiment_id": "0", "status": "FINISHED"}
        | {"artifact_uri": "file:///x", "start_time": pd.Timestamp("2026-01-01", tz="UTC")}
        | {"metrics.val_loss": LOSS, "metrics.epoch_time": 3.0 + RNG.random(K)}
        | {name: [str(share) for share in shares] for name, shares in by_run("params.").items()}
        | {"params.n_samples": [str(n) for n in SIZE], "params.optimizer": "adam"}
        | {"tags.mlflow.user": "ada", "tags.mlflow.source.name": "train.py"}
    )


def optuna() -> pd.DataFrame:
    """As `Study.trials_dataframe` returns it."""
    return pd.DataFrame(
        {"number": range(K), "value": ACCURACY}
        | {"datetime_start": pd.Timestamp("2026-01-01"), "duration": pd.Timedelta(seconds=12)}
        | by_run("params_")
        | {"params_n": SIZE, "user_attrs_note": "x", "state": "COMPLETE"}
    )


def ray_tune() -> pd.DataFrame:
    """As `ResultGrid.get_dataframe` returns it."""
    return pd.DataFrame(
        {"accuracy": ACCURACY, "timestamp": 1.8e9 + np.arange(K), "done": False}
        | {"training_iteration": 1, "trial_id": [f"ab12_{i:05}" for i in range(K)]}
        | {"date": "2026-01-01", "time_this_iter_s": 1.5, "time_total_s": 1.5 + RNG.random(K)}
        | {"pid": 1234 + np.arange(K), "hostname": "h", "node_ip": "127.0.0.1"}
        | {"iterations_since_restore": 1, "config/size": SIZE, "config/seed": np.arange(K) % 3}
        | by_run("config/mixture/")
        | {"logdir": [f"{i:05}" for i in range(K)]}
    )


TABLES = {
    "wandb_flat": (wandb_flat, Roles()),
    "wandb_api": (wandb_api, Roles()),
    "mlflow": (mlflow, Roles(metric="val_loss")),
    "optuna": (optuna, Roles(direction="maximize")),
    "ray_tune": (ray_tune, Roles()),
}


@pytest.mark.parametrize("as_file", [False, True])
@pytest.mark.parametrize("tool", TABLES)
def test_each_tool_s_table_is_read(tool: str, as_file: bool, tmp_path: Path) -> None:
    make, roles = TABLES[tool]
    source: Any = make()
    if as_file:
        source.to_csv(tmp_path / "runs.csv", index=False)
        source = tmp_path / "runs.csv"
    runs = Runs.read(source, roles)
    assert runs.providers == NAMES
    np.testing.assert_allclose(runs.mixtures, SHARES, atol=1e-12)
    np.testing.assert_array_equal(runs.sizes, SIZE)
    minimized = "loss" in runs.metric
    np.testing.assert_allclose(runs.values, LOSS if minimized else ACCURACY)
    assert runs.direction == ("minimize" if minimized else "maximize")
    assert runs.reading is not None
    assert runs.reading.left_out == {}


@pytest.mark.parametrize(
    ("tool", "column", "state"),
    [
        ("wandb_flat", "State", "crashed"),
        ("mlflow", "status", "KILLED"),
        ("optuna", "state", "PRUNED"),
    ],
)
def test_runs_that_ended_otherwise_are_left_out(tool: str, column: str, state: str) -> None:
    make, roles = TABLES[tool]
    frame = make()
    frame.loc[:2, column] = state
    assert len(Runs.read(frame, roles)) == K - 3


def test_optuna_with_two_header_rows_and_several_objectives() -> None:
    frame = optuna().rename(columns={"value": "values_0"}).assign(values_1=LOSS)
    pairs = [
        tuple(name.split("_", 1)) if name.startswith(("params_", "user_attrs_")) else (name, "")
        for name in frame.columns
    ]
    frame.columns = pd.MultiIndex.from_tuples(pairs)
    runs = Runs.read(frame, Roles(metric="values_1", direction="minimize"))
    np.testing.assert_array_equal(runs.values, LOSS)
    assert runs.providers == NAMES


@pytest.mark.parametrize("key", ["run", "run_id"])
def test_a_folder_of_olmix_is_joined_by_its_runs(key: str, tmp_path: Path) -> None:
    ids = {key: [f"id{i}" for i in range(K)], "name": [f"swarm-{i}" for i in range(K)]}
    ratios = pd.DataFrame(ids | {"index": range(K)} | by_run(""))
    metrics = pd.DataFrame(
        ids | {"index": range(K), "arc_challenge_bpb": LOSS, "mmlu_bpb": LOSS + 1}
    )
    ratios.to_csv(tmp_path / "ratios.csv", index=False)
    metrics.iloc[::-1].iloc[:-2].to_csv(tmp_path / "metrics.csv", index=False)
    runs = Runs.read(tmp_path, Roles(metric="mmlu_bpb", size=25))
    assert runs.direction == "minimize"
    np.testing.assert_allclose(runs.values, LOSS[2:] + 1)
    np.testing.assert_allclose(runs.mixtures, SHARES[2:])
    with pytest.raises(InputError, match="arc_challenge_bpb, mmlu_bpb"):
        Runs.read(tmp_path)


def test_two_tables_of_regmix_are_joined_by_the_index() -> None:
    shares = np.round(SHARES, 3)
    mixtures = pd.DataFrame(
        {"index": range(1, K + 1)}
        | dict(zip([f"train_the_pile_{name}" for name in NAMES], shares.T, strict=True))
    )
    losses = pd.DataFrame(
        {"index": range(1, K + 1), "metric/the_pile_pile_cc_val_loss": LOSS}
        | {"metric/the_pile_github_val_loss": LOSS + 1}
    )
    table = join_tables(read_run_table(mixtures), read_run_table(losses.iloc[::-1]))
    runs = Runs.read(table, Roles(metric="the_pile_pile_cc_val_loss", size=25))
    assert runs.providers == tuple(f"the_pile_{name}" for name in NAMES)
    np.testing.assert_allclose(runs.values, LOSS)


def results(run: str, accuracy: float, date: float = 1.0) -> dict[str, Any]:
    """As `lm_eval --output_path` writes it."""
    return {
        "results": {
            "arc_easy": {
                "alias": "arc_easy",
                "acc,none": accuracy,
                "acc_stderr,none": 0.01,
                "acc_norm,none": accuracy + 0.05,
                "acc_norm_stderr,none": "N/A",
            }
        },
        "group_subtasks": {"arc_easy": []},
        "configs": {"arc_easy": {"task": "arc_easy"}},
        "versions": {"arc_easy": 1.0},
        "n-shot": {"arc_easy": 0},
        "higher_is_better": {"arc_easy": {"acc": True}},
        "config": {"model": "hf", "model_args": f"pretrained=/ckpt/{run}"},
        "date": date,
        "model_name": f"/ckpt/{run}",
        "model_name_sanitized": f"__ckpt__{run}",
    }


def test_results_of_lm_eval_are_joined_to_mixtures(tmp_path: Path) -> None:
    for i, accuracy in enumerate(ACCURACY):
        folder = tmp_path / "evals" / f"__ckpt__run-{i}"
        folder.mkdir(parents=True)
        for date, value in ((1.0, 0.0), (2.0, accuracy)):
            file = folder / f"results_2026-01-0{date:.0f}T00-00-00.json"
            file.write_text(json.dumps(results(f"run-{i}", value, date)))
        (folder / "samples_arc_easy.jsonl").write_text("{}\n")
    mixtures = pd.DataFrame({"run": [f"run-{i}" for i in range(K)], "size": SIZE} | by_run(""))
    table = join_tables(read_run_table(mixtures), read_run_table(tmp_path / "evals"))
    runs = Runs.read(table, Roles(metric="arc_easy/acc,none"))
    np.testing.assert_allclose(runs.values, ACCURACY)
    np.testing.assert_allclose(runs.mixtures, SHARES)
    assert runs.direction == "maximize"
    with pytest.raises(InputError, match="arc_easy/acc,none, arc_easy/acc_norm,none"):
        Runs.read(table)
    one = read_run_table(tmp_path / "evals" / "__ckpt__run-3" / "results_2026-01-02T00-00-00.json")
    assert one["run"].to_pylist() == ["run-3"]


def evaluated(folder: Path, model: str, accuracy: float, date: Any = 1.0) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    content = {**results("", accuracy, date), "model_name": model}
    (folder / f"results_{accuracy}.json").write_text(json.dumps(content))


def test_runs_of_lm_eval_are_named_by_what_tells_them_apart(tmp_path: Path) -> None:
    for name, accuracy in (("a", 0.5), ("b", 0.9)):
        evaluated(tmp_path / name, f"/ckpt/mix_{name}/final", accuracy)
    table = read_run_table(tmp_path)
    assert table["run"].to_pylist() == ["mix_a/final", "mix_b/final"]
    assert table["arc_easy/acc,none"].to_pylist() == [0.5, 0.9]
    evaluated(tmp_path / "c", "/ckpt/mix_a/final", 0.7)
    with pytest.raises(InputError, match=r"both.*'mix_a/final'"):
        read_run_table(tmp_path)


def test_dates_of_lm_eval_may_be_texts(tmp_path: Path) -> None:
    evaluated(tmp_path, "x", 0.1, "2026-05-02T00:00:00")
    evaluated(tmp_path, "x", 0.2, "2026-05-01T23:00:00+00:00")
    evaluated(tmp_path, "x", 0.3, "yesterday")
    evaluated(tmp_path, "x", 0.4, 1.7e9)
    assert read_run_table(tmp_path)["arc_easy/acc,none"].to_pylist() == [0.1]


def test_a_broken_result_is_refused_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "results_1.json").write_text("{")
    with pytest.raises(InputError, match=r"results_1\.json"):
        read_run_table(tmp_path)
