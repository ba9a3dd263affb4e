variable "environments" {
  description = "The logical environments: the same value as for ../../modules/proxy-configuration, which explains and checks it."
  type = map(object({
    groups                   = optional(list(string))
    readers                  = optional(list(string), [])
    administrators           = optional(list(string), [])
    model_suffix             = optional(string)
    experiment_root          = optional(string)
    production               = optional(bool, false)
    enforcement              = optional(string)
    registration_stage       = optional(string)
    promotes_from            = optional(list(string), [])
    source_prefixes          = optional(list(string), [])
    shared_serving_endpoints = optional(list(string), [])
    serving_secret_scopes    = optional(list(string), [])
    serving_models           = optional(map(list(string)))
    serving_limits           = optional(map(number))
    credentials              = optional(map(string))
    gateway                  = optional(bool, false)
    gateway_hosts            = optional(list(string), [])
    workspace                = optional(string)
    unity_catalog_schema     = optional(string)
    registration_alias       = optional(string)
  }))
  default = {
    acc  = {}
    prod = { production = true, promotes_from = ["acc"] }
  }
  nullable = false
}

variable "display_name" {
  description = "Name of the proxy's app registration."
  type        = string
  default     = "mlflow-env-proxy"
  nullable    = false
}

variable "identifier_uri" {
  description = "Application ID URI of the proxy: clients request tokens for `<uri>/.default`. Some tenants only accept api://<tenant id>/mlflow-env-proxy."
  type        = string
  default     = "api://mlflow-env-proxy"
  nullable    = false

  validation {
    condition     = can(regex("^(api|https)://[!-)+-~]*[!-)+-.0-~]$", var.identifier_uri))
    error_message = "identifier_uri must begin with api:// or https://, without spaces, `*` and a slash at the end."
  }
}

variable "applications" {
  description = "Applications to create, by environment: each gets an app registration, a service principal and its environment's app role."
  type        = map(set(string))
  default     = {}
  nullable    = false

  validation {
    condition     = length(setsubtract(keys(var.applications), keys(var.environments))) == 0
    error_message = "applications has a key that is no environment."
  }
}

variable "members" {
  description = "Users, groups, service principals and managed identities that exist already: environment => any label => object id."
  type        = map(map(string))
  default     = {}
  nullable    = false

  validation {
    condition     = length(setsubtract(keys(var.members), keys(var.environments))) == 0
    error_message = "members has a key that is no environment."
  }
}

variable "upstream" {
  description = "The MLflow behind the proxy, in the configuration's own spelling."
  type        = any
  default     = { url = "http://127.0.0.1:5001" }
}

variable "authentication" {
  description = "Further keys of `authentication`, in the configuration's own spelling: login, issuers, directory, graph, requiredGroups."
  type        = any
  default     = {}
}

variable "settings" {
  description = "Further top-level keys of the configuration: listen, admin, paging, unknownFields, log."
  type        = any
  default     = {}
}

variable "configuration_file" {
  description = "Where to write the proxy's configuration; null: nowhere (it is also an output)."
  type        = string
  default     = null
}
