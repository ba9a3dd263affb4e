"""Prints, as JSON, the messages of OpenTelemetry's protocol for traces as the installed MLflow reads them, with their numbers on the wire."""

import json
import sys

sys.dont_write_bytecode = True

from google.protobuf.descriptor import FieldDescriptor
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2

from mlflow_messages import SCALARS, is_repeated


def main():
    messages = {}
    for name in ("ExportTraceServiceRequest", "ExportTraceServiceResponse"):
        describe(trace_service_pb2.DESCRIPTOR.message_types_by_name[name], messages)
    json.dump(messages, sys.stdout, indent=1, sort_keys=True)
    print()


def describe(descriptor, messages):
    if descriptor.full_name in messages:
        return
    fields = messages[descriptor.full_name] = {}
    for field in descriptor.fields:
        fields[field.name] = describe_field(field)
        if field.type == FieldDescriptor.TYPE_MESSAGE:
            describe(field.message_type, messages)


def describe_field(field):
    described = {"id": field.number, "type": SCALARS[field.type]}
    if field.type == FieldDescriptor.TYPE_MESSAGE:
        described["message"] = field.message_type.full_name
    if field.type == FieldDescriptor.TYPE_ENUM:
        described["values"] = {value.name: value.number for value in field.enum_type.values}
    if is_repeated(field):
        described["repeated"] = True
    if field.containing_oneof is not None and len(field.containing_oneof.fields) > 1:
        described["oneof"] = field.containing_oneof.name
    return described


main()
