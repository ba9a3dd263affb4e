import t from 'tap'
import { describeConfig } from '../../../src/server/config/config-summary.ts'
import { linesOf, load, write } from '../../fixtures/config-file.ts'

const entra = '{ tenantId: 11111111-2222-3333-4444-555555555555, audiences: [api://proxy] }'
const keycloak = '{ kind: oidc, issuer: https://kc.example.com/realms/ml, audiences: [mlflow] }'
const cluster = '{ kind: kubernetes, issuer: https://kubernetes.default.svc, audiences: [mlflow] }'
const workspace = '{ kind: databricks, workspace: https://adb-1.azuredatabricks.net/ }'

interface Written {
  readonly upstream?: string
  readonly environments?: string
}

function file(authentication: string, { upstream = 'url: http://127.0.0.1:5001', environments = '[acc]' }: Written = {}): string {
  return `upstream: { ${upstream} }\nauthentication: { ${authentication} }\nenvironments: ${environments}\n`
}
const issuers = (...entries: string[]) => `issuers: [${entries.join(', ')}]`
/** As in flow style, on one line. */
const prefixed = (entry: string, prefix: string) => entry.replace(/ }$/, `, groupPrefix: "${prefix}" }`)

t.test('issuers stand beside the short form, or alone', async (t) => {
  write('sa-token', 'token')
  const nested = keycloak.replace(/ }$/, ', claims: { groups: [realm_access, roles] }, groupPrefix: "kc:" }')
  const own = cluster.replace(/ }$/, ', keysUrl: "https://kubernetes.default.svc/openid/v1/jwks", tokenFile: sa-token }')
  const { authentication } = load(file(`entra: ${entra}, databricksTokens: true, ${issuers(nested, own, workspace)}`))
  t.match(authentication, {
    entra: { tenantId: '11111111-2222-3333-4444-555555555555' },
    databricksTokens: 'https://adb-1.azuredatabricks.net',
  })
  t.match(authentication.issuers, [
    { kind: 'entra', groupPrefix: '' },
    {
      kind: 'oidc',
      claims: { id: ['sub'], name: ['preferred_username'], groups: ['realm_access', 'roles'] },
      groupPrefix: 'kc:',
    },
    { kind: 'kubernetes', keysUrl: 'https://kubernetes.default.svc/openid/v1/jwks', tokenFile: /\/sa-token$/ },
    { kind: 'databricks', workspace: 'https://adb-1.azuredatabricks.net', issuer: 'https://adb-1.azuredatabricks.net/oidc' },
  ])
  const alone = load(file(issuers(keycloak)))
  t.equal(alone.authentication.entra, undefined)
  t.match(alone.authentication.issuers, [{ kind: 'oidc', issuer: 'https://kc.example.com/realms/ml', audiences: ['mlflow'] }])
  t.ok(Object.isFrozen(alone.authentication.issuers[0]))
})

t.test('check says whose tokens are accepted, and what of it may not be meant', async (t) => {
  const said = (text: string, written?: Written) => describeConfig(load(file(text, written)))
  const all = said(`entra: ${entra}, databricksTokens: true, ${issuers(prefixed(keycloak, 'kc:'), cluster, workspace)}`)
  for (const line of [
    /callers +access tokens of tenant 1{8}-\S+ for api:\/\/proxy\n +issuer +https:\/\/login\.microsoftonline\.com\n/,
    /callers +access tokens of https:\/\/kc\.example\.com\/realms\/ml for mlflow, with kc: before their groups\n/,
    /callers +service account tokens of the cluster https:\/\/kubernetes\.default\.svc for mlflow\n/,
    /callers +access tokens of the workspace https:\/\/adb-1\.azuredatabricks\.net\n/,
    /callers +personal access tokens of the workspace https:\/\/adb-1/,
    /any application that has one of a caller/,
    /Personal access tokens are accepted: they live long/,
    /Groups of tenant \S+ and the workspace \S+ count alike/,
  ])
    t.match(all, line)
  t.notMatch(all, /kc\.example\.com\S* count alike|cluster \S+ count alike/)
  t.match(said(issuers(cluster, cluster.replace('default.svc', 'other.svc'))), /count alike/)
  const required = 'requiredGroups: [apps_all], directory: graph'
  t.match(said(`entra: ${entra}, ${required}, ${issuers(keycloak)}`), /the directory does not have the callers of https:\/\/kc/)
  const named = said(`entra: ${entra}, directory: graph, ${issuers(prefixed(keycloak, 'kc:'))}`, {
    environments: '{ acc: { groups: [apps_acc, "kc:ml", aaaaaaaa-0000-4000-8000-000000000001, "system:serviceaccounts:ml"] } }',
  })
  t.match(named, /Security groups named apps_acc are looked up by name at start/)
  t.match(
    named,
    /groups +the token's .* those in https:\/\/graph\.microsoft\.com, asked with tokens of the machine's managed identity/,
  )
})

