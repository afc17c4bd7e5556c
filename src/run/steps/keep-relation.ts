import { withoutSemicolon } from '../../compile/compiled-sql.ts'
import type { ModelNode, SeedNode, SnapshotNode } from '../../core/node.ts'
import { relationDetails } from '../relation-details.ts'
import type { RunContext, StepOutcome } from '../run-context.ts'

/*
 * What is as it was published stays, with what the project says of it besides.
 */

/** Keeps a model's relation. */
export async function keepModel(node: ModelNode, context: RunContext): Promise<StepOutcome> {
  const compiledCode = withoutSemicolon(await context.compilePublished(node)).text
  return { ...keepTable(node), compiledCode }
}

/** Keeps the table of a seed or snapshot. */
export function keepTable(node: ModelNode | SeedNode | SnapshotNode): StepOutcome {
  const { details } = relationDetails(node)
  return {
    rows: null,
    message: 'unchanged',
    publish: details ? [{ kind: 'keep', published: node.relation, details }] : [],
  }
}
