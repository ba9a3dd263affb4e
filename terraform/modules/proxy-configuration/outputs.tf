output "environments" {
  description = "The environments with every default filled in, by name, in snake_case."
  value       = local.environments
}

output "configuration" {
  description = "The proxy's configuration as a value, in its own spelling (for example for the `config` of the Helm chart)."
  value       = local.configuration
}

output "yaml" {
  description = "The proxy's configuration as a file's text. Complete if `entra` and `upstream` are given."
  value       = yamlencode(local.configuration)
}
