"""A stranger from one environment against what an owner in another has: nothing is seen, nothing changes, refusals can be read."""
import hashlib
import json
import os
import uuid

from differences import FOREIGN_ALIAS
from story import CLIENT, HOME, PROXIED, SERVER, TAG, act_as, check, equal, refused, upstream

# (owner, stranger): everybody is both once, and no stranger may promote from the owner.
PAIRS = [("prod", "acc"), ("acc", "preprod"), ("preprod", "prod")] if PROXIED else []
SECRET = "s3cret"


def story(owner, stranger):
    from mlflow.tracking import MlflowClient

    client = MlflowClient()
    theirs = furnish(client, owner)
    mine = furnish(client, stranger)
    before = snapshot(theirs)
    equal("control: the stranger reads what is their own", lambda: client.get_run(mine["run"]).info.run_id, mine["run"])
    read_by_id(client, theirs, mine)
    read_by_name(client, theirs, owner)
    change_by_id(client, theirs, mine, owner)
    change_by_name(client, theirs, mine, owner)
    if "trace" in theirs:
        touch_generative(client, theirs)
    look_absent(client, theirs)
    equal("nothing of the owner's has changed", lambda: snapshot(theirs), before)
    equal("the stranger's own name is free of the owner's", lambda: client.get_registered_model(mine["name"]).description, stranger)
    act_as(owner)
    equal("the owner still reads it", lambda: client.get_run(theirs["run"]).data.tags["hush"], SECRET)


def furnish(client, env):
    """One of everything, under the same names in every environment."""
    act_as(env)
    name = "%s-house-%s" % (TAG, uuid.uuid4().hex[:6])
    experiment = client.create_experiment(name)
    run = client.create_run(experiment, tags={"hush": SECRET}).info
    client.log_text(run.run_id, SECRET, "model/secret.txt")
    client.log_metric(run.run_id, "hush", 1.5)
    deleted = client.create_run(experiment).info.run_id
    client.delete_run(deleted)
    client.create_registered_model(name, description=env)
    source = run.artifact_uri + "/model"
    client.create_model_version(name, source, run.run_id)
    made = {"env": env, "name": name, "model": "%s_%s" % (name, env), "experiment": experiment, "run": run.run_id, "deleted": deleted, "source": source}
    if CLIENT >= (3,) and SERVER >= (3,):
        made["trace"] = "tr-" + uuid.uuid4().hex
        place = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": experiment}}
        info = {"trace_id": made["trace"], "trace_location": place, "request_time": "2026-01-01T00:00:00Z", "state": "OK"}
        upstream("POST", "/api/3.0/mlflow/traces", trace={"trace_info": dict(info, request_preview=SECRET, tags={"hush": SECRET})})
        made["logged"] = client.create_logged_model(experiment, name="hush", source_run_id=run.run_id).model_id
    return made


def snapshot(theirs):
    """Everything of the owner's that a stranger could have changed, as MLflow itself has it."""
    parts = [
        upstream("POST", "runs/search", experiment_ids=[theirs["experiment"]], run_view_type="ALL"),
        upstream("GET", "artifacts/list", run_id=theirs["run"], path="model"),
        upstream("GET", "experiments/get", experiment_id=theirs["experiment"]),
        upstream("GET", "registered-models/get", name=theirs["model"]),
        upstream("GET", "model-versions/get", name=theirs["model"], version="1"),
    ]
    if "trace" in theirs:
        parts.append(upstream("GET", "/api/3.0/mlflow/traces/" + theirs["trace"]))
        parts.append(upstream("GET", "logged-models/" + theirs["logged"]))
    assert not [p for p in parts if "error_code" in p], parts
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def no(name, call, **more):
    refused(name, call, hidden=(SECRET,), **more)


