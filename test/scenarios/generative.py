"""What generative applications log: traces with tags and assessments, prompts, data sets, issues, evaluations; and as a stranger sees them."""
import concurrent.futures
import contextlib
import json
import uuid

import generative_stranger
from tracing_clients import NEW, delete, find, flush, id_of, ids, store
from story import CLIENT, PROXIED, SERVER, TAG, act_as, check, equal, part, refused, upstream

SECRET = generative_stranger.SECRET


def story(owner, stranger):
    import mlflow
    from mlflow.tracking import MlflowClient

    client = MlflowClient()
    act_as(owner)
    name = "%s-genai-%s" % (TAG, uuid.uuid4().hex[:6])
    made = {"name": name, "owner": owner, "experiment": mlflow.set_experiment(name).experiment_id}
    tell_own = [traces, searches, prompts] + ([assessments, datasets, issues, evaluation] if NEW else [])
    for tell in tell_own:
        with part(tell.__name__):
            tell(client, made)
    if PROXIED:
        before = snapshot(made)
        with part("a stranger"):
            act_as(stranger)
            generative_stranger.story(client, made)
        act_as(owner)
        equal("nothing of the owner's has changed", lambda: snapshot(made), before)
    with part("deletion"):
        deletion(client, made)


def traces(client, made):
    import mlflow

    @mlflow.trace(name="answer", span_type="CHAIN", attributes={"kind": "test"})
    def answer(question):
        with mlflow.start_span("look up", span_type="TOOL") as span:
            span.set_inputs({"q": question})
            span.set_outputs([SECRET])
        mlflow.update_current_trace(tags={"team": "blue"})
        return SECRET

    answer("why")
    made["trace"] = flush()
    trace = mlflow.get_trace(made["trace"])
    equal("a trace has its spans", [span.name for span in trace.data.spans], ["answer", "look up"])
    equal("with what they did", [(s.inputs, s.outputs) for s in trace.data.spans], [({"question": "why"}, SECRET), ({"q": "why"}, [SECRET])])
    equal("its tag", trace.info.tags["team"], "blue")
    equal("its experiment", trace.info.experiment_id, made["experiment"])
    with mlflow.start_run() as run:
        answer("in a run")
        made["run"] = run.info.run_id
    made["ofRun"] = flush()

    def fail():
        with mlflow.start_span("failure"):
            raise ValueError("no")

    with contextlib.suppress(ValueError):
        fail()
    made["failed"] = flush()
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(answer, ["%d" % i for i in range(12)]))
    flush()
    client.set_trace_tag(made["trace"], "colour", "red")
    client.set_trace_tag(made["trace"], "passing", "yes")
    client.delete_trace_tag(made["trace"], "passing")
    equal("tags are set and deleted", lambda: [mlflow.get_trace(made["trace"]).info.tags.get(key) for key in ("colour", "passing")], ["red", None])


def searches(client, made):
    experiment = made["experiment"]
    equal("all traces are found, of every thread", lambda: len(find(client, experiment)), 15)
    equal("by a tag", lambda: ids(find(client, experiment, filter_string="tags.colour = 'red'")), [made["trace"]])
    equal("by their status", lambda: ids(find(client, experiment, filter_string="status = 'ERROR'")), [made["failed"]])
    equal("by their name", lambda: ids(find(client, experiment, filter_string="name = 'failure'")), [made["failed"]])
    equal("by their run", lambda: ids(find(client, experiment, filter_string="run_id = '%s'" % made["run"])), [made["ofRun"]])
    token, sizes, found = None, [], []
    while token or not sizes:
        page = find(client, experiment, max_results=6, order_by=["timestamp_ms DESC"], page_token=token)
        sizes.append(len(page))
        found += page
        token = page.token
    equal("in full pages", sizes, [6, 6, 3])
    equal("none of them twice", len(set(ids(found))), 15)
    refused("a filter that cannot be read", lambda: find(client, experiment, filter_string="no filter"), codes=("INVALID_PARAMETER_VALUE",))
    refused("a page token of nobody's", lambda: find(client, experiment, page_token="x"), codes=("INVALID_PARAMETER_VALUE",))
    if NEW:
        client.link_traces_to_run([made["trace"]], made["run"])
        equal("a trace can be linked to a run", lambda: ids(find(client, experiment, run_id=made["run"])), sorted([made["trace"], made["ofRun"]]))
        equal("a span is found", lambda: len(find(client, experiment, filter_string="span.name = 'look up'")), 14)
        model = client.create_logged_model(experiment, name="agent")
        equal("no number of rows is MLflow's own", lambda: [m.model_id for m in client.search_logged_models([experiment], max_results=0)], [model.model_id])
        equal("0 is the default experiment in filters, too", lambda: [e.experiment_id for e in client.search_experiments(filter_string="experiment_id = '0'")], ["0"])


