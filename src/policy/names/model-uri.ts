/** A `models:/` URI. `selector` is what follows the name: `/3`, `/Staging`, `/latest` or `@alias`. */
export type ModelUri =
  | { readonly kind: 'registered'; readonly name: string; readonly selector: string }
  | { readonly kind: 'logged'; readonly modelId: string; readonly rest: string }

/** Reads a `models:/` URI in the one form that every reader reads alike; null for any other text. */
export function parseModelUri(uri: string): ModelUri | null {
  const logged = /^models:\/(m-[0-9a-f]{32})(\/.*)?$/.exec(uri)
  if (logged) return { kind: 'logged', modelId: logged[1] ?? '', rest: logged[2] ?? '' }
  const registered = /^models:\/([^/@]+)(\/(?:[1-9][0-9]*|[A-Za-z]+)|@[^/@\s]+)$/.exec(uri)
  if (registered === null) return null
  return { kind: 'registered', name: registered[1] ?? '', selector: registered[2] ?? '' }
}

/** The URI with another name in it; a URI of a logged model stays as it is. */
export function renameModelUri(uri: string, rename: (name: string) => string | null): string | null {
  const parsed = parseModelUri(uri)
  if (parsed === null) return null
  if (parsed.kind === 'logged') return uri
  const name = rename(parsed.name)
  return name === null ? null : `models:/${name}${parsed.selector}`
}

/** A `LIKE` pattern of `models:/` URIs with another name in it; null where it says no whole name. */
export function renamePatternOfModelUris(pattern: string, rename: (name: string) => string | null): string | null {
  const [, scheme = '', said = '', rest = ''] = /^(models:\/)([^/@%]+)([/@].*)$/is.exec(pattern) ?? []
  const name = said === '' || /^m-[0-9a-f]{32}$/i.test(said) ? null : rename(said)
  return name === null ? null : `${scheme}${name}${rest}`
}
