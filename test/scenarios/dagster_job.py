"""dagster-mlflow: a job whose steps log to one run, by the resource mlflow_tracking."""
import os
import warnings

os.environ["DAGSTER_DISABLE_TELEMETRY"] = "yes"
os.environ["DAGSTER_HOME"] = os.environ["HOME"]
warnings.filterwarnings("ignore")

import mlflow
from dagster import job, op
from dagster_mlflow import end_mlflow_on_run_finished, mlflow_tracking

from apart import refused_within, runs_upstream, stays_unseen
from story import act_as, check, equal, log_small_model, part, tell, upstream


@op(required_resource_keys={"mlflow"})
def prepare(context):
    context.resources.mlflow.log_params({"p%03d" % i: i for i in range(120)})
    return 7


@op(required_resource_keys={"mlflow"})
def train(context, depth):
    context.resources.mlflow.log_metric("auc", depth / 10)
    mlflow.log_text("words", "notes/a.txt")
    log_small_model("fraud")


@end_mlflow_on_run_finished
@job(resource_defs={"mlflow": mlflow_tracking})
def training():
    train(prepare())


def run_job(**config):
    """The job as a user runs it; the address comes from the environment variable, as the token does."""
    settings = {"experiment_name": "training", "mlflow_tracking_uri": {"env": "MLFLOW_TRACKING_URI"}, "extra_tags": {"team": "risk"}}
    result = training.execute_in_process(run_config={"resources": {"mlflow": {"config": dict(settings, **config)}}})
    check("the job succeeds", result.success)
    return result


def look_at(environment, result):
    runs = runs_upstream(environment, "training")
    equal("one run for both steps, ended", [run["status"] for run in runs], ["FINISHED"])
    check("with the parameters and the metric", len(runs[0]["params"]) == 120 and runs[0]["metrics"] == {"auc": 0.7}, runs)
    check("with Dagster's tags", runs[0]["tags"]["dagster_run_id"] == result.run_id and runs[0]["tags"]["team"] == "risk", runs)
    equal("with the artifact", mlflow.artifacts.load_text("runs:/%s/notes/a.txt" % runs[0]["id"]), "words")
    equal("with the model", lambda: upstream("GET", "model-versions/get", name="fraud_" + environment, version="1")["model_version"]["run_id"], runs[0]["id"])
    return runs[0]["id"]


def story():
    act_as("acc")
    with part("a job in acc"):
        first = look_at("acc", run_job())
        mlflow.end_run()
        run_job(parent_run_id=first)
        equal("a nested run names its parent", runs_upstream("acc", "training")[1]["tags"]["mlflow.parentRunId"], first)
    act_as("preprod")
    with part("the same job in preprod"):
        stays_unseen("training", first, "fraud")
        refused_within("a run of acc is not gone on with", lambda: run_job(mlflow_run_id=first))
        refused_within("nor a parent", lambda: run_job(parent_run_id=first))
        second = look_at("preprod", run_job())
        check("has a run of its own", second != first)
        equal("and leaves acc's as they were", len(runs_upstream("acc", "training")), 2)


tell("dagster-mlflow", story)
os._exit(0)
