locals {
  # All defaults filled in, as in src/server/config; a test compares the two.
  environments = {
    for name, e in var.environments : name => {
      groups                   = e.groups != null ? e.groups : ["apps_${name}"]
      readers                  = e.readers
      administrators           = e.administrators
      model_suffix             = e.model_suffix != null ? e.model_suffix : "_${name}"
      experiment_root          = e.experiment_root != null ? e.experiment_root : "/experiments/${name}"
      production               = e.production
      registration_stage       = e.registration_stage != null ? e.registration_stage : e.production ? "Production" : "Staging"
      promotes_from            = e.promotes_from
      source_prefixes          = [for prefix in e.source_prefixes : endswith(prefix, "/") ? prefix : "${prefix}/"]
      shared_serving_endpoints = e.shared_serving_endpoints
      serving_secret_scopes    = e.serving_secret_scopes
      gateway                  = e.gateway
      gateway_hosts            = e.gateway_hosts
      workspace                = e.workspace
    }
  }

  # The same list in the configuration's spelling, with every key, so that it does not depend on the proxy's defaults.
  # The proxy replaces ${NAME} in its file; in a group's name it must stay literal.
  spelt_environments = {
    for name, e in local.environments : name => {
      for key, value in {
        groups                 = [for group in e.groups : replace(group, "$${", "$$${")]
        readers                = [for group in e.readers : replace(group, "$${", "$$${")]
        administrators         = [for group in e.administrators : replace(group, "$${", "$$${")]
        modelSuffix            = e.model_suffix
        experimentRoot         = e.experiment_root
        production             = e.production
        enforcement            = var.environments[name].enforcement
        registrationStage      = var.environments[name].unity_catalog_schema == null ? e.registration_stage : null
        unityCatalogSchema     = var.environments[name].unity_catalog_schema
        registrationAlias      = var.environments[name].registration_alias
        promotesFrom           = e.promotes_from
        sourcePrefixes         = e.source_prefixes
        sharedServingEndpoints = e.shared_serving_endpoints
        servingSecretScopes    = e.serving_secret_scopes
        servingModels          = var.environments[name].serving_models
        servingLimits          = var.environments[name].serving_limits
        credentials            = var.environments[name].credentials
        gateway                = e.gateway
        gatewayHosts           = e.gateway_hosts
        workspace              = e.workspace
      } : key => value if value != null
    }
  }

  entra = var.entra == null ? {} : {
    entra = {
      for key, value in {
        tenantId  = var.entra.tenant_id
        audiences = var.entra.audiences
        authority = var.entra.authority
      } : key => value if value != null
    }
  }
  authentication = merge(local.entra, var.authentication)

  configuration = merge(var.settings, {
    for key, value in {
      upstream       = var.upstream
      authentication = length(local.authentication) > 0 ? local.authentication : null
      environments   = local.spelt_environments
    } : key => value if value != null
  })
}
