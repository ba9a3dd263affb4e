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
    condition = alltrue([for e in values(var.environments) : e.experiment_root == null ? true : (
      !can(regex("^/(Workspace|Shared|Users|Repos)(/|$)", e.experiment_root))
    )])
    error_message = "experiment_root must not lie in /Shared, /Users or /Repos, whose permissions Databricks sets itself, nor begin with /Workspace; write for example /experiments/acc."
  }
}

variable "mode" {
  description = <<-EOT
    Whose identity is used in Databricks, and therefore has MANAGE:
      proxy_identity  the proxy's service principals (proxy_application_ids); app groups can read at most
      passthrough     the callers' own, through their groups: they can bypass the proxy, see README.md
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
    error_message = "With mode passthrough every environment needs a group by name: an object id does not name a Databricks group."
  }
}

variable "proxy_application_ids" {
  description = "With mode proxy_identity: the application (client) id of the proxy's service principal for each environment. They must be in the workspace. One for all environments works; with one each, Databricks itself separates the environments."
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
  description = "With mode proxy_identity: whether app groups get CAN_READ on everything their environment may read, so that people see it in Databricks' own pages. Readers can also request stage transitions there."
  type        = bool
  default     = false
  nullable    = false
}

variable "assign_groups" {
  description = <<-EOT
    Whether to assign the environments' groups, which must be account groups, to this workspace; otherwise their members can't enter it.
    Null: only if they have permissions in it (mode passthrough, or groups_may_read). Set it to true if the proxy looks up callers' groups
    in the workspace, and to false if the groups are assigned elsewhere or are local to the workspace.
  EOT
  type        = bool
  default     = null
}

variable "manage_registered_models" {
  description = <<-EOT
    Whether to set the permissions of every model in the workspace's own registry whose name ends with an environment's suffix. Apply
    regularly, because models come and go. Null: only if no environment has a unity_catalog_schema. It must be false if the workspace's
    registry is disabled, as in all accounts created since April 2024, because reading models fails there.
  EOT
  type        = bool
  default     = null

  validation {
    condition     = var.manage_registered_models != true || alltrue([for e in values(var.environments) : e.unity_catalog_schema == null])
    error_message = "With unity_catalog_schema the models are in Unity Catalog: manage_registered_models must be false, or left out."
  }
}

variable "manage_schemas" {
  description = "Whether to create each environment's unity_catalog_schema. false: the schemas exist. In both cases all their grants are set."
  type        = bool
  default     = true
  nullable    = false
}

variable "manage_catalog_grants" {
  description = "Whether to grant USE_CATALOG on the schemas' catalogs. false: it is granted elsewhere. This module would replace other privileges of the same principals on the catalog."
  type        = bool
  default     = true
  nullable    = false
}

variable "manage_serving_endpoints" {
  description = "Whether to set the permissions of every serving endpoint whose name ends with an environment's suffix, and to give the environment's principals READ on its serving_secret_scopes. Apply regularly, because endpoints come and go."
  type        = bool
  default     = false
  nullable    = false
}
