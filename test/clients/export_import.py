"""mlflow-export-import: copies a model with its runs from one environment's URI to another's."""
import os
import subprocess
import sys

import mlflow
from mlflow import MlflowClient

from story import CONTEXT, HOME, act_as, check, equal, log_small_model, part, predicts, tell, upstream

BIN = os.path.dirname(sys.executable)


def run_tool(name, environment, *arguments):
    """A tool of the package, as its users run it: by the tracking URI of an environment."""
    env = dict(os.environ, MLFLOW_TRACKING_URI=CONTEXT["tokenHop"] + "/env/" + environment)
    del env["MLFLOW_TRACKING_TOKEN"]
    done = subprocess.run([os.path.join(BIN, name)] + list(arguments), env=env, capture_output=True, text=True, timeout=240)
    check("%s in %s ends well" % (name, environment), done.returncode == 0, (done.stdout + done.stderr)[-450:])


def story():
    act_as("both", "acc")
    with part("a model in acc"):
        mlflow.set_experiment("exported")
        with mlflow.start_run() as run:
            mlflow.log_param("depth", 7)
            mlflow.log_metric("auc", 0.9)
            log_small_model("exported")
    out = os.path.join(HOME, "out")
    run_tool("export-model", "acc", "--model", "exported", "--output-dir", os.path.join(out, "model"))
    with open(os.path.join(out, "model", "model.json")) as file:
        text = file.read()
    check("the exported model has its logical name alone", "exported" in text and "exported_acc" not in text)
    # import-model of this release takes no `mlflow-artifacts:` source, with or without a proxy: the runs carry the model over.
    run_tool("export-experiment", "acc", "--experiment", "exported", "--output-dir", os.path.join(out, "experiment"))
    run_tool("import-experiment", "prod", "--experiment-name", "imported", "--input-dir", os.path.join(out, "experiment"))
    act_as("both", "prod")
    with part("the model in prod"):
        client = MlflowClient()
        copies = client.search_runs([client.get_experiment_by_name("imported").experiment_id])
        check("one run, of its own", len(copies) == 1 and copies[0].info.run_id != run.info.run_id)
        copy = copies[0]
        equal("with the parameters", copy.data.params["depth"], "7")
        check("it predicts", lambda: predicts("runs:/%s/model" % copy.info.run_id))
        equal("it can be registered", lambda: mlflow.register_model("runs:/%s/model" % copy.info.run_id, "exported").version, "1")
        equal("its name upstream", lambda: upstream("GET", "registered-models/get", name="exported_prod")["registered_model"]["name"], "exported_prod")
        equal("its experiment upstream", lambda: upstream("GET", "experiments/get-by-name", experiment_name="/experiments/prod/imported")["experiment"]["name"], "/experiments/prod/imported")


tell("mlflow-export-import", story)
os._exit(0)
