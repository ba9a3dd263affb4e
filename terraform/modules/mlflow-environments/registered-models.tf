# Models are created by registering versions, not by Terraform: each one with an environment's suffix gets its permissions.
data "databricks_mlflow_models" "all" {
  count = coalesce(var.manage_registered_models, length(local.schemas) == 0) ? 1 : 0
}

locals {
  model_names = flatten(data.databricks_mlflow_models.all[*].names)
}

data "databricks_mlflow_model" "this" {
  for_each = local.owners.model
  name     = each.key
}

# The whole access list is replaced: the creator of a model loses the CAN_MANAGE that they got with it.
resource "databricks_permissions" "registered_model" {
  for_each            = local.owners.model
  registered_model_id = data.databricks_mlflow_model.this[each.key].id

  dynamic "access_control" {
    for_each = local.access.model[each.value]
    content {
      group_name             = access_control.value.kind == "group" ? access_control.value.name : null
      service_principal_name = access_control.value.kind == "service_principal" ? access_control.value.name : null
      permission_level       = access_control.value.level
    }
  }

  # An access list can only contain principals of the workspace.
  depends_on = [databricks_permission_assignment.group]
}
