export function startReadyMlflow(versions: readonly string[]): { readonly folder: string; close(): void }
