"""Prints, as JSON, what one installed databricks-sdk says of the workspace's API: messages with their fields, and routes.

Run it with the interpreter of an environment that has databricks-sdk (scripts/setup/python/databricks.txt). It asks nobody anything.
"""

import ast
import dataclasses
import enum
import importlib
import inspect
import json
import sys
import textwrap
import typing
from importlib.metadata import version

SERVICES = ["ml", "iam", "serving", "workspace", "files", "catalog"]
# Of the catalog only what is MLflow's.
CATALOG_APIS = {"RegisteredModelsAPI", "ModelVersionsAPI"}
SCALARS = {str: "string", bool: "bool", int: "int64", float: "double"}


def main():
    messages, routes = {}, []
    for service in SERVICES:
        module = importlib.import_module("databricks.sdk.service." + service)
        for name, api in inspect.getmembers(module, inspect.isclass):
            if name.endswith("API") and api.__module__ == module.__name__ and (service != "catalog" or name in CATALOG_APIS):
                describe_api(api, module, messages, routes)
    routes.sort(key=lambda route: (route["path"], route["method"]))
    json.dump({"version": version("databricks-sdk"), "messages": messages, "routes": routes}, sys.stdout, indent=1, sort_keys=True)
    print()


def describe_api(api, module, messages, routes):
    for name, function in inspect.getmembers(api, inspect.isfunction):
        if name.startswith("_"):
            continue
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
        for call in calls_of(tree, "do"):
            address = address_of(call)
            if address is not None and "/accounts/{" not in path_of(address[1])[0]:
                routes.append(describe_route(name, api, function, tree, call, address, module, messages))


def address_of(call):
    named = {keyword.arg: keyword.value for keyword in call.keywords}
    method, path = [*call.args, None, None][:2]
    method, path = method or named.get("method"), path or named.get("path")
    return (method.value, path) if isinstance(method, ast.Constant) and path is not None else None


def describe_route(name, api, function, tree, call, address, module, messages):
    method = address[0]
    path, multi = path_of(address[1])
    # Only what may be served is described in full; every other route is known by its path.
    full = api.__name__ in ("ModelRegistryAPI", "ExperimentsAPI", "ServingEndpointsAPI")
    route = {"api": api.__name__, "method": method, "path": path, "multiSegment": multi, "in": "body"}
    if not full:
        return route
    route["in"] = "query" if any(keyword.arg == "query" for keyword in call.keywords) else "body"
    # The APIs of one module have methods of one name.
    operation = "databricks.%s.%s" % (api.__name__.removesuffix("API"), camel(name))
    route["request"] = describe_request(operation, function, tree, module, messages)
    route["response"] = describe_response(operation, tree, module, messages)
    return route


def describe_request(request, function, tree, module, messages):
    hints = typing.get_type_hints(function, vars(module))
    parameters = inspect.signature(function).parameters
    fields = messages.setdefault(request, {})
    # Parameters of the path are none of the message's.
    for key in assigned_keys(tree, ("body", "query")):
        described = describe_type(hints[key], messages)
        if parameters[key].default is inspect.Parameter.empty and parameters[key].kind is not inspect.Parameter.KEYWORD_ONLY:
            described["required"] = True
        fields[key] = described
    return request


def describe_response(operation, tree, module, messages):
    found = [call.func.value.id for call in calls_of(tree, "from_dict")]
    if not found:
        return None
    rows = rows_key(tree)
    describe_message(getattr(module, found[0]), messages)
    if rows is None:
        return "databricks." + found[0]
    # A method that goes through the pages itself names only the rows.
    response = operation + ".Response"
    row = {"type": "message", "message": "databricks." + found[0], "repeated": True}
    messages[response] = {rows: row, "next_page_token": {"type": "string"}}
    return response


def rows_key(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.For) and isinstance(node.iter, ast.Subscript) and isinstance(node.iter.slice, ast.Constant):
            return node.iter.slice.value
    return None


def describe_message(cls, messages):
    full_name = "databricks." + cls.__name__
    if full_name in messages:
        return
    fields = messages[full_name] = {}
    hints = typing.get_type_hints(cls)
    for field in dataclasses.fields(cls):
        fields[field.name] = describe_type(hints[field.name], messages)


def describe_type(hint, messages):
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Union:
        return describe_type(next(each for each in arguments if each is not type(None)), messages)
    if origin is list:
        return {**describe_type(arguments[0], messages), "repeated": True}
    if origin is dict:
        return {**describe_type(arguments[1], messages), "map": True}
    if hint in SCALARS:
        return {"type": SCALARS[hint]}
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return {"type": "enum", "values": [member.value for member in hint]}
    if dataclasses.is_dataclass(hint):
        describe_message(hint, messages)
        return {"type": "message", "message": "databricks." + hint.__name__}
    return {"type": "json"}


def calls_of(tree, attribute):
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    return [call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr == attribute]


def assigned_keys(tree, names):
    targets = (target for node in ast.walk(tree) if isinstance(node, ast.Assign) for target in node.targets)
    return [
        target.slice.value
        for target in targets
        if isinstance(target, ast.Subscript)
        and isinstance(target.value, ast.Name)
        and target.value.id in names
        and isinstance(target.slice, ast.Constant)
    ]


def path_of(node):
    if isinstance(node, ast.Constant):
        return node.value, []
    parts, multi = [], []
    for value in node.values:
        if isinstance(value, ast.Constant):
            parts.append(value.value)
            continue
        names = [each.id for each in ast.walk(value) if isinstance(each, ast.Name)]
        if isinstance(value.value, ast.Call):
            multi.append(names[-1])
            # Its value begins with the slash.
            parts.append("/" if parts and not parts[-1].endswith("/") else "")
        parts.append("{%s}" % names[-1])
    return "".join(parts), multi


def camel(name):
    return "".join(part.capitalize() for part in name.split("_"))


main()
