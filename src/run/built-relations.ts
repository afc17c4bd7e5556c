import type { Relation } from '../core/node.ts'
import type { PublishAction } from '../warehouse/index.ts'

/** What stands in the build schemas to be published. */
export function builtRelations(actions: readonly PublishAction[]): Relation[] {
  return actions.flatMap((action) => [
    ...('build' in action && action.build ? [action.build] : []),
    ...('ended' in action ? [action.ended] : []),
  ])
}
