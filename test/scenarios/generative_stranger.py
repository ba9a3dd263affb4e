"""A stranger in front of what another environment's generative applications have logged."""
from story import CLIENT, refused, check
from tracing_clients import NEW, delete, find, flush, store

SECRET = "s3cret-answer"


def no(name, call, **more):
    refused("a stranger: " + name, call, hidden=(SECRET,), **more)


def story(client, made):
    import mlflow

    trace, api = made["trace"], mlflow.genai if CLIENT >= (3,) else mlflow
    own = mlflow.set_experiment(made["name"] + "-mine").experiment_id
    check("a stranger: another's trace is nothing", lambda: mlflow.get_trace(trace) is None)
    no("get_trace", lambda: client.get_trace(trace))
    no("set_trace_tag", lambda: client.set_trace_tag(trace, "colour", "black"))
    no("delete_trace_tag", lambda: client.delete_trace_tag(trace, "colour"))
    no("search_traces", lambda: find(client, made["experiment"]), or_nothing=True)
    no("search_traces of a run", lambda: find(client, own, filter_string="run_id = '%s'" % made["run"]), or_nothing=True)
    no("delete_traces", lambda: delete(client, made["experiment"], [trace]))
    no("delete_traces in an own experiment", lambda: delete(client, own, [trace]), or_nothing=True)
    full = "%s_%s" % (made["prompt"], made["owner"])
    no("load_prompt", lambda: api.load_prompt("prompts:/%s/1" % full))
    no("load_prompt by alias", lambda: api.load_prompt("prompts:/%s@best" % full))
    no("register_prompt", lambda: api.register_prompt(full, "mine"))
    no("set_prompt_alias", lambda: api.set_prompt_alias(full, "best", 1))
    if CLIENT >= (3,):
        no("search_prompts", lambda: api.search_prompts(filter_string="name = '%s'" % full), or_nothing=True)
    if NEW:
        more(client, made, own)


def more(client, made, own):
    import mlflow
    import mlflow.genai.datasets as api

    trace = made["trace"]
    no("log_feedback", lambda: mlflow.log_feedback(trace_id=trace, name="bad", value=False))
    no("get_assessment", lambda: mlflow.get_assessment(trace, made["assessment"]))
    no("delete_assessment", lambda: mlflow.delete_assessment(trace, made["assessment"]))
    run = client.create_run(own).info.run_id
    no("link_traces_to_run", lambda: client.link_traces_to_run([trace], run))
    no("link_traces_to_run of a foreign run", lambda: client.link_traces_to_run([trace], made["run"]))
    no("get_dataset", lambda: api.get_dataset(dataset_id=made["dataset"]))
    no("search_datasets", lambda: api.search_datasets(experiment_ids=[made["experiment"]]), or_nothing=True)
    no("delete_dataset", lambda: client.delete_dataset(made["dataset"]))
    no("set_dataset_tags", lambda: client.set_dataset_tags(made["dataset"], {"for": "me"}))
    no("upsert_dataset_records", lambda: store().upsert_dataset_records(made["dataset"], [{"inputs": {"q": "mine"}}]))
    with mlflow.start_span("mine") as span:
        mine = span.trace_id
    flush()
    no("log_issue of a foreign issue", lambda: mlflow.log_issue(trace_id=mine, issue_id=made["issue"]))
    assessment = {"trace_id": mine, "assessment_name": made["issue"], "source": {"source_type": "HUMAN", "source_id": "me"}, "issue": {"issue_name": "x"}}
    no("a foreign issue as an assessment", lambda: _post("/api/3.0/mlflow/traces/%s/assessments" % mine, {"assessment": assessment}))


def _post(path, body):
    from mlflow.utils.rest_utils import http_request, verify_rest_response

    answer = http_request(store().get_host_creds(), path, "POST", json=body)
    return verify_rest_response(answer, path).json()
