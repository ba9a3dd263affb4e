"""Everything of MLflow 3 besides runs, models and traces, in one environment, with the names and ids of its own; and as a stranger sees it."""
import json
import uuid

from story import PROXIED, SERVER, TAG, act_as, check, equal, refused, upstream

SECRET = "s3cret-family"


def story(owner, stranger):
    from mlflow.tracking import MlflowClient

    client = MlflowClient()
    act_as(owner)
    name = "%s-family-%s" % (TAG, uuid.uuid4().hex[:6])
    experiment = client.create_experiment(name)
    made = {"name": name, "experiment": experiment, "run": client.create_run(experiment).info.run_id}
    datasets(client, made)
    summaries(client, made)
    scorers(client, made)
    issues(client, made)
    if is_since("3.18"):
        newer_issues(client, made)
    reviews(client, made)
    prompts(client, made, owner)
    previews(client, made)
    if PROXIED:
        strange(client, made, owner, stranger)
        act_as(owner)
    away(client, made)


def is_since(version):
    """Whether client and server are of that version or newer."""
    import mlflow

    first = tuple(int(part) for part in version.split("."))
    return min(SERVER, tuple(int(part) for part in mlflow.__version__.split(".")[:3])) >= first


def store():
    from mlflow.tracking._tracking_service.utils import _get_store

    return _get_store()


def datasets(client, made):
    import mlflow.genai.datasets as api

    dataset = api.create_dataset(name=made["name"], experiment_id=made["experiment"], tags={"note": SECRET})
    made["dataset"] = dataset.dataset_id
    equal("a data set is in its experiment", lambda: api.get_dataset(dataset_id=dataset.dataset_id).experiment_ids, [made["experiment"]])
    records = [{"inputs": {"question": SECRET}, "expectations": {"answer": "42"}}, {"inputs": {"question": "2"}}]
    dataset.merge_records(records)
    equal("its records come back", lambda: sorted(r.inputs["question"] for r in store()._load_dataset_records(dataset.dataset_id)[0]), ["2", SECRET])
    client.set_dataset_tags(dataset.dataset_id, {"stage": "one"})
    equal("tags are set", lambda: client.get_dataset(dataset.dataset_id).tags["stage"], "one")
    client.delete_dataset_tag(dataset.dataset_id, "stage")
    check("and deleted", lambda: "stage" not in client.get_dataset(dataset.dataset_id).tags)
    mine = lambda **more: [d.dataset_id for d in client.search_datasets(**more)]
    check("it is found in its experiment", lambda: mine(experiment_ids=[made["experiment"]]) == [dataset.dataset_id])
    check("and where no experiment is said", lambda: dataset.dataset_id in mine())
    check("and by its name", lambda: mine(filter_string="name = '%s'" % made["name"]) == [dataset.dataset_id])
    other = client.create_experiment(made["name"] + "-other")
    api.add_dataset_to_experiments(dataset.dataset_id, [other])
    equal("it can be in two experiments", lambda: sorted(client.get_dataset(dataset.dataset_id).experiment_ids), sorted([made["experiment"], other]))
    api.remove_dataset_from_experiments(dataset.dataset_id, [other])
    equal("and leave one", lambda: client.get_dataset(dataset.dataset_id).experiment_ids, [made["experiment"]])
    homeless = client.create_dataset(name=made["name"] + "-homeless")
    if PROXIED:
        equal("without an experiment it is in the default one", lambda: client.get_dataset(homeless.dataset_id).experiment_ids, ["0"])
        refused("it cannot leave its last experiment", lambda: api.remove_dataset_from_experiments(homeless.dataset_id, ["0"]), codes=("INVALID_PARAMETER_VALUE",))
    client.delete_dataset(homeless.dataset_id)


def summaries(client, made):
    import pandas
    import requests

    import mlflow
    from mlflow.entities import DatasetInput, InputTag
    from mlflow.tracking.request_header.registry import resolve_request_headers

    source = mlflow.data.from_pandas(pandas.DataFrame({"x": [1]}), name=made["name"])
    client.log_inputs(made["run"], [DatasetInput(source._to_mlflow_entity(), [InputTag("mlflow.data.context", "train")])])
    equal("what a run read is noted", lambda: client.get_run(made["run"]).inputs.dataset_inputs[0].dataset.name, made["name"])
    found = ask("POST", "/ajax-api/2.0/mlflow/experiments/search-datasets", json={"experiment_ids": [made["experiment"]]})
    equal("and summed up for its experiment", lambda: [(s["experiment_id"], s["name"], s["context"]) for s in found.json()["dataset_summaries"]], [(made["experiment"], made["name"], "train")])


