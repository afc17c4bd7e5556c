import type { RenderScope } from '../compile/renderer.ts'
import { functionKey, type Relation, relationKey } from '../core/node.ts'
import type { RunRequest } from './run-request.ts'

/** What a run says to every template, but for where relations stand and whom to ask. */
export function runScope(
  request: Pick<
    RunRequest,
    'warehouse' | 'runId' | 'command' | 'fullRefresh' | 'nodeIds' | 'empty' | 'sample' | 'templateFlags'
  >,
  startedAt: Date,
  log: RenderScope['log'],
): Omit<RenderScope, 'relationOf' | 'isIncremental'> {
  return {
    runStartedAt: startedAt,
    invocationId: request.runId,
    fullRefresh: request.fullRefresh,
    selected: request.nodeIds,
    isCitus: request.warehouse.capabilities.citus,
    log,
    ...(request.empty && { empty: true }),
    ...(request.sample && { sample: request.sample }),
    flags: { ...request.templateFlags, WHICH: request.command },
  }
}

/** Where a relation is read by whoever is not part of the run: what is deferred is read where an earlier state has it. */
export function publishedRelation({
  deferred,
}: Pick<RunRequest, 'deferred'>): (relation: Relation) => Relation {
  return (relation) => deferred?.get(relationKey(relation)) ?? relation
}

/** The same for where a function is called. */
export function publishedFunction({ deferred }: Pick<RunRequest, 'deferred'>): (named: Relation) => Relation {
  return (named) => deferred?.get(functionKey(named)) ?? named
}
