"""Tracking by http, the registry in Unity Catalog: what is logged to the one is registered in the other. Prints one JSON line."""
import json
import logging
import os
import pathlib
import tempfile
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)

import mlflow  # noqa: E402
from mlflow import MlflowClient  # noqa: E402
from mlflow.exceptions import MlflowException  # noqa: E402
from mlflow.models import ModelSignature  # noqa: E402
from mlflow.types import ColSpec, Schema  # noqa: E402

NAME = os.environ["STORY"]
FOREIGN = os.environ["FOREIGN_SOURCE"]
folder = pathlib.Path(tempfile.mkdtemp())
signature = ModelSignature(inputs=Schema([ColSpec("double", "x")]), outputs=Schema([ColSpec("double")]))
mlflow.models.Model(signature=signature, flavors={"python_function": {"loader_module": "x"}}).save(str(folder / "MLmodel"))
(folder / "weights.bin").write_bytes(b"w" * 1000)


def refused(function, *arguments):
    try:
        function(*arguments)
        return "done"
    except MlflowException as error:
        return error.error_code


def same(uri):
    back = pathlib.Path(mlflow.artifacts.download_artifacts(uri))
    return all((back / name).read_bytes() == (folder / name).read_bytes() for name in ("MLmodel", "weights.bin"))


seen = {}
client = MlflowClient()
with mlflow.start_run() as run:
    mlflow.log_artifacts(str(folder), "model")
seen["uri"] = run.info.artifact_uri.split(":")[0]
version = mlflow.register_model("runs:/%s/model" % run.info.run_id, NAME)
seen["version"] = [version.version, version.status, version.run_id == run.info.run_id]
by_location = client.create_model_version(NAME, run.info.artifact_uri + "/model", run.info.run_id)
seen["by its location"] = [by_location.version, by_location.status, by_location.run_id == run.info.run_id]
client.set_registered_model_alias(NAME, "champion", "1")
seen["bytes"] = [same("models:/%s/1" % NAME), same("models:/%s@champion" % NAME), same("runs:/%s/model" % run.info.run_id)]
seen["found"] = sorted(v.version for v in client.search_model_versions("name='%s'" % NAME))
seen["foreign"] = refused(client.create_model_version, NAME, FOREIGN)
if mlflow.__version__.startswith("3."):
    made = mlflow.initialize_logged_model(name="logged")
    client.log_model_artifacts(made.model_id, str(folder))
    mlflow.finalize_logged_model(made.model_id, "READY")
    logged = client.create_model_version(NAME, "models:/%s" % made.model_id, model_id=made.model_id)
    seen["logged model"] = [logged.version, logged.status, same("models:/%s/%s" % (NAME, logged.version))]
print(json.dumps(seen))