def ask(method, path, **more):
    import os

    import requests

    headers = {"Authorization": "Bearer " + os.environ["MLFLOW_TRACKING_TOKEN"]} if PROXIED else {}
    return requests.request(method, os.environ["MLFLOW_TRACKING_URI"] + path, headers=headers, timeout=60, **more)


def scorers(client, made):
    text = json.dumps({"name": "polite", "builtin_scorer_class": "Safety", "builtin_scorer_pydantic_data": {"name": "polite", "model": "openai:/gpt-4o"}})
    equal("a scorer is registered", lambda: store().register_scorer(made["experiment"], "polite", text).scorer_version, 1)
    equal("and has versions", lambda: store().register_scorer(made["experiment"], "polite", text).scorer_version, 2)
    equal("it is listed", lambda: [s.scorer_name for s in store().list_scorers(made["experiment"])], ["polite"])
    equal("with its versions", lambda: sorted(s.scorer_version for s in store().list_scorer_versions(made["experiment"], "polite")), [1, 2])
    latest = store().get_scorer(made["experiment"], "polite")
    made["scorer"] = latest.scorer_id
    equal("it is in its experiment", lambda: str(latest.experiment_id), made["experiment"])
    check("it is among all scorers", lambda: latest.scorer_id in [s["scorer_id"] for s in ask("GET", "/ajax-api/3.0/mlflow/scorers/list").json()["scorers"]])
    equal("its online configuration can be set", lambda: store().upsert_online_scoring_config(made["experiment"], "polite", 0).experiment_id, made["experiment"])
    equal("and read", lambda: [c.experiment_id for c in store().get_online_scoring_configs([latest.scorer_id])], [made["experiment"]])
    store().delete_scorer(made["experiment"], "polite", 1)
    equal("a version is deleted", lambda: [s.scorer_version for s in store().list_scorer_versions(made["experiment"], "polite")], [2])
    gateway = text.replace("openai:/gpt-4o", "gateway:/shared")
    refused("it cannot use the server's gateway", lambda: store().register_scorer(made["experiment"], "greedy", gateway), codes=("PERMISSION_DENIED", "RESOURCE_DOES_NOT_EXIST"))


def issues(client, made):
    issue = store().create_issue(made["experiment"], name=made["name"], description=SECRET, source_run_id=made["run"])
    made["issue"] = issue.issue_id
    equal("an issue is of its run", lambda: store().get_issue(issue.issue_id).source_run_id, made["run"])
    equal("it can be changed", lambda: store().update_issue(issue.issue_id, name="renamed").name, "renamed")
    equal("it is found in its experiment", lambda: [i.issue_id for i in store().search_issues(experiment_id=made["experiment"])], [issue.issue_id])
    check("and where no experiment is said", lambda: issue.issue_id in [i.issue_id for i in store().search_issues(max_results=1000)])


def newer_issues(client, made):
    experiment, chosen = made["experiment"], "iss-%s_of-ours" % uuid.uuid4().hex[:8]
    make = lambda **more: store().create_issue(experiment, name="zz chosen", description=SECRET, issue_id=chosen, **more)
    made["chosen"] = chosen
    equal("an issue has the id that is chosen for it", lambda: make(metadata={"team": "x"}, categories=["tone"]).issue_id, chosen)
    refused("which is taken then", make, codes=("RESOURCE_ALREADY_EXISTS",))
    equal("notes of it are added and taken away", lambda: store().update_issue(chosen, metadata={"a": "b"}, delete_metadata_keys=["team"]).metadata, {"a": "b"})
    equal("its categories can be cleared", lambda: store().update_issue(chosen, categories=[]).categories or [], [])
    mine = lambda **more: store().search_issues(experiment_id=experiment, order_by=["name DESC"], **more)
    equal("it is found by a part of its name", lambda: [i.issue_id for i in mine(name="CHOSEN", view="basic")], [chosen])
    equal("the issues of an experiment are counted", lambda: mine(include_total_count=True, max_results=1).total_count, 2)
    equal("and listed page by page", lambda: [i.issue_id for i in mine(max_results=1, page_token=mine(max_results=1).token)], [made["issue"]])
    if PROXIED:
        refused("nobody else's are counted with them", lambda: store().search_issues(include_total_count=True), codes=("INVALID_PARAMETER_VALUE",))
        schedule = json.dumps({"version": 1, "cadence": "hourly", "model": {"endpointName": "shared"}})
        refused("the server does not look for issues by itself", lambda: client.set_experiment_tag(experiment, "mlflow.issueDetection.schedule", schedule))


