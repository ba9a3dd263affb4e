"""kedro-mlflow: a project whose pipelines log parameters, metrics, artifacts and a model, and load the model from the registry."""
import os
import subprocess
import sys

import mlflow

from apart import runs_upstream, stays_unseen
from story import HOME, act_as, check, equal, part, tell, upstream

KEDRO = os.path.join(os.path.dirname(sys.executable), "kedro")
PROJECT = os.path.join(HOME, "churn")
FILES = {
    "pyproject.toml": '[tool.kedro]\npackage_name = "churn"\nproject_name = "churn"\nkedro_init_version = "1.7.0"\nsource_dir = "src"\n',
    "conf/base/parameters.yml": "depth: 3\n",
    "conf/local/credentials.yml": "",
    "conf/base/catalog.yml": """
auc:
  type: kedro_mlflow.io.metrics.MlflowMetricDataset
report:
  type: kedro_mlflow.io.artifacts.MlflowArtifactDataset
  dataset: {type: text.TextDataset, filepath: data/report.txt}
  artifact_path: reports
model:
  type: kedro_mlflow.io.models.MlflowModelTrackingDataset
  flavor: mlflow.sklearn
  save_args: {name: model, registered_model_name: churn, pip_requirements: [scikit-learn]}
registered:
  type: kedro_mlflow.io.models.MlflowModelRegistryDataset
  model_name: churn
  stage_or_version: staging
  flavor: mlflow.sklearn
prediction:
  type: text.TextDataset
  filepath: data/prediction.txt
""",
    "src/churn/__init__.py": "",
    "src/churn/settings.py": "",
    "src/churn/pipeline_registry.py": """
from kedro.pipeline import Node, Pipeline
from sklearn.linear_model import LinearRegression


def train(depth):
    model = LinearRegression().fit([[0.0], [1.0]], [0.0, depth])
    return model, depth / 10, "depth %d" % depth


def register_pipelines():
    return {
        "__default__": Pipeline([Node(train, "params:depth", ["model", "auc", "report"])]),
        "score": Pipeline([Node(lambda model: "%.2f" % model.predict([[1.0]])[0], "registered", "prediction", name="score")]),
    }
""",
}


def write_project():
    for name, text in FILES.items():
        path = os.path.join(PROJECT, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(text)


def kedro(*arguments):
    """The command line as a user calls it in the project; what it printed."""
    done = subprocess.run([KEDRO] + list(arguments), cwd=PROJECT, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout + done.stderr


def succeeds(name, *arguments):
    status, output = kedro(*arguments)
    check(name, status == 0, output[-450:])


def look_at(environment, depth):
    run = runs_upstream(environment, "churn")[0]
    equal("its parameter", run["params"], {"depth": str(depth)})
    equal("its metric", run["metrics"], {"auc": depth / 10})
    equal("its artifact", mlflow.artifacts.load_text("runs:/%s/reports/report.txt" % run["id"]), "depth %d" % depth)
    equal("its version", lambda: upstream("GET", "model-versions/get", name="churn_" + environment, version="1")["model_version"]["run_id"], run["id"])
    succeeds("the model is loaded from the registry", "run", "--pipelines=score")
    with open(os.path.join(PROJECT, "data", "prediction.txt")) as file:
        equal("and predicts", float(file.read()), float(depth))
    return run["id"]


def story():
    write_project()
    act_as("acc")
    succeeds("kedro mlflow init", "mlflow", "init")
    with part("a pipeline in acc"):
        succeeds("kedro run", "run")
        first = look_at("acc", 3)
    act_as("preprod")
    with part("the same project in preprod"):
        stays_unseen("churn", first, "churn")
        status, output = kedro("run", "--pipelines=score")
        check("acc's model is not loaded", status != 0 and "RESOURCE_DOES_NOT_EXIST" in output, output[-450:])
        succeeds("kedro run with another parameter", "run", "--params=depth=5")
        runs = runs_upstream("preprod", "churn")
        check("the pipeline that failed left its run here, too", [run["status"] for run in runs] == ["FAILED", "FINISHED"], runs)


tell("kedro-mlflow", story)
os._exit(0)
