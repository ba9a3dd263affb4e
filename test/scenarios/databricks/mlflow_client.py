"""An unmodified MLflow client in Databricks mode: it knows DATABRICKS_HOST and DATABRICKS_TOKEN, and nothing of the stand-in.

Logs a run, files of several sizes and a model, registers the model, and reads all of it back, in each workspace of $HOSTS.
Prints what it saw as one JSON line for each.
"""
import json
import logging
import os
import pathlib
import sys
import tempfile
import traceback
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)

import mlflow  # noqa: E402
from mlflow import MlflowClient  # noqa: E402

BEFORE_THREE = int(mlflow.__version__.split('.')[0]) < 3


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


def traced():
    """The spans of a trace: they are stored as an artifact, by a credential of their own."""
    with mlflow.start_span("root"):
        pass
    mlflow.flush_trace_async_logging()
    return mlflow.get_trace(mlflow.get_last_active_trace_id()).data.spans[0].name


def main(name):
    seen = {}
    mlflow.set_registry_uri("databricks")
    mlflow.set_experiment("/Shared/%s" % name)
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
    version = mlflow.register_model(info.model_uri, name)
    seen["version"] = [version.version, version.status, version.current_stage]
    moved = client.transition_model_version_stage(name, version.version, "Staging")
    seen["stage"] = moved.current_stage
    seen["download_uri"] = client.get_model_version_download_uri(name, version.version)
    seen["latest"] = [v.version for v in client.get_latest_versions(name, ["Staging"])]
    seen["answer"] = mlflow.pyfunc.load_model("models:/%s/Staging" % name).predict([[1]])
    seen["trace"] = "none" if BEFORE_THREE else traced()
    print(json.dumps(seen))



# A process for each workspace, after the long import; they find the host as if they had been started with it.
for host, token, name in json.loads(os.environ["HOSTS"]):
    child = os.fork()
    if child == 0:
        os.environ["DATABRICKS_HOST"], os.environ["DATABRICKS_TOKEN"] = host, token
        try:
            main(name)
            sys.stdout.flush()
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(0)
    os.waitpid(child, 0)
