import mlflow, json, os, time
mlflow.set_experiment("/Shared/traces")
with mlflow.start_span("root") as span:
    span.set_inputs({"x": 1})
mlflow.flush_trace_async_logging() if hasattr(mlflow,'flush_trace_async_logging') else None
id = mlflow.get_last_active_trace_id()
t = mlflow.get_trace(id)
print(json.dumps({"id": id, "spans": [s.name for s in t.data.spans], "found": len(mlflow.search_traces(locations=[t.info.experiment_id], return_type="list"))}))
