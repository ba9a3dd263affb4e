import { RawClient } from '../../../test/harness/load/raw-client.ts'
import { bigArtifact } from '../../stub/stub-answers.ts'
import { type Row, withContenders } from '../bench.ts'
import type { Contender } from '../contender.ts'
import { atLeast, interleave, numbers } from '../figure.ts'
import { type Requests, uploadBlock } from '../requests.ts'

/** Sends or fetches the big artifact; gives MiB a second. */
export async function transfer(contender: Contender, requests: Requests, way: 'down' | 'up'): Promise<number> {
  const client = new RawClient(contender.url)
  const began = performance.now()
  const status =
    way === 'down'
      ? await client.ask(requests.download)
      : await client.upload(requests.uploadHead, uploadBlock, bigArtifact.bytes / uploadBlock.length)
  client.close()
  if (status !== 200) throw new Error(`${contender.name}, artifact ${way}: ${status}\n${contender.logs()}`)
  return (bigArtifact.bytes / 2 ** 20 / (performance.now() - began)) * 1_000
}

/** An artifact of 1 GiB. */
export const artifacts: Row = ({ setup, requests, kinds, rounds }) =>
  withContenders(kinds, setup, async (contenders) => {
    const samples = await interleave(contenders, Math.min(rounds, 7), async (contender) => ({
      down: await transfer(contender, requests, 'down'),
      up: await transfer(contender, requests, 'up'),
    }))
    const shared = { row: 'artifacts', unit: 'MiB/s', to: 'nginx' }
    return [
      { ...shared, title: 'artifact of 1 GiB, down', samples: numbers(samples, ({ down }) => down), goal: atLeast(0.75) },
      { ...shared, title: 'artifact of 1 GiB, up', samples: numbers(samples, ({ up }) => up), goal: atLeast(0.9) },
    ]
  })
