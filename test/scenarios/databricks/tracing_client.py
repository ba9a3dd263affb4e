"""Traces of MLflow's own client before a workspace, tracked by http or in Databricks mode. Prints one JSON line."""
import json
import logging
import os
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)
os.environ["MLFLOW_ENABLE_ASYNC_TRACE_LOGGING"] = "false"

import mlflow  # noqa: E402
from mlflow import MlflowClient  # noqa: E402
from mlflow.entities import AssessmentSource, AssessmentSourceType  # noqa: E402
from mlflow.exceptions import MlflowException  # noqa: E402


def outcome(function, *arguments, **named):
    try:
        return function(*arguments, **named)
    except MlflowException as error:
        return [error.error_code, error.message]


experiment = mlflow.set_experiment(os.environ["STORY"])
client = MlflowClient()
seen = {}


@mlflow.trace
def answer(question):
    with mlflow.start_span("inner") as span:
        span.set_inputs({"question": question})
    mlflow.update_current_trace(tags={"team": "a"})
    return "42"


answer("why?")
trace_id = mlflow.get_last_active_trace_id()
trace = mlflow.get_trace(trace_id)
seen["spans"] = sorted(span.name for span in trace.data.spans)
seen["place"] = trace.info.tags["mlflow.artifactLocation"].split(":")[0]
seen["experiment"] = trace.info.experiment_id == experiment.experiment_id
found = mlflow.search_traces(locations=[experiment.experiment_id], return_type="list")
seen["found"] = [[t.info.trace_id == trace_id, len(t.data.spans)] for t in found]
seen["by tag"] = len(client.search_traces(locations=[experiment.experiment_id], filter_string="tags.team = 'a'"))
client.set_trace_tag(trace_id, "checked", "yes")
client.delete_trace_tag(trace_id, "team")
tags = client.get_trace(trace_id).info.tags
seen["tags"] = [tags.get("checked"), tags.get("team")]
source = AssessmentSource(AssessmentSourceType.HUMAN, "me@example.com")
made = mlflow.log_feedback(trace_id=trace_id, name="right", value=True, source=source)
seen["feedback"] = mlflow.get_assessment(trace_id, made.assessment_id).value
mlflow.delete_assessment(trace_id, made.assessment_id)
seen["feedback gone"] = outcome(mlflow.get_assessment, trace_id, made.assessment_id)[0]
seen["foreign"] = outcome(client.set_trace_tag, os.environ["FOREIGN_TRACE"], "a", "b")[0]
seen["in a table"] = outcome(client.search_traces, locations=["main.traces"])
seen["deleted"] = client.delete_traces(experiment.experiment_id, trace_ids=[trace_id])
print(json.dumps(seen))
