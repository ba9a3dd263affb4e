"""What a client does in a notebook, a Git folder or a job of Databricks that sets no experiment."""
import contextlib
import os

from story import CLIENT, ENVIRONMENTS, TAG, act_as, check, equal, part


def forget_session():
    """A client asks once in a session: this one begins anew."""
    import mlflow.tracking.fluent
    from mlflow.tracking.default_experiment import databricks_notebook_experiment_provider as providers

    mlflow.tracking.fluent._active_experiment_id = None
    for provider in vars(providers).values():
        if hasattr(getattr(provider, "_resolve_notebook_experiment_id", None), "cache_clear"):
            provider._resolve_notebook_experiment_id.cache_clear()
        for known in ("_resolved_notebook_experiment_id", "_resolved_repo_notebook_experiment_id"):
            if hasattr(provider, known):
                setattr(provider, known, None)


@contextlib.contextmanager
def session(path=None, **env):
    """All that the client asks Spark for is told it; the rest is the client's own."""
    from mlflow.utils import databricks_utils

    told = {"spark.databricks.notebook.id": "4242", "spark.databricks.notebook.path": path} if path else {}
    asks = databricks_utils._get_property_from_spark_context
    databricks_utils._get_property_from_spark_context = told.get
    forget_session()
    os.environ.update(env)
    try:
        yield
    finally:
        databricks_utils._get_property_from_spark_context = asks
        for name in env:
            os.environ.pop(name, None)


def lands_in(path=None, **env):
    """The experiment in which a run lands that names none: its id and name."""
    import mlflow

    with session(path, **env), mlflow.start_run() as run:
        experiment = mlflow.get_experiment(run.info.experiment_id)
        return experiment.experiment_id, experiment.name


def two_sessions(env, path, seen):
    act_as(env)
    first = lands_in(path)
    equal("the first session's experiment is the notebook's, %s" % path, first[1], path)
    equal("the second session lands in it, %s" % path, lambda: lands_in(path), first)
    check("it is this environment's own, %s" % path, first[0] not in seen)
    seen.add(first[0])


def refusal(path=None, **env):
    try:
        return "landed in %s" % (lands_in(path, **env),)
    except Exception as error:
        return "%s %s" % (error, error.__cause__)


def story():
    seen = set()
    for env in ENVIRONMENTS[:2]:
        with part("a Git folder in %s" % env):
            two_sessions(env, "/Repos/x@y.z/%s" % TAG, seen)
        with part("a notebook in %s" % env):
            path = "/Users/x@y.z/%s" % TAG
            if CLIENT >= (2, 22):
                two_sessions(env, path, seen)
            else:
                # This client takes the notebook's id for the experiment's, and asks for no other.
                said = refusal(path)
                check("the answer says what to do", "set_experiment" in said, said)
    with part("a job's variable"):
        import mlflow

        act_as(ENVIRONMENTS[0])
        name = "/Shared/%s-job" % TAG
        own = mlflow.create_experiment(name)
        equal("an id of the environment", lambda: lands_in(MLFLOW_EXPERIMENT_ID=own), (own, name))
        said = refusal(MLFLOW_EXPERIMENT_ID="987654321")
        check("for any other the answer says what to do", "MLFLOW_EXPERIMENT_NAME" in said, said)
