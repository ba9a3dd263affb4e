"""Prints, as JSON, what one installed MLflow says of itself: protobuf messages, rpcs and the routes that its server registers.

Run it with the interpreter of an environment that has MLflow (1.30 to 3.x). It writes only into a temporary directory.
"""

import contextlib
import json
import logging
import os
import sys
import tempfile

sys.dont_write_bytecode = True

from mlflow_messages import describe_services
from mlflow_routes import describe_routes


def main():
    logging.disable(logging.CRITICAL)
    # MLflow prints here and there on import, and its stores create their databases in the working directory.
    with tempfile.TemporaryDirectory() as directory, contextlib.redirect_stdout(sys.stderr):
        os.chdir(directory)
        os.environ.update(HOME=directory, MLFLOW_TRACKING_URI="sqlite:///x.db", MLFLOW_FLASK_SERVER_SECRET_KEY="x")
        os.environ.update(MLFLOW_DISABLE_TELEMETRY="true", DO_NOT_TRACK="true")
        description = describe()
        os.chdir("/")
    json.dump(description, sys.stdout, indent=1, sort_keys=True)
    print()


def describe():
    import mlflow

    rpcs, messages = describe_services()
    routes = sorted(describe_routes(messages), key=lambda route: (route["path"], route["method"], route["server"]))
    graphql = describe_graphql()
    return {"version": mlflow.__version__, "rpcs": rpcs, "messages": messages, "routes": routes, "graphql": graphql}


def describe_graphql():
    """The GraphQL schema in its own language; None where the server has none."""
    try:
        from mlflow.server.graphql.graphql_schema_extensions import schema
    except ImportError:
        return None
    return str(schema)


main()
