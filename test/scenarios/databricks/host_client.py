"""An unmodified MLflow client whose workspace is the proxy: it knows DATABRICKS_HOST and DATABRICKS_TOKEN.

Logs a run, files and a model, registers and moves it, finds and reads all of it back; then tries another environment's run, $FOREIGN.
Prints what it saw as one JSON line.
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
from mlflow.tracking import MlflowClient  # noqa: E402

MAJOR = int(mlflow.__version__.split(".")[0])
NAME = os.environ["STORY"]
REFUSED = (mlflow.exceptions.MlflowException, Exception)


class Constant(mlflow.pyfunc.PythonModel):
    def predict(self, context=None, model_input=None, params=None):
        return [42]


def logged_files():
    folder = pathlib.Path(tempfile.mkdtemp())
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "deep" / "er" / "note.txt").write_text("Grüße\n")
    (folder / "empty.bin").write_bytes(b"")
    # Longer than a block, and its name is no percent-encoding.
    (folder / "100%20long.bin").write_bytes(bytes(range(256)) * 4096 * 3)
    return folder


def same(folder, back):
    files = [path.relative_to(folder) for path in sorted(folder.rglob("*")) if path.is_file()]
    return {str(name): (back / name).read_bytes() == (folder / name).read_bytes() for name in files}


def download(client, run_id, path):
    folder = tempfile.mkdtemp()
    if MAJOR < 2:
        return client.download_artifacts(run_id, path, folder)
    return mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path=path, dst_path=folder)


def refusal(act):
    try:
        return "done: %r" % (act(),)
    except Exception as error:
        return "%s: %s" % (type(error).__name__, error)


def main():
    seen = {}
    mlflow.set_registry_uri("databricks")
    mlflow.set_experiment(NAME)
    client = MlflowClient()
    folder = logged_files()
    single = folder / "deep" / "er" / "note.txt"
    with mlflow.start_run() as run:
        mlflow.log_param("depth", 3)
        mlflow.log_metric("loss", 0.5, step=2**40)
        mlflow.log_artifact(str(single))
        mlflow.log_artifacts(str(folder), "files")
        place = {"name": "model"} if MAJOR >= 3 else {"artifact_path": "model"}
        mlflow.pyfunc.log_model(python_model=Constant(), pip_requirements=["mlflow"], **place)
    run_id = run.info.run_id
    seen["artifact_uri"] = run.info.artifact_uri
    seen["location"] = mlflow.get_experiment_by_name(NAME).artifact_location
    found = client.search_runs([run.info.experiment_id], "params.depth = '3'")
    seen["search"] = [each.info.run_id == run_id for each in found]
    seen["root"] = sorted((f.path, f.is_dir) for f in client.list_artifacts(run_id) if f.path != "model")
    seen["list"] = sorted((f.path, f.is_dir) for f in client.list_artifacts(run_id, "files"))
    seen["file as folder"] = client.list_artifacts(run_id, "note.txt")
    seen["files"] = same(folder, pathlib.Path(download(client, run_id, "files")))
    seen["single"] = pathlib.Path(download(client, run_id, "note.txt")).read_text()
    source = "runs:/%s/model" % run_id
    version = mlflow.register_model(source, NAME)
    seen["version"] = [version.name, version.version, version.current_stage, version.source.split("/")[0]]
    moved = client.transition_model_version_stage(NAME, version.version, "Archived")
    back = client.transition_model_version_stage(NAME, version.version, "Staging")
    seen["stages"] = [moved.current_stage, back.current_stage]
    seen["download_uri"] = client.get_model_version_download_uri(NAME, version.version)
    seen["latest"] = [v.version for v in client.get_latest_versions(NAME, ["Staging"])]
    seen["models"] = [m.name for m in client.search_registered_models("name = '%s'" % NAME)]
    seen["answer"] = mlflow.pyfunc.load_model("models:/%s/Staging" % NAME).predict([[1]])
    # An experiment of which the artifacts are plain files of DBFS; clients write their names into addresses as they are.
    (folder / "100%20long.bin").rename(folder / "long.bin")
    # MLflow 3 reads an empty answer as {}.
    (folder / "empty.bin").unlink()
    plain = client.create_experiment(NAME + "-dbfs", "dbfs:/models/acc/" + NAME)
    with mlflow.start_run(experiment_id=plain) as run:
        mlflow.log_artifacts(str(folder), "files")
    plain_id = run.info.run_id
    seen["dbfs"] = [run.info.artifact_uri.split("/")[:4], sorted(f.path for f in client.list_artifacts(plain_id, "files"))]
    seen["dbfs files"] = same(folder, pathlib.Path(download(client, plain_id, "files")))
    foreign = os.environ["FOREIGN"]
    seen["foreign"] = [
        refusal(lambda: client.get_run(foreign)),
        refusal(lambda: client.list_artifacts(foreign)),
        refusal(lambda: download(client, foreign, "secret.txt")),
        refusal(lambda: client.log_artifact(foreign, str(single))),
        refusal(lambda: client.transition_model_version_stage(NAME, version.version, "Production")),
        refusal(lambda: client.get_registered_model(NAME + "_prod")),
    ]
    print(json.dumps(seen))


main()
