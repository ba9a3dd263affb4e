# Experiments inherit the permissions of their folder, so this is all they need. Nothing is granted on the folders above:
# it would hold in every environment.
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

  # Only what is in the workspace can stand in its access lists.
  depends_on = [databricks_permission_assignment.group]
}
