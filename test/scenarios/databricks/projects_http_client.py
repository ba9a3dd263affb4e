"""`mlflow run -b databricks` with an http tracking URI: the job that is submitted does the project's work.

Prints the run that it made as one JSON line.
"""
import json
import os
import pathlib

import mlflow

project = pathlib.Path(os.environ["HOME"]) / "project"
project.mkdir()
(project / "MLproject").write_text("name: p\nentry_points:\n  main:\n    command: python train.py\n")
(project / "train.py").write_text("import mlflow\nmlflow.log_metric('auc', 0.75)\nmlflow.log_param('where', 'cluster')\n")
mlflow.set_experiment("projects")
experiment = mlflow.get_experiment_by_name("projects").experiment_id
spec = {
    "new_cluster": {
        "spark_version": "15.4.x-scala2.12",
        "num_workers": 1,
        "node_type_id": "Standard_DS3_v2",
        "spark_env_vars": {"MLFLOW_TRACKING_TOKEN": os.environ["JOBS_TOKEN"]},
    }
}
try:
    mlflow.projects.run(str(project), backend="databricks", backend_config=spec, experiment_id=experiment, env_manager="local")
except mlflow.exceptions.ExecutionException as error:
    # The job failed: what it did is told all the same.
    print(error)
# The newest first.
run = mlflow.search_runs([experiment], output_format="list")[0]
tags = {key: value for key, value in run.data.tags.items() if key.startswith("mlflow.databricks.")}
print(json.dumps({"status": run.info.status, "metrics": run.data.metrics, "params": run.data.params, "tags": tags, "id": run.info.run_id}))
