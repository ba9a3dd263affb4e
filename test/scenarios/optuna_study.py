"""optuna-integration: a study whose trials become runs, by MLflowCallback."""
import os
import warnings

import mlflow
import optuna
from optuna_integration.mlflow import MLflowCallback

from apart import runs_upstream, stays_unseen
from story import act_as, check, equal, part, tell

warnings.filterwarnings("ignore")
optuna.logging.set_verbosity(optuna.logging.WARNING)


def tune(trials):
    """The study as a user writes it; it knows nothing of environments."""
    callback = MLflowCallback(tracking_uri=os.environ["MLFLOW_TRACKING_URI"], metric_name="accuracy")

    @callback.track_in_mlflow()
    def objective(trial):
        depth = trial.suggest_int("depth", 1, 9)
        mlflow.log_text("depth %d" % depth, "notes/depth.txt")
        mlflow.log_metric("depth_seen", depth)
        trial.set_user_attr("owner", "ann")
        return depth / 10

    study = optuna.create_study(study_name="tuning", direction="maximize", sampler=optuna.samplers.RandomSampler(seed=1))
    study.optimize(objective, n_trials=trials, callbacks=[callback])
    return study


def look_at(environment, study):
    runs = runs_upstream(environment, "tuning")
    equal("a run for each trial", [run["params"] for run in runs], [{"depth": str(trial.params["depth"])} for trial in study.trials])
    equal("with its value", [run["metrics"]["accuracy"] for run in runs], [trial.value for trial in study.trials])
    check("with Optuna's tags", all(run["tags"]["state"] == "COMPLETE" and run["tags"]["direction"] == "MAXIMIZE" and run["tags"]["owner"] == "ann" and "depth_distribution" in run["tags"] for run in runs), runs)
    found = mlflow.search_runs(experiment_names=["tuning"], filter_string="metrics.accuracy > 0", output_format="list")
    equal("a search by the study's name finds them", {run.info.run_id for run in found}, {run["id"] for run in runs})
    equal("with their artifacts", mlflow.artifacts.load_text(found[0].info.artifact_uri + "/notes/depth.txt"), "depth %d" % found[0].data.metrics["depth_seen"])
    return runs


def story():
    act_as("acc")
    with part("a study in acc"):
        first = look_at("acc", tune(3))
    act_as("preprod")
    with part("the same study in preprod"):
        stays_unseen("tuning", first[0]["id"])
        second = look_at("preprod", tune(2))
        check("has runs of its own", not {run["id"] for run in first} & {run["id"] for run in second})
        equal("and leaves acc's as they were", len(runs_upstream("acc", "tuning")), 3)


tell("optuna-integration", story)
os._exit(0)
