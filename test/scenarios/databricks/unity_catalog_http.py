"""An MLflow client that knows the proxy's address alone, before a registry in Unity Catalog that it knows nothing of."""
import hashlib
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
client = MlflowClient()
seen = {"registry": mlflow.get_registry_uri() == os.environ["MLFLOW_TRACKING_URI"]}


def make_model(signature):
    folder = pathlib.Path(tempfile.mkdtemp())
    model = mlflow.models.Model(signature=signature, flavors={"python_function": {"loader_module": "x"}})
    model.save(str(folder / "MLmodel"))
    (folder / "data" / "deep").mkdir(parents=True)
    (folder / "weights.bin").write_bytes(os.urandom(9_000_001))
    (folder / "data" / "deep" / "größe é.txt").write_text("x")
    (folder / "empty").write_bytes(b"")
    return folder


def sums(folder):
    files = [path for path in pathlib.Path(folder).rglob("*") if path.is_file() and path.name != "registered_model_meta"]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def refused(function, *arguments):
    try:
        function(*arguments)
        return "done"
    except MlflowException as error:
        return [error.error_code, error.message]


folder = make_model(ModelSignature(inputs=Schema([ColSpec("double", "x")]), outputs=Schema([ColSpec("double")])))
bare = make_model(None)
with mlflow.start_run() as run:
    mlflow.log_artifacts(str(folder), "model")
    mlflow.log_artifacts(str(bare), "bare")
version = mlflow.register_model("runs:/%s/model" % run.info.run_id, NAME, tags={"team": "a"})
seen["version"] = [version.name, version.version, version.status, version.current_stage, version.run_id == run.info.run_id]
seen["aliases"] = list(client.get_model_version(NAME, "1").aliases)
seen["tags"] = client.get_model_version(NAME, "1").tags
seen["source"] = client.get_model_version(NAME, "1").source == "%s/model" % run.info.artifact_uri
seen["by alias"] = client.get_model_version_by_alias(NAME, "staging").version
seen["same bytes"] = [
    sums(mlflow.artifacts.download_artifacts("models:/%s%s" % (NAME, selector))) == sums(folder) for selector in ("/1", "@staging")
]
seen["no signature"] = refused(client.create_model_version, NAME, "%s/bare" % run.info.artifact_uri, run.info.run_id)
seen["no model"] = refused(client.create_model_version, NAME, run.info.artifact_uri, run.info.run_id)

second = client.create_model_version(NAME, "models:/%s/1" % NAME, run.info.run_id, description="copied")
seen["copied"] = [second.version, second.status, client.get_model_version_by_alias(NAME, "staging").version]
seen["copied bytes"] = sums(mlflow.artifacts.download_artifacts("models:/%s/%s" % (NAME, second.version))) == sums(folder)
client.set_registered_model_alias(NAME, "champion", "1")
client.set_model_version_tag(NAME, "1", "checked", "yes")
client.set_registered_model_tag(NAME, "owner", "me")
client.update_registered_model(NAME, "a model")
client.update_model_version(NAME, "1", "the first")
model = client.get_registered_model(NAME)
seen["model"] = [model.name, model.description, model.tags, model.aliases]
seen["versions"] = [
    [v.name, v.version, sorted(v.aliases), v.description, v.tags] for v in client.search_model_versions("name='%s'" % NAME)
]
seen["tagged"] = [v.version for v in client.search_model_versions("name='%s' and tag.checked = 'yes'" % NAME)]
seen["of run"] = sorted(v.version for v in client.search_model_versions("run_id='%s'" % run.info.run_id))
seen["models"] = [m.name for m in client.search_registered_models()]
seen["like"] = [m.name for m in client.search_registered_models("name LIKE '%s%%'" % NAME[:3])]

seen["production"] = refused(client.set_registered_model_alias, NAME, "production", "1")
seen["foreign"] = refused(client.get_registered_model, "prod.ml.secret")
seen["foreign source"] = refused(client.create_model_version, NAME, "models:/prod.ml.secret/1")
seen["stage"] = refused(client.transition_model_version_stage, NAME, "1", "Staging")
seen["latest"] = refused(client.get_latest_versions, NAME)
client.delete_registered_model_alias(NAME, "champion")
client.delete_model_version(NAME, "1")
seen["left"] = [v.version for v in client.search_model_versions("name='%s'" % NAME)]
client.rename_registered_model(NAME, NAME + "-renamed")
seen["renamed"] = client.get_registered_model(NAME + "-renamed").name
print(json.dumps(seen))
