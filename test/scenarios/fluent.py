"""The training script that every team writes: the same code in every environment."""
import os

from story import CLIENT, HOME, PROXIED, SERVER, TAG, act_as, check, equal, log_small_model, part, predicts, stage_of, upstream


def story(env):
    import mlflow
    from mlflow.tracking import MlflowClient

    act_as(env)
    client = MlflowClient()
    root, experiment_name, model = "/experiments/" + env, TAG + "-churn", TAG + "-fraud"

    experiment = mlflow.set_experiment(experiment_name)
    equal("set_experiment answers the logical name", experiment.name, experiment_name)
    equal("set_experiment again finds it", lambda: mlflow.set_experiment(experiment_name).experiment_id, experiment.experiment_id)
    equal("get_experiment shows the logical name", lambda: client.get_experiment(experiment.experiment_id).name, experiment_name)

    run_id = train(mlflow)
    with part("the run comes back"):
        run = client.get_run(run_id)
        equal("the run is in the experiment", run.info.experiment_id, experiment.experiment_id)
        equal("the run is finished", run.info.status, "FINISHED")
        equal("parameters", {k: run.data.params.get(k) for k in ("depth", "note")}, {"depth": "7", "note": "größe ☃"})
        equal("the last metric", run.data.metrics["auc"], 0.75)
        equal("all values of a metric", [(m.step, m.value) for m in client.get_metric_history(run_id, "auc")], [(1, 0.5), (2, 0.75)])
        equal("tags", [run.data.tags.get(k) for k in ("team", "a", "b")], ["red", "1", "2"])
        check("mlflow.search_runs finds it", lambda: run_id in list(mlflow.search_runs([experiment.experiment_id])["run_id"]))
    with part("artifacts come back"):
        names = lambda path=None: sorted(f.path for f in client.list_artifacts(run_id, path))
        check("they are listed", lambda: {"conf.json", "docs"} <= set(names()), lambda: names())
        equal("a folder is listed", lambda: names("docs"), ["docs/note.txt"])
        download = lambda path: mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path=path)
        equal("a file", lambda: open(download("docs/note.txt")).read(), "hello\n")
        equal("a folder", lambda: sorted(os.listdir(download("docs"))), ["note.txt"])
        if CLIENT >= (2, 22):
            log_images(client, run_id)
        check("runs:/ loads the model", lambda: predicts("runs:/%s/model" % run_id))
    register(mlflow, client, env, run_id, model)
    if PROXIED:
        equal("upstream has the experiment under its root", lambda: upstream("GET", "experiments/get-by-name", experiment_name=root + "/" + experiment_name)["experiment"]["experiment_id"], experiment.experiment_id)
        equal("upstream has no experiment of the logical name", lambda: upstream("GET", "experiments/get-by-name", experiment_name=experiment_name).get("error_code"), "RESOURCE_DOES_NOT_EXIST")
        equal("the qualified name is the same experiment", lambda: client.get_experiment_by_name(root + "/" + experiment_name).experiment_id, experiment.experiment_id)
        check("the location shows no upstream name", "/experiments/" not in experiment.artifact_location, experiment.artifact_location)
    default_experiment(mlflow, client, env)


def log_images(client, run_id):
    """Their names have numbers after percent signs or blanks, which a server may take for escapes."""
    import numpy

    for step in (3, 12, 80):
        client.log_image(run_id, numpy.zeros((2, 2, 3), dtype=numpy.uint8), key="loss", step=step, timestamp=1795475888451, synchronous=True)
    images = [f.path for f in client.list_artifacts(run_id, "images") if f.path.endswith(".png")]
    equal("images of every step are listed", len(images), 3)
    # A server of MLflow 2 cannot give back a file whose name is no ASCII.
    readable = [path for path in images if SERVER >= (3,) or path.isascii()]
    check("and found by their names", lambda: len(readable) >= 2 and all(os.path.getsize(client.download_artifacts(run_id, path)) > 50 for path in readable))


def train(mlflow):
    with mlflow.start_run(run_name="first") as run:
        mlflow.log_param("depth", 7)
        mlflow.log_params({"lr": 0.1, "note": "größe ☃"})
        mlflow.log_metric("auc", 0.5, step=1)
        mlflow.log_metric("auc", 0.75, step=2)
        mlflow.set_tag("team", "red")
        mlflow.set_tags({"a": "1", "b": "2"})
        path = os.path.join(HOME, "note.txt")
        with open(path, "w") as file:
            file.write("hello\n")
        mlflow.log_artifact(path, "docs")
        mlflow.log_dict({"a": [1, 2]}, "conf.json")
        log_small_model()
    return run.info.run_id


def register(mlflow, client, env, run_id, model):
    with part("the registry"):
        version = mlflow.register_model("runs:/%s/model" % run_id, model)
        equal("registering answers the logical name and version 1", (version.name, str(version.version)), (model, "1"))
        if PROXIED:
            equal("the answer already shows the stage", version.current_stage, stage_of(env))
            equal("the version is in its stage", lambda: client.get_model_version(model, "1").current_stage, stage_of(env))
        else:
            client.transition_model_version_stage(model, "1", stage_of(env))
        check("models:/<name>/1 loads", lambda: predicts("models:/%s/1" % model))
        check("models:/<name>/<stage> loads", lambda: predicts("models:/%s/%s" % (model, stage_of(env))))
        equal("the latest version of the stage", lambda: [(v.name, str(v.version)) for v in client.get_latest_versions(model, [stage_of(env)])], [(model, "1")])
        with mlflow.start_run():
            log_small_model(registered_name=model)
        equal("log_model(registered_model_name=) is version 2", lambda: sorted(int(v.version) for v in client.search_model_versions("name='%s'" % model)), [1, 2])
        if PROXIED:
            equal("the own suffix means the same model", lambda: client.get_model_version("%s_%s" % (model, env), "1").run_id, run_id)
            stored = upstream("GET", "model-versions/get", name="%s_%s" % (model, env), version="1").get("model_version", {})
            equal("upstream has it with the suffix, in the stage", (stored.get("name"), stored.get("current_stage")), ("%s_%s" % (model, env), stage_of(env)))
            equal("upstream has no model of the logical name", lambda: upstream("GET", "registered-models/get", name=model).get("error_code"), "RESOURCE_DOES_NOT_EXIST")


def default_experiment(mlflow, client, env):
    with part("a run without an experiment"):
        mlflow.set_experiment("Default")
        with mlflow.start_run() as run:
            mlflow.log_metric("m", 1)
        equal("experiment 0 is Default", lambda: client.get_experiment("0").name, "Default")
        check("experiment 0 holds the run", lambda: run.info.run_id in [r.info.run_id for r in client.search_runs(["0"])])
        if PROXIED:
            stored = upstream("GET", "runs/get", run_id=run.info.run_id)["run"]["info"]["experiment_id"]
            equal("upstream it is in the environment's own default", lambda: upstream("GET", "experiments/get", experiment_id=stored)["experiment"]["name"], "/experiments/%s/Default" % env)
            mine = [r.info.experiment_id for r in client.search_runs(["0"])]
            check("experiment 0 holds nothing of other environments", lambda: set(mine) <= {"0", stored}, mine)
