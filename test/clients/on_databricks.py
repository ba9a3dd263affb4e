"""What a client does in a notebook, a Git folder or a job of Databricks that sets no experiment. Each session is a process of its own."""
import json
import os
import subprocess
import sys

from story import CLIENT, ENVIRONMENTS, HOME, TAG, act_as, check, equal, part

# All that the client asks Spark for; the rest of it is the client's own.
SESSION = """import json, os, sys
from mlflow.utils import databricks_utils
told = json.loads(sys.argv[1])
databricks_utils._get_property_from_spark_context = told.get
import mlflow
try:
    with mlflow.start_run() as run:
        experiment = mlflow.get_experiment(run.info.experiment_id)
        print(json.dumps({"id": experiment.experiment_id, "name": experiment.name}))
except Exception as error:
    print(json.dumps({"error": str(error)}))
"""


def session(told, **env):
    done = subprocess.run([sys.executable, "-c", SESSION, json.dumps(told)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True, timeout=120, cwd=HOME, env=dict(os.environ, **env))
    if done.returncode:
        raise RuntimeError("exit %d: %s" % (done.returncode, done.stderr[-600:]))
    return json.loads(done.stdout.splitlines()[-1])


def told_by(path):
    return {"spark.databricks.notebook.id": "4242", "spark.databricks.notebook.path": path}


def sessions(env, path, seen):
    act_as(env)
    first, second = session(told_by(path)), session(told_by(path))
    equal("the first session's experiment is the notebook's, %s" % path, first.get("name"), path)
    equal("the second session lands in it, %s" % path, second, first)
    check("it is this environment's own, %s" % path, first.get("id") not in seen)
    seen.add(first.get("id"))


def story():
    seen = set()
    for env in ENVIRONMENTS[:2]:
        with part("a Git folder in %s" % env):
            sessions(env, "/Repos/x@y.z/%s" % TAG, seen)
        with part("a notebook in %s" % env):
            path = "/Users/x@y.z/%s" % TAG
            if CLIENT >= (2, 22):
                sessions(env, path, seen)
            else:
                # This client takes the notebook's id for the experiment's, and asks for no other.
                check("the answer says what to do", "set_experiment" in session(told_by(path)).get("error", ""))
    act_as(ENVIRONMENTS[0])
    with part("a job's variable"):
        import mlflow

        own = mlflow.MlflowClient().create_experiment("/Shared/%s-job" % TAG) if CLIENT >= (2,) else mlflow.create_experiment("/Shared/%s-job" % TAG)
        equal("an id of the environment", session({}, MLFLOW_EXPERIMENT_ID=own), {"id": own, "name": "/Shared/%s-job" % TAG})
        check("any other id is refused", session({}, MLFLOW_EXPERIMENT_ID="987654321").get("error"))
