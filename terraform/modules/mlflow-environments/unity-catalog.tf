locals {
  schemas = {
    for name, e in var.environments : name => {
      catalog = split(".", e.unity_catalog_schema)[0]
      name    = split(".", e.unity_catalog_schema)[1]
    } if e.unity_catalog_schema != null
  }

  # The creator of a model owns it, and may do everything with it: in mode proxy_identity, the proxy's identity.
  schema_grants = {
    for name in keys(local.schemas) : name => concat(
      [for worker in local.workers[name] : merge(worker, { privileges = ["APPLY_TAG", "CREATE_MODEL", "EXECUTE", "USE_SCHEMA"] })],
      flatten([for promoter in local.promoters[name] : [for worker in local.workers[promoter] : merge(worker, { privileges = ["EXECUTE", "USE_SCHEMA"] })]]),
      flatten([for viewer in concat([name], local.promoters[name]) : [for reader in local.readers[viewer] : merge(reader, { privileges = ["EXECUTE", "USE_SCHEMA"] })]]),
    )
  }

  # A list of grants contains each principal once, with all its privileges.
  schema_access = {
    for name, list in local.schema_grants : name => {
      for principal, privileges in { for grant in list : grant.name => grant.privileges... } : principal => sort(distinct(flatten(privileges)))
    }
  }

  # Keys must be known before the proxy's identities are. For a service principal, the key is the environment that it works in.
  catalog_users = merge([
    for name, schema in local.schemas : merge([
      for visitor in concat([name], local.promoters[name]) : merge([
        for principal in concat(local.workers[visitor], local.readers[visitor]) : {
          "${schema.catalog} ${principal.kind} ${principal.kind == "group" ? principal.name : visitor}" = { catalog = schema.catalog, name = principal.name }
        }
      ]...)
    ]...)
  ]...)
}

# Without force_destroy: Databricks deletes a schema only once it is empty.
resource "databricks_schema" "models" {
  for_each     = { for name, schema in local.schemas : name => schema if var.manage_schemas }
  catalog_name = each.value.catalog
  name         = each.value.name
  comment      = "Registered models of the environment ${each.key}, kept by mlflow-env-proxy."

  lifecycle {
    # Tags and ownership are managed elsewhere.
    ignore_changes = [owner, properties]
  }
}

# All grants on the schema: principals that are not listed here have no privileges on it.
resource "databricks_grants" "schema" {
  for_each = local.schemas
  schema   = "${each.value.catalog}.${each.value.name}"

  dynamic "grant" {
    for_each = local.schema_access[each.key]
    content {
      principal  = grant.key
      privileges = grant.value
    }
  }

  depends_on = [databricks_schema.models, databricks_permission_assignment.group]
}

# Others use the catalog as well, so only the grants of these principals are set. Two entries for one identity are equal.
resource "databricks_grant" "catalog" {
  for_each   = { for key, user in local.catalog_users : key => user if var.manage_catalog_grants }
  catalog    = each.value.catalog
  principal  = each.value.name
  privileges = ["USE_CATALOG"]

  depends_on = [databricks_permission_assignment.group]
}
