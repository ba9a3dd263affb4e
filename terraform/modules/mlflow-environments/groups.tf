# Members of a group of the account may enter the workspace once the group is assigned to it. Its entitlements stay what the workspace
# gives everybody: this module sets none, so it takes none away either. The groups themselves are made elsewhere, see ../groups.
resource "databricks_permission_assignment" "group" {
  for_each    = coalesce(var.assign_groups, var.mode == "passthrough" || var.groups_may_read) ? local.all_groups : toset([])
  group_name  = each.key
  permissions = ["USER"]
}
