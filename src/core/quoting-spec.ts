/** Whether parts of names are written in quotes, where somebody says so. */
export interface QuotingSpec {
  readonly database?: boolean
  readonly schema?: boolean
  readonly identifier?: boolean
}
