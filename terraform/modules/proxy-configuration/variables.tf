variable "environments" {
  description = <<-EOT
    The logical environments, by name. Keys and defaults are those of the proxy's configuration, in snake_case:
      groups              groups of its callers: names or object ids (default: apps_<name>)
      readers             groups that may only read and search in it, as in groups (default: none)
      administrators      groups that administer its part of an open-source server's AI gateway, as in groups (default: none)
      model_suffix        model `fraud` is `fraud` + suffix upstream (default: _<name>)
      experiment_root     experiment `churn` is root + `/churn` upstream (default: /experiments/<name>)
      production          may use the Production stage, and promote (default: false)
      enforcement         `shadow` records what its own rules would refuse, and lets it pass; `enforce` (default: enforce)
      registration_stage  Staging, Production or none (default: Staging; Production in a production environment)
      promotes_from       environments whose versions it may read and promote (default: none)
      source_prefixes     storage folders that versions may use as a source, in addition to the environment's own artifacts (default: none)
      shared_serving_endpoints  serving endpoints of the whole workspace that its callers may query, by exact name (default: none)
      serving_secret_scopes     secret scopes that its serving endpoints may use (default: none)
      serving_models      what its serving endpoints may serve in addition to its own versions, in the configuration's own spelling: providers, hosts, schemas, workloadTypes (default: nothing)
      serving_limits      limits for its serving endpoints, in the configuration's own spelling (default: no limits)
      unity_catalog_schema  the catalog and schema of its models, with upstream.registry = "unityCatalog" (default: none); model_suffix then applies only to serving endpoints
      registration_alias  the alias of a new version there (default: staging; production in a production environment)
      credentials         the proxy's upstream credentials for its callers, in the configuration's own spelling (default: upstream.credentials)
      gateway             may query the AI gateway's endpoints with its suffix (default: false)
      gateway_hosts       hosts inside the network that its administrators may configure in the AI gateway, `host` or `host:port` (default: none)
      workspace           the MLflow 3 server's workspace for this environment (default: none)
  EOT
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
    condition     = length(var.environments) > 0
    error_message = "There must be at least one environment."
  }

  validation {
    condition     = alltrue([for name in keys(var.environments) : can(regex("^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$", name))])
    error_message = "A name must have lower-case letters, digits and inner hyphens, start with a letter, and have 32 characters at most."
  }

  validation {
    condition = alltrue([for e in values(var.environments) : e.groups == null ? true : (
      length(e.groups) > 0 && length(distinct(e.groups)) == length(e.groups) && alltrue([for group in e.groups :
        can(regex("^[^\\s\\p{Z}\\x{feff}*\\x00-\\x1f\\x7f-\\x9f]([^*\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\p{Z}\\x{feff}*\\x00-\\x1f\\x7f-\\x9f])?$", group))
      ])
    )])
    error_message = "groups must list at least one group, each once, in full, without spaces around it and without `*`."
  }

  validation {
    condition = alltrue([for e in values(var.environments) :
      length(distinct(e.readers)) == length(e.readers) && alltrue([for group in e.readers :
        can(regex("^[^\\s\\p{Z}\\x{feff}*\\x00-\\x1f\\x7f-\\x9f]([^*\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\p{Z}\\x{feff}*\\x00-\\x1f\\x7f-\\x9f])?$", group))
      ])
    ])
    error_message = "readers must list groups, each once, in full, without spaces around it and without `*`."
  }

  validation {
    condition = alltrue([for e in values(var.environments) :
      length(distinct(e.administrators)) == length(e.administrators) && alltrue([for group in e.administrators :
        can(regex("^[^\\s\\p{Z}\\x{feff}*\\x00-\\x1f\\x7f-\\x9f]([^*\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\p{Z}\\x{feff}*\\x00-\\x1f\\x7f-\\x9f])?$", group))
      ])
    ])
    error_message = "administrators must list groups, each once, in full, without spaces around it and without `*`."
  }

  validation {
    condition = alltrue([for e in values(var.environments) : e.model_suffix == null ? true : (
      can(regex("^[A-Za-z0-9._-]*[A-Za-z0-9][A-Za-z0-9._-]*$", e.model_suffix)) && length(e.model_suffix) <= 64
    )])
    error_message = "model_suffix must have letters, digits, `_`, `-` and `.`, at least one letter or digit, and 64 characters at most."
  }

  validation {
    condition = alltrue([for e in values(var.environments) : e.experiment_root == null ? true : (
      can(regex("^(/[^/\\s\\p{Z}\\p{Cc}\\p{Cf}\"'`\\\\%?#]([^/\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}\"'`\\\\%?#]*[^/\\s\\p{Z}\\p{Cc}\\p{Cf}\"'`\\\\%?#])?)+$", e.experiment_root)) &&
      length(setintersection(split("/", e.experiment_root), [".", ".."])) == 0 && length(e.experiment_root) <= 200
    )])
    error_message = "experiment_root must be an absolute path such as /experiments/acc: no slash at the end, no empty or dot segment, none of \" ' ` \\ % ? #, and 200 characters at most."
  }

  validation {
    condition = alltrue([for e in values(var.environments) :
      try(var.upstream.foldsCase, false) && e.experiment_root != null ? can(regex("^[ -~]+$", e.experiment_root)) : true
    ])
    error_message = "With upstream.foldsCase an experiment_root must be ASCII: databases fold the case of other characters differently."
  }

  validation {
    condition = alltrue([for e in values(var.environments) :
      e.registration_stage == null ? true : contains(["Staging", "Production", "none"], e.registration_stage)
    ])
    error_message = "registration_stage must be Staging, Production or none."
  }

  validation {
    condition     = alltrue([for e in values(var.environments) : e.enforcement == null ? true : contains(["enforce", "shadow"], e.enforcement)])
    error_message = "enforcement must be enforce or shadow."
  }

  validation {
    condition     = alltrue([for e in values(var.environments) : e.production || e.registration_stage != "Production"])
    error_message = "registration_stage Production is only for a production environment; set production = true, or write Staging or none."
  }

  validation {
    condition = alltrue([for name, e in var.environments :
      length(distinct(e.promotes_from)) == length(e.promotes_from) && !contains(e.promotes_from, name) &&
      length(setsubtract(e.promotes_from, keys(var.environments))) == 0
    ])
    error_message = "promotes_from must list other environments, each once."
  }

  validation {
    condition = alltrue([for e in values(var.environments) : e.unity_catalog_schema == null ? true : (
      can(regex("^[a-z0-9_-]+\\.[a-z0-9_-]+$", e.unity_catalog_schema)) && length(e.unity_catalog_schema) <= 200 &&
      e.registration_stage == null
    )])
    error_message = "unity_catalog_schema must be a catalog and a schema in lower case, such as prod.ml, without registration_stage beside it."
  }

  validation {
    condition = length(distinct([for e in values(var.environments) : e.unity_catalog_schema if e.unity_catalog_schema != null])) == length([
      for e in values(var.environments) : e if e.unity_catalog_schema != null
    ])
    error_message = "No two environments may share a unity_catalog_schema."
  }

  validation {
    condition = alltrue([for e in values(var.environments) : e.registration_alias == null ? true : (
      e.unity_catalog_schema != null && can(regex("^[A-Za-z_-][A-Za-z0-9_-]*$", e.registration_alias)) &&
      !can(regex("^(latest|[vV][0-9]+)$", e.registration_alias)) && length(e.registration_alias) <= 100
    )])
    error_message = "registration_alias is only for an environment with a unity_catalog_schema: letters, digits, `_` and `-`, not beginning with a digit, neither `latest` nor like `v1`, or none."
  }

  validation {
    condition     = alltrue([for e in values(var.environments) : e.production || length(e.promotes_from) == 0])
    error_message = "Only a production environment promotes; set production = true, or leave promotes_from out."
  }

  validation {
    condition = alltrue([for e in values(var.environments) :
      length(distinct(e.shared_serving_endpoints)) == length(e.shared_serving_endpoints) && alltrue([for endpoint in e.shared_serving_endpoints :
        can(regex("^[A-Za-z0-9_-]{1,63}$", endpoint)) && alltrue([for name, other in var.environments :
          !endswith(endpoint, other.model_suffix != null ? other.model_suffix : "_${name}")
        ])
      ])
    ])
    error_message = "shared_serving_endpoints must list names of serving endpoints that are no environment's, each once."
  }

  validation {
    condition = alltrue([for e in values(var.environments) :
      length(distinct(e.serving_secret_scopes)) == length(e.serving_secret_scopes) && alltrue([for scope in e.serving_secret_scopes :
        can(regex("^[A-Za-z0-9_.@-]{1,128}$", scope))
      ])
    ])
    error_message = "serving_secret_scopes must list names of secret scopes, each once."
  }

  validation {
    condition = alltrue([for e in values(var.environments) :
      length(distinct(e.gateway_hosts)) == length(e.gateway_hosts) && alltrue([for host in e.gateway_hosts :
        can(regex("^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[1-9][0-9]{0,4})?$", host))
      ])
    ])
    error_message = "gateway_hosts must list hosts in lower case, with or without a port, each once."
  }

  validation {
    condition = alltrue([for e in values(var.environments) : e.workspace == null ? true : (
      can(regex("^[a-z0-9][a-z0-9-]{0,61}[a-z0-9]$", e.workspace)) &&
      !contains(["workspaces", "api", "ajax-api", "static-files"], e.workspace) && try(var.upstream.kind, "mlflow") != "databricks"
    )])
    error_message = "workspace must be a name of 2 to 63 lower-case letters, digits and inner hyphens, and is not for a Databricks upstream."
  }

  validation {
    condition = alltrue(flatten([for e in values(var.environments) : [for from in e.promotes_from :
      try(var.environments[from].workspace == e.workspace, true)
    ]]))
    error_message = "Nothing is promoted from one workspace of an MLflow server to another: environments in promotes_from must have the same workspace."
  }

  # Only the scheme of storage URIs is checked here; `mlflow-env-proxy check` validates the rest.
  validation {
    condition = alltrue([for e in values(var.environments) :
      length(distinct(e.source_prefixes)) == length(e.source_prefixes) && alltrue([for prefix in e.source_prefixes :
        can(regex("^(s3|r2|b2|gs|abfss|wasbs|dbfs|hdfs|viewfs|file):/[A-Za-z0-9._~+,=@():/-]*$", prefix))
      ])
    ])
    error_message = "source_prefixes must list storage URIs such as s3://models/acc/, each once."
  }

  # abfss and wasbs are two names of one storage.
  validation {
    condition = alltrue(flatten([
      for folders in [flatten([for name, e in var.environments : [for prefix in e.source_prefixes : {
        name = name
        path = replace("${trimsuffix(prefix, "/")}/", "/^(?:abfss|wasbs):\\/\\/([^@\\/]+)@([^.\\/]+)\\.(?:dfs|blob)\\./", "azure://$1@$2.")
      }]])] : [for one in folders : [for other in folders : one.name == other.name || !startswith(one.path, other.path)]]
    ]))
    error_message = "No source_prefixes of two environments may overlap; give each a folder of its own."
  }

  validation {
    condition = alltrue(flatten([
      for suffixes in [[for name, e in var.environments :
        try(var.upstream.foldsCase, false) ? lower(coalesce(e.model_suffix, "_${name}")) : coalesce(e.model_suffix, "_${name}")
      ]] : [for i, one in suffixes : [for j, other in suffixes : i == j || !endswith(one, other)]]
    ]))
    error_message = "No model_suffix may end with another environment's: a model would belong to both."
  }

  validation {
    condition = alltrue(flatten([
      for roots in [[for name, e in var.environments :
        try(var.upstream.foldsCase, false) ? lower(coalesce(e.experiment_root, "/experiments/${name}")) : coalesce(e.experiment_root, "/experiments/${name}")
      ]] : [for i, one in roots : [for j, other in roots : i == j || !startswith("${one}/", "${other}/")]]
    ]))
    error_message = "No experiment_root may equal, contain or be inside another environment's."
  }
}

variable "entra" {
  description = "Whose access tokens the proxy accepts: becomes `authentication.entra`. Null leaves `authentication` out."
  type = object({
    tenant_id = string
    audiences = list(string)
    authority = optional(string)
  })
  default = null
}

variable "authentication" {
  description = "Further keys of `authentication`, as they are: login, issuers, directory, graph, requiredGroups."
  type        = any
  default     = {}
  nullable    = false

  validation {
    condition     = !contains(keys(var.authentication), "entra")
    error_message = "authentication must not hold entra; it has a variable of its own."
  }
}

variable "upstream" {
  description = "The MLflow behind the proxy: becomes `upstream` as it is, in the configuration's own spelling, for example `{ url = \"https://mlflow.example.com\" }`. Null leaves it out."
  type        = any
  default     = null
}

variable "settings" {
  description = "Further top-level keys of the configuration, as they are: listen, admin, paging, unknownFields, log."
  type        = any
  default     = {}
  nullable    = false

  validation {
    condition     = length(setintersection(keys(var.settings), ["authentication", "environments", "upstream"])) == 0
    error_message = "settings must not hold authentication, environments or upstream; they have variables of their own."
  }
}
