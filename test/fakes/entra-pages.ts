import type { Person } from './entra-login.ts'

const style =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:420px;margin:12vh auto;padding:0 24px}a{display:block;margin:8px 0;padding:12px 16px;border:1px solid #8886;border-radius:4px;color:inherit;text-decoration:none}small{display:block;opacity:.7}:root{color-scheme:light dark}'

function page(title: string, content: string): string {
  return `<!doctype html><meta charset="utf-8"><title>${title}</title><style>${style}</style><h1>${title}</h1>${content}`
}

/** Where people say who they are: nobody here has a password. */
export function whoAreYouPage(people: readonly Person[]): string {
  const links = people.map(
    ({ objectId, name, roles }) => `<a href="?as=${objectId}"><strong>${name}</strong><small>${roles.join(', ')}</small></a>`,
  )
  return page('Who are you?', `<p>A local stand-in for Microsoft Entra ID.</p>${links.join('')}`)
}

/** Leaves at once; `form` is the library's. */
export function leavingPage(form: string): string {
  const send =
    "const form=document.forms[0];form.append(Object.assign(document.createElement('input'),{type:'hidden',name:'logout',value:'yes'}));form.submit()"
  return page('Logging out', `${form}<script>${send}</script>`)
}
