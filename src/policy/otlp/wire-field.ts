/** A field as it stands on the wire. */
export interface WireField {
  readonly id: number
  readonly type: WireType
  /** Full name of the message, where `type` is `message`. */
  readonly message?: string
  /** Numbers of an enum by their names. */
  readonly values?: Readonly<Record<string, number>>
  readonly repeated?: boolean
  /** At most one field of this group is set; the last one counts. */
  readonly oneof?: string
}

export type WireType =
  | 'string'
  | 'bytes'
  | 'bool'
  | 'int32'
  | 'int64'
  | 'uint32'
  | 'fixed32'
  | 'fixed64'
  | 'double'
  | 'enum'
  | 'message'
