import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { loadConfig } from '../../../src/server/config/config.ts'
import { ConfigError } from '../../../src/server/config/config-problem.ts'
import { describeConfig } from '../../../src/server/config/config-summary.ts'

const folder = mkdtempSync(join(tmpdir(), 'config-credentials-'))
t.teardown(() => rmSync(folder, { recursive: true }))
const inFolder = (name: string) => join(folder, name)
writeFileSync(inFolder('secret'), 'hunter2')
writeFileSync(inFolder('token'), 'projected')
writeFileSync(inFolder('client.pem'), readFileSync(new URL('../../fixtures/certificates/client.pem', import.meta.url)))

function load(credentials: string, env: NodeJS.ProcessEnv = {}, kind = 'databricks') {
  const file = inFolder('config.yaml')
  writeFileSync(
    file,
    `upstream: { url: https://adb-1.2.azuredatabricks.net, kind: ${kind}, credentials: { ${credentials} } }
authentication: { entra: { tenantId: 11111111-2222-3333-4444-555555555555, audiences: [a] } }
environments: [acc]
`,
  )
  return loadConfig(file, env)
}

function problemsOf(...given: Parameters<typeof load>): string[] {
  try {
    load(...given)
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.problems.map(({ path, message }) => `${path.replace('upstream.credentials.', '')}: ${message}`)
  }
}

const tenant = '11111111-2222-3333-4444-555555555555'
const other = '99999999-2222-3333-4444-555555555555'
const scope = '2ff814a6-3304-4ab8-85cb-cd0e6f879c1d/.default'
const entra = { issuer: 'entra', tokenUrl: `https://login.microsoftonline.com/${tenant}/oauth2/v2.0/token`, scope }
const databricks = { issuer: 'databricks', tokenUrl: 'https://adb-1.2.azuredatabricks.net/oidc/v1/token', scope: 'all-apis' }
const pod = {
  AZURE_FEDERATED_TOKEN_FILE: inFolder('token'),
  AZURE_CLIENT_ID: 'pod',
  AZURE_TENANT_ID: other,
  AZURE_AUTHORITY_HOST: 'https://login.microsoftonline.us/',
}
const ofPod = {
  ...entra,
  clientId: 'pod',
  tokenUrl: `https://login.microsoftonline.us/${other}/oauth2/v2.0/token`,
  tokenFile: inFolder('token'),
}
const resource = '2ff814a6-3304-4ab8-85cb-cd0e6f879c1d'
const machine = {
  mode: 'managedIdentity',
  secret: null,
  endpoint: 'http://169.254.169.254/metadata/identity/oauth2/token',
  resource,
}

const meant: readonly (readonly [credentials: string, env: NodeJS.ProcessEnv, completed: object, said: string])[] = [
  [
    'mode: servicePrincipal, clientId: b, certificateFile: client.pem',
    {},
    { mode: 'servicePrincipal', ...entra, clientId: 'b', certificateFile: inFolder('client.pem') },
    `with tokens of service principal b by the certificate in ${inFolder('client.pem')}`,
  ],
  [
    'mode: servicePrincipal, issuer: databricks, clientId: b, clientSecretFile: secret',
    {},
    { mode: 'servicePrincipal', ...databricks, clientId: 'b', clientSecretFile: inFolder('secret') },
    `with tokens of service principal b by the secret in ${inFolder('secret')}`,
  ],
  [
    'mode: workloadIdentity',
    pod,
    { mode: 'workloadIdentity', ...ofPod },
    `with tokens of workload identity pod by the token in ${inFolder('token')}`,
  ],
  [
    `mode: workloadIdentity, clientId: b, tenantId: ${tenant}, tokenFile: token`,
    { AZURE_CLIENT_ID: 'pod', AZURE_TENANT_ID: 'ignored' },
    { mode: 'workloadIdentity', ...entra, clientId: 'b', tokenFile: inFolder('token') },
    'with tokens of workload identity b',
  ],
  [
    'mode: workloadIdentity, issuer: databricks, clientId: b',
    pod,
    { mode: 'workloadIdentity', ...databricks, clientId: 'b', tokenFile: inFolder('token') },
    'with tokens of workload identity b',
  ],
  ['mode: workloadIdentity', {}, { ...machine, clientId: null }, "with tokens of the machine's managed identity"],
  [
    'mode: workloadIdentity, clientId: b, scope: api://x/.default',
    { IDENTITY_ENDPOINT: 'http://127.0.0.1:42356/msi/token', IDENTITY_HEADER: 'hunter2' },
    { ...machine, endpoint: 'http://127.0.0.1:42356/msi/token', secret: 'hunter2', clientId: 'b', resource: 'api://x' },
    'with tokens of managed identity b',
  ],
  [
    'mode: onBehalfOf, clientId: b, clientSecretFile: secret',
    pod,
    { mode: 'onBehalfOf', ...entra, clientId: 'b', clientSecretFile: inFolder('secret') },
    "with what Microsoft Entra ID gives for each caller's own token",
  ],
  [
    'mode: onBehalfOf, clientId: b',
    pod,
    { mode: 'onBehalfOf', ...entra, clientId: 'b', tokenFile: inFolder('token') },
    "with what Microsoft Entra ID gives for each caller's own token",
  ],
  [
    'mode: onBehalfOf, issuer: databricks',
    pod,
    { mode: 'onBehalfOf', ...databricks, clientId: null },
    "with what the Databricks workspace gives for each caller's own token",
  ],
]