def read_by_id(client, theirs, mine):
    from mlflow.entities import ViewType

    import mlflow

    run, exp = theirs["run"], theirs["experiment"]
    no("get_run", lambda: client.get_run(run))
    no("get_run of a deleted run", lambda: client.get_run(theirs["deleted"]))
    no("get_metric_history", lambda: client.get_metric_history(run, "hush"))
    no("get_experiment", lambda: client.get_experiment(exp))
    no("search_runs", lambda: client.search_runs([exp], run_view_type=ViewType.ALL), or_nothing=True)
    no("search_runs of own and foreign", lambda: [r for r in client.search_runs([mine["experiment"], exp]) if r.info.experiment_id == exp], or_nothing=True)
    no("list_artifacts", lambda: client.list_artifacts(run))
    no("download by run", lambda: mlflow.artifacts.download_artifacts(run_id=run, artifact_path="model/secret.txt"))
    no("download by URI", lambda: mlflow.artifacts.download_artifacts(artifact_uri=theirs["source"] + "/secret.txt"))


def read_by_name(client, theirs, owner):
    import mlflow

    model, name = theirs["model"], theirs["name"]
    no("get_experiment_by_name", lambda: client.get_experiment_by_name("/experiments/%s/%s" % (owner, name)))
    no("get_registered_model", lambda: client.get_registered_model(model))
    no("get_latest_versions", lambda: client.get_latest_versions(model))
    no("get_model_version", lambda: client.get_model_version(model, "1"))
    no("get_model_version_download_uri", lambda: client.get_model_version_download_uri(model, "1"))
    no("download by models:/", lambda: mlflow.artifacts.download_artifacts(artifact_uri="models:/%s/1" % model))
    found_nothing = {
        "search_model_versions by name": lambda: client.search_model_versions("name = '%s'" % model),
        "search_model_versions by run_id": lambda: client.search_model_versions("run_id = '%s'" % theirs["run"]),
        "search_registered_models by name": lambda: client.search_registered_models("name = '%s'" % model),
        "search_registered_models LIKE": lambda: client.search_registered_models("name LIKE '%s'" % model.replace("-", "_")),
        "search_experiments LIKE": lambda: [e for e in client.search_experiments(filter_string="name LIKE '%%%s%%'" % name) if e.experiment_id == theirs["experiment"]],
    }
    for what, call in found_nothing.items():
        no(what, call, or_nothing=True)


def change_by_id(client, theirs, mine, owner):
    from mlflow.entities import Param

    run, exp, own_name = theirs["run"], theirs["experiment"], mine["name"]
    path = os.path.join(HOME, "mine.txt")
    with open(path, "w") as file:
        file.write("mine")
    no("log_param", lambda: client.log_param(run, "p", "1"))
    no("log_metric", lambda: client.log_metric(run, "m", 1.0))
    no("log_batch", lambda: client.log_batch(run, params=[Param("p2", "1")]))
    no("set_tag", lambda: client.set_tag(run, "t", "1"))
    no("delete_tag", lambda: client.delete_tag(run, "hush"))
    no("set_terminated", lambda: client.set_terminated(run, "FAILED"))
    no("log_artifact", lambda: client.log_artifact(run, path, "model"))
    no("create_run in the experiment", lambda: client.create_run(exp))
    no("create_run under a foreign parent", lambda: client.create_run(mine["experiment"], tags={"mlflow.parentRunId": run}))
    no("restore_run", lambda: client.restore_run(theirs["deleted"]))
    no("delete_run", lambda: client.delete_run(run))
    no("set_experiment_tag", lambda: client.set_experiment_tag(exp, "t", "1"))
    no("rename_experiment", lambda: client.rename_experiment(exp, own_name + "-taken"))
    no("rename_experiment into the other root", lambda: client.rename_experiment(mine["experiment"], "/experiments/%s/moved" % owner))
    no("delete_experiment", lambda: client.delete_experiment(exp))
    invalid = ("INVALID_PARAMETER_VALUE", "PERMISSION_DENIED", "RESOURCE_DOES_NOT_EXIST")
    no("create_experiment over foreign artifacts", lambda: client.create_experiment(own_name + "-over", artifact_location=theirs["source"]), codes=invalid)
    no("create_experiment in the other root", lambda: client.create_experiment("/experiments/%s/%s-new" % (owner, own_name)))
    no("create_model_version of foreign artifacts", lambda: client.create_model_version(own_name, theirs["source"], mine["run"]), codes=invalid)
    no("create_model_version of a foreign run", lambda: client.create_model_version(own_name, theirs["source"], run))


