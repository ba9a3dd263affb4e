"""An unmodified client whose tokens are those of clients/python: a run that outlasts them, and what people hear when there is none."""
import os
import site
import time

# The packages that a user would have installed beside MLflow.
for folder in os.environ["AUTH_PACKAGES"].split(os.pathsep):
    site.addsitedir(folder)

from story import CONTEXT, check, equal, tell


def log_for(seconds):
    import mlflow

    mlflow.set_experiment(CONTEXT["experiment"])
    until, steps = time.time() + seconds, 0
    with mlflow.start_run() as run:
        while time.time() < until:
            mlflow.log_metric("loss", 1 / (steps + 1), step=steps)
            mlflow.log_text("step %d" % steps, "notes/%d.txt" % steps)
            steps += 1
            time.sleep(0.1)
    client = mlflow.MlflowClient()
    equal("every value arrived", lambda: len(client.get_metric_history(run.info.run_id, "loss")), steps)
    equal("every file arrived", lambda: len(client.list_artifacts(run.info.run_id, "notes")), steps)


def heard(call):
    try:
        call()
    except Exception as error:
        return str(error)
    return "nothing: it worked"


class Credential:
    """As Databricks gives it to a notebook: anything that has azure-identity's get_token."""

    def __init__(self, *tokens):
        self.tokens = list(tokens)

    def get_token(self, *scopes):
        if not self.tokens:
            raise RuntimeError("this workspace gives no token for %s" % scopes[0])
        return self.tokens.pop(0), int(time.time()) + 3600


def search():
    import mlflow

    return mlflow.search_experiments()


def notebooks():
    from azure.identity import DefaultAzureCredential
    from mlflow_env_proxy_auth import use_entra

    scope, good = os.environ["MLFLOW_ENTRA_SCOPE"], DefaultAzureCredential()
    use_entra(CONTEXT["uri"], scope, Credential())
    check("a credential's own words are passed on", lambda: "this workspace gives no token for " + scope in heard(search))
    use_entra(CONTEXT["uri"], scope, Credential("no-token", good.get_token(scope).token))
    refusal = heard(search)
    check("a token that is none is refused in words", "token" in refusal and "no-token" not in refusal, refusal)
    check("and is replaced before the next request", lambda: len(search()) > 0)
    use_entra(CONTEXT["uri"], scope)
    check("without a credential it is the process's own", lambda: len(search()) > 0)
    del os.environ["MLFLOW_ENTRA_SCOPE"]
    check("a missing scope is named", lambda: "MLFLOW_ENTRA_SCOPE is not set" in heard(search))


tell("a run with the tokens of clients/python", lambda: log_for(CONTEXT["seconds"]))
tell("the tokens of clients/python in a notebook", notebooks)
