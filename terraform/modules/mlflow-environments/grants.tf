# All permissions as data, without resources. The other files apply them.

module "proxy_configuration" {
  source       = "../proxy-configuration"
  environments = var.environments
}

locals {
  environments = module.proxy_configuration.environments

  # An object id of Microsoft Entra ID gives callers access through their token; it does not name a Databricks group.
  named_groups = {
    for name, e in local.environments : name => [
      for group in e.groups : group if !can(regex("^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$", group))
    ]
  }
  all_groups = toset(flatten(values(local.named_groups)))

  # The principals that act in Databricks for an environment's callers, and those that may only read.
  workers = {
    for name, groups in local.named_groups : name => var.mode == "passthrough" ? [
      for group in groups : { kind = "group", name = group }
      ] : [
      { kind = "service_principal", name = lower(var.proxy_application_ids[name]) }
    ]
  }
  readers = {
    for name, groups in local.named_groups : name => [
      for group in groups : { kind = "group", name = group } if var.mode == "proxy_identity" && var.groups_may_read
    ]
  }

  promoters = {
    for name in keys(local.environments) : name => [
      for promoter, e in local.environments : promoter if contains(e.promotes_from, name)
    ]
  }

  # Creating something in a folder requires CAN_MANAGE, so workers need it in both modes. Promoters read the runs behind the versions.
  directory_grants = {
    for name in keys(local.environments) : name => concat(
      [for worker in local.workers[name] : merge(worker, { level = "CAN_MANAGE" })],
      flatten([for promoter in local.promoters[name] : [for worker in local.workers[promoter] : merge(worker, { level = "CAN_READ" })]]),
      flatten([for viewer in concat([name], local.promoters[name]) : [for reader in local.readers[viewer] : merge(reader, { level = "CAN_READ" })]]),
    )
  }

  # The proxy's identity owns its models (deleting and renaming need CAN_MANAGE). With passthrough, groups get what their stages need.
  model_grants = {
    for name, e in local.environments : name => concat(
      [for worker in local.workers[name] : merge(worker, {
        level = var.mode == "proxy_identity" ? "CAN_MANAGE" : e.production ? "CAN_MANAGE_PRODUCTION_VERSIONS" : "CAN_MANAGE_STAGING_VERSIONS"
      })],
      flatten([for promoter in local.promoters[name] : [for worker in local.workers[promoter] : merge(worker, { level = "CAN_MANAGE_PRODUCTION_VERSIONS" })]]),
      flatten([for viewer in concat([name], local.promoters[name]) : [for reader in local.readers[viewer] : merge(reader, { level = "CAN_READ" })]]),
    )
  }

  # Callers query an endpoint through the proxy; readers can only see it in Databricks' own pages.
  endpoint_grants = {
    for name in keys(local.environments) : name => concat(
      [for worker in local.workers[name] : merge(worker, { level = "CAN_MANAGE" })],
      [for reader in local.readers[name] : merge(reader, { level = "CAN_VIEW" })],
    )
  }

  # An access list contains each principal once, with its highest level, because one identity may serve several environments.
  levels = ["CAN_VIEW", "CAN_READ", "CAN_MANAGE_STAGING_VERSIONS", "CAN_MANAGE_PRODUCTION_VERSIONS", "CAN_MANAGE"]
  access = {
    for object, grants in { directory = local.directory_grants, model = local.model_grants, endpoint = local.endpoint_grants } : object => {
      for name, list in grants : name => {
        for principal, held in { for grant in list : "${grant.kind} ${grant.name}" => grant... } : principal => {
          kind  = held[0].kind
          name  = held[0].name
          level = local.levels[max([for grant in held : index(local.levels, grant.level)]...)]
        }
      }
    }
  }

  # Which environment owns a model or an endpoint, by the proxy's own rule. Names with no suffix, or with two, are left alone.
  suffixes = [for e in values(local.environments) : e.model_suffix]
  owners = {
    for kind, names in { model = local.model_names, endpoint = keys(local.endpoint_ids) } : kind => merge([
      for environment, e in local.environments : {
        for name in names : name => environment if endswith(name, e.model_suffix) && name != e.model_suffix &&
        !anytrue([for suffix in local.suffixes : endswith(trimsuffix(name, e.model_suffix), suffix)])
      }
    ]...)
  }
}
