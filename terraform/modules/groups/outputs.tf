output "group_ids" {
  description = "Databricks' ids of the environments' groups, by group name."
  value       = { for group in local.all_groups : group => databricks_group.environment[group].id }
}

output "all_group_id" {
  description = "Databricks' id of the group of all environments' groups."
  value       = databricks_group.all.id
}
