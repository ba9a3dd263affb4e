"""What acc tries though it may not, and what its client says; as JSON in the file that the first argument names.
The second is the id of a run of prod, which somebody may have told them; the third, where there is one, the address of the
Databricks workspace behind the proxy."""
import json
import os
import re
import sys

import mlflow
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

client = MlflowClient()
attempts = []


def words_of(error):
    """What the client says; of a page of the workspace's, its title."""
    title = re.search("<title>(.*?)</title>", str(error))
    return title.group(1) if title else str(error)


def attempt(what, call):
    try:
        call()
        attempts.append({"what": what, "code": None, "message": "It was allowed."})
    except MlflowException as error:
        attempts.append({"what": what, "code": error.error_code, "message": words_of(error)})


attempt("acc reads prod's model", lambda: mlflow.pyfunc.load_model("models:/fraud_prod/1"))
attempt("acc promotes to Production", lambda: client.transition_model_version_stage("fraud", "1", "Production"))
attempt("acc opens prod's run by its id", lambda: client.get_run(sys.argv[2]))
for workspace in sys.argv[3:]:
    attempt("acc goes to the workspace, past the proxy", lambda: MlflowClient(tracking_uri=workspace).search_experiments())
del os.environ["MLFLOW_TRACKING_TOKEN"]
attempt("somebody without a token looks around", lambda: client.search_experiments())

with open(sys.argv[1], "w") as file:
    json.dump(attempts, file)
