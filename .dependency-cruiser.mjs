// Which folder may import which, read by `npm run check`. A folder imports those that its row names, and nothing else of src; each row
// names only folders above it. docs/architecture.md says what each folder is for.

const server = (names) => names.split(' ').map((name) => `src/server/${name}`)

const rooms = [
  // Pure: what is allowed, and nothing about how it is asked or answered.
  ['src/policy', []],
  // Pure: writes requests and answers in the other side's names, by what policy granted.
  ['src/rewrite', ['src/policy']],
  // What an operator says. Everything else takes its settings from here.
  ['src/server/config', ['src/policy']],
  // Connections to other machines: forward proxies and certificates come from the configuration.
  ['src/server/network', ['src/policy', ...server('config')]],
  // Shares and memory that all requests have between them; answers too many with a refusal of policy's.
  ['src/server/limits', ['src/policy', ...server('config network')]],
  // Hears of everything and asks nobody; the metrics count what the limits turned away.
  ['src/server/observability', ['src/policy', ...server('config network limits')]],
  // Tokens of the proxy itself, and what callers' tokens are exchanged for.
  ['src/server/credentials', ['src/policy', ...server('config network')]],
  // The client of MLflow or the workspace. It sends what rewrite wrote, over the network, within the limits of memory.
  ['src/server/upstream', ['src/policy', 'src/rewrite', ...server('config network limits credentials')]],
  // Who calls: keys come over the network, and groups from the workspace.
  ['src/server/auth', ['src/policy', ...server('config network credentials upstream')]],
  // Answers what a decision asks, by look-ups at the upstream.
  ['src/server/facts', ['src/policy', 'src/rewrite', ...server('limits network upstream')]],
  // The listener and what it answers by itself. It knows the upstream's errors, as it puts them into MLflow's shape.
  ['src/server/http', ['src/policy', ...server('config network limits observability credentials upstream auth')]],
  // People with a browser: their logins, sessions and pages.
  ['src/server/login', ['src/policy', ...server('config network limits credentials auth http')]],
  // The page for operators: what the metrics, the configuration and the latest refusals say, in the look of the other pages.
  ['src/server/status', ['src/policy', ...server('observability http')]],
  // A workspace's storage, registry and folders.
  ['src/server/databricks', ['src/policy', 'src/rewrite', ...server('config network limits upstream facts http')]],
  // The journey of a request from the listener to the upstream and back.
  [
    'src/server/pipeline',
    ['src/policy', 'src/rewrite', ...server('config limits network observability upstream auth facts http databricks')],
  ],
  // Finds what belongs to no environment, and gives it to one.
  ['src/server/adoption', ['src/policy', 'src/rewrite', ...server('config network upstream facts databricks')]],
  // Versions from one environment into another one, when people ask and approve: each is one request of the pipeline, and tags.
  ['src/server/promotions', ['src/policy', ...server('config network limits observability upstream facts http pipeline')]],
  // The thin sidecar, which passes everything to a proxy elsewhere.
  ['src/server/agent', ['src/policy', ...server('config network observability credentials upstream')]],
  // Examines a configuration as the running proxy would use it.
  ['src/server/doctor', ['src/policy', ...server('config network credentials upstream auth login databricks adoption')]],
]

export default {
  forbidden: [
    {
      name: 'no-circles',
      comment: 'Two files that need each other are one file, or need a third one.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'pure',
      comment: 'src/policy and src/rewrite have no I/O, no clock and no framework.',
      severity: 'error',
      from: { path: '^src/(policy|rewrite)/' },
      to: {
        dependencyTypes: ['core', 'npm', 'npm-dev', 'npm-no-pkg', 'npm-peer', 'npm-optional'],
        pathNot: '^node_modules/(graphql|protobufjs)/',
      },
    },
    {
      name: 'shipped',
      comment: 'The product needs only what is installed with it.',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-optional', 'unknown'] },
    },
    {
      name: 'streams',
      comment: 'One file streams bytes: all others read what they pass on.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/server/pipeline/stream-routes\\.ts$' },
      to: { path: '^node_modules/@fastify/(http-proxy|reply-from)/' },
    },
    ...rooms.map(([room, allowed]) => ({
      name: `border of ${room}`,
      severity: 'error',
      from: { path: `^${room}/` },
      to: { path: '^(src|test|scripts|bench|demo|fuzz)/', pathNot: [room, ...allowed].map((folder) => `^${folder}/`) },
    })),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
}
