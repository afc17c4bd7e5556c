import type { CausalGraph } from '../../core/causal-graph/causal-graph.ts'
import type { CausalMoments } from './data/causal-moments.ts'
import type { CausalRows } from './data/causal-rows.ts'
import type { DesignColumn } from './data/design-columns.ts'
import type { CausalFacts } from './data/fetch-facts.ts'
import type { AdjustedSquares } from './estimators/adjusted-means.ts'

/** All that is known of a question's units when its tables are made. */
export interface CausalData {
  readonly graph: CausalGraph
  readonly facts: CausalFacts
  /** Columns of all observed variables but treatment and outcomes. */
  readonly design: readonly DesignColumn[]
  /** Variables of which something is missing, and which nothing needs. */
  readonly leftOut: readonly string[]
  readonly moments: CausalMoments
  /** Null where no method looks at units one by one. */
  readonly rows: CausalRows | null
  /** Σ influence², by a second pass over the data; for where there are no rows. */
  readonly squaresOf: AdjustedSquares
}

/** The labels of the columns that variables have. */
export function labelsOf({ design }: Pick<CausalData, 'design'>, nodes: readonly string[]): string[] {
  return nodes.flatMap((node) => design.filter((column) => column.node === node).map(({ label }) => label))
}
