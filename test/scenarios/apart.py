"""What the stories of other tools share: what they leave upstream, and that the other environment does not see it."""
import mlflow
from mlflow import MlflowClient

from story import DENIED, check, equal, refused, upstream


def runs_upstream(environment, experiment):
    """The runs of an environment's experiment as MLflow itself has them, oldest first: {"params": …, "metrics": …, "tags": …} each."""
    found = upstream("GET", "experiments/get-by-name", experiment_name="/experiments/%s/%s" % (environment, experiment))
    ids = [found["experiment"]["experiment_id"]]
    answer = upstream("POST", "runs/search", experiment_ids=ids, order_by=["attributes.start_time ASC"])
    return [
        dict({kind: {e["key"]: e["value"] for e in run["data"].get(kind, [])} for kind in ("params", "metrics", "tags")}, id=run["info"]["run_id"], status=run["info"]["status"])
        for run in answer.get("runs", [])
    ]


def stays_unseen(experiment, run_id, model=None):
    """Asked by a caller of another environment, before that one has anything of these names."""
    client = MlflowClient()
    check("the other environment has no such experiment", client.get_experiment_by_name(experiment) is None)
    refused("a run of the first", lambda: client.get_run(run_id))
    refused("its artifacts", lambda: client.list_artifacts(run_id))
    equal("nothing is found by a search", lambda: list(mlflow.search_runs(search_all_experiments=True, output_format="list")), [])
    if model is not None:
        refused("a model of the first", lambda: client.get_registered_model(model))


def refused_within(name, call):
    """`call` fails, and among the causes of that is a refusal of the proxy: tools wrap what MLflow's client tells them."""
    try:
        value = call()
    except Exception as error:
        causes, cause = [], error
        while cause is not None and len(causes) < 10:
            causes.append("%s: %s" % (type(cause).__name__, cause))
            cause = cause.__cause__ or cause.__context__
        check(name, any(code in text for text in causes for code in DENIED), " <- ".join(causes))
    else:
        check(name, False, "was allowed: %.200r" % (value,))
