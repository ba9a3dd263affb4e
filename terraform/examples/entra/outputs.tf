output "configuration" {
  description = "The proxy's configuration file."
  value       = module.proxy_configuration.yaml
}

output "client_id" {
  description = "Client id of the proxy's app registration."
  value       = azuread_application.proxy.client_id
}

output "application_ids" {
  description = "Client ids of the created applications, by environment: the `applications` of ../../modules/groups."
  value = {
    for environment, names in var.applications : environment => {
      for name in names : name => azuread_application.caller["${environment}/${name}"].client_id
    }
  }
}
