# Members of an account group can enter the workspace once the group is assigned to it, with the entitlements that the workspace gives
# everybody: this module neither adds nor removes any. The groups themselves are created elsewhere, see ../groups.
resource "databricks_permission_assignment" "group" {
  for_each    = coalesce(var.assign_groups, var.mode == "passthrough" || var.groups_may_read) ? local.all_groups : toset([])
  group_name  = each.key
  permissions = ["USER"]
}
