/*
 * Selecting nodes by expressions, as dbt does: `stg_orders+`, `tag:nightly,config.materialized:table`, `@orders`.
 */
export { parseSelection, parseSelections } from './parse-selection.ts'
export {
  type BrokenContract,
  type NodeChange,
  type NodeComparison,
  nodeChanges,
  type PreviousState,
} from './previous-state.ts'
export { type Selection, type SelectOptions, select, selectSpec } from './select.ts'
export {
  type Criterion,
  type IndirectSelection,
  indirectSelections,
  type SelectionSet,
  type SelectionSpec,
} from './selection-spec.ts'
export type { SelectorMethod } from './selector-method.ts'
export { selectorMethods } from './selector-methods.ts'
