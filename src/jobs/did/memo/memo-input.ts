import type { DidSpec } from '../../../core/did-spec.ts'
import type { DidTables } from '../analyse-did.ts'

/** All that a memo is made of: the spec and the rows of the tables. */
export interface DidMemoInput extends DidTables {
  readonly name: string
  readonly spec: DidSpec
}