def reviews(client, made):
    from mlflow.genai.label_schemas import InputText

    schema = store().create_label_schema(made["experiment"], name="tone", type="feedback", input=InputText())
    made["schema"] = schema.schema_id
    equal("a label schema is read", lambda: store().get_label_schema(schema.schema_id).name, "tone")
    equal("by its name, too", lambda: store().get_label_schema_by_name(made["experiment"], "tone").schema_id, schema.schema_id)
    check("and listed", lambda: schema.schema_id in [s.schema_id for s in store().list_label_schemas(made["experiment"])])
    equal("it can be changed", lambda: store().update_label_schema(schema.schema_id, instruction="be kind").instruction, "be kind")
    queue = store().create_review_queue(made["experiment"], name="to do", queue_type="custom", users=["someone"], schema_ids=[schema.schema_id])
    made["queue"] = queue.queue_id
    equal("a review queue asks by schemas", lambda: list(store().get_review_queue(queue.queue_id).schema_ids), [schema.schema_id])
    check("it is listed", lambda: queue.queue_id in [q.queue_id for q in store().list_review_queues(made["experiment"])])
    trace = "tr-" + uuid.uuid4().hex
    made["trace"] = trace
    place = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": made["experiment"]}}
    info = {"trace_id": trace, "trace_location": place, "request_time": "2026-01-01T00:00:00Z", "state": "OK"}
    ask("POST", "/api/3.0/mlflow/traces", json={"trace": {"trace_info": info}}).raise_for_status()
    equal("traces are put into it", lambda: [i.item_id for i in store().add_items_to_review_queue(queue.queue_id, item_ids=[trace])], [trace])
    equal("and found", lambda: [i.item_id for i in store().list_review_queue_items(queue.queue_id)], [trace])
    equal("and done", lambda: str(store().set_review_queue_item_status(queue.queue_id, item_id=trace, status="complete", completed_by="someone").status.value).lower(), "complete")
    record = [{"inputs": {"q": "of a trace"}, "source": {"source_type": "TRACE", "source_data": {"trace_id": trace}}}]
    equal("a record can be of a trace", lambda: store().upsert_dataset_records(made["dataset"], record)["inserted"], 1)


def prompts(client, made, owner):
    import mlflow

    name = made["name"] + "-prompt"
    prompt = mlflow.genai.register_prompt(name=name, template="Hello {{who}}")
    made["prompt"] = name
    equal("a prompt has its plain name", lambda: (prompt.name, prompt.version), (name, 1))
    mlflow.genai.register_prompt(name=name, template="Good day {{who}}")
    mlflow.genai.set_prompt_alias(name, alias="best", version=2)
    equal("it is loaded by its version", lambda: mlflow.genai.load_prompt("prompts:/%s/1" % name).template, "Hello {{who}}")
    equal("and by an alias", lambda: mlflow.genai.load_prompt("prompts:/%s@best" % name).template, "Good day {{who}}")
    check("and found", lambda: name in [p.name for p in client.search_prompts(filter_string="name = '%s'" % name)])
    store_of_models = client._get_registry_client().store
    store_of_models.link_prompt_version_to_run(name, "1", made["run"])
    linked = lambda run: json.loads(client.get_run(run).data.tags["mlflow.linkedPrompts"])
    equal("a run is linked to it", lambda: [(p["name"], p["version"]) for p in linked(made["run"])], [(name, "1")])
    if PROXIED:
        tags = {t["key"]: t["value"] for t in upstream("GET", "runs/get", run_id=made["run"])["run"]["data"]["tags"]}
        equal("upstream by the name that it has there", lambda: json.loads(tags["mlflow.linkedPrompts"])[0]["name"], "%s_%s" % (name, owner))
    model = client.create_logged_model(made["experiment"], name="house", source_run_id=made["run"]).model_id
    made["logged"] = model
    store_of_models.link_prompt_version_to_model(name, "2", model)
    equal("a logged model, too", lambda: json.loads(client.get_logged_model(model).tags["mlflow.linkedPrompts"])[0]["name"], name)


def previews(client, made):
    run = made["run"]
    sent = ask("POST", "/ajax-api/2.0/mlflow/upload-artifact", params={"run_uuid": run, "path": "page/x.html"}, data=b"<script>alert('%s')</script>" % SECRET.encode())
    equal("the UI stores an artifact", lambda: sent.status_code, 200)
    if is_since("3.18"):
        again = ask("POST", "/ajax-api/2.0/mlflow/upload-artifact", params={"run_id": run, "path": "page/y.html"}, data=b"y")
        equal("also by the run's newer name", lambda: again.status_code, 200)
    got = ask("GET", "/get-artifact", params={"run_uuid": run, "path": "page/x.html"})
    check("and shows it", lambda: SECRET in got.text)
    check("as a download", lambda: got.headers["content-disposition"].startswith("attachment"), got.headers)
    if PROXIED:
        check("of no origin", lambda: got.headers["content-security-policy"].startswith("sandbox;"), got.headers)
        equal("of the type that is said", lambda: got.headers["x-content-type-options"], "nosniff")
    client.create_registered_model(made["name"])
    version = client.create_model_version(made["name"], client.get_run(run).info.artifact_uri + "/page", run).version
    shown = ask("GET", "/model-versions/get-artifact", params={"name": made["name"], "version": version, "path": "x.html"})
    check("a version's artifact is shown", lambda: SECRET in shown.text)
    lab = {"experiment_id": made["experiment"], "prompt_template": "t", "prompt_parameters": [{"key": "a", "value": 0.5}], "model_route": "r", "model_input": "i", "mlflow_version": "3.0"}
    equal("the prompt lab makes a run", lambda: ask("POST", "/ajax-api/2.0/mlflow/runs/create-promptlab-run", json=lab).json()["run"]["info"]["experiment_id"], made["experiment"])
    info = ask("GET", "/api/3.0/mlflow/server-info")
    equal("the server has no workspaces", lambda: info.json()["workspaces_enabled"], False)


