// The pages of docs as a site: `npm run docs`.
import { defineConfig } from 'vitepress'
import { navigation } from './navigation.mjs'

const sidebar = navigation.map(({ title, pages }) => ({
  text: title,
  items: pages.map(([name, text]) => ({ text, link: `/${name}` })),
}))

// As GitHub makes them, where the pages are read as well.
const slugify = (text) =>
  text
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}_\- ]/gu, '')
    .replaceAll(' ', '-')

export default defineConfig({
  title: 'mlflow-env-proxy',
  description: 'One MLflow, several isolated environments',
  outDir: '../.cache/site',
  cacheDir: '../.cache/vitepress',
  srcExclude: ['performance/**', 'sizing/**'],
  themeConfig: { sidebar, outline: [2, 3], search: { provider: 'local' } },
  markdown: {
    html: false,
    anchor: { slugify },
    // `${{ … }}` in a text is text; Vue would read it.
    config(md) {
      for (const rule of ['text', 'code_inline']) {
        const plain = md.renderer.rules[rule]
        md.renderer.rules[rule] = (...args) => plain(...args).replaceAll('{{', '&#123;&#123;')
      }
      // Files of the repository that are no pages: their names stay, without a link.
      md.core.ruler.push('outside', ({ tokens }) => {
        for (const { children } of tokens) {
          let outside = false
          for (const token of children ?? []) {
            if (token.type === 'link_open') outside = token.attrGet('href').startsWith('../')
            if (outside && token.type.startsWith('link_')) Object.assign(token, { type: 'text', content: '', tag: '', nesting: 0 })
            if (token.type === 'link_close') outside = false
          }
        }
      })
    },
  },
})
