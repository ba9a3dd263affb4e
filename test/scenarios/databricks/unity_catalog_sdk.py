"""The Databricks SDK with models in Unity Catalog: what it creates, finds, changes and may not touch. Prints one JSON line."""
import json
import os

from databricks.sdk import WorkspaceClient

from refusals import refused

NAME = os.environ["STORY"]
client = WorkspaceClient(host=os.environ["DATABRICKS_HOST"], token=os.environ["DATABRICKS_TOKEN"])
models, versions = client.registered_models, client.model_versions
full = "acc.ml." + NAME
seen = {}


def own(**query):
    return sorted(m.full_name for m in models.list(**query) if NAME in m.name)


made = models.create(catalog_name="acc", schema_name="ml", name=NAME, comment="of the SDK")
seen["created"] = [made.full_name, made.catalog_name, made.schema_name, made.name, made.comment]
seen["listed"] = own()
seen["listed by schema"] = own(catalog_name="acc", schema_name="ml")
seen["foreign"] = [
    refused(lambda: models.get("prod.ml." + NAME)),
    refused(lambda: models.create(catalog_name="prod", schema_name="ml", name=NAME)),
    refused(lambda: list(models.list(catalog_name="prod", schema_name="ml"))),
    refused(lambda: list(versions.list("prod.ml." + NAME))),
]
# The SDK leaves it to MLflow to make versions.
new = {"catalog_name": "acc", "schema_name": "ml", "model_name": NAME, "source": "/tmp/model"}
pending = client.api_client.do("POST", "/api/2.1/unity-catalog/models/versions", body=new)
number = pending["version"]
client.api_client.do("PATCH", "/api/2.1/unity-catalog/models/%s/versions/%s/finalize" % (full, number), body={})
version = versions.get(full, number, include_aliases=True)
seen["version"] = [version.model_name, version.version, version.status.value, version.catalog_name, version.schema_name]
alias = models.set_alias(full, "champion", number)
seen["alias"] = [alias.alias_name, alias.version_num, alias.model_name]
seen["by alias"] = versions.get_by_alias(full, "champion").version
seen["aliases of the model"] = sorted([a.alias_name, a.version_num] for a in models.get(full, include_aliases=True).aliases)
seen["versions"] = [v.version for v in versions.list(full)]
seen["changed version"] = versions.update(full, number, comment="checked").comment
seen["kept for production"] = [
    refused(lambda: models.set_alias(full, "production", number)),
    refused(lambda: models.delete_alias(full, "Production")),
]
seen["storage"] = refused(
    lambda: models.create(catalog_name="acc", schema_name="ml", name="x", storage_location="abfss://c@a.dfs.core.windows.net/x")
)
seen["owner"] = refused(lambda: models.update(full, owner="somebody"))
seen["renamed"] = models.update(full, new_name=NAME + "2").full_name
full += "2"
models.delete_alias(full, "champion")
seen["alias gone"] = refused(lambda: versions.get_by_alias(full, "champion"))
versions.delete(full, number)
models.delete(full)
seen["gone"] = own()
print(json.dumps(seen))
