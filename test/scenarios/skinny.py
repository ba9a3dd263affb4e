"""mlflow-skinny: the client without pandas, numpy and SQLAlchemy, as jobs and functions install it."""
import importlib.util
import os

import mlflow
from mlflow import MlflowClient

from story import CONTEXT, act_as, check, equal, part, refused, tell, upstream


def story():
    act_as("acc")
    client = MlflowClient()
    check("nothing but the skinny client is installed", importlib.util.find_spec("pandas") is None)
    with part("a run with its artifacts"):
        mlflow.set_experiment("skinny")
        with mlflow.start_run() as run:
            mlflow.log_param("depth", 7)
            mlflow.log_metric("auc", 0.9, step=3)
            mlflow.log_text("words", "notes/a.txt")
            mlflow.log_dict({"a": 1}, "a.json")
        run_id = run.info.run_id
        equal("its experiment upstream", lambda: upstream("GET", "experiments/get-by-name", experiment_name="/experiments/acc/skinny")["experiment"]["name"], "/experiments/acc/skinny")
        equal("the parameter", lambda: client.get_run(run_id).data.params, {"depth": "7"})
        equal("the text", lambda: mlflow.artifacts.load_text(run.info.artifact_uri + "/notes/a.txt"), "words")
        equal("the artifacts", lambda: sorted(f.path for f in client.list_artifacts(run_id)), ["a.json", "notes"])
        equal("the search", lambda: [r.info.run_id for r in client.search_runs([run.info.experiment_id], "metrics.auc > 0.5")], [run_id])
    with part("a model"):
        client.create_registered_model("skinny")
        version = client.create_model_version("skinny", run.info.artifact_uri + "/notes", run_id)
        equal("its stage", version.current_stage, "Staging")
        client.set_registered_model_alias("skinny", "champion", "1")
        equal("its alias", lambda: client.get_model_version_by_alias("skinny", "champion").version, "1")
        equal("its name upstream", lambda: upstream("GET", "registered-models/get", name="skinny_acc")["registered_model"]["name"], "skinny_acc")
        refused("Production", lambda: client.transition_model_version_stage("skinny", "1", "Production"))
    act_as("preprod")
    refused("another environment's run", lambda: MlflowClient().get_run(run_id))
    refused("another environment's model", lambda: MlflowClient().get_registered_model("skinny"))
    equal("the run is still there", lambda: upstream("GET", "runs/get", run_id=run_id)["run"]["info"]["lifecycle_stage"], "active")


tell("mlflow-skinny %s" % CONTEXT["version"], story)
os._exit(0)
