"""mlflow-tracing: the client of applications in production, which does nothing but traces."""
import importlib.util
import os

import mlflow

from story import CONTEXT, act_as, check, equal, part, refused, tell, upstream


def story():
    act_as("acc")
    check("nothing but the tracing client is installed", importlib.util.find_spec("flask") is None and importlib.util.find_spec("mlflow.pyfunc") is None)
    with part("a trace"):
        experiment = mlflow.set_experiment("tracing")

        @mlflow.trace(name="answer")
        def answer(question):
            with mlflow.start_span("look up") as span:
                span.set_inputs({"q": question})
                span.set_outputs(["found"])
            mlflow.update_current_trace(tags={"team": "blue"})
            return question.upper()

        equal("the traced function", answer("why"), "WHY")
        mlflow.flush_trace_async_logging()
        trace_id = mlflow.get_last_active_trace_id()
        trace = mlflow.get_trace(trace_id)
        equal("its spans", sorted(span.name for span in trace.data.spans), ["answer", "look up"])
        equal("its tag", trace.info.tags.get("team"), "blue")
        equal("its experiment", trace.info.experiment_id, experiment.experiment_id)
        mlflow.log_feedback(trace_id=trace_id, name="good", value=True)
        equal("its feedback", lambda: [a.name for a in mlflow.get_trace(trace_id).info.assessments], ["good"])
        found = mlflow.search_traces(locations=[experiment.experiment_id], return_type="list")
        equal("the search", [t.info.trace_id for t in found], [trace_id])
        mlflow.set_trace_tag(trace_id, "seen", "yes")
        equal("the tag upstream", lambda: upstream("GET", "/api/3.0/mlflow/traces/" + trace_id)["trace"]["trace_info"]["tags"]["seen"], "yes")
    act_as("preprod")
    check("another environment's trace is nothing", lambda: mlflow.get_trace(trace_id) is None)
    refused("a tag on it", lambda: mlflow.set_trace_tag(trace_id, "seen", "no"))
    refused("feedback on it", lambda: mlflow.log_feedback(trace_id=trace_id, name="bad", value=False))
    refused("the search there", lambda: mlflow.search_traces(locations=[experiment.experiment_id], return_type="list"), or_nothing=True)
    equal("the tag is as it was", lambda: upstream("GET", "/api/3.0/mlflow/traces/" + trace_id)["trace"]["trace_info"]["tags"]["seen"], "yes")


tell("mlflow-tracing %s" % CONTEXT["version"], story)
os._exit(0)