def strange(client, made, owner, stranger):
    """The same ids in another environment: nothing is seen, nothing is done."""
    import mlflow

    act_as(stranger)
    no = lambda what, call, **more: refused("a stranger: " + what, call, hidden=(SECRET,), **more)
    exp, name = made["experiment"], made["name"]
    no("get_dataset", lambda: client.get_dataset(made["dataset"]))
    no("records", lambda: store()._load_dataset_records(made["dataset"]))
    no("upsert records", lambda: store().upsert_dataset_records(made["dataset"], [{"inputs": {"q": "x"}}]))
    no("set_dataset_tags", lambda: client.set_dataset_tags(made["dataset"], {"a": "b"}))
    no("delete_dataset", lambda: client.delete_dataset(made["dataset"]))
    no("search_datasets", lambda: client.search_datasets(experiment_ids=[exp]), or_nothing=True)
    no("search_datasets by name", lambda: client.search_datasets(filter_string="name = '%s'" % name), or_nothing=True)
    no("list_scorers", lambda: store().list_scorers(exp))
    no("get_scorer", lambda: store().get_scorer(exp, "polite"))
    no("online configurations", lambda: store().get_online_scoring_configs([made["scorer"]]), or_nothing=True)
    no("get_issue", lambda: store().get_issue(made["issue"]))
    no("update_issue", lambda: store().update_issue(made["issue"], name="mine"))
    no("search_issues", lambda: [i for i in store().search_issues(max_results=1000) if i.issue_id == made["issue"]], or_nothing=True)
    no("get_label_schema", lambda: store().get_label_schema(made["schema"]))
    no("delete_label_schema", lambda: store().delete_label_schema(made["schema"]))
    no("get_review_queue", lambda: store().get_review_queue(made["queue"]))
    no("add_items", lambda: store().add_items_to_review_queue(made["queue"], item_ids=[made["trace"]]))
    no("delete_review_queue", lambda: store().delete_review_queue(made["queue"]))
    no("load_prompt", lambda: mlflow.genai.load_prompt("prompts:/%s_%s/1" % (made["prompt"], owner)))
    no("search_prompts", lambda: client.search_prompts(filter_string="name = '%s_%s'" % (made["prompt"], owner)), or_nothing=True)
    own = client.create_experiment(name + "-mine")
    run = client.create_run(own).info.run_id
    if "chosen" in made:
        no("an issue with a foreign id", lambda: store().create_issue(own, name="x", description="y", issue_id=made["chosen"]))
    link = json.dumps([{"name": "%s_%s" % (made["prompt"], owner), "version": "1"}])
    no("a link to a foreign prompt", lambda: client.set_tag(run, "mlflow.linkedPrompts", link))
    mine = client.create_dataset(name="mine", experiment_id=own)
    no("a record of a foreign trace", lambda: store().upsert_dataset_records(mine.dataset_id, [{"inputs": {"q": "x"}, "source": {"source_type": "TRACE", "source_data": {"trace_id": made["trace"]}}}]))
    no("a data set in a foreign experiment", lambda: client.create_dataset(name="mine", experiment_id=[own, exp]))
    for path, params in (("/get-artifact", {"run_uuid": made["run"], "path": "page/x.html"}), ("/model-versions/get-artifact", {"name": "%s_%s" % (name, owner), "version": "1", "path": "x.html"})):
        got = ask("GET", path, params=params)
        check("a stranger: " + path, got.status_code in (403, 404) and SECRET not in got.text, got.text)


def away(client, made):
    store().delete_review_queue(made["queue"])
    store().delete_label_schema(made["schema"])
    store().delete_scorer(made["experiment"], "polite")
    client.delete_dataset(made["dataset"])
    refused("a deleted data set is gone", lambda: client.get_dataset(made["dataset"]), codes=("RESOURCE_DOES_NOT_EXIST",))
    check("and is not found", lambda: made["dataset"] not in [d.dataset_id for d in client.search_datasets(experiment_ids=[made["experiment"]])])
