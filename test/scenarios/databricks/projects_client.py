"""`mlflow run -b databricks` through the proxy: what its user is told. Prints it as one JSON line."""
import json
import os
import pathlib

import mlflow
from mlflow.exceptions import MlflowException

project = pathlib.Path(os.environ["HOME"]) / "project"
project.mkdir()
(project / "MLproject").write_text("name: p\nentry_points:\n  main:\n    command: echo hello\n")
experiment = mlflow.create_experiment("projects")
cluster = {"spark_version": "15.4.x-scala2.12", "num_workers": 1, "node_type_id": "Standard_DS3_v2"}
try:
    mlflow.projects.run(str(project), backend="databricks", backend_config=cluster, experiment_id=experiment, synchronous=False)
    said = "it ran"
except MlflowException as error:
    said = str(error)
runs = mlflow.search_runs([experiment], output_format="list")
print(json.dumps({"said": said, "runs": len(runs)}))
