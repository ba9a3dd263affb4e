/** Protobuf's rule for the other spelling of a field, which its JSON is written in and ParseDict accepts, too. */
export function jsonName(field: string): string {
  return field.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
}
