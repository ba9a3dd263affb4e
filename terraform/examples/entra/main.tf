data "azuread_client_config" "current" {}

module "proxy_configuration" {
  source       = "../../modules/proxy-configuration"
  environments = var.environments
  upstream     = var.upstream
  settings     = var.settings

  authentication = var.authentication

  entra = {
    tenant_id = data.azuread_client_config.current.tenant_id
    # Tokens of version 2 have the client id as audience, tokens of version 1 the requested URI.
    audiences = [var.identifier_uri, azuread_application.proxy.client_id]
  }
}

locals {
  environments = module.proxy_configuration.environments
  object_id    = "^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$"

  # A name becomes an app role and appears in the `roles` claim; an object id is a security group and appears in `groups`.
  named_groups = { for name, e in local.environments : name => [for group in e.groups : group if !can(regex(local.object_id, group))] }
  everyone     = { for name, e in local.environments : name => concat(e.groups, e.readers, e.administrators) }
  roles        = toset([for group in flatten(values(local.everyone)) : group if !can(regex(local.object_id, group))])
  groups       = toset([for group in flatten(values(local.everyone)) : group if can(regex(local.object_id, group))])

  applications = merge([
    for environment, names in var.applications : { for name in names : "${environment}/${name}" => environment }
  ]...)
  members = merge([
    for environment, ids in var.members : { for label, id in ids : "${environment}/${label}" => { environment = environment, id = id } }
  ]...)
}

resource "azuread_application" "proxy" {
  display_name            = var.display_name
  identifier_uris         = [var.identifier_uri]
  owners                  = [data.azuread_client_config.current.object_id]
  sign_in_audience        = "AzureADMyOrg"
  group_membership_claims = length(local.groups) > 0 ? ["ApplicationGroup"] : []

  api {
    requested_access_token_version = 2

    oauth2_permission_scope {
      id                         = uuidv5("url", "${var.identifier_uri}/scopes/mlflow")
      value                      = "mlflow"
      type                       = "User"
      admin_consent_display_name = "Use MLflow"
      admin_consent_description  = "Use MLflow through the proxy as the signed-in user."
      user_consent_display_name  = "Use MLflow"
      user_consent_description   = "Use MLflow through the proxy in your name."
    }
  }

  dynamic "app_role" {
    for_each = local.roles
    content {
      id                   = uuidv5("url", "${var.identifier_uri}/roles/${app_role.value}")
      value                = app_role.value
      display_name         = app_role.value
      description          = "Works in ${join(", ", [for name, groups in local.everyone : name if contains(groups, app_role.value)])} of MLflow"
      allowed_member_types = ["Application", "User"]
    }
  }

  # Distinguishes applications' tokens from users' tokens reliably.
  optional_claims {
    access_token {
      name = "idtyp"
    }
  }
}

# Only principals with a role, or in one of the groups, can get a token.
resource "azuread_service_principal" "proxy" {
  client_id                    = azuread_application.proxy.client_id
  owners                       = [data.azuread_client_config.current.object_id]
  app_role_assignment_required = true
}

# `az account get-access-token --scope <identifier uri>/.default` works without asking anybody: this is the Azure CLI.
resource "azuread_application_pre_authorized" "azure_cli" {
  application_id       = azuread_application.proxy.id
  authorized_client_id = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
  permission_ids       = [uuidv5("url", "${var.identifier_uri}/scopes/mlflow")]
}

resource "azuread_application" "caller" {
  for_each         = local.applications
  display_name     = "mlflow ${each.key}"
  owners           = [data.azuread_client_config.current.object_id]
  sign_in_audience = "AzureADMyOrg"
}

resource "azuread_service_principal" "caller" {
  for_each  = local.applications
  client_id = azuread_application.caller[each.key].client_id
  owners    = [data.azuread_client_config.current.object_id]
}

resource "azuread_app_role_assignment" "caller" {
  for_each            = local.applications
  app_role_id         = azuread_service_principal.proxy.app_role_ids[local.named_groups[each.value][0]]
  principal_object_id = azuread_service_principal.caller[each.key].object_id
  resource_object_id  = azuread_service_principal.proxy.object_id

  lifecycle {
    precondition {
      condition     = length(local.named_groups[each.value]) > 0
      error_message = "Environment ${each.value} has applications but no group by name, so there is no app role to give them."
    }
  }
}

resource "azuread_app_role_assignment" "member" {
  for_each            = local.members
  app_role_id         = azuread_service_principal.proxy.app_role_ids[local.named_groups[each.value.environment][0]]
  principal_object_id = each.value.id
  resource_object_id  = azuread_service_principal.proxy.object_id

  lifecycle {
    precondition {
      condition     = length(local.named_groups[each.value.environment]) > 0
      error_message = "Environment ${each.value.environment} has members but no group by name, so there is no app role to give them."
    }
  }
}

# A group assigned to the application appears in the `groups` claim; the zero role is "default access".
resource "azuread_app_role_assignment" "group" {
  for_each            = local.groups
  app_role_id         = "00000000-0000-0000-0000-000000000000"
  principal_object_id = each.key
  resource_object_id  = azuread_service_principal.proxy.object_id
}

resource "local_file" "configuration" {
  count           = var.configuration_file == null ? 0 : 1
  filename        = var.configuration_file
  content         = module.proxy_configuration.yaml
  file_permission = "0644"
}
