// Counts the assertions of a TAP stream (test points that do not just summarise a subtest), and tells how the run ended.

const point = /^(not )?ok\b(?: \d+)?(?: - )?([^#]*?)\s*(?:#\s*(.*?))?( \{)?$/

// Depth and text of every line, without the details (YAML) of test points.
function* linesOf(text) {
  let detailsIndent = null
  for (const line of text.split('\n')) {
    const indent = line.length - line.trimStart().length
    const rest = line.trim()
    if (detailsIndent === null && rest === '---' && indent % 4 === 2) detailsIndent = indent
    if (detailsIndent === null && indent % 4 === 0) yield [indent / 4, rest]
    if (indent === detailsIndent && rest === '...') detailsIndent = null
  }
}

/**
 * Passed, failed and skipped (or to do) assertions; a subtest that failed without a failed assertion counts as one.
 * `failures` names the failed ones, with the subtests around them; `planned` is how many test files the stream announced (null
 * when it stops before it does), `finished` how many of them have a result.
 */
export function countTap(text) {
  const total = { passed: 0, failed: 0, skipped: 0, failures: [], planned: null, finished: 0 }
  const levels = [] // by depth: whether there were points, and how many of them failed
  const subtests = [] // by depth: the name of the subtest that is open
  const buffered = []

  const fail = (depth, name) => {
    total.failed += 1
    total.failures.push([...subtests.slice(0, depth), name].join(' > '))
  }
  const settle = ({ depth, isOk, name, directive }) => {
    const inner = levels[depth + 1]
    const isSum = inner !== undefined && (isOk || inner.failed > 0)
    if (!isSum) {
      if (/^(skip|todo)/i.test(directive)) total.skipped += 1
      else if (isOk) total.passed += 1
      else fail(depth, name)
    }
    if (depth === 0) total.finished += 1
    levels.length = depth + 1
    levels[depth] = { failed: (levels[depth]?.failed ?? 0) + (isOk || /^todo/i.test(directive) ? 0 : 1) }
  }
  const read = (depth, line) => {
    const [, plan] = /^1\.\.(\d+)/.exec(line) ?? []
    if (plan !== undefined && depth === 0) total.planned = Number(plan)
    if (line.startsWith('# Subtest: ')) subtests[depth] = line.slice('# Subtest: '.length)
    const [isPoint, not, name, directive = '', opens] = point.exec(line.replaceAll('\\#', '')) ?? []
    const result = { depth, isOk: !not, name, directive }
    if (isPoint && opens) {
      subtests[depth] = name
      buffered.push(result)
    } else if (isPoint) settle(result)
    if (line === '}' && buffered.at(-1)?.depth === depth) settle(buffered.pop())
  }

  for (const [depth, line] of linesOf(text)) {
    if (line.startsWith('Bail out!')) fail(0, line)
    else read(depth, line)
  }
  for (const { depth, name } of buffered) fail(depth, name)
  return total
}

function whyIncomplete({ planned, finished, failed }, { code, signal }) {
  const ended = signal ? `tap was ended by ${signal}` : `tap ended with code ${code}`
  if (planned === null) return [1, `The run is incomplete: ${ended} before it said which files it would run.`]
  const missing = planned - finished
  if (missing > 0) return [missing, `The run is incomplete: ${missing} of ${planned} test files have no result; ${ended}.`]
  return code !== 0 && failed === 0 ? [1, `The run is incomplete: every test file has a result, but ${ended}.`] : [0, null]
}

/** How to end a run with this stream and exit status: the lines to print, with the count last, and the exit code. A file without a result has failed. */
export function closeRun(text, ending) {
  const total = countTap(text)
  const { passed, skipped, failures } = total
  const [missing, why] = whyIncomplete(total, ending)
  const failed = total.failed + missing
  const lines = [
    ...failures.map((name) => `failed: ${name}`),
    ...(skipped > 0 ? [`${skipped} skipped or to do`] : []),
    ...(why === null ? [] : [why]),
    `${passed} passed, ${failed} failed`,
  ]
  return { lines, exitCode: ending.code || (failed > 0 || passed === 0 ? 1 : 0) }
}
