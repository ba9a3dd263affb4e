import t from 'tap'
import { readBlobPage } from '../../../src/server/databricks/storage/blob-page.ts'

const nameOf = (path: string) => path.replace(/^m\//, '').replace(/\/$/, '')
const blob = (name: string, inside = '<Properties><Content-Length>7</Content-Length></Properties>') =>
  `<Blob><Name>${name}</Name>${inside}</Blob>`
const folder = (name: string) => `<BlobPrefix><Name>${name}</Name></BlobPrefix>`
const listing = (rows: string, end = '<NextMarker />') =>
  `<?xml version="1.0" encoding="utf-8"?><EnumerationResults ContainerName="c"><Prefix>m/</Prefix><Blobs>${rows}</Blobs>${end}</EnumerationResults>`
const names = (xml: string) => readBlobPage(xml, nameOf).rows.map(({ path }) => path)

t.test('folders come first, then files with their sizes', async (t) => {
  t.same(readBlobPage(listing(blob('m/a') + folder('m/data/') + blob('m/b')), nameOf), {
    rows: [
      { path: 'data', isDir: true, fileSize: null },
      { path: 'a', isDir: false, fileSize: 7 },
      { path: 'b', isDir: false, fileSize: 7 },
    ],
    next: '',
  })
  t.equal(readBlobPage(listing('', '<NextMarker>2!88!a&amp;b==</NextMarker>'), nameOf).next, '2!88!a&b==')
  t.same(names(`\ufeff${listing('')}`), [], 'Azure writes a byte order mark')
})

t.test('names are read as XML', async (t) => {
  for (const [written, name] of [
    ['m/a &amp; b', 'a & b'],
    ['m/&lt;Blob&gt;', '<Blob>'],
    ['m/&#x1F600;&#65;', '\u{1F600}A'],
    ['m/&amp;lt;', '&lt;'],
    [' m/x ', ' m/x '],
    ['m/Größe', 'Größe'],
    ['m/a]]&gt;', 'a]]>'],
  ] as const)
    t.same(names(listing(blob(written))), [name], written)
})

t.test('properties and metadata of a file are no file', async (t) => {
  const inside =
    '<Properties><Name>p</Name><Content-Length>3</Content-Length></Properties><Metadata><Blob><Name>q</Name></Blob></Metadata>'
  t.same(names(listing(blob('m/a', inside))), ['a'])
})

t.test('what is no listing is refused, and never read in part', async (t) => {
  for (const [what, xml] of Object.entries({
    nothing: '',
    'no XML': 'BlobNotFound',
    'a page of HTML': '<html><body>sign in</body></html>',
    'cut off': listing(blob('m/a')).slice(0, -30),
    'cut off in a name': listing(blob('m/a')).slice(0, 140),
    'tags that cross': listing('<Blob><Name>m/a</Blob></Name>'),
    'an unknown entity': listing(blob('m/&nbsp;')),
    'an entity of its own': `<!DOCTYPE x [<!ENTITY e "m/b">]>${listing(blob('&e;'))}`,
    'a file without its length': listing(blob('m/a', '')),
    'a length that is none': listing(blob('m/a', '<Properties><Content-Length>1e3</Content-Length></Properties>')),
    'a file without a name': listing('<Blob><Properties><Content-Length>3</Content-Length></Properties></Blob>'),
    'a folder without a name': listing('<BlobPrefix></BlobPrefix>'),
  }))
    t.throws(() => readBlobPage(xml, nameOf), { reason: 'unknown-answer', message: /answer about artifacts has / }, what)
})
