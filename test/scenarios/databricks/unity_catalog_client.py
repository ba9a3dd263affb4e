"""MLflow 3 with its default registry in Databricks mode, Unity Catalog: the client copies the files itself and finalizes."""
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
from mlflow.models import ModelSignature  # noqa: E402
from mlflow.types import ColSpec, Schema  # noqa: E402

NAME = os.environ["STORY"]
folder = pathlib.Path(tempfile.mkdtemp())
signature = ModelSignature(inputs=Schema([ColSpec("double", "x")]), outputs=Schema([ColSpec("double")]))
model = mlflow.models.Model(signature=signature, flavors={"python_function": {"loader_module": "x"}})
model.save(str(folder / "MLmodel"))
(folder / "weights.bin").write_bytes(b"w" * 1000)

seen = {}
client = MlflowClient()
seen["registry"] = mlflow.get_registry_uri()
client.create_registered_model(NAME)
version = client.create_model_version(NAME, str(folder))
seen["version"] = [version.version, version.status, version.current_stage]
client.set_registered_model_alias(NAME, "champion", "1")
seen["alias"] = client.get_model_version_by_alias(NAME, "champion").version
back = pathlib.Path(mlflow.artifacts.download_artifacts("models:/%s@champion" % NAME))
seen["files"] = sorted((p.name, p.read_bytes() == (folder / p.name).read_bytes()) for p in back.iterdir() if p.name != "registered_model_meta")
print(json.dumps(seen))
