// Runs test files as tap does, each in a process of its own, and writes one TAP stream: JOBS SECONDS FILE...
import t from 'tap'

const [jobs, seconds, ...files] = process.argv.slice(2)
// tap's Node options collect coverage, in each test and in each proxy that a test starts: that takes longer than most tests.
const bare = ['-u', 'NODE_OPTIONS', process.execPath, '--enable-source-maps']

t.setTimeout(0)
t.jobs = Number(jobs)
t.plan(files.length)
for (const name of files) t.spawn('env', [...bare, name], { name, buffered: t.jobs > 1, timeout: Number(seconds) * 1000 })
