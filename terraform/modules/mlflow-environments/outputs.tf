output "environments" {
  description = "The environments with every default filled in, by name."
  value       = local.environments
}

output "directory_ids" {
  description = "Databricks' ids of the experiment folders, by environment."
  value       = { for name in keys(local.environments) : name => databricks_directory.experiments[name].object_id }
}

output "access" {
  description = "Permissions on an environment's experiment folder (directory), registered models (model) and serving endpoints (endpoint)."
  value       = local.access
}

output "schema_access" {
  description = "Privileges on the schema of an environment in Unity Catalog, by principal."
  value       = local.schema_access
}

output "owners" {
  description = "The environment of every registered model (model) and serving endpoint (endpoint) that has one. Others keep their permissions."
  value       = local.owners
}
