"""What an MLflow client sees, with the same two variables as train.py; as JSON in the file that the argument names."""
import json
import sys

from mlflow import MlflowClient

client = MlflowClient()


def look_at(experiment):
    runs = [run.info.run_id for run in client.search_runs([experiment.experiment_id])]
    artifacts = [file.path for run in runs for file in client.list_artifacts(run)]
    return {"name": experiment.name, "runs": runs, "artifacts": artifacts}


def show(version):
    return {"name": version.name, "version": str(version.version), "stage": version.current_stage, "run": version.run_id}


seen = {
    "experiments": [look_at(experiment) for experiment in client.search_experiments()],
    "versions": [show(version) for version in client.search_model_versions()],
}
with open(sys.argv[1], "w") as file:
    json.dump(seen, file)
