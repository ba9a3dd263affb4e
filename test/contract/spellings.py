"""Reads requests as the installed MLflow's handlers do, and prints what each of them says to it.

In: JSON, a list of [full name of the message, its field, method, query, body]. Out: JSON, a list with the message that was read, as protobuf
writes it; null where MLflow refuses the request or stops in its middle, so that some of it is lost; "unknown" where this MLflow has no such field.
"""

import json
import logging
import os
import sys
import tempfile

sys.dont_write_bytecode = True
logging.disable(logging.CRITICAL)
os.chdir(tempfile.mkdtemp())

import mlflow.protos.mlflow_artifacts_pb2  # noqa: E402, F401
import mlflow.protos.model_registry_pb2  # noqa: E402, F401
import mlflow.protos.service_pb2  # noqa: E402, F401
from flask import Flask  # noqa: E402
from google.protobuf import descriptor_pool, message_factory  # noqa: E402
from google.protobuf.json_format import MessageToDict, ParseError  # noqa: E402
from mlflow.server import handlers  # noqa: E402

try:
    import mlflow.protos.webhooks_pb2  # noqa: F401
except ImportError:
    pass

app = Flask("spellings")
stopped = []
parse_dict = handlers.parse_dict


def watch(*args):
    try:
        parse_dict(*args)
    except ParseError:
        stopped.append(True)
        raise


handlers.parse_dict = watch


def read(name, field, method, query, body):
    try:
        descriptor = descriptor_pool.Default().FindMessageTypeByName(name)
    except KeyError:
        return "unknown"
    if field not in descriptor.fields_by_name:
        return "unknown"
    message = message_factory.GetMessageClass(descriptor)()
    stopped.clear()
    path = "/x?" + query if query else "/x"
    with app.test_request_context(path, method=method, data=body.encode("utf-8", "surrogatepass"), content_type="application/json"):
        try:
            handlers._get_request_message(message)
            return None if stopped else MessageToDict(message, preserving_proto_field_name=True)
        except Exception:
            return None


json.dump([read(*request) for request in json.load(sys.stdin)], sys.stdout)
