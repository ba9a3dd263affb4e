# Endpoints are created by callers of the proxy, not by Terraform: each one with an environment's suffix gets its permissions.
data "databricks_serving_endpoints" "all" {
  count = var.manage_serving_endpoints ? 1 : 0
}

locals {
  endpoint_ids = { for endpoint in flatten(data.databricks_serving_endpoints.all[*].endpoints) : endpoint.name => endpoint.id }

  # The creator of an endpoint must be able to read the secrets that its variables name.
  secret_readers = merge(flatten([
    for name, e in local.environments : [
      for scope in e.serving_secret_scopes : [
        for worker in local.workers[name] : {
          "${scope} ${worker.kind} ${worker.kind == "group" ? worker.name : name}" = { scope = scope, name = worker.name }
        }
      ]
    ] if var.manage_serving_endpoints
  ])...)
}

# The whole access list is replaced, as on models. Endpoints without a suffix, including shared ones, keep theirs.
resource "databricks_permissions" "serving_endpoint" {
  for_each            = local.owners.endpoint
  serving_endpoint_id = local.endpoint_ids[each.key]

  dynamic "access_control" {
    for_each = local.access.endpoint[each.value]
    content {
      group_name             = access_control.value.kind == "group" ? access_control.value.name : null
      service_principal_name = access_control.value.kind == "service_principal" ? access_control.value.name : null
      permission_level       = access_control.value.level
    }
  }

  # An access list can only contain principals of the workspace.
  depends_on = [databricks_permission_assignment.group]
}

resource "databricks_secret_acl" "serving" {
  for_each   = local.secret_readers
  scope      = each.value.scope
  principal  = each.value.name
  permission = "READ"

  depends_on = [databricks_permission_assignment.group]
}
