// `helm template NAME CHART --namespace NAMESPACE --values FILE`, by the library that the tests have in place of the program.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { parse } from 'yaml'
import { runHelm } from './helm-tools.ts'

const options = { namespace: { type: 'string' }, values: { type: 'string' } } as const
const { values: flags, positionals } = parseArgs({ options, allowPositionals: true })
const [command, release = '', chart = ''] = positionals
if (command !== 'template') throw new Error(`helm ${command} is not known here`)
const values: object = parse(readFileSync(flags.values ?? '', 'utf8'))
const [answer] = await runHelm([{ do: 'render', chart: resolve(chart), values, release, namespace: flags.namespace ?? '' }])
if (!answer?.ok) throw new Error(answer?.error)
process.stdout.write(
  Object.entries(Object(answer.value))
    .filter(([path]) => path.endsWith('.yaml'))
    .map(([, text]) => text)
    .join('\n---\n'),
)