t.test('the API server of a cluster is asked about tokens as the file says', async (t) => {
  write('sa-token', 'token')
  const reviewed = (review: string) => file(issuers(cluster.replace(/ }$/, `, tokenReview: ${review} }`)))
  const config = load(reviewed('{ url: "https://10.0.0.1:6443/", tokenFile: sa-token }'))
  t.match(config.authentication.issuers, [{ tokenReview: { url: 'https://10.0.0.1:6443', tokenFile: /^\/.*\/sa-token$/ } }])
  t.match(
    describeConfig(config),
    /service account tokens of the cluster \S+ for mlflow, as long as https:\/\/10\.0\.0\.1:6443 says that they hold\n/,
  )
  const usual = '/var/run/secrets/kubernetes.io/serviceaccount/token'
  t.match(linesOf(reviewed('{}')), [`issuers[0].tokenReview.tokenFile: the file ${usual} does not exist`])
  t.equal(
    load(file(issuers(cluster))).authentication.issuers.some((each) => 'tokenReview' in each),
    false,
  )
})

t.test('Microsoft Graph is asked as the file says', async (t) => {
  write('client-secret', 'secret')
  const credentials = '{ mode: servicePrincipal, clientId: b, clientSecretFile: client-secret }'
  const config = load(
    file(`entra: ${entra}, directory: graph, graph: { url: https://graph.microsoft.us, credentials: ${credentials} }`),
  )
  t.match(config.authentication.graph, {
    url: 'https://graph.microsoft.us',
    credentials: {
      mode: 'servicePrincipal',
      tokenUrl: 'https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/oauth2/v2.0/token',
      scope: 'https://graph.microsoft.us/.default',
    },
  })
})

