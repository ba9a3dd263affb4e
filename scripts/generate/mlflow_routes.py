"""The routes that servers of the installed MLflow register, as plain data."""

import contextlib
import inspect
import re
import sys
from unittest import mock


def describe_routes(messages):
    return describe_flask(messages) + describe_fastapi() + describe_basic_auth() + describe_metrics()


def describe_flask(messages):
    from mlflow.server import app, handlers

    requests = requests_by_endpoint(handlers)
    routes = []
    for rule in app.url_map.iter_rules():
        path, multi_segment = template(rule.rule)
        view = app.view_functions[rule.endpoint]
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
            request = requests.get((method, rule.rule)) or request_read_by(view, messages)
            routes.append({
                "server": "flask",
                "method": method,
                "path": path,
                "multiSegment": multi_segment,
                "handler": view.__name__,
                "request": request,
                "notImplemented": view.__name__ == "_not_implemented",
            })
    return routes


def requests_by_endpoint(handlers):
    """(method, rule) -> full name of the request message, for the routes that MLflow makes of its services."""
    by_handler = {}
    names = {}

    def stand_in(request_class):
        names[request_class.DESCRIPTOR.full_name] = by_handler.setdefault(
            request_class.DESCRIPTOR.full_name, lambda: None
        )
        return names[request_class.DESCRIPTOR.full_name]

    with mock.patch.object(handlers, "get_handler", stand_in):
        # Since 2.0 the default of get_endpoints is bound early.
        takes_get_handler = "get_handler" in inspect.signature(handlers.get_endpoints).parameters
        endpoints = handlers.get_endpoints(stand_in) if takes_get_handler else handlers.get_endpoints()
    name_of = {handler: name for name, handler in names.items()}
    return {
        (method, rule): name_of[handler] for rule, handler, methods in endpoints for method in methods if handler in name_of
    }


def request_read_by(view, messages, depth=2):
    """The message that a hand-written view parses, found in its source."""
    view = inspect.unwrap(view)
    with contextlib.suppress(OSError, TypeError):
        source = inspect.getsource(view)
        for name in re.findall(r"_get_request_message\(\s*(\w+)\(\)", source):
            found = [full_name for full_name in messages if full_name.split(".")[-1] == name]
            if found:
                return found[0]
        for name in re.findall(r"\b(\w+)\(", source) if depth else []:
            called = getattr(view, "__globals__", {}).get(name)
            if inspect.isfunction(called) and called is not view and "handler" in name:
                found = request_read_by(called, messages, depth - 1)
                if found:
                    return found
    return None


def describe_fastapi():
    try:
        from mlflow.server.fastapi_app import app
    except ImportError:
        return []
    return [
        route_of("fastapi", method, route.path, route.endpoint.__name__)
        for route in fastapi_routes(app)
        for method in sorted(route.methods - {"HEAD", "OPTIONS"})
    ]


def fastapi_routes(router):
    """Newer FastAPI keeps an included router as one route; `effective_route_contexts` unfolds it."""
    for route in router.routes:
        if getattr(route, "methods", None):
            yield route
        elif hasattr(route, "effective_route_contexts"):
            yield from (found for found in route.effective_route_contexts() if getattr(found, "methods", None))


def describe_basic_auth():
    """Routes that `mlflow server --app-name basic-auth` adds, recorded from its factory with its database left out."""
    try:
        stubs = {"flask_wtf": mock.MagicMock(), "flask_wtf.csrf": mock.MagicMock()}
        stubs["mlflow.server.auth.sqlalchemy_store"] = mock.MagicMock()
        with mock.patch.dict(sys.modules, stubs):
            from mlflow.server import auth
    except ImportError:
        return []
    recorded = []
    app = mock.MagicMock()
    app.add_url_rule.side_effect = lambda rule, endpoint=None, view_func=None, methods=("GET",), **_: recorded.append(
        (rule, view_func, methods)
    )
    with contextlib.suppress(Exception), mock.patch.object(auth, "create_admin_user", create=True):
        auth.create_app(app)
    return [
        route_of("basic-auth", method, rule, getattr(view, "__name__", "")) for rule, view, methods in recorded for method in methods
    ]


def describe_metrics():
    # `--expose-prometheus` activates prometheus_flask_exporter with its default path; it need not be installed here.
    return [route_of("prometheus", "GET", "/metrics", "metrics")]


def route_of(server, method, rule, handler):
    path, multi_segment = template(rule)
    return {
        "server": server,
        "method": method,
        "path": path,
        "multiSegment": multi_segment,
        "handler": handler,
        "request": None,
        "notImplemented": False,
    }


def template(rule):
    """`/a/<path:b>` (Flask) and `/a/{b:path}` (FastAPI) become `/a/{b}`, and the names that may hold slashes."""
    multi_segment = re.findall(r"<path:(\w+)>|{(\w+):path}", rule)
    path = re.sub(r"<(?:\w+:)?(\w+)>|{(\w+):\w+}", lambda found: "{%s}" % (found.group(1) or found.group(2)), rule)
    return path, [flask or fastapi for flask, fastapi in multi_segment]
