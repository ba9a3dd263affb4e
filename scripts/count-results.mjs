// Counts the assertions of a TAP stream: its test points that are not merely the sum of a subtest.

const emptyCount = () => ({ passed: 0, failed: 0, skipped: 0 })

function countPoint(total, isOk, directive, inner) {
  if (inner?.seen && (isOk || inner.failed > 0)) return
  if (/^(skip|todo)/i.test(directive)) total.skipped += 1
  else if (isOk) total.passed += 1
  else total.failed += 1
}

/** Passed, failed and skipped (or to do) assertions; a subtest that failed without a failed assertion counts as one. */
export function countTap(text) {
  const total = emptyCount()
  const levels = []
  const open = []
  let inDetails = null
  const settle = (depth, isOk, directive) => {
    countPoint(total, isOk, directive, levels[depth + 1])
    levels.length = depth + 1
    levels[depth] = { seen: true, failed: (levels[depth]?.failed ?? 0) + (isOk || /^todo/i.test(directive) ? 0 : 1) }
  }
  for (const line of text.split('\n')) {
    const indent = line.length - line.trimStart().length
    const rest = line.trim()
    if (inDetails !== null) {
      if (indent === inDetails && rest === '...') inDetails = null
      continue
    }
    if (rest === '---' && indent % 4 === 2) inDetails = indent
    if (rest.startsWith('Bail out!')) total.failed += 1
    if (indent % 4 !== 0) continue
    const depth = indent / 4
    const point = /^(not )?ok\b[^#]*?(?:#\s*(.*?))?( \{)?$/.exec(rest.replaceAll('\\#', ''))
    if (point) {
      const result = [depth, !point[1], point[2] ?? '']
      if (point[3]) open.push(result)
      else settle(...result)
    }
    if (rest === '}' && open.at(-1)?.[0] === depth) settle(...open.pop())
  }
  for (const _ of open) total.failed += 1
  return total
}
