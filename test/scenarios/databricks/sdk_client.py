"""The Databricks SDK as two members of the workspace: an owner of a model, and somebody who may at first do nothing with it.

Prints what each call gave as one JSON line.
"""
import json
import os

from databricks.sdk import WorkspaceClient
from databricks.sdk.service import ml

from refusals import refused

NAME = os.environ["STORY"]
host = os.environ["DATABRICKS_HOST"]
owner = WorkspaceClient(host=host, token=os.environ.pop("DATABRICKS_TOKEN"))
reader = WorkspaceClient(host=host, token=os.environ["READER_TOKEN"])
seen = {}


def value(enum):
    return None if enum is None else enum.value


def activity(it):
    return [value(it.activity_type), it.user_id, it.from_stage, it.to_stage, it.comment]


me = owner.current_user.me()
seen["me"] = [me.user_name, sorted((g.display, g.type) for g in me.groups), me.external_id]

registry = owner.model_registry
registry.create_model(NAME)
owner.dbfs.upload("/staged/%s/MLmodel" % NAME, __import__("io").BytesIO(b"flavors: {}"), overwrite=True)
source = "dbfs:/staged/%s" % NAME
versions = [registry.create_model_version(NAME, source).model_version for _ in range(2)]
seen["made"] = [value(versions[0].status), versions[0].user_id]
model = registry.get_model(NAME).registered_model_databricks
seen["model"] = [value(model.permission_level), model.user_id, len(model.id)]

seen["stranger"] = [
    refused(lambda: reader.model_registry.get_model(NAME)),
    refused(lambda: reader.model_registry.create_transition_request(NAME, "1", "Staging")),
    [m.name for m in reader.model_registry.search_models()].count(NAME),
]
may_read = ml.RegisteredModelAccessControlRequest(
    service_principal_name=reader.current_user.me().user_name,
    permission_level=ml.RegisteredModelPermissionLevel.CAN_READ,
)
permissions = registry.update_permissions(model.id, access_control_list=[may_read])
seen["permissions"] = sorted(
    (a.group_name or a.user_name or a.service_principal_name, [value(p.permission_level) for p in a.all_permissions])
    for a in permissions.access_control_list
)
seen["reader"] = [
    value(reader.model_registry.get_model(NAME).registered_model_databricks.permission_level),
    refused(lambda: reader.model_registry.transition_stage(NAME, "1", "Staging", False)),
    refused(lambda: reader.model_registry.create_model_version(NAME, source)),
    refused(lambda: reader.model_registry.set_model_tag(NAME, "a", "b")),
    refused(lambda: reader.model_registry.update_permissions(model.id, access_control_list=[may_read])),
]

asked = reader.model_registry.create_transition_request(NAME, "1", "Production", comment="please").request
seen["asked"] = [asked.to_stage, asked.user_id, asked.comment, [value(a) for a in asked.available_actions]]
seen["nothing moved"] = registry.get_model_version(NAME, "1").model_version.current_stage
seen["own approval"] = refused(lambda: reader.model_registry.approve_transition_request(NAME, "1", "Production", False))
seen["listed"] = [activity(r) for r in registry.list_transition_requests(NAME, "1")]
seen["approved"] = activity(registry.approve_transition_request(NAME, "1", "Production", False, comment="yes").activity)
seen["listed after"] = [activity(r) for r in registry.list_transition_requests(NAME, "1")]

moved = registry.transition_stage(NAME, "2", "Production", True).model_version_databricks
seen["moved"] = [moved.current_stage, value(moved.permission_level), moved.open_requests]
seen["archived"] = registry.get_model_version(NAME, "1").model_version.current_stage

reader.model_registry.create_transition_request(NAME, "2", "Archived")
cancelled = reader.model_registry.delete_transition_request(NAME, "2", "Archived", reader.current_user.me().user_name)
seen["cancelled"] = value(cancelled.activity.activity_type)
reader.model_registry.create_transition_request(NAME, "2", "Archived")
seen["rejected"] = value(registry.reject_transition_request(NAME, "2", "Archived").activity.activity_type)

comment = reader.model_registry.create_comment(NAME, "2", "nice").comment
seen["comment"] = [
    comment.comment,
    reader.model_registry.update_comment(comment.id, "very nice").comment.comment,
    refused(lambda: registry.delete_comment(comment.id)),
    refused(lambda: reader.model_registry.delete_comment(comment.id)),
]

spec = ml.HttpUrlSpec(url="http://127.0.0.1:9/hook", secret="hidden")
hook = registry.create_webhook([ml.RegistryWebhookEvent.MODEL_VERSION_CREATED], model_name=NAME, http_url_spec=spec).webhook
seen["webhook"] = [
    "hidden" in json.dumps(hook.as_dict()),
    [w.model_name for w in registry.list_webhooks(model_name=NAME)],
    refused(lambda: registry.create_webhook([ml.RegistryWebhookEvent.MODEL_VERSION_CREATED], http_url_spec=spec)),
    refused(lambda: reader.model_registry.delete_webhook(hook.id)),
    refused(lambda: registry.delete_webhook(hook.id)),
]
seen["active version"] = refused(lambda: registry.delete_model_version(NAME, "2"))
print(json.dumps(seen))
