"""The Databricks SDK through the proxy, as a caller in acc and as one in prod: transition requests, comments, permissions, webhooks.

Prints what each call gave as one JSON line.
"""
import json
import os

from databricks.sdk import WorkspaceClient
from databricks.sdk.service import ml

from refusals import refused

NAME = os.environ["STORY"]
host = os.environ["DATABRICKS_HOST"]
acc = WorkspaceClient(host=host, token=os.environ.pop("DATABRICKS_TOKEN")).model_registry
prod = WorkspaceClient(host=host, token=os.environ["PROD_TOKEN"]).model_registry
QUALIFIED = NAME + "_acc"
seen = {}


def kind(activity):
    return activity.activity_type.value


def ask():
    return acc.create_transition_request(NAME, "1", "Production", comment="please").request


asked = ask()
seen["asked"] = [asked.to_stage, asked.comment]
seen["listed"] = [[kind(r), r.to_stage] for r in acc.list_transition_requests(NAME, "1")]
seen["listed for the approver"] = [[kind(r), r.to_stage] for r in prod.list_transition_requests(QUALIFIED, "1")]
seen["acc may not"] = {
    "approve": refused(lambda: acc.approve_transition_request(NAME, "1", "Production", False)),
    "reject": refused(lambda: acc.reject_transition_request(NAME, "1", "Production")),
    "move": refused(lambda: acc.transition_stage(NAME, "1", "Production", False)),
    "ask for another's": refused(lambda: acc.create_transition_request("sdk-own_prod", "1", "Staging")),
    "ask for no stage": refused(lambda: acc.create_transition_request(NAME, "1", "Live")),
}
seen["prod may not"] = {
    "ask": refused(lambda: prod.create_transition_request(QUALIFIED, "1", "Production")),
    "comment": refused(lambda: prod.create_comment(QUALIFIED, "1", "nice")),
    "archive others": refused(lambda: prod.approve_transition_request(QUALIFIED, "1", "Production", True)),
    "withdraw": refused(lambda: prod.delete_transition_request(QUALIFIED, "1", "Production", "client-acc")),
}
seen["nothing moved"] = acc.get_model_version(NAME, "1").model_version.current_stage
seen["withdrawn"] = kind(acc.delete_transition_request(NAME, "1", "Production", "client-acc").activity)
ask()
seen["rejected"] = kind(prod.reject_transition_request(QUALIFIED, "1", "Production", comment="no").activity)

comment = acc.create_comment(NAME, "1", "nice").comment
seen["comment"] = [
    comment.comment,
    refused(lambda: acc.update_comment(comment.id, "very nice")),
    refused(lambda: acc.delete_comment(comment.id)),
    refused(lambda: acc.create_comment("sdk-own_prod", "1", "nice")),
]

model = acc.get_model(NAME).registered_model_databricks
everybody = ml.RegisteredModelAccessControlRequest(
    group_name="users", permission_level=ml.RegisteredModelPermissionLevel.CAN_READ
)
own = prod.create_model("sdk-own").registered_model
own_id = prod.get_model("sdk-own").registered_model_databricks.id
changed = prod.update_permissions(own_id, access_control_list=[everybody])
seen["model"] = [model.name, own.name, refused(lambda: acc.get_model("sdk-own_prod"))]
seen["permissions"] = {
    "of own": [a.service_principal_name for a in acc.get_permissions(model.id).access_control_list if a.service_principal_name],
    "levels": len(acc.get_permission_levels(model.id).permission_levels),
    "of another's": [
        refused(lambda: acc.get_permissions(own_id)),
        refused(lambda: prod.get_permissions(model.id)),
        refused(lambda: prod.set_permissions(model.id, access_control_list=[everybody])),
        refused(lambda: acc.get_permission_levels(own_id)),
    ],
    "changed in acc": refused(lambda: acc.update_permissions(model.id, access_control_list=[everybody])),
    "changed in prod": [a.all_permissions[0].permission_level.value for a in changed.access_control_list if a.group_name == "users"],
}

spec = ml.HttpUrlSpec(url="http://127.0.0.1:9/hook", secret="hidden")
events = [ml.RegistryWebhookEvent.MODEL_VERSION_CREATED]
hook = acc.create_webhook(events, model_name=NAME, http_url_spec=spec).webhook
seen["webhook"] = [
    hook.model_name,
    [w.model_name for w in acc.list_webhooks() if w.model_name == NAME],
    refused(lambda: acc.create_webhook(events, http_url_spec=spec)),
    refused(lambda: acc.create_webhook(events, model_name="sdk-own_prod", http_url_spec=spec)),
    refused(lambda: prod.delete_webhook(hook.id)),
    refused(lambda: acc.delete_webhook(hook.id)),
]

ask()
approved = prod.approve_transition_request(QUALIFIED, "1", "Production", False, comment="yes").activity
seen["approved"] = [kind(approved), approved.to_stage]
seen["afterwards"] = [
    prod.get_model_version(QUALIFIED, "1").model_version.current_stage,
    refused(lambda: acc.get_model_version(NAME, "1")),
    refused(lambda: acc.list_transition_requests(NAME, "1")),
    refused(lambda: acc.create_comment(NAME, "1", "late")),
    refused(lambda: acc.transition_stage(NAME, "1", "Archived", False)),
]
print(json.dumps(seen))
