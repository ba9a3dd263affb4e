import t from 'tap'
import { checkDestinations } from '../../../src/policy/checks/gateway/destinations.ts'
import type { OpenEndpoint } from '../../../src/policy/endpoints/endpoint.ts'
import { endpointTable } from '../../../src/policy/endpoints/endpoint-table.ts'
import type { Environment } from '../../../src/policy/environments/environment.ts'
import { destinationProblem } from '../../../src/policy/locations/destination.ts'
import { isWebLink, runsScript } from '../../../src/policy/locations/link.ts'
import type { Meaning } from '../../../src/policy/meanings/meaning-table.ts'
import { shapeOf } from '../../../src/policy/messages/message-shape.ts'
import { Refusal } from '../../../src/policy/reasons.ts'
import { judge, requestTo, toMessage, verdictOf } from '../../fakes/fake-fact-source.ts'
import { goodMessage, sayIn, setAt } from '../../fixtures/full-message.ts'
import { acc, config, inAcc, makeTenancy, type Tenancy, tenancy } from '../../fixtures/tenancy.ts'
import { showText } from '../../harness/law.ts'

/** Addresses that run a script where a browser follows them, in every spelling that it reads as one. */
const scripts = [
  ...[
    'javascript:alert(1)',
    'JaVaScRiPt:alert(1)',
    'java\tscript:alert(1)',
    'java\nscript:alert(1)',
    'j\r\na\tvascript\t:alert(1)',
  ],
  ...['\u0001javascript:alert(1)', ' \u001f \tjavascript:alert(1)', '\0javascript:alert(1)', 'javascript://%0aalert(1)'],
  ...['javascript://github.com/x/y', 'vbscript:msgbox(1)', 'VBScript :x'.replace(' ', '\t'), 'data:text/html,<script>x</script>'],
  ...[
    '\tDATA:text/html;base64,PHNjcmlwdD4=',
    'blob:https://x/1',
    'filesystem:https://x/1',
    'view-source:javascript:x',
    'jar:http://x!/',
  ],
] as const

/** Where browsers go without running anything that the address brings, and which real clients say in such tags. */
const paths = [
  ...[
    'https://github.com/x/y',
    'http://git.in.house/x#y',
    'git@github.com:x/y.git',
    'ssh://git@github.com/x/y.git',
    'file:///home/me/x',
  ],
  ...['train.py', '/Users/me@example.com/notebook', '/opt/conda/bin/python -m x', 'C:\\me\\train.py', 'C:/me/train.py', ''],
  ...[
    'adb-1.2.azuredatabricks.net',
    'dbfs:/x',
    's3://x/y',
    'my javascript: project',
    'database.py',
    './data:x',
    'https://x/?next=javascript:x',
  ],
] as const

t.test('what runs a script is told in every spelling that browsers read', async (t) => {
  for (const text of scripts) t.ok(runsScript(text), showText(text))
  for (const text of paths) t.notOk(runsScript(text), showText(text))
  t.ok(runsScript('anything\njavascript:alert(1)//@git/x:'), 'the UI may begin its link at any line')
  for (const text of ['https://x', 'HTTP://x/y?z#w', 'https://x/a b']) t.ok(isWebLink(text), text)
  for (const text of [
    'https:/x',
    'https:x',
    '//x',
    '/x',
    '#x',
    'x',
    'ftp://x',
    'mailto:x',
    'https://',
    'https:///x',
    'https://x\n',
    ' https://x',
    'https://\\x',
  ])
    t.notOk(isWebLink(text), showText(text))
})

const tenancies = [
  makeTenancy('mlflow'),
  ...(['databricks', 'unityCatalog'] as const).flatMap((kind) => [makeTenancy(kind), makeTenancy(kind, 'databricks')]),
]

/** A field in a kind of upstream. */
interface Place {
  readonly tenancy: Tenancy
  readonly endpoint: OpenEndpoint
  readonly selector: string
}

/** Every field of a meaning, in every kind of upstream. */
function fieldsOf(...meanings: readonly Meaning[]): Place[] {
  return tenancies.flatMap((each) =>
    [...endpointTable(each.kind, each.mode).open.values()].flatMap((endpoint) =>
      Object.entries(endpoint.fields).flatMap(([selector, meaning]) =>
        meanings.includes(meaning) ? [{ tenancy: each, endpoint, selector }] : [],
      ),
    ),
  )
}

function verdictAt({ tenancy: { config, facts, places, mode }, endpoint, selector }: Place, value: unknown): string {
  const [place] = places
  const message = goodMessage(endpoint, place)
  setAt(message, selector, sayIn(endpoint, selector, value))
  const request = { endpointName: endpoint.name, endpoint, message, mode, administrator: true }
  return verdictOf(judge(config, place.environment, request, facts))
}

