import { type Node, relationsOf } from '../core/node.ts'
import { formatProblem } from '../core/problem.ts'
import type { NodeResult } from '../core/run-result.ts'
import { commentedSession, createSchema, sql } from '../warehouse/index.ts'
import { adapterResponse } from './artifacts/index.ts'
import { askAnywhere, askOn } from './ask.ts'
import { hasHooks } from './hooks.ts'
import type { RunContext } from './run-context.ts'

/*
 * on-run-start and on-run-end: SQL of the project and its packages around a whole run. What comes at the end sees
 * what is published, also when that is nothing new.
 */

/** Runs what comes before the first node; the schemas of the run's nodes are there for it and for all hooks. */
export async function runStartHooks(context: RunContext): Promise<void> {
  const { renderer, warehouse, plan, manifest } = context
  const nodes = plan.steps.map(({ nodeId }) => manifest.nodes[nodeId]!)
  const isNeeded = renderer.hasProjectHooks('on_run_start') || nodes.some((node) => hasHooks(node))
  if (renderer.isOwnMacro('create_schema')) await createSchemasByMacro(context)
  else if (isNeeded)
    for (const schema of schemasOf(context)) await warehouse.control.query(createSchema(schema))
  await runProjectHooks('on_run_start', [], context)
}

/** Makes schemas that are not there by the project's own macro, which may say whose they are. */
async function createSchemasByMacro(context: RunContext): Promise<void> {
  const { renderer, warehouse, renderScope } = context
  const { rows } = await warehouse.control.query<{ name: string }>(
    sql`select nspname as name from pg_catalog.pg_namespace`,
  )
  const there = new Set(rows.map(({ name }) => name))
  for (const schema of schemasOf(context)) {
    if (there.has(schema)) continue
    const place = `database=${JSON.stringify(renderer.target.database)}, schema=${JSON.stringify(schema)}`
    const call = `{% do create_schema(api.Relation.create(${place})) %}`
    await renderer.compileInline(call, { ...renderScope, ask: askAnywhere(warehouse) })
  }
}

/** Runs what comes after publishing; it is told how every node ended. */
export function runEndHooks(results: readonly NodeResult[], context: RunContext): Promise<void> {
  return runProjectHooks('on_run_end', results, context)
}

async function runProjectHooks(
  moment: 'on_run_start' | 'on_run_end',
  results: readonly NodeResult[],
  context: RunContext,
): Promise<void> {
  const { renderer, warehouse, renderScope } = context
  if (!renderer.hasProjectHooks(moment)) return
  await warehouse.withSession(async (session) => {
    const ask = askOn(commentedSession(session, context.commentOf(null)))
    const scope = { ...renderScope, relationOf: context.publishedRelation, ask }
    const told = {
      results: results.map((result) => toldResult(result, context.manifest.nodes[result.nodeId]!)),
      schemas: schemasOf(context),
    }
    await renderer.runProjectHooks(moment, scope, told)
  })
}

function schemasOf({ plan, manifest }: RunContext): string[] {
  const relations = plan.steps
    .map(({ nodeId }) => manifest.nodes[nodeId]!)
    .filter(({ resourceType }) => resourceType !== 'test')
    .flatMap(relationsOf)
  return [...new Set(relations.map(({ schema }) => schema))].sort()
}

/** A result under dbt's names. */
function toldResult(result: NodeResult, node: Node): Readonly<Record<string, unknown>> {
  const { nodeId, status, startedAt, finishedAt, durationMs, rows, thread, compiledCode } = result
  const response = adapterResponse(result, node)
  const isTest = ['pass', 'warn', 'fail'].includes(status)
  return {
    unique_id: nodeId,
    status: status === 'reused' ? 'success' : status,
    // Packages look for both phases; compiling is a part of ours.
    timing:
      startedAt === null
        ? []
        : [
            { name: 'compile', started_at: startedAt, completed_at: startedAt },
            { name: 'execute', started_at: startedAt, completed_at: finishedAt },
          ],
    thread_id: `Thread-${thread ?? 1} (worker)`,
    execution_time: durationMs / 1000,
    adapter_response: response,
    message: toldMessage(result, node, response),
    failures: status === 'pass' ? 0 : isTest ? rows : null,
    compiled: compiledCode !== undefined,
    compiled_code: compiledCode ?? null,
  }
}

/** What dbt says of a result: the server's answer, nothing of a test that passes, how many failures of another. */
function toldMessage(
  { status, message, rows, problem }: NodeResult,
  node: Node,
  response: Readonly<Record<string, unknown>>,
): string | null {
  if (status === 'pass') return null
  if (node.resourceType === 'test' && (status === 'warn' || status === 'fail')) {
    const limit = status === 'warn' ? node.warnIf : node.errorIf
    return `Got ${rows} result${rows === 1 ? '' : 's'}, configured to ${status} if ${limit}`
  }
  if (problem && status !== 'success') return formatProblem(problem)
  return typeof response['_message'] === 'string' ? response['_message'] : message
}
