"""The protobuf messages and rpcs of the installed MLflow, as plain data."""

import importlib
import pkgutil
import re

from google.protobuf.descriptor import FieldDescriptor

SCALARS = {
    getattr(FieldDescriptor, "TYPE_" + name.upper()): name
    for name in "string bool bytes double float int32 int64 uint32 uint64 sint32 sint64 fixed32 fixed64 sfixed32 sfixed64".split()
}
SCALARS.update({FieldDescriptor.TYPE_ENUM: "enum", FieldDescriptor.TYPE_MESSAGE: "message"})


def describe_services():
    import mlflow.protos
    from mlflow.protos import databricks_pb2

    rpcs, messages = {}, {}
    for module_info in pkgutil.iter_modules(mlflow.protos.__path__):
        if not module_info.name.endswith("_pb2"):
            continue
        try:
            module = importlib.import_module("mlflow.protos." + module_info.name)
        except ImportError:
            continue
        for service in module.DESCRIPTOR.services_by_name.values():
            for method in service.methods:
                describe_message(method.input_type, messages)
                describe_message(method.output_type, messages)
                option = method.GetOptions().Extensions[databricks_pb2.rpc]
                rpcs["%s.%s" % (service.full_name, method.name)] = {
                    "module": module_info.name,
                    "request": method.input_type.full_name,
                    "response": method.output_type.full_name,
                    "visibility": databricks_pb2.Visibility.Name(option.visibility) if option.visibility else None,
                    "endpoints": [
                        {"method": e.method, "path": e.path, "since": "%d.%d" % (e.since.major, e.since.minor)}
                        for e in option.endpoints
                    ],
                }
    return rpcs, messages


def describe_message(descriptor, messages):
    if descriptor.full_name in messages or descriptor.full_name.startswith("google.protobuf."):
        return
    fields = messages[descriptor.full_name] = {}
    for field in descriptor.fields:
        fields[field.name] = describe_field(field)
        for inner in message_types(field):
            describe_message(inner, messages)


def describe_field(field):
    from mlflow.protos import databricks_pb2

    if is_map(field):
        value = field.message_type.fields_by_name["value"]
        key = field.message_type.fields_by_name["key"]
        return {"map": True, "mapKey": SCALARS[key.type], **describe_type(value)}
    described = describe_type(field)
    if field.json_name != camel_case(field.name):
        described["jsonName"] = field.json_name
    if is_repeated(field):
        described["repeated"] = True
    if not is_repeated(field) and is_required(field):
        described["required"] = True
    if field.GetOptions().Extensions[databricks_pb2.validate_required]:
        described["validateRequired"] = True
    if field.containing_oneof is not None and len(field.containing_oneof.fields) > 1:
        described["oneof"] = field.containing_oneof.name
    return described


def describe_type(field):
    described = {"type": SCALARS[field.type]}
    if field.type == FieldDescriptor.TYPE_MESSAGE:
        described["message"] = field.message_type.full_name
    if field.type == FieldDescriptor.TYPE_ENUM:
        described["enum"] = field.enum_type.full_name
        described["values"] = [value.name for value in field.enum_type.values]
        described["numbers"] = [value.number for value in field.enum_type.values]
    return described


def message_types(field):
    if is_map(field):
        field = field.message_type.fields_by_name["value"]
    return [field.message_type] if field.type == FieldDescriptor.TYPE_MESSAGE else []


def is_map(field):
    return field.type == FieldDescriptor.TYPE_MESSAGE and field.message_type.GetOptions().map_entry


def is_repeated(field):
    # protobuf 6 deprecates label, and protobuf 7 drops it.
    return field.is_repeated if hasattr(field, "is_repeated") else field.label == FieldDescriptor.LABEL_REPEATED


def is_required(field):
    return field.is_required if hasattr(field, "is_required") else field.label == FieldDescriptor.LABEL_REQUIRED


def camel_case(name):
    return re.sub(r"_([a-z0-9])", lambda found: found.group(1).upper(), name)
