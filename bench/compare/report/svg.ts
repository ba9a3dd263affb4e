const escaped = (content: string) => content.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

export const text = (x: number, y: number, content: string, style = '') =>
  `<text x="${x}" y="${y}"${style}>${escaped(content)}</text>`

/** A picture on white. */
export function drawing(width: number, height: number, parts: readonly string[]): string {
  const box = `viewBox="0 0 ${width} ${Math.ceil(height)}" width="${width}" height="${Math.ceil(height)}"`
  const background = '<rect width="100%" height="100%" fill="#ffffff"/>'
  return `<svg xmlns="http://www.w3.org/2000/svg" ${box} font-family="sans-serif" font-size="13">\n${background}\n${parts.join('\n')}\n</svg>\n`
}
