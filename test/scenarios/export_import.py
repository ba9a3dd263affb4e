"""mlflow-export-import: copies a model and an experiment from one environment's URI to another's."""
import os
import subprocess
import sys

import mlflow
from mlflow import MlflowClient

from story import CONTEXT, HOME, act_as, check, equal, log_small_model, part, predicts, refused, tell, upstream

BIN = os.path.dirname(sys.executable)
# import-model takes only sources that it can look at itself (or dbfs:), with or without a proxy: this model lies in a shared folder.
FOLDERS = CONTEXT["folders"]


def run_tool(name, environment, *arguments):
    """A tool of the package, as its users run it: by the tracking URI of an environment."""
    env = dict(os.environ, MLFLOW_TRACKING_URI=CONTEXT["tokenHop"] + "/env/" + environment)
    del env["MLFLOW_TRACKING_TOKEN"]
    done = subprocess.run([os.path.join(BIN, name)] + list(arguments), env=env, capture_output=True, text=True, timeout=240)
    check("%s in %s ends well" % (name, environment), done.returncode == 0, (done.stdout + done.stderr)[-450:])


def make_model():
    """Two versions of a model in acc, the first one archived."""
    client = MlflowClient()
    client.create_experiment("training", artifact_location=FOLDERS["acc"] + "/training")
    mlflow.set_experiment("training")
    with mlflow.start_run() as run:
        mlflow.log_param("depth", 7)
        log_small_model("fraud")
    mlflow.register_model("runs:/%s/model" % run.info.run_id, "fraud")
    client.transition_model_version_stage("fraud", "1", "Archived")
    return run.info.run_id


def look_at_model(run_id):
    client = MlflowClient()
    versions = sorted(client.search_model_versions("name = 'fraud'"), key=lambda version: int(version.version))
    equal("its versions, in the stages that they had", [(v.version, v.current_stage) for v in versions], [("1", "Archived"), ("2", "Staging")])
    newest = versions[-1]
    check("a run of its own", newest.run_id != run_id and client.get_run(newest.run_id).data.params["depth"] == "7")
    equal("in prod's experiment", lambda: upstream("GET", "experiments/get", experiment_id=client.get_run(newest.run_id).info.experiment_id)["experiment"]["name"], "/experiments/prod/training")
    check("with artifacts of its own", client.get_run(newest.run_id).info.artifact_uri.startswith(FOLDERS["prod"]))
    equal("its name upstream", lambda: upstream("GET", "registered-models/get", name="fraud_prod")["registered_model"]["name"], "fraud_prod")
    client.transition_model_version_stage("fraud", "2", "Production")
    check("it predicts in Production", lambda: predicts("models:/fraud/Production"))


def copy_model(out):
    act_as("both", "acc")
    with part("a model in acc"):
        run_id = make_model()
    run_tool("export-model", "acc", "--model", "fraud", "--output-dir", out)
    with open(os.path.join(out, "model.json")) as file:
        text = file.read()
    check("the exported model has its logical name alone", "fraud" in text and "fraud_acc" not in text)
    act_as("both", "prod")
    MlflowClient().create_experiment("training", artifact_location=FOLDERS["prod"] + "/training")
    refused("a location in acc's folder", lambda: MlflowClient().create_experiment("stray", artifact_location=FOLDERS["acc"] + "/stray"))
    run_tool("import-model", "prod", "--model", "fraud", "--experiment-name", "training", "--input-dir", out)
    with part("the model in prod"):
        look_at_model(run_id)


def copy_experiment(out):
    act_as("both", "acc")
    with part("an experiment in acc"):
        mlflow.set_experiment("exported")
        with mlflow.start_run() as run:
            mlflow.log_metric("auc", 0.9)
            mlflow.log_text("words", "notes/a.txt")
    run_tool("export-experiment", "acc", "--experiment", "exported", "--output-dir", out)
    run_tool("import-experiment", "prod", "--experiment-name", "imported", "--input-dir", out)
    act_as("both", "prod")
    with part("the experiment in prod"):
        client = MlflowClient()
        copies = client.search_runs([client.get_experiment_by_name("imported").experiment_id])
        check("one run, of its own", len(copies) == 1 and copies[0].info.run_id != run.info.run_id)
        equal("with the metric", copies[0].data.metrics, {"auc": 0.9})
        equal("with the artifact", lambda: mlflow.artifacts.load_text(copies[0].info.artifact_uri + "/notes/a.txt"), "words")
        equal("its experiment upstream", lambda: upstream("GET", "experiments/get-by-name", experiment_name="/experiments/prod/imported")["experiment"]["name"], "/experiments/prod/imported")


def story():
    copy_model(os.path.join(HOME, "model"))
    copy_experiment(os.path.join(HOME, "experiment"))


tell("mlflow-export-import", story)
os._exit(0)
