import t from 'tap'
import { readRetryAfter, secondsToWait } from '../../../src/server/network/retry-after.ts'

t.test('a time to wait is read as seconds or as a date, and nothing else is', (t) => {
  const date = 'Mon, 30 Nov 2026 12:00:00 GMT'
  t.equal(readRetryAfter('17'), 17)
  t.equal(readRetryAfter(date), date)
  for (const other of ['', '-1', '1.5', '999999', 'soon', 'x\r\ny', `${date}${' '.repeat(40)}`, undefined, ['1'], 3])
    t.equal(readRetryAfter(other), undefined, JSON.stringify(other))
  t.end()
})

t.test('it is counted from now on, and is over at 0', (t) => {
  const noon = Date.UTC(2026, 10, 30, 12)
  t.equal(secondsToWait(5), 5)
  t.equal(secondsToWait(undefined), 0)
  t.equal(secondsToWait('Mon, 30 Nov 2026 12:00:00 GMT', noon - 1_500), 2)
  t.equal(secondsToWait('Mon, 30 Nov 2026 12:00:00 GMT', noon + 60_000), 0)
  t.equal(secondsToWait('no date'), 0)
  t.end()
})
