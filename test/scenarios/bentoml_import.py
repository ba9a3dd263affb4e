"""bentoml: registered models become models of the local store, by bentoml.mlflow.import_model."""
import os

os.environ["BENTOML_DO_NOT_TRACK"] = "True"
os.environ["BENTOML_HOME"] = os.path.join(os.environ["HOME"], "bentoml")

import bentoml
import mlflow
import pandas
from mlflow import MlflowClient

from apart import refused_within, stays_unseen
from story import act_as, check, equal, log_small_model, part, tell, upstream


def register(depth):
    mlflow.set_experiment("training")
    with mlflow.start_run() as run:
        mlflow.log_param("depth", depth)
        log_small_model("fraud")
    return run.info.run_id


def take(environment, uri):
    """Imports a model as a user does, and looks at what came of it."""
    imported = bentoml.mlflow.import_model("fraud-%s" % environment, model_uri=uri, labels={"stage": "candidate"})
    equal("%s is in the store" % uri, bentoml.models.get("fraud-%s:latest" % environment).tag, imported.tag)
    loaded = bentoml.mlflow.load_model(imported)
    equal("%s predicts from there" % uri, list(loaded.predict(pandas.DataFrame({"x": [1.0, 2.0]}))), [2.0, 3.0])
    return loaded.metadata


def story():
    act_as("acc")
    with part("a registered model of acc"):
        first = register(7)
        MlflowClient().set_registered_model_alias("fraud", "champion", "1")
        for uri in ("models:/fraud/1", "models:/fraud/Staging", "models:/fraud@champion", "runs:/%s/model" % first):
            equal("%s is of acc's run" % uri, take("acc", uri).run_id, first)
        equal("its name upstream", lambda: upstream("GET", "registered-models/get", name="fraud_acc")["registered_model"]["name"], "fraud_acc")
    act_as("preprod")
    with part("the same name in preprod"):
        stays_unseen("training", first, "fraud")
        for uri in ("models:/fraud/1", "models:/fraud_acc/1", "models:/fraud@champion", "runs:/%s/model" % first):
            refused_within("%s is not imported" % uri.replace(first, "<run of acc>"), lambda: bentoml.mlflow.import_model("stolen", model_uri=uri))
        check("nothing came into the store", not [model for model in bentoml.models.list() if model.tag.name == "stolen"])
        second = register(9)
        equal("its own is imported", take("preprod", "models:/fraud/Staging").run_id, second)
        equal("acc's is as it was", lambda: upstream("GET", "model-versions/get", name="fraud_acc", version="1")["model_version"]["run_id"], first)


tell("bentoml", story)
os._exit(0)
