/** What the embedded server needs from its surroundings. */
export interface EmbeddedEffects {
  /** Says what takes a while: "making a database below .estimand …". */
  readonly report: (message: string) => void
  readonly clock: () => Date
  readonly env: Readonly<Record<string, string | undefined>>
  readonly signal?: AbortSignal
}
