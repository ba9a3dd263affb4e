# Who gets what, as data: no resource here. The other files carry it out.

module "proxy_configuration" {
  source       = "../proxy-configuration"
  environments = var.environments
}

locals {
  environments = module.proxy_configuration.environments

  # An object id of Microsoft Entra ID puts callers into an environment by their token; Databricks has no group of that name.
  named_groups = {
    for name, e in local.environments : name => [
      for group in e.groups : group if !can(regex("^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$", group))
    ]
  }
  all_groups = toset(flatten(values(local.named_groups)))

  # Who acts in Databricks for the callers of an environment, and who may only look.
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

  # Only CAN_MANAGE may create in a folder, so workers need it in both modes. Promoters read what is behind the versions.
  directory_grants = {
    for name in keys(local.environments) : name => concat(
      [for worker in local.workers[name] : merge(worker, { level = "CAN_MANAGE" })],
      flatten([for promoter in local.promoters[name] : [for worker in local.workers[promoter] : merge(worker, { level = "CAN_READ" })]]),
      flatten([for viewer in concat([name], local.promoters[name]) : [for reader in local.readers[viewer] : merge(reader, { level = "CAN_READ" })]]),
    )
  }

  # The proxy's identity owns its models (deleting and renaming need CAN_MANAGE). Callers of their own hold what their stages need.
  model_grants = {
    for name, e in local.environments : name => concat(
      [for worker in local.workers[name] : merge(worker, {
        level = var.mode == "proxy_identity" ? "CAN_MANAGE" : e.production ? "CAN_MANAGE_PRODUCTION_VERSIONS" : "CAN_MANAGE_STAGING_VERSIONS"
      })],
      flatten([for promoter in local.promoters[name] : [for worker in local.workers[promoter] : merge(worker, { level = "CAN_MANAGE_PRODUCTION_VERSIONS" })]]),
      flatten([for viewer in concat([name], local.promoters[name]) : [for reader in local.readers[viewer] : merge(reader, { level = "CAN_READ" })]]),
    )
  }

  # Callers reach an endpoint by the proxy; to see it in Databricks' own pages is all that a reader gets.
  endpoint_grants = {
    for name in keys(local.environments) : name => concat(
      [for worker in local.workers[name] : merge(worker, { level = "CAN_MANAGE" })],
      [for reader in local.readers[name] : merge(reader, { level = "CAN_VIEW" })],
    )
  }

  # An access list names each principal once, with the strongest of its levels: one identity may serve several environments.
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

  # Whose a model or an endpoint is, as src/policy/names.ts has it. What bears no suffix, or two, belongs to nobody and is left alone.
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
