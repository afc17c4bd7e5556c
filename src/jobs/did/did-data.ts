import type { Panel } from '../../stats/causal/panel/panel.ts'
import type { PanelMoments, PanelSums } from '../../stats/causal/panel/panel-moments.ts'

/** What is known of a panel before its outcomes are looked at. */
export interface DidFacts {
  readonly rows: number
  readonly units: number
  /** Labels of the periods in their order, and the numbers that stand for them in estimates. */
  readonly periods: readonly PeriodFacts[]
  /** Units by when they were first treated; null for never. */
  readonly groups: readonly { readonly firstTreated: number | null; readonly units: number }[]
  /** Units that are treated from the first period on, and so say nothing of a change. */
  readonly alwaysTreated: number
  /** Rows left out since something is not known of them, and units since they are not seen in every period. */
  readonly incomplete: number
  readonly unbalanced: number
  /** Whether every unit is seen once in every period, all weighing alike. */
  readonly isBalanced: boolean
  readonly clusters: number | null
}

export interface PeriodFacts {
  readonly label: string
  readonly period: number
}

/** The panel with one outcome. */
export interface DidOutcomeData {
  readonly outcome: string
  readonly moments: PanelMoments
  /** Units one by one, where something looks at them so. */
  readonly sums: PanelSums | null
  /** With covariates or for synthetic methods: of balanced panels. */
  readonly panel: Panel | null
  readonly keys: readonly string[]
}

export interface DidData {
  readonly facts: DidFacts
  readonly outcomes: readonly DidOutcomeData[]
}

/** What people call a period. */
export function labelOf({ periods }: Pick<DidFacts, 'periods'>, period: number): string {
  return periods.find((one) => one.period === period)?.label ?? String(period)
}
