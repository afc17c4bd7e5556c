import { makeProblem, ProblemError } from '../problem.ts'
import { type NodeChange, type NodeComparison, nodeChanges, type PreviousState } from './previous-state.ts'
import { oneOf, type SelectorContext, type SelectorMethod } from './selector-method.ts'

/*
 * The methods that compare with what was before: state: with an earlier manifest, result: with an earlier run,
 * source_status: with how fresh sources were.
 */

const stateTests: Readonly<Record<string, (comparison: NodeComparison) => boolean>> = {
  new: ({ isNew }) => isNew,
  old: ({ isNew }) => !isNew,
  modified: ({ isModified }) => isModified,
  unmodified: ({ isModified }) => !isModified,
  ...Object.fromEntries(
    nodeChanges.map((change: NodeChange) => [
      `modified.${change}`,
      ({ changes }: NodeComparison) => changes.has(change),
    ]),
  ),
}

/** The comparisons that look at contracts, and so find those that are broken. */
const asksForContracts = new Set(['modified', 'unmodified', 'modified.contract'])

/**
 * Tells of contracts that no longer hold. A model with versions could have got a new one, so that is an error; with
 * any other there is nothing else that one could have done, and it is a warning.
 */
function tellBrokenContracts({ state, warn }: SelectorContext): void {
  const broken = state?.brokenContracts?.() ?? []
  const problems = broken.map(({ model, file, isVersioned, breaks }) =>
    makeProblem('contract-change', `${model} breaks the contract that it had: ${breaks.join('; ')}`, {
      place: { file, line: 1, column: 1 },
      severity: isVersioned ? 'error' : 'warning',
      hint: isVersioned ? 'make a new version of it' : 'whoever reads it has to be ready for that',
    }),
  )
  const errors = problems.filter(({ severity }) => severity === 'error')
  if (errors.length > 0) throw new ProblemError(errors)
  for (const problem of problems) warn?.(problem)
}

/** What results are called, ours and dbt's. */
const resultWords = [
  'success',
  'error',
  'skipped',
  'fail',
  'warn',
  'pass',
  'partial success',
  'no-op',
  'reused',
  'runtime error',
] as const

/** The rows for the table of methods. */
export const stateMethods: Readonly<Record<string, SelectorMethod>> = {
  state: {
    refuse: ({ value }) => oneOf(value, Object.keys(stateTests)),
    matcher: ({ value }, context) => {
      const compare = needed(context, 'compare', `state:${value}`, 'manifest.json')
      if (asksForContracts.has(value)) tellBrokenContracts(context)
      const test = stateTests[value]!
      return ({ id }) => test(compare(id))
    },
    values: () => [],
    mayBeEmpty: true,
  },
  result: {
    refuse: ({ value }) => oneOf(value, resultWords),
    matcher: ({ value }, context) => {
      const statuses = needed(context, 'statuses', `result:${value}`, 'run_results.json')
      return ({ id }) => statuses.get(id) === value
    },
    values: () => [],
    mayBeEmpty: true,
  },
  source_status: {
    refuse: ({ value }) => oneOf(value, ['fresher']),
    matcher: ({ value }, context) => {
      const fresher = needed(context, 'fresher', `source_status:${value}`, 'sources.json')
      return ({ id }) => fresher.has(id)
    },
    values: () => [],
    mayBeEmpty: true,
  },
}

function needed<Key extends 'compare' | 'statuses' | 'fresher'>(
  { state }: SelectorContext,
  key: Key,
  written: string,
  file: string,
): NonNullable<PreviousState[Key]> {
  const part = state?.[key]
  if (part !== undefined) return part as NonNullable<PreviousState[Key]>
  const message = state
    ? `${written} needs ${file}, and ${state.folder} has none`
    : `${written} needs an earlier state to compare with`
  throw new ProblemError(
    makeProblem('state-missing', message, {
      hint: `name the folder that holds an earlier ${file}: --state path/to/artifacts`,
    }),
  )
}
