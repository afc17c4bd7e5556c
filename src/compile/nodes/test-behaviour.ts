import { extended } from '../../core/extended.ts'
import type { TestNode } from '../../core/node.ts'
import { asStrings, type Config } from '../config-tree.ts'
import type { NamedNode } from './draft.ts'
import type { DraftScope } from './draft-scope.ts'
import { groupOf } from './group.ts'

/** Where failing rows are kept: in a schema of their own unless config says otherwise. */
export function failuresRelation({ naming }: DraftScope, node: NamedNode): TestNode['relation'] {
  const { schema = 'dbt_test__audit' } = node.config
  return naming(extended({}, node, { config: { ...node.config, schema } }))
}

/** How many failing rows are too many, and what becomes of them. */
export function testBehaviour(config: Config) {
  const [where] = asStrings(config['where'])
  const stored = storedAs(config)
  return {
    severity:
      String(config['severity'] ?? 'error').toLowerCase() === 'warn' ? ('warn' as const) : ('error' as const),
    errorIf: String(config['error_if'] ?? '!= 0'),
    warnIf: String(config['warn_if'] ?? '!= 0'),
    failCalc: String(config['fail_calc'] ?? 'count(*)'),
    ...(typeof config['limit'] === 'number' && { limit: config['limit'] }),
    ...(where !== undefined && { where }),
    ...(stored && { storeFailures: stored }),
    ...groupOf(config),
  }
}

/** `store_failures_as` says more than `store_failures`, so it counts where both are set. */
function storedAs({ store_failures_as: as, store_failures: isStored }: Config): TestNode['storeFailures'] {
  if (as === 'table' || as === 'view' || as === 'ephemeral') return as
  if (typeof isStored !== 'boolean') return undefined
  return isStored ? 'table' : 'ephemeral'
}
