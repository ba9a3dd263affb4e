/** What the page makes where it can act as the person who looks at it. */
export const madeByPage = 'made by an artifact'

/** A picture whose script would change the title of a page that ran it. */
export const hostilePicture =
  '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><rect width="40" height="40" fill="red"/><script>document.title = "taken over"</script></svg>'

/**
 * An HTML artifact that tries what it can: to reach the page around it, what the browser keeps for the proxy at `origin`, and its API. It
 * writes down what came of each try, and `done` at the end.
 */
export function hostilePage(mark: string, origin: string): string {
  const api = `${origin}/api/2.0/mlflow/experiments`
  return `<h1>${mark}</h1><p></p><script>
document.title = 'taken over'
const say = (text) => document.querySelector('p').append(text + ' ')
const reaches = [
  () => (parent.document.title = 'taken over'),
  () => { if (top === self) throw new Error('no frame'); top.location.href = '${origin}/taken-over' },
  () => localStorage.setItem('taken', 'over'),
  () => { document.cookie },
  () => { if (!window.open('${origin}/')) throw new Error('no window') },
]
for (const reach of reaches) try { reach(); say('reached ' + reach) } catch { say('kept out') }
const create = { method: 'POST', mode: 'no-cors', body: JSON.stringify({ name: '${madeByPage}' }) }
const read = (answer) => answer.text().then((text) => say(text === '' ? 'unread' : 'read ' + text))
Promise.allSettled([
  fetch('${api}/create', create).then(read),
  fetch('${api}/search?max_results=5').then(read),
  fetch('${api}/search?max_results=5', { credentials: 'include' }).then(read),
]).then(() => say('done'))
</script>`
}