def prompts(client, made):
    import mlflow

    api = mlflow.genai if CLIENT >= (3,) else mlflow
    name = made["prompt"] = made["name"] + "-prompt"
    equal("a prompt has its plain name", lambda: api.register_prompt(name, "Hello {{who}}").name, name)
    equal("and versions", lambda: int(api.register_prompt(name, "Good day {{who}}", tags={"tone": "kind"}).version), 2)
    equal("it is loaded by its version", lambda: api.load_prompt("prompts:/%s/1" % name).template, "Hello {{who}}")
    equal("and filled in", lambda: api.load_prompt("prompts:/%s/2" % name).format(who="you"), "Good day you")
    api.set_prompt_alias(name, "best", 2)
    equal("by an alias", lambda: int(api.load_prompt("prompts:/%s@best" % name).version), 2)
    if CLIENT >= (3,):
        equal("it is found", lambda: [p.name for p in api.search_prompts(filter_string="name = '%s'" % name)], [name])
    check("and is no model", lambda: name not in [m.name for m in client.search_registered_models()])
    if CLIENT < (3,):
        client.log_prompt(made["run"], "prompts:/%s/1" % name)
    elif NEW:
        client.link_prompt_version_to_run(made["run"], api.load_prompt("prompts:/%s/1" % name))
        client.link_prompt_versions_to_trace([api.load_prompt("prompts:/%s/2" % name)], made["trace"])
        equal("traces are found by it", lambda: ids(find(client, made["experiment"], filter_string="prompt = '%s/2'" % name)), [made["trace"]])
    tag = "mlflow.linkedPrompts"
    if CLIENT < (3,):
        equal("a run is linked to it", lambda: [p.name for p in client.list_logged_prompts(made["run"])], [name])
    elif NEW:
        equal("a run is linked to it", lambda: [p["name"] for p in json.loads(client.get_run(made["run"]).data.tags[tag])], [name])


def assessments(client, made):
    import mlflow
    from mlflow.entities import AssessmentSource, Expectation, Feedback

    trace, source = made["trace"], AssessmentSource("HUMAN", "someone")
    feedback = mlflow.log_feedback(trace_id=trace, name="good", value=True, source=source, rationale="true", metadata={"by": "hand"})
    made["assessment"] = feedback.assessment_id
    expectation = mlflow.log_expectation(trace_id=trace, name="answer", value={"is": [42, None]}, source=source)
    mlflow.log_assessment(trace, Feedback(name="judged", value=0.5, source=AssessmentSource("LLM_JUDGE", "a-model")))
    equal("feedback is read", lambda: mlflow.get_assessment(trace, feedback.assessment_id).rationale, "true")
    mlflow.update_assessment(trace, expectation.assessment_id, Expectation(name="answer", value="43"))
    equal("what is expected is changed", lambda: mlflow.get_assessment(trace, expectation.assessment_id).value, "43")
    second = mlflow.override_feedback(trace_id=trace, assessment_id=feedback.assessment_id, value=False)
    equal("feedback is overridden", lambda: mlflow.get_assessment(trace, feedback.assessment_id).valid, False)
    mlflow.delete_assessment(trace, second.assessment_id)
    equal("and is valid again without", lambda: mlflow.get_assessment(trace, feedback.assessment_id).valid, True)
    equal("a trace has all of them", lambda: sorted(a.name for a in mlflow.get_trace(trace).info.assessments), ["answer", "good", "judged"])
    equal("and is found by them", lambda: ids(find(client, made["experiment"], filter_string="feedback.judged = '0.5'")), [trace])