def change_by_name(client, theirs, mine, owner):
    model, own_name = theirs["model"], mine["name"]
    no("create_registered_model with the other suffix", lambda: client.create_registered_model("%s-new_%s" % (TAG, owner)))
    no("update_registered_model", lambda: client.update_registered_model(model, "words"))
    no("set_registered_model_tag", lambda: client.set_registered_model_tag(model, "t", "1"))
    no("set_model_version_tag", lambda: client.set_model_version_tag(model, "1", "t", "1"))
    no("update_model_version", lambda: client.update_model_version(model, "1", "words"))
    no("transition_model_version_stage", lambda: client.transition_model_version_stage(model, "1", "Archived"))
    no("create_model_version in the other's model", lambda: client.create_model_version(model, mine["source"], mine["run"]))
    no("create_model_version from models:/", lambda: client.create_model_version(own_name, "models:/%s/1" % model))
    no("rename_registered_model of an own model to the other suffix", lambda: client.rename_registered_model(own_name, "%s-moved_%s" % (TAG, owner)))
    no("rename_registered_model to an own name", lambda: client.rename_registered_model(model, own_name + "-taken"))
    no("delete_model_version", lambda: client.delete_model_version(model, "1"))
    no("delete_registered_model", lambda: client.delete_registered_model(model))
    if hasattr(client, "copy_model_version"):
        no("copy_model_version", lambda: client.copy_model_version("models:/%s/1" % model, own_name))
    if hasattr(client, "set_registered_model_alias"):
        no("set_registered_model_alias", lambda: client.set_registered_model_alias(model, "mine", "1"), codes=FOREIGN_ALIAS)
        no("get_model_version_by_alias", lambda: client.get_model_version_by_alias(model, "champion"), codes=FOREIGN_ALIAS)


def touch_generative(client, theirs):
    logged, trace, exp = theirs["logged"], theirs["trace"], theirs["experiment"]
    no("get_logged_model", lambda: client.get_logged_model(logged))
    no("search_logged_models", lambda: client.search_logged_models(experiment_ids=[exp]), or_nothing=True)
    no("set_logged_model_tags", lambda: client.set_logged_model_tags(logged, {"t": "1"}))
    no("delete_logged_model", lambda: client.delete_logged_model(logged))
    no("get_trace", lambda: client.get_trace(trace))
    no("search_traces", lambda: client.search_traces(locations=[exp], include_spans=False), or_nothing=True)
    no("set_trace_tag", lambda: client.set_trace_tag(trace, "t", "1"))
    no("delete_traces", lambda: client.delete_traces(exp, trace_ids=[trace]))


def look_absent(client, theirs):
    """What is denied and what is not there cannot be told apart."""
    absent = uuid.uuid4().hex
    message = lambda run: text_of(lambda: client.get_run(run)).replace(run, "<run>")
    equal("a foreign run looks like one that is not there", lambda: message(theirs["run"]), message(absent))
    number = "987654321"
    words = lambda exp: text_of(lambda: client.get_experiment(exp)).replace(exp, "<experiment>")
    equal("a foreign experiment looks like one that is not there", lambda: words(theirs["experiment"]), words(number))
    missing = "%s-nobody" % TAG
    text = text_of(lambda: client.get_registered_model(missing))
    check("the message about a missing model names what was asked for, and no upstream name", missing in text and missing + "_" not in text, text)


def text_of(call):
    try:
        return "was allowed: %r" % (call(),)
    except Exception as error:
        return str(error)
