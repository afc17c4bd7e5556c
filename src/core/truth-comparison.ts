/** An estimate for the whole population beside the effect that the generator put in. */
export interface TruthComparison {
  readonly job: string
  readonly question: string
  readonly outcome: string
  readonly treatment: string
  readonly method: string
  readonly scale: string
  readonly status: 'ok' | 'refused'
  readonly reason: string | null
  readonly estimate: number | null
  readonly ciLower: number | null
  readonly ciUpper: number | null
  readonly pValue: number | null
  /** Null where nobody knows it. */
  readonly truth: number | null
  /** Whether the interval holds the truth; null where either is missing. */
  readonly covered: boolean | null
}
