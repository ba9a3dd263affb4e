// Runs test files as tap does, each in a process of its own, and writes one TAP stream. Its argument is JSON.
import t from 'tap'

const { files, jobs, serial, timeout } = JSON.parse(process.argv[2])
// tap's Node options collect coverage, in each test and in each proxy that a test starts: that takes longer than most tests.
const bare = ['-u', 'NODE_OPTIONS', process.execPath, '--enable-source-maps']

t.setTimeout(0)
t.jobs = jobs
t.plan(files.length)
for (const name of files)
  t.spawn('env', [...bare, name], { name, buffered: jobs > 1 && !serial.includes(name), timeout: timeout * 1000 })
