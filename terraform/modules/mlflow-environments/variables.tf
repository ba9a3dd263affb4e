variable "environments" {
  description = "The logical environments: the same value as for ../proxy-configuration, which explains and checks it."
  type = map(object({
    groups                   = optional(list(string))
    administrators           = optional(list(string), [])
    model_suffix             = optional(string)
    experiment_root          = optional(string)
    production               = optional(bool, false)
    registration_stage       = optional(string)
    promotes_from            = optional(list(string), [])
    source_prefixes          = optional(list(string), [])
    shared_serving_endpoints = optional(list(string), [])
    serving_secret_scopes    = optional(list(string), [])
    credentials              = optional(map(string))
    gateway                  = optional(bool, false)
    gateway_hosts            = optional(list(string), [])
    workspace                = optional(string)
    unity_catalog_schema     = optional(string)
    registration_alias       = optional(string)
  }))
  nullable = false

  validation {
    condition = alltrue([for e in values(var.environments) : e.experiment_root == null ? true : (
      !can(regex("^/(Workspace|Shared|Users|Repos)(/|$)", e.experiment_root))
    )])
    error_message = "experiment_root must not lie in /Shared, /Users or /Repos, whose permissions Databricks sets itself, nor begin with /Workspace; write for example /experiments/acc."
  }
}

variable "mode" {
  description = <<-EOT
    Who works in Databricks, and so holds MANAGE:
      proxy_identity  the proxy's service principals (proxy_application_ids); app groups read at most
      passthrough     the callers themselves, through their groups: they can go around the proxy, see README.md
  EOT
  type        = string
  default     = "proxy_identity"
  nullable    = false

  validation {
    condition     = contains(["proxy_identity", "passthrough"], var.mode)
    error_message = "mode must be proxy_identity or passthrough."
  }

  validation {
    condition = var.mode != "passthrough" || alltrue([for e in values(var.environments) : e.groups == null ? true : (
      anytrue([for group in e.groups : !can(regex("^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$", group))])
    )])
    error_message = "With mode passthrough every environment needs a group by name: an object id is no group of Databricks."
  }
}

variable "proxy_application_ids" {
  description = "With mode proxy_identity: by environment, the application (client) id of the service principal that the proxy uses upstream for it. They must be in the workspace. One for all environments works; one each lets Databricks itself keep environments apart."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = length(setsubtract(keys(var.proxy_application_ids), keys(var.environments))) == 0
    error_message = "proxy_application_ids has a key that is no environment."
  }

  validation {
    condition     = var.mode != "proxy_identity" || length(setsubtract(keys(var.environments), keys(var.proxy_application_ids))) == 0
    error_message = "With mode proxy_identity every environment needs an entry in proxy_application_ids."
  }

  validation {
    condition     = alltrue([for id in values(var.proxy_application_ids) : can(regex("^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$", id))])
    error_message = "proxy_application_ids must hold application (client) ids: GUIDs."
  }
}

variable "groups_may_read" {
  description = "With mode proxy_identity: whether app groups get CAN_READ on what their environment may read, so that people find it in Databricks' own pages. Whoever may read may also ask for a stage transition there."
  type        = bool
  default     = false
  nullable    = false
}

variable "manage_groups" {
  description = "true: make the groups in the workspace. false: they exist (synchronised from Microsoft Entra ID, say) and are only looked up."
  type        = bool
  default     = true
  nullable    = false
}

variable "all_group" {
  description = "The group of all environments' groups. It gets no permission on experiments or models: those would hold across environments."
  type        = string
  default     = "apps_all"
  nullable    = false

  validation {
    condition     = !contains(flatten([for name, e in var.environments : e.groups != null ? e.groups : ["apps_${name}"]]), var.all_group)
    error_message = "all_group must not be an environment's own group."
  }
}

variable "applications" {
  description = "Callers to add to the workspace and to their environment's first named group: environment => name => application (client) id."
  type        = map(map(string))
  default     = {}
  nullable    = false

  validation {
    condition     = length(setsubtract(keys(var.applications), keys(var.environments))) == 0
    error_message = "applications has a key that is no environment."
  }
}

variable "manage_registered_models" {
  description = "Whether to set the permissions of every registered model whose name ends with an environment's suffix. Models come and go: apply regularly."
  type        = bool
  default     = true
  nullable    = false
}
