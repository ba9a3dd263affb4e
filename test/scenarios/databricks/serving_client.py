"""Model serving with the Databricks SDK, through the proxy: an endpoint is made, asked, changed and deleted; others' are out of reach.

Prints what each call gave as one JSON line.
"""
import json
import os

from databricks.sdk import WorkspaceClient
from databricks.sdk.service import serving as s

from refusals import refused

client = WorkspaceClient(host=os.environ["DATABRICKS_HOST"], token=os.environ["DATABRICKS_TOKEN"])
endpoints = client.serving_endpoints
SHARED = os.environ["SHARED"]
seen = {}


def entity(model, version, **more):
    return s.ServedEntityInput(
        entity_name=model, entity_version=version, workload_size="Small", scale_to_zero_enabled=True, **more
    )


def make(name, entity, **more):
    # The SDK wants the name inside as well.
    return endpoints.create_and_wait(name=name, config=s.EndpointCoreConfigInput(name=name, served_entities=[entity]), **more)


def told(endpoint):
    served = endpoint.config.served_entities
    routes = endpoint.config.traffic_config.routes if getattr(endpoint.config, "traffic_config", None) else []
    return [
        endpoint.name,
        [[e.name, e.entity_name, e.entity_version] for e in served],
        [[r.served_model_name, r.traffic_percentage] for r in routes],
    ]


tags = [s.EndpointTag(key="team", value="risk")]
made = make("scorer", entity("fraud", "1"), tags=tags)
seen["made"] = told(made)
seen["got"] = told(endpoints.get("scorer"))
seen["by its qualified name"] = told(endpoints.get("scorer_acc"))
seen["creator"] = made.creator
answer = endpoints.query("scorer", dataframe_records=[{"x": 1}])
seen["answer"] = answer.predictions

routes = [s.Route(served_model_name="fraud-1", traffic_percentage=40), s.Route(served_model_name="new", traffic_percentage=60)]
changed = endpoints.update_config_and_wait(
    "scorer",
    served_entities=[entity("fraud", "1"), entity("fraud", "2", name="new")],
    traffic_config=s.TrafficConfig(routes=routes),
)
seen["changed"] = told(changed)
older = s.ServedModelInput(model_name="fraud", model_version="2", scale_to_zero_enabled=True)
seen["as served models"] = told(endpoints.update_config_and_wait("scorer", served_models=[older]))
patched = endpoints.patch("scorer", add_tags=[s.EndpointTag(key="tier", value="1")], delete_tags=["team"])
seen["tags"] = [[t.key, t.value] for t in patched.tags]
seen["limits"] = endpoints.put(
    "scorer", rate_limits=[s.RateLimit(calls=7, renewal_period=s.RateLimitRenewalPeriod.MINUTE)]
).rate_limits[0].calls
seen["logs"] = endpoints.logs("scorer", "fraud-2").logs
seen["metrics"] = endpoints.export_metrics("scorer").contents.read().decode().strip()
seen["permissions"] = sorted(
    level.permission_level.value for level in endpoints.get_permission_levels(made.id).permission_levels
)
seen["listed"] = sorted(e.name for e in endpoints.list())
seen["shared"] = [endpoints.get(SHARED).name, len(endpoints.query(SHARED, prompt="hello").predictions)]

no = s.EndpointTag(key="x", value="y")
grant = s.ServingEndpointAccessControlRequest(group_name="users", permission_level=s.ServingEndpointPermissionLevel.CAN_MANAGE)
model = s.ExternalModel(name="gpt", provider=s.ExternalModelProvider.ANTHROPIC, task="llm/v1/chat")
seen["refused"] = {
    "make another's": refused(lambda: make("scorer_prod", entity("fraud", "1"))),
    "get another's": refused(lambda: endpoints.get("scorer_prod")),
    "query another's": refused(lambda: endpoints.query("scorer_prod", inputs=[1])),
    "delete another's": refused(lambda: endpoints.delete("scorer_prod")),
    "change another's": refused(lambda: endpoints.update_config("scorer_prod", served_entities=[entity("fraud", "1")])),
    "permissions of another's": refused(lambda: endpoints.get_permissions(os.environ["FOREIGN_ID"])),
    "give permissions": refused(lambda: endpoints.update_permissions(made.id, access_control_list=[grant])),
    "serve another's model": refused(lambda: endpoints.update_config("scorer", served_entities=[entity("fraud_prod", "1")])),
    "make with another's model": refused(lambda: make("other", entity("fraud_prod", "1"))),
    "serve a model of nobody": refused(lambda: endpoints.update_config("scorer", served_entities=[entity("legacy", "1")])),
    "serve what is in production": refused(lambda: endpoints.update_config("scorer", served_entities=[entity("fraud", "3")])),
    "serve an external model": refused(lambda: make("other", s.ServedEntityInput(external_model=model))),
    "a secret of the workspace": refused(
        lambda: endpoints.update_config(
            "scorer", served_entities=[entity("fraud", "1", environment_vars={"K": "{{secrets/all/key}}"})]
        )
    ),
    "tag the shared": refused(lambda: endpoints.patch(SHARED, add_tags=[no])),
    "delete the shared": refused(lambda: endpoints.delete(SHARED)),
    "call any address": refused(lambda: endpoints.http_request("conn", s.ExternalFunctionRequestHttpMethod.GET, "/x")),
}
endpoints.delete("scorer")
seen["deleted"] = refused(lambda: endpoints.get("scorer"))
print(json.dumps(seen))
