variable "environments" {
  description = "The logical environments: the same value as for ../proxy-configuration, which explains and checks it."
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
  nullable = false

  validation {
    condition     = var.level == "account" || alltrue([for e in values(var.environments) : e.unity_catalog_schema == null])
    error_message = "Workspace-local groups cannot be used in Unity Catalog: with unity_catalog_schema the level must be account."
  }
}

variable "level" {
  description = <<-EOT
    Where the groups are created. The provider must be configured for the same level:
      account    account groups, for all workspaces and Unity Catalog; mlflow-environments assigns them to its workspace
      workspace  groups local to one workspace (legacy), which Unity Catalog does not support
  EOT
  type        = string
  default     = "account"
  nullable    = false

  validation {
    condition     = contains(["account", "workspace"], var.level)
    error_message = "level must be account or workspace."
  }
}

variable "workspace_access" {
  description = "With level workspace: whether members may enter the workspace. This entitlement is set on all_group itself; do not use databricks_entitlements for that group."
  type        = bool
  default     = false
  nullable    = false

  validation {
    condition     = !var.workspace_access || var.level == "workspace"
    error_message = "Account groups have no entitlements: mlflow-environments assigns them to its workspace (assign_groups)."
  }
}

variable "all_group" {
  description = "The group that contains all environments' groups. It gets no permissions on experiments or models: they would apply to every environment."
  type        = string
  default     = "apps_all"
  nullable    = false

  validation {
    condition     = !contains(flatten([for name, e in var.environments : e.groups != null ? e.groups : ["apps_${name}"]]), var.all_group)
    error_message = "all_group must not be an environment's own group."
  }
}

variable "applications" {
  description = "Callers to add as service principals, and to their environment's first named group: environment => name => application (client) id."
  type        = map(map(string))
  default     = {}
  nullable    = false

  validation {
    condition     = length(setsubtract(keys(var.applications), keys(var.environments))) == 0
    error_message = "applications has a key that is no environment."
  }
}
