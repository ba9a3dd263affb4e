resource "databricks_group" "environment" {
  for_each     = var.manage_groups ? local.all_groups : toset([])
  display_name = each.key
}

resource "databricks_group" "all" {
  count        = var.manage_groups ? 1 : 0
  display_name = var.all_group
}

data "databricks_group" "environment" {
  for_each     = var.manage_groups ? toset([]) : local.all_groups
  display_name = each.key
}

data "databricks_group" "all" {
  count        = var.manage_groups ? 0 : 1
  display_name = var.all_group
}

locals {
  group_ids = {
    for group in local.all_groups : group => var.manage_groups ? databricks_group.environment[group].id : data.databricks_group.environment[group].id
  }
  all_group_id = one(concat(databricks_group.all[*].id, data.databricks_group.all[*].id))

  applications = merge([
    for environment, ids in var.applications : {
      for name, id in ids : "${environment}/${name}" => { environment = environment, id = id }
    }
  ]...)
}

# Where the groups are synchronised, so is their membership.
resource "databricks_group_member" "all" {
  for_each  = var.manage_groups ? local.all_groups : toset([])
  group_id  = local.all_group_id
  member_id = local.group_ids[each.key]
}

resource "databricks_service_principal" "application" {
  for_each       = local.applications
  application_id = each.value.id
  display_name   = each.key
}

resource "databricks_group_member" "application" {
  for_each  = local.applications
  group_id  = local.group_ids[local.named_groups[each.value.environment][0]]
  member_id = databricks_service_principal.application[each.key].id

  lifecycle {
    precondition {
      condition     = length(local.named_groups[each.value.environment]) > 0
      error_message = "Environment ${each.value.environment} has applications but no group by name to put them in."
    }
  }
}

# Callers enter the workspace themselves only where they may do or see something there.
resource "databricks_entitlements" "all" {
  count            = var.mode == "passthrough" || var.groups_may_read ? 1 : 0
  group_id         = local.all_group_id
  workspace_access = true
}