t.test('every field that is shown as a link takes http and https alone', async (t) => {
  let seen = 0
  for (const field of fieldsOf('link')) {
    seen += 1
    for (const text of [...scripts, 'ftp://x/y', '//x', 'x'])
      t.equal(verdictAt(field, text), 'invalid-parameter', `${field.endpoint.name} ${field.selector} ${showText(text)}`)
    t.equal(
      verdictAt(field, 'https://workspace.example/#mlflow/experiments/1'),
      'allow',
      `${field.endpoint.name} ${field.selector}`,
    )
  }
  t.ok(seen > 2, `${seen} fields`)
})

const looksLikeAddress = /(^|[._])(url|uri|link|href|api_base|base_url|callback|webhook)$/i

t.test('no field that looks like an address is free', async (t) => {
  // Of a part's URL the proxy reads a block's number alone; OpenTelemetry's schemas are names.
  const lookedAt = new Set(['parts.url'])
  for (const kind of ['mlflow', 'databricks', 'unityCatalog'] as const) {
    for (const endpoint of endpointTable(kind, 'http').open.values()) {
      const free = Object.entries<Meaning>(endpoint.fields).filter(([, meaning]) => meaning === 'free')
      const inside = free.flatMap(([selector]) => {
        const message = shapeOf(endpoint.request).fields.get(selector)?.message
        return message === undefined ? [selector] : [...shapeOf(message).fields.keys()].map((name) => `${selector}.${name}`)
      })
      t.same(
        inside.filter(
          (selector) => looksLikeAddress.test(selector) && !lookedAt.has(selector) && !selector.endsWith('.schema_url'),
        ),
        [],
        endpoint.name,
      )
    }
  }
})

/** Tags that a UI makes links of, in a spelling that the database may take for them, too. */
const linkTags = [
  ...[
    'mlflow.source.name',
    'mlflow.databricks.workspaceURL',
    'mlflow.databricks.webappURL',
    'mlflow.source.git.repoURL',
    'mlflow.gitRepoURL',
  ],
  ...[
    'mlflow.databricks.gitRepoUrl',
    'mlflow.databricks.notebook.url',
    'mlflow.experiment.sourceName',
    'MLFLOW.SOURCE.NAME',
    'mlflow.söurce.name',
  ],
] as const

/** Every place where a tag is written. */
const tagged: readonly (readonly [endpoint: string, say: (key: string, value: string) => Readonly<Record<string, unknown>>])[] = [
  ['setTag', (key, value) => ({ run_id: inAcc.run(1), key, value })],
  ['logBatch', (key, value) => ({ run_id: inAcc.run(1), tags: [{ key, value }] })],
  ['createRun', (key, value) => ({ experiment_id: '0', tags: [{ key, value }] })],
  ['setModelVersionTag', (key, value) => ({ name: 'fraud', version: '2', key, value })],
  ['createLoggedModel', (key, value) => ({ experiment_id: '0', tags: [{ key, value }] })],
  ['setLoggedModelTags', (key, value) => ({ model_id: inAcc.model(2), tags: [{ key, value }] })],
  ['createExperiment', (key, value) => ({ name: 'new', tags: [{ key, value }] })],
  ['setExperimentTag', (key, value) => ({ experiment_id: '0', key, value })],
  ['setTraceTag', (key, value) => ({ trace_id: inAcc.trace(1), key, value })],
  ['createDataset', (key, value) => ({ name: 'x', tags: JSON.stringify({ [key]: value }) })],
]

t.test(
  'no tag that a UI makes a link of runs a script, wherever it is written, and every path and repository passes',
  async (t) => {
    for (const [endpoint, say] of tagged) {
      const verdict = (key: string, value: string) => verdictOf(judge(config, acc, requestTo(endpoint, say(key, value)), tenancy))
      for (const key of linkTags)
        for (const text of scripts) t.equal(verdict(key, text), 'invalid-parameter', `${endpoint} ${key} ${showText(text)}`)
      for (const text of paths) t.equal(verdict('mlflow.source.name', text), 'allow', `${endpoint} ${showText(text)}`)
      for (const key of ['mlflow.note.content', 'note', 'team.source'])
        t.equal(verdict(key, 'data: the iris set'), 'allow', `${endpoint} ${key}`)
    }
  },
)

t.test('a data set’s address runs no script', async (t) => {
  const verdict = (source: string) => {
    const dataset = { name: 'x', digest: '1', source_type: 'http', source }
    return verdictOf(judge(config, acc, requestTo('logInputs', { run_id: inAcc.run(1), datasets: [{ dataset }] }), tenancy))
  }
  for (const url of scripts) t.equal(verdict(JSON.stringify({ url })), 'invalid-parameter', showText(url))
  for (const url of ['https://x/y.csv', 's3://x/y', '/dbfs/x', 'data.csv'])
    t.equal(verdict(JSON.stringify({ url })), 'allow', url)
})

