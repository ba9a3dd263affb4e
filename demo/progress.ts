import { paint } from './summary.ts'

const frames = [...'⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏']
const column = 60

/** Shows progress while `work` runs: a running clock on a terminal, otherwise a line that is completed at the end. */
export async function showStep<T>(text: string, work: Promise<T>): Promise<T> {
  const out = process.stdout
  const started = Date.now()
  const label = text.padEnd(column)
  const clock = () => paint('dim', `${((Date.now() - started) / 1000).toFixed(1).padStart(5)} s`)
  let turn = 0
  const draw = () => out.write(`\r  ${paint('cyan', frames[turn++ % frames.length] ?? '')} ${label}${clock()}`)
  const ticker = out.isTTY ? setInterval(draw, 100) : null
  if (ticker === null) out.write(`  ${label}`)
  const end = (mark: string) => out.write(out.isTTY ? `\r  ${mark} ${label}${clock()}\n` : `${clock()}\n`)
  try {
    const result = await work
    end(paint('green', '✓'))
    return result
  } catch (error) {
    end(paint('red', '✗'))
    throw error
  } finally {
    if (ticker !== null) clearInterval(ticker)
  }
}
