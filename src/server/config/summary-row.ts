/** One line of the summary of a configuration. */
export function row(label: string, text: string): string {
  return `  ${label.padEnd(12)} ${text}`
}
