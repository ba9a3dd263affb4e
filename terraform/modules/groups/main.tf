module "proxy_configuration" {
  source       = "../proxy-configuration"
  environments = var.environments
}

locals {
  # An object id of Microsoft Entra ID gives callers access through their token; it does not name a Databricks group.
  named_groups = {
    for name, e in module.proxy_configuration.environments : name => [
      for group in e.groups : group if !can(regex("^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$", group))
    ]
  }
  all_groups = toset(flatten(values(local.named_groups)))

  applications = merge([
    for environment, ids in var.applications : {
      for name, id in ids : "${environment}/${name}" => { environment = environment, id = id }
    }
  ]...)
}

resource "databricks_group" "environment" {
  for_each     = local.all_groups
  display_name = each.key

  # Other entitlements of an environment's group may be managed by a databricks_entitlements elsewhere.
  lifecycle {
    ignore_changes = [allow_cluster_create, allow_instance_pool_create, databricks_sql_access, workspace_access, workspace_consume]
  }
}

# Entitlements are set on the group itself and nowhere else: the provider does not order this and databricks_entitlements.
resource "databricks_group" "all" {
  display_name     = var.all_group
  workspace_access = var.workspace_access ? true : null
}

resource "databricks_group_member" "all" {
  for_each  = local.all_groups
  group_id  = databricks_group.all.id
  member_id = databricks_group.environment[each.key].id
}

resource "databricks_service_principal" "application" {
  for_each       = local.applications
  application_id = each.value.id
  display_name   = each.key
}

resource "databricks_group_member" "application" {
  for_each  = local.applications
  group_id  = databricks_group.environment[local.named_groups[each.value.environment][0]].id
  member_id = databricks_service_principal.application[each.key].id

  lifecycle {
    precondition {
      condition     = length(local.named_groups[each.value.environment]) > 0
      error_message = "Environment ${each.value.environment} has applications but no group by name to put them in."
    }
  }
}
