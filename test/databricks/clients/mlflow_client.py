"""An unmodified MLflow client in Databricks mode: it knows DATABRICKS_HOST and DATABRICKS_TOKEN, and nothing of the stand-in.

Logs a run, files of several sizes and a model, registers the model, and reads all of it back. Prints what it saw as one JSON line.
"""
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

BEFORE_THREE = int(mlflow.__version__.split('.')[0]) < 3
NAME = os.environ["STORY"]


class Constant(mlflow.pyfunc.PythonModel):
    def predict(self, context=None, model_input=None, params=None):
        return [42]


def logged_files():
    folder = pathlib.Path(tempfile.mkdtemp())
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "deep" / "er" / "note.txt").write_text("Grüße\n")
    (folder / "empty.bin").write_bytes(b"")
    # Longer than a block: goes up in parts.
    (folder / "long.bin").write_bytes(bytes(range(256)) * 4096 * 6)
    return folder


def main():
    seen = {}
    mlflow.set_registry_uri("databricks")
    mlflow.set_experiment("/Shared/%s" % NAME)
    client = MlflowClient()
    folder = logged_files()
    with mlflow.start_run() as run:
        mlflow.log_param("depth", 3)
        mlflow.log_metric("loss", float("nan"), step=2**40)
        mlflow.log_artifacts(str(folder), "files")
        place = {"artifact_path": "model"} if BEFORE_THREE else {"name": "model"}
        info = mlflow.pyfunc.log_model(python_model=Constant(), pip_requirements=["mlflow"], **place)
    seen["artifact_uri"] = run.info.artifact_uri
    seen["model_uri"] = info.model_uri
    seen["steps"] = [m.step for m in client.get_metric_history(run.info.run_id, "loss")]
    seen["root"] = sorted((f.path, f.is_dir) for f in client.list_artifacts(run.info.run_id, "files"))
    back = pathlib.Path(mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="files"))
    seen["files"] = {
        str(path.relative_to(folder)): (back / path.relative_to(folder)).read_bytes() == path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    version = mlflow.register_model(info.model_uri, NAME)
    seen["version"] = [version.version, version.status, version.current_stage]
    moved = client.transition_model_version_stage(NAME, version.version, "Staging")
    seen["stage"] = moved.current_stage
    seen["download_uri"] = client.get_model_version_download_uri(NAME, version.version)
    seen["latest"] = [v.version for v in client.get_latest_versions(NAME, ["Staging"])]
    seen["answer"] = mlflow.pyfunc.load_model("models:/%s/Staging" % NAME).predict([[1]])
    print(json.dumps(seen))


main()