for (const [credentials, env, completed, said] of meant)
  t.test(`what is meant by ${credentials}`, async (t) => {
    const config = load(credentials, env)
    t.same(config.upstream.credentials, completed)
    t.match(describeConfig(config), said)
    t.notMatch(describeConfig(config), 'hunter2')
  })

const wrong: readonly (readonly [credentials: string, env: NodeJS.ProcessEnv, problems: readonly string[], kind?: string])[] = [
  [
    'mode: servicePrincipal, clientId: b, clientSecretFile: secret, certificateFile: client.pem',
    {},
    ['certificateFile: is one proof too many beside clientSecretFile; keep one of them'],
  ],
  [
    'mode: servicePrincipal, certificateFile: client.pem',
    {},
    ['clientId: is missing; write for example `clientId: 66666666-7777-8888-9999-000000000000`'],
  ],
  [
    'mode: servicePrincipal, clientId: b, certificateFile: secret',
    {},
    [
      `certificateFile: the file ${inFolder('secret')} has no certificate that can be read; write the certificate and its RSA private key into it, one after the other, in PEM`,
    ],
  ],
  [
    'mode: workloadIdentity, clientSecretFile: secret',
    {},
    ['clientSecretFile: is not for `mode: workloadIdentity`; leave it out'],
  ],
  [
    'mode: workloadIdentity',
    { ...pod, AZURE_CLIENT_ID: '', AZURE_TENANT_ID: 'common', AZURE_AUTHORITY_HOST: 'http://login.example.com' },
    [
      'clientId: is missing; write for example `clientId: 66666666-7777-8888-9999-000000000000`, or have Azure’s workload identity set AZURE_CLIENT_ID',
      'mode: uses AZURE_AUTHORITY_HOST, which is plain http, so anyone on the network could forge keys; write https (http is only for an issuer on loopback)',
      'mode: uses AZURE_TENANT_ID, which is not the GUID of one tenant; write tenantId',
    ],
  ],
  [
    'mode: workloadIdentity',
    { IDENTITY_ENDPOINT: 'http://127.0.0.1:1' },
    ['mode: needs IDENTITY_ENDPOINT and IDENTITY_HEADER, of which only one is set; set both, or neither'],
  ],
  [
    'mode: onBehalfOf, clientId: b',
    {},
    [
      'clientSecretFile: is missing; write for example `clientSecretFile: /run/secrets/client-secret`, certificateFile or tokenFile',
    ],
  ],
  [
    'mode: onBehalfOf, issuer: databricks, clientSecretFile: secret',
    {},
    ['clientSecretFile: is not for `issuer: databricks` with `mode: onBehalfOf`; leave it out'],
  ],
  [
    'mode: onBehalfOf, issuer: databricks',
    {},
    ['issuer: is only for a Databricks workspace; leave it out, or write upstream.kind: databricks'],
    'mlflow',
  ],
  [
    'mode: workloadIdentity, issuer: databricks',
    {},
    ['tokenFile: is missing; write for example `tokenFile: /var/run/secrets/tokens/databricks`'],
  ],
  [
    'mode: passthrough, issuer: databricks',
    {},
    ['issuer: is only for credentials with `mode: servicePrincipal`; leave it out, or write mode: servicePrincipal'],
  ],
]

for (const [credentials, env, problems, kind] of wrong)
  t.test(`what is wrong with ${credentials} ${JSON.stringify(env)}`, async (t) => {
    t.same(problemsOf(credentials, env, kind).toSorted(), problems.toSorted())
  })