const own = ['mlflow.example.com:443', '127.0.0.1:5000', '[::1]:9464', 'proxy.example.com:443']
const allowed = ['ollama.models.svc:11434', '10.0.0.7', '127.0.0.1:11434', 'vllm']

/** Addresses inside, in every form that some program reads as one. */
const inside = [
  ...[
    'http://localhost',
    'https://localhost',
    'https://LOCALHOST/',
    'https://localhost.',
    'https://a.localhost',
    'https://127.0.0.1',
    'https://127.1',
  ],
  ...[
    'https://2130706433',
    'https://0x7f000001',
    'https://0x7f.1',
    'https://0177.0.0.1',
    'https://127.0.0.1.',
    'https://0',
    'https://0.0.0.0',
  ],
  ...[
    'https://[::1]',
    'https://[::]',
    'https://[::ffff:127.0.0.1]',
    'https://[::ffff:7f00:1]',
    'https://[fe80::1%25eth0]',
    'https://[fd00::1]',
    'https://[fd00:ec2::254]',
  ],
  ...[
    'https://10.0.0.1',
    'https://172.16.0.1',
    'https://192.168.1.1',
    'https://169.254.169.254/latest',
    'https://100.64.0.1',
    'https://168.63.129.16',
  ],
  ...[
    'https://metadata.google.internal',
    'https://metadata.goog',
    'https://metadata',
    'https://mlflow',
    'https://x.svc',
    'https://x.ns.svc.cluster.local',
  ],
  ...[
    'https://printer.local',
    'https://x.internal',
    'https://x.intranet',
    'https://x.home.arpa',
    'https://x.lan',
    'https://127.0.0.1.nip.io',
    'https://localtest.me',
  ],
  ...[
    'https://a@b.example.com',
    'https://b.example.com:443@10.0.0.1',
    'https://b.example.com\\@10.0.0.1',
    'https://b.example.com#@10.0.0.1',
    'https://b.example.com?@10.0.0.1 x',
  ],
  ...[
    'https://１２７.0.0.1',
    'https://ⓔxample.com',
    'https://example。com',
    'https://ex%61mple.com',
    'https://exa mple.com',
    'https://example.com\n.x',
    '\thttps://example.com',
  ],
  ...[
    'https:example.com',
    'https:/example.com',
    '//example.com',
    'example.com',
    'ftp://example.com',
    'file:///etc/passwd',
    'gopher://example.com',
    'unix:/x',
    'https://',
  ],
  ...[
    'https://.example.com',
    'https://example..com',
    'https://-x.example.com',
    'https://x_y.example.com',
    'https://example.com:0',
    'https://example.com:999999',
    'http://example.com',
  ],
  ...[
    'https://mlflow.example.com',
    'https://MLflow.example.com:8443/api',
    'https://proxy.example.com',
    'http://127.0.0.1:5000',
    'http://10.0.0.8',
    'http://ollama.models.svc',
  ],
] as const

const outside = [
  ...[
    'https://models.example.com',
    'https://models.example.com:8443/v1',
    'HTTPS://Models.Example.com/v1?api-version=1',
    'https://xn--bcher-kva.example.com',
  ],
  ...[
    'https://my-resource.openai.azure.com/',
    'https://adb-1.2.azuredatabricks.net',
    'https://3com.com',
    'https://api.openai.com/v1',
    'https://a.b.c.d.example.io',
  ],
  ...[
    'http://ollama.models.svc:11434',
    'https://ollama.models.svc:11434/v1',
    'http://10.0.0.7:8000/v1',
    'https://10.0.0.7',
    'http://127.0.0.1:11434',
    'http://vllm/v1',
  ],
] as const

t.test('MLflow is sent to public names and listed hosts alone, in whatever form an address is written', async (t) => {
  for (const text of inside) t.not(destinationProblem(text, { allowed, own }), null, showText(text))
  for (const text of outside) t.equal(destinationProblem(text, { allowed, own }), null, text)
  t.match(
    destinationProblem('http://127.0.0.1:5000', { allowed: ['127.0.0.1', '127.0.0.1:5000', 'localhost'], own }),
    /MLflow server/,
    'to itself never',
  )
  t.match(
    destinationProblem('http://localhost:5000', { allowed: ['localhost'], own }),
    /MLflow server/,
    'by no name of this machine',
  )
})

