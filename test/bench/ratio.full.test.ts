import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { withContenders } from '../../bench/compare/bench.ts'
import { burst, warmUp } from '../../bench/compare/burst.ts'
import { straightforward } from '../../bench/compare/contenders/node-proxies.ts'
import { product } from '../../bench/compare/contenders/product.ts'
import { interleave } from '../../bench/compare/figure.ts'
import { makeRequests } from '../../bench/compare/requests.ts'
import { startStub } from '../../bench/stub/start-stub.ts'
import { startIssuer } from '../fakes/issuer.ts'
import { median } from '../harness/load/quantile.ts'

// The product's CPU for a small request, to that of the straightforward proxy, when it was last written down. A ratio is much the same on any
// machine; twice of it is no noise. The exact figures: npm run bench -- compare.
const recorded = 3

t.test('a small request costs no more than it did', async (t) => {
  const [issuer, stub] = [await startIssuer(), await startStub()]
  const folder = mkdtempSync(join(tmpdir(), 'ratio-'))
  t.teardown(async () => {
    await Promise.all([issuer.close(), stub.close()])
    rmSync(folder, { recursive: true, force: true })
  })
  const { small } = makeRequests(`Bearer ${await issuer.token()}`)
  const setup = { upstream: stub.url, issuer, folder, probe: small }
  const ratio = await withContenders([straightforward, product()], setup, async (contenders) => {
    await warmUp(contenders, small)
    const samples = await interleave(contenders, 7, (contender) => burst(contender, small, 32, 0.4))
    const cpuOf = (name: string) => (samples[name] ?? []).map(({ cpu }) => cpu)
    const base = cpuOf('straightforward')
    return median(cpuOf('product').map((cpu, round) => cpu / (base[round] ?? 0)))
  })
  t.comment(`CPU of a small request, to the straightforward proxy's: ${ratio.toFixed(2)} (recorded: ${recorded})`)
  t.ok(ratio > 0 && ratio < 2 * recorded, `${ratio.toFixed(2)} is below twice ${recorded}`)
})

t.end()
