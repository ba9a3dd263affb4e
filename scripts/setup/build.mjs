// Bundles the program with its dependencies into dist: a start reads a few files in place of a thousand.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import standaloneCode from 'ajv/dist/standalone/index.js'
import { build } from 'esbuild'
import { makeAjv } from '../../src/server/config/compile-schema.ts'
import { root } from './ensure.mjs'

const dist = join(root, 'dist')
const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

/** The packages whose files were bundled. */
function packagesIn(inputs) {
  const paths = Object.keys(inputs).flatMap((path) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? [])
  return [...new Set(paths)].sort()
}

/** What their licences ask for: each with its name and text. */
function licencesOf(inputs) {
  return packagesIn(inputs).map((path) => {
    const folder = join(root, path)
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each))
    const text = file === undefined ? '' : readFileSync(join(folder, file), 'utf8').trim()
    return `${name} ${version} (${license})\n\n${text}\n`
  })
}

/** An `import` of these evaluates all that they export, WebSocket among it: 20 ms of a start. */
const lazyBuiltins = {
  name: 'lazy-builtins',
  setup(builder) {
    builder.onResolve({ filter: /^(?:node:)?https?$/ }, ({ path, kind }) =>
      // A dynamic import wants names, and is late enough.
      kind === 'dynamic-import' ? { path, external: true } : { path: path.replace('node:', ''), namespace: 'builtin' },
    )
    builder.onLoad({ filter: /./, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule('node:${path}')`,
    }))
  },
}

/** Of undici only its connections are used: what its index asks for besides (fetch, WebSocket, mocks) is an empty class, 30 ms of a start. */
const connectionsAlone = {
  name: 'connections-alone',
  setup(builder) {
    builder.onResolve({ filter: /^\.\/lib\/(?:web|mock|cache|interceptor)\// }, ({ path, importer }) =>
      /[/\\]node_modules[/\\]undici[/\\]index\.js$/.test(importer) ? { path, namespace: 'unused' } : undefined,
    )
    builder.onLoad({ filter: /./, namespace: 'unused' }, () => ({
      contents: 'class Unused {}\nmodule.exports = new Proxy(Unused, { get: (own, key) => own[key] ?? Unused })',
    }))
  },
}

/** The check of the configuration as ajv writes it down, so that no start has to make it. */
const writtenCheck = {
  name: 'written-check',
  setup(builder) {
    builder.onLoad({ filter: /[/\\]src[/\\]server[/\\]config[/\\]config-check\.ts$/ }, () => {
      const ajv = makeAjv({ source: true, esm: true })
      const schema = JSON.parse(readFileSync(join(root, 'schema', 'config.schema.json'), 'utf8'))
      return {
        contents: `${standaloneCode(ajv, ajv.compile(schema))}\nexport const checkConfig = () => validate`,
        resolveDir: root,
      }
    })
  },
}

if (existsSync(dist))
  for (const name of readdirSync(dist)) if (name !== '.built-from') rmSync(join(dist, name), { recursive: true })
const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: ['src/cli.ts'],
  outdir: 'dist',
  bundle: true,
  // Less text is parsed and kept in memory; names stay, for stack traces.
  minifyWhitespace: true,
  minifySyntax: true,
  // What one command needs is not loaded for another.
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: `node${engines.node.slice('>='.length)}`,
  sourcemap: 'linked',
  sourcesContent: false,
  metafile: true,
  plugins: [lazyBuiltins, connectionsAlone, writtenCheck],
  logLevel: 'warning',
  // Packages in CommonJS ask for Node's own modules by `require`.
  banner: { js: "import { createRequire as makeRequire } from 'node:module'\nconst require = makeRequire(import.meta.url)" },
})
writeFileSync(join(dist, 'THIRD-PARTY-LICENSES.txt'), licencesOf(metafile.inputs).join(`\n${'-'.repeat(80)}\n\n`))