function problemOf(endpoint: OpenEndpoint, fields: Readonly<Record<string, unknown>>, environment: Environment = acc): string {
  try {
    checkDestinations({ endpoint, message: toMessage(fields), config: { ...config, ownHosts: own }, environment })
    return 'allow'
  } catch (error) {
    if (error instanceof Refusal) return error.reason
    throw error
  }
}

const table = endpointTable('mlflow', 'http').open
const secrets = ['createGatewaySecret', 'updateGatewaySecret']
  .map((name) => table.get(name))
  .filter((endpoint) => endpoint !== undefined)

t.test('no part of a secret sends the gateway inside', async (t) => {
  t.equal(secrets.length, 2)
  for (const endpoint of secrets) {
    for (const text of inside) {
      for (const key of ['api_base', 'azure_endpoint', 'endpoint_url', 'aws_bedrock_runtime_endpoint', 'proxy_url', 'http_proxy'])
        t.equal(
          problemOf(endpoint, { auth_config: { [key]: text } }),
          'foreign-source',
          `${endpoint.name} ${key} ${showText(text)}`,
        )
      t.equal(
        problemOf(endpoint, { secret_value: { api_base: text } }),
        'foreign-source',
        `in the secret's value: ${showText(text)}`,
      )
      const account = JSON.stringify({ type: 'service_account', token_uri: text })
      t.equal(
        problemOf(endpoint, { secret_value: { vertex_credentials: account } }),
        'foreign-source',
        `a token's issuer: ${showText(text)}`,
      )
    }
    for (const text of outside.slice(0, 9)) t.equal(problemOf(endpoint, { auth_config: { api_base: text } }), 'allow', text)
    t.equal(problemOf(endpoint, { auth_config: { api_base: '' } }), 'allow', 'the provider’s own')
    t.equal(
      problemOf(endpoint, { auth_config: { api_base: 'http://vllm:8000/v1' } }, { ...acc, gatewayHosts: ['vllm:8000'] }),
      'allow',
    )
    for (const key of ['base_url', 'model_list', 'fallbacks', 'custom_llm_provider', 'extra_headers', 'Base_URL'])
      t.equal(problemOf(endpoint, { auth_config: { [key]: 'x' } }), 'foreign-source', key)
    for (const key of ['aws_region_name', 'vertex_location', 'vertex_project'])
      for (const text of ['x/', '10.0.0.1/?', 'x@y', 'a#', 'a b', '/', '.', '..'])
        t.equal(problemOf(endpoint, { auth_config: { [key]: text } }), 'foreign-source', `${key} ${text}`)
    const whole = {
      auth_config: {
        aws_region_name: 'us-east-1',
        vertex_location: 'global',
        vertex_project: 'example.com:my-project',
        api_version: '2024-02-01',
        auth_mode: 'api_key',
        organization: 'org-x',
      },
      secret_value: {
        api_key: 'sk-a/b+c==',
        vertex_credentials: JSON.stringify({
          ...{
            type: 'service_account',
            project_id: 'p',
            private_key: '-----BEGIN',
            client_email: 'a@b.iam.gserviceaccount.com',
            universe_domain: 'googleapis.com',
          },
          ...{ auth_uri: 'https://accounts.google.com/o/oauth2/auth', token_uri: 'https://oauth2.googleapis.com/token' },
        }),
      },
    }
    t.equal(problemOf(endpoint, whole), 'allow', 'what providers take')
  }
})

t.test('every field by which the upstream is sent somewhere is held to the same', async (t) => {
  let seen = 0
  for (const field of fieldsOf('providersModel')) {
    seen += 1
    // No environment here lists a host, and where MLflow is is not known.
    for (const text of inside.filter((each) => /^https?:\/\/[!-~]+$/.test(each) && !/(mlflow|proxy)\.example/i.test(each)))
      t.equal(verdictAt(field, text), 'foreign-source', `${field.endpoint.name} ${field.selector} ${text}`)
    for (const text of ['https://models.example.com/x', 'models/gemini-2.5', 'gpt-5', 'meta-llama/Llama-3:free'])
      t.equal(verdictAt(field, text), 'allow', `${field.endpoint.name} ${field.selector} ${text}`)
  }
  t.ok(seen > 1, `${seen} fields`)
})

t.test('a provider whose own address is the server’s machine needs another', async (t) => {
  const definition = { name: 'gpt', secret_id: inAcc.gateway('s'), model_name: 'm' }
  const verdict = (provider: string) =>
    verdictOf(
      judge(config, acc, { ...requestTo('createModelDefinition', { ...definition, provider }), administrator: true }, tenancy),
    )
  t.equal(verdict('openai'), 'allow')
  for (const provider of ['ollama', 'ollama_chat', 'Ollama', 'lm_studio', 'llamafile', 'hosted_vllm', 'vllm', 'xinference'])
    t.equal(verdict(provider), 'foreign-source', provider)
})
