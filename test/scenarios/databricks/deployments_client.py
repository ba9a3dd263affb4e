"""Model serving with mlflow.deployments, through the proxy.

Prints what each call gave as one JSON line.
"""
import json
import os
import time

import mlflow.deployments
from requests import HTTPError

client = mlflow.deployments.get_deploy_client("databricks")
seen = {}


def refused(call):
    try:
        call()
    except HTTPError as error:
        return error.response.json().get("error_code")
    return None


def config(name, version):
    entity = {"entity_name": name, "entity_version": version, "workload_size": "Small", "scale_to_zero_enabled": True}
    return {"served_entities": [entity]}


made = client.create_endpoint(name="chat", config=config("fraud", "1"))
seen["made"] = [made.name, made.config["served_entities"][0]["name"], made.config["served_entities"][0]["entity_name"]]
seen["answer"] = client.predict(endpoint="chat", inputs={"messages": [{"role": "user", "content": "hello"}]})

start = time.monotonic()
chunks = []
for chunk in client.predict_stream(endpoint="chat", inputs={"messages": [{"role": "user", "content": "hello"}]}):
    chunks.append([chunk["choices"][0]["delta"]["content"], time.monotonic() - start])
seen["chunks"] = [content for content, _ in chunks]
seen["first before last"] = chunks[-1][1] - chunks[0][1] > 0.5

changed = client.update_endpoint_config(endpoint="chat", config=config("fraud", "2"))
seen["changed"] = changed.config["served_entities"][0]["name"]
seen["listed"] = sorted(e["name"] for e in client.list_endpoints())
seen["got"] = client.get_endpoint("chat").name
seen["refused"] = [
    refused(lambda: client.get_endpoint("scorer_prod")),
    refused(lambda: client.predict(endpoint="scorer_prod", inputs={})),
    refused(lambda: client.create_endpoint(name="x", config=config("fraud_prod", "1"))),
    refused(lambda: client.update_endpoint_config(endpoint="chat", config=config("legacy", "1"))),
    refused(lambda: client.delete_endpoint(os.environ["SHARED"])),
]
client.delete_endpoint("chat")
seen["deleted"] = refused(lambda: client.get_endpoint("chat"))
print(json.dumps(seen))
