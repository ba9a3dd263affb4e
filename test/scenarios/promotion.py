"""From acc to prod, and the caller who is in both."""
import os

from differences import files_are_copies
from story import HOME, PROXIED, TAG, WORKSPACE, act_as, check, equal, log_small_model, part, predicts, refused, skip, upstream

FORBIDDEN = ("PERMISSION_DENIED",)
MODEL = TAG + "-promo"
QUALIFIED = MODEL + "_acc"


def story():
    if not PROXIED:
        return
    import mlflow
    from mlflow.tracking import MlflowClient

    client = MlflowClient()
    act_as("acc")
    mlflow.set_experiment(TAG + "-promotion")
    with mlflow.start_run() as run:
        log_small_model()
    for _ in range(2):
        mlflow.register_model("runs:/%s/model" % run.info.run_id, MODEL)
    refused("acc cannot reach Production", lambda: client.transition_model_version_stage(MODEL, "1", "Production"), codes=FORBIDDEN, says=["production"])
    equal("acc's version stays in Staging", lambda: client.get_model_version(MODEL, "1").current_stage, "Staging")
    act_as("preprod")
    refused("preprod, which promotes from nobody, cannot read acc's version", lambda: client.get_model_version(QUALIFIED, "1"))

    act_as("prod")
    with part("prod reads"):
        equal("prod reads acc's version by its qualified name", lambda: (lambda v: (v.name, v.run_id))(client.get_model_version(QUALIFIED, "1")), (QUALIFIED, run.info.run_id))
        check("prod loads acc's version", lambda: predicts("models:/%s/1" % QUALIFIED))
        own = [m.name for m in client.search_registered_models()]
        check("prod's own models do not list acc's", not [name for name in own if name.endswith("_acc")], own)
    with part("prod promotes"):
        promote(client, run.info.run_id)
    with part("prod changes nothing else of acc's"):
        refused("prod may not tag acc's model", lambda: client.set_registered_model_tag(QUALIFIED, "t", "1"), codes=FORBIDDEN)
        refused("prod may not archive acc's version", lambda: client.transition_model_version_stage(QUALIFIED, "1", "Archived"), codes=FORBIDDEN)
        refused("prod may not delete acc's model", lambda: client.delete_registered_model(QUALIFIED), codes=FORBIDDEN)
        refused("prod may not rename acc's model", lambda: client.rename_registered_model(QUALIFIED, MODEL + "-mine"), codes=FORBIDDEN)
        moved = client.transition_model_version_stage(QUALIFIED, "2", "Production")
        equal("prod moves acc's Staging version to Production in place", moved.current_stage, "Production")
    act_as("acc")
    with part("acc afterwards"):
        stay(client)
    with part("a caller in two environments"):
        choose()


def promote(client, run_id):
    if not hasattr(client, "copy_model_version"):
        return skip("copy_model_version", "this client has none")
    copied = client.copy_model_version("models:/%s/1" % QUALIFIED, MODEL)
    equal("the copy is version 1 of prod's own model", (copied.name, str(copied.version)), (MODEL, "1"))
    equal("the copy is in Production", lambda: client.get_model_version(MODEL, "1").current_stage, "Production")
    check("the copy loads by version", lambda: predicts("models:/%s/1" % MODEL))
    check("the copy loads by stage", lambda: predicts("models:/%s/Production" % MODEL))
    equal("upstream it is prod's", lambda: upstream("GET", "registered-models/get", name=MODEL + "_prod")["registered_model"]["name"], MODEL + "_prod")
    refused("prod cannot copy into acc", lambda: client.copy_model_version("models:/%s/1" % MODEL, QUALIFIED))
    act_as("acc")
    path = os.path.join(HOME, "MLmodel")
    with open(path, "w") as file:
        file.write("changed by acc\n")
    if WORKSPACE:
        return files_are_copies(client, run_id, path, MODEL)
    refused("acc cannot change the files that prod's version is made of", lambda: client.log_artifact(run_id, path, "model"))
    refused("acc cannot delete the run that prod's version is made of", lambda: client.delete_run(run_id))
    act_as("prod")
    check("prod's version still loads", lambda: predicts("models:/%s/1" % MODEL))


def stay(client):
    stored = upstream("GET", "model-versions/get", name=QUALIFIED, version="2")["model_version"]
    equal("upstream the version is in Production", stored["current_stage"], "Production")
    refused("acc may not archive it", lambda: client.transition_model_version_stage(MODEL, "2", "Archived"))
    refused("acc may not delete it", lambda: client.delete_model_version(MODEL, "2"))
    refused("acc may not delete its model", lambda: client.delete_registered_model(MODEL), codes=FORBIDDEN)
    refused("acc cannot read prod's model", lambda: client.get_registered_model(MODEL + "_prod"))
    equal("acc's other version is as it was", lambda: client.get_model_version(MODEL, "1").current_stage, "Staging")


def choose():
    import mlflow
    from mlflow.tracking import MlflowClient

    act_as("both")
    refused("who is in two environments has to say which", lambda: MlflowClient().search_registered_models(), codes=FORBIDDEN, says=["/env/"])
    for env in ("prod", "acc"):
        act_as("both", env)
        mlflow.set_experiment(TAG + "-both")
        with mlflow.start_run() as run:
            mlflow.log_metric("m", 1)
            mlflow.log_dict({"env": env}, "sub/a.json")
        path = mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="sub/a.json")
        check("/env/%s: the artifact comes back" % env, lambda: env in open(path).read())
        stored = upstream("GET", "runs/get", run_id=run.info.run_id)["run"]["info"]["experiment_id"]
        name = upstream("GET", "experiments/get", experiment_id=stored)["experiment"]["name"]
        equal("/env/%s: the run is in that environment" % env, name, "/experiments/%s/%s-both" % (env, TAG))
    act_as("acc", "prod")
    refused("acc cannot choose prod", lambda: MlflowClient().search_registered_models(), codes=FORBIDDEN)
    act_as("acc")
