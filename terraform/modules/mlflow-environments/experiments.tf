# Experiments inherit the permissions of their folder. Nothing is granted on parent folders, because it would apply to every
# environment.
resource "databricks_directory" "experiments" {
  for_each = local.environments
  path     = each.value.experiment_root
}

resource "databricks_permissions" "experiments" {
  for_each     = local.environments
  directory_id = databricks_directory.experiments[each.key].object_id

  dynamic "access_control" {
    for_each = local.access.directory[each.key]
    content {
      group_name             = access_control.value.kind == "group" ? access_control.value.name : null
      service_principal_name = access_control.value.kind == "service_principal" ? access_control.value.name : null
      permission_level       = access_control.value.level
    }
  }

  # An access list can only contain principals of the workspace.
  depends_on = [databricks_permission_assignment.group]
}