def datasets(client, made):
    import mlflow
    import mlflow.genai.datasets as api

    dataset = api.create_dataset(name=made["name"], experiment_id=made["experiment"], tags={"for": "tests"})
    made["dataset"] = dataset.dataset_id
    dataset.merge_records([{"inputs": {"q": SECRET}, "expectations": {"answer": "42"}}, {"inputs": {"q": "2"}}])
    dataset.merge_records(mlflow.search_traces(locations=[made["experiment"]], filter_string="tags.colour = 'red'", return_type="list"))
    records = api.get_dataset(dataset_id=dataset.dataset_id).to_df().to_dict("records")
    equal("a data set has records, of traces too", lambda: sorted(str(r["inputs"]) for r in records), sorted(map(str, [{"q": SECRET}, {"q": "2"}, {"question": "why"}])))
    equal("what a trace was expected to answer comes with it", lambda: [r["expectations"] for r in records if "question" in r["inputs"]], [{"answer": "43"}])
    equal("it is found", lambda: [d.dataset_id for d in api.search_datasets(experiment_ids=[made["experiment"]], filter_string="name LIKE '%-genai-%'")], [dataset.dataset_id])


def issues(client, made):
    import mlflow

    issue = store().create_issue(made["experiment"], name="too short", description=SECRET)
    made["issue"] = issue.issue_id
    equal("a trace is linked to an issue", lambda: mlflow.log_issue(trace_id=made["trace"], issue_id=issue.issue_id).issue_name, "too short")
    equal("and found by it", lambda: ids(find(client, made["experiment"], filter_string="issue.id = '%s'" % issue.issue_id)), [made["trace"]])


def evaluation(client, made):
    import mlflow
    from mlflow.genai.scorers import scorer

    @scorer
    def exact(outputs, expectations):
        return outputs == expectations["answer"]

    rows = [{"inputs": {"q": str(i)}, "outputs": str(i), "expectations": {"answer": "1"}} for i in (1, 2)]
    result = mlflow.genai.evaluate(data=rows, scorers=[exact])
    equal("an evaluation has its figures", lambda: client.get_run(result.run_id).data.metrics["exact/mean"], 0.5)
    found = find(client, made["experiment"], run_id=result.run_id)
    equal("and says it of every trace", lambda: sorted(a.value for t in found for a in t.info.assessments if a.name == "exact"), [False, True])


def snapshot(made):
    trace = upstream("GET", "/api/3.0/mlflow/traces/" + made["trace"]) if SERVER >= (3,) else upstream("GET", "traces/%s/info" % made["trace"])
    found = [trace, upstream("GET", "registered-models/get", name="%s_%s" % (made["prompt"], made["owner"]))]
    if NEW:
        found.append(upstream("GET", "/api/3.0/mlflow/datasets/" + made["dataset"]))
        found.append(upstream("GET", "/api/3.0/mlflow/datasets/%s/records" % made["dataset"]))
        found.append(upstream("GET", "/api/3.0/mlflow/issues/" + made["issue"]))
    assert not [f for f in found if "error_code" in f], found
    return json.dumps(found, sort_keys=True)


def deletion(client, made):
    import mlflow

    equal("a trace is deleted", lambda: delete(client, made["experiment"], [made["failed"]]), 1)
    check("and is gone", lambda: mlflow.get_trace(made["failed"]) is None)
    equal("and not found", lambda: ids(find(client, made["experiment"], filter_string="status = 'ERROR'")), [])
    if NEW:
        client.delete_dataset(made["dataset"])
        refused("a deleted data set is gone", lambda: client.get_dataset(made["dataset"]), codes=("RESOURCE_DOES_NOT_EXIST",))
