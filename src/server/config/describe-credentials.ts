import type { TokenClient, UpstreamCredentials } from './config-types.ts'

const issuerNames = { entra: 'Microsoft Entra ID', databricks: 'the Databricks workspace' } as const

function describeProof({ clientSecretFile, certificateFile, tokenFile }: TokenClient): string {
  if (clientSecretFile !== undefined) return ` by the secret in ${clientSecretFile}`
  if (certificateFile !== undefined) return ` by the certificate in ${certificateFile}`
  return tokenFile === undefined ? '' : ` by the token in ${tokenFile}`
}

/** With which credentials the proxy is seen elsewhere, to follow a noun. */
export function describeCredentials(credentials: UpstreamCredentials): string {
  switch (credentials.mode) {
    case 'none':
      return 'without credentials'
    case 'passthrough':
      return "with each caller's own token"
    case 'token':
      return `with the token in ${credentials.file}`
    case 'basic':
      return `as user ${credentials.username}`
    case 'servicePrincipal':
      return `with tokens of service principal ${credentials.clientId}${describeProof(credentials)}`
    case 'workloadIdentity':
      return `with tokens of workload identity ${credentials.clientId ?? ''}${describeProof(credentials)}`
    case 'managedIdentity':
      return `with tokens of ${credentials.clientId === null ? "the machine's managed identity" : `managed identity ${credentials.clientId}`}`
    case 'onBehalfOf':
      return `with what ${issuerNames[credentials.issuer]} gives for each caller's own token`
  }
}
