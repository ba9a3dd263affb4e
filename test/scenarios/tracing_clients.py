"""What clients of MLflow 2 and 3 call differently about traces."""
from story import CLIENT, SERVER

# Servers of MLflow 2 have traces and prompts of an older kind, and none of the rest; so have their clients.
NEW = CLIENT >= (3,) and SERVER >= (3,)


def flush():
    import mlflow

    mlflow.flush_trace_async_logging()
    return mlflow.get_last_active_trace_id()


def id_of(trace):
    return getattr(trace.info, "trace_id", None) or trace.info.request_id


def ids(found):
    return sorted(id_of(trace) for trace in found)


def find(client, experiment, **more):
    where = {"locations": [experiment]} if CLIENT >= (3,) else {"experiment_ids": [experiment]}
    return client.search_traces(**where, **more)


def delete(client, experiment, traces):
    return client.delete_traces(experiment, **{"trace_ids" if CLIENT >= (3,) else "request_ids": traces})


def store():
    from mlflow.tracking._tracking_service.utils import _get_store

    return _get_store()
