output "environments" {
  description = "The environments with every default filled in, by name."
  value       = local.environments
}

output "group_ids" {
  description = "Databricks' ids of the environments' groups, by group name."
  value       = local.group_ids
}

output "all_group_id" {
  description = "Databricks' id of the group of all environments' groups."
  value       = local.all_group_id
}

output "directory_ids" {
  description = "Databricks' ids of the experiment folders, by environment."
  value       = { for name in keys(local.environments) : name => databricks_directory.experiments[name].object_id }
}

output "access" {
  description = "Who holds what on an environment's experiment folder (directory) and registered models (model)."
  value       = local.access
}

output "model_owners" {
  description = "The environment of every registered model that has one. Other models keep their permissions."
  value       = local.model_owners
}