/** What is under `authentication`, the problem, and what else is in the file. */
const refused: readonly (readonly [string, RegExp, Written?])[] = [
  ['mode: bearer', /entra: is missing; write for example `entra: \{ tenantId: .*`, or issuers$/],
  [issuers('{ issuer: https://x }'), /issuers\[0\]\.kind: is missing; write for example `kind: oidc`/],
  [issuers('{ kind: oauth }'), /issuers\[0\]\.kind: `oauth` is none of entra, oidc, kubernetes, databricks/],
  [issuers('{ kind: oidc, audiences: [a] }'), /issuers\[0\]\.issuer: is missing; write for example `issuer: https:/],
  [issuers('{ kind: oidc, issuer: https://x }'), /issuers\[0\]\.audiences: is missing/],
  [issuers('{ kind: entra, audiences: [a] }'), /issuers\[0\]\.tenantId: is missing/],
  [issuers('{ kind: databricks }'), /issuers\[0\]\.workspace: is missing/],
  [issuers('{ kind: databricks, workspace: https://x/path }'), /workspace: has a path; write only scheme, host and port/],
  [
    issuers(keycloak.replace(/ }$/, ', tenantId: 11111111-2222-3333-4444-555555555555 }')),
    /tenantId: is only for an issuer of kind: entra; leave/,
  ],
  [
    issuers(workspace.replace(/ }$/, ', keysUrl: https://x }')),
    /keysUrl: is only for an issuer of kind: oidc or kind: kubernetes/,
  ],
  [issuers(keycloak.replace('https', 'http')), /issuers\[0\]\.issuer: is plain http, so anyone on the network could forge keys/],
  [issuers(keycloak.replace(/ }$/, ', keysUrl: "http://kc.example.com/keys" }')), /keysUrl: is plain http/],
  [issuers(workspace.replace('https', 'http')), /workspace: is plain http/],
  [issuers(keycloak.replace('https://kc', 'https://me:secret@kc')), /issuer: must not contain a user name or password/],
  [
    issuers(keycloak.replace(/ }$/, ', claims: { groups: groups } }')),
    /claims\.groups: the text "groups" is not a list of the names that lead to a claim/,
  ],
  [
    issuers(keycloak.replace(/ }$/, ', claims: { group: [groups] } }')),
    /claims\.group: `group` is not a known key; did you mean `groups`/,
  ],
  [
    issuers(cluster.replace(/ }$/, ', tokenFile: sa-token }')),
    /tokenFile: needs keysUrl, the only place where the token may be sent/,
  ],
  [issuers(cluster.replace(/ }$/, ', keysUrl: "https://k/keys", tokenFile: none }')), /tokenFile: the file \S+ does not exist/],
  [issuers(keycloak.replace(/ }$/, ', tokenFile: sa-token }')), /tokenFile: is only for an issuer of kind: kubernetes/],
  [
    issuers(cluster.replace(/ }$/, ', tokenReview: { url: "http://10.0.0.1", tokenFile: sa-token } }')),
    /tokenReview\.url: is plain http/,
  ],
  [
    issuers(cluster.replace(/ }$/, ', tokenReview: { tokenFile: none } }')),
    /tokenReview\.tokenFile: the file \S+ does not exist/,
  ],
  [
    issuers(cluster.replace(/ }$/, ', tokenReview: { tokenFile: sa-token, caFile: x } }')),
    /tokenReview\.caFile: `caFile` is not a known key/,
  ],
  [issuers(keycloak.replace(/ }$/, ', tokenReview: {} }')), /tokenReview: is only for an issuer of kind: kubernetes/],
  [issuers(keycloak, keycloak), /issuers\[1\]: is the same issuer as another one \(https:\/\/kc/],
  [`entra: ${entra}, ${issuers(entra.replace('{', '{ kind: entra,'))}`, /issuers\[0\]: is the same issuer as another one/],
  [
    `entra: ${entra}, ${issuers(entra.replace('{', '{ kind: entra, authority: https://login.microsoftonline.us,'))}`,
    /issuers\[0\]: is the same issuer as another one/,
  ],
  [issuers(prefixed(keycloak, 'kc:'), prefixed(cluster, 'kc:x')), /issuers\[1\]\.groupPrefix: `kc:x` overlaps with `kc:`/],
  [issuers(prefixed(keycloak, 'kc:x'), prefixed(cluster, 'kc:')), /issuers\[1\]\.groupPrefix: `kc:` overlaps with `kc:x`/],
  [issuers(prefixed(keycloak, 'system:')), /groupPrefix: `system:` overlaps with `system:serviceaccount`/],
  [issuers(prefixed(keycloak, 'a b')), /groupPrefix: `a b` is not a text of at most 64 characters/],
  [`entra: ${entra}, databricksTokens: true`, /databricksTokens: needs a workspace to ask/],
  [
    `databricksTokens: true, ${issuers(workspace, workspace.replace('adb-1', 'adb-2'))}`,
    /databricksTokens: needs a workspace to ask: the upstream, or exactly one issuer/,
  ],
  [
    `databricksTokens: true, ${issuers(workspace)}`,
    /databricksTokens: would send callers' personal access tokens elsewhere \(credentials with `mode: passthrough`\)/,
    { upstream: 'url: http://127.0.0.1:5001, credentials: { mode: passthrough }' },
  ],
  [
    `databricksTokens: true, ${issuers(workspace)}`,
    /databricksTokens: would send callers' personal access tokens elsewhere/,
    { environments: '{ acc: { credentials: { mode: passthrough } } }' },
  ],
  [`directory: graph, ${issuers(keycloak)}`, /directory: is graph, but there is no tenant to ask about; write entra, or none/],
  [`entra: ${entra}, graph: { url: https://graph.microsoft.us }`, /graph: is only for `directory: graph`/],
  [`entra: ${entra}, directory: graph, graph: { url: "http://graph.microsoft.com" }`, /graph\.url: is plain http/],
  [`entra: ${entra}, directory: graph, graph: { url: "https://graph.microsoft.com/v1.0" }`, /graph\.url: has a path/],
  [
    `entra: ${entra}, directory: graph, graph: { credentials: { mode: passthrough } }`,
    /graph\.credentials\.mode: `passthrough` is none of token, servicePrincipal, workloadIdentity/,
  ],
  [
    `entra: ${entra}, directory: graph, graph: { credentials: { mode: servicePrincipal, clientId: a } }`,
    /graph\.credentials\.clientSecretFile: is missing/,
  ],
  [
    issuers(keycloak),
    /upstream\.credentials\.tenantId: is missing; write for example .*, or write authentication\.entra$/,
    {
      upstream:
        'url: http://127.0.0.1:5001, credentials: { mode: servicePrincipal, clientId: a, clientSecretFile: client-secret }',
    },
  ],
]

t.test('what is wrong with issuers and directories is one sentence each, at its place', async (t) => {
  for (const [authentication, problem, written] of refused) {
    const lines = linesOf(file(authentication, written))
    t.match(lines, [problem], authentication)
    t.equal(lines.length, 1, authentication)
    t.notMatch(lines.join(), /secret@/)
  }
})

t.test('variables replace the list of issuers', async (t) => {
  const env = {
    MLFLOW_ENV_PROXY_AUTHENTICATION__ISSUERS: `[${keycloak}]`,
    MLFLOW_ENV_PROXY_AUTHENTICATION__DATABRICKS_TOKENS: 'false',
  }
  t.match(load(file(`entra: ${entra}`), env).authentication.issuers, [{ kind: 'entra' }, { kind: 'oidc' }])
})
