import type { ProjectHookScope } from '../compile/renderer.ts'
import type { ProjectHook, ProjectMoment } from '../core/manifest.ts'
import { type Node, relationsOf } from '../core/node.ts'
import { formatProblem, type Problem } from '../core/problem.ts'
import type { HookResult, NodeResult } from '../core/run-result.ts'
import { commentedSession, ensureSchema, sql } from '../warehouse/index.ts'
import { adapterResponse, resultMessage } from './artifacts/result-words.ts'
import { askAnywhere, askOn } from './ask.ts'
import { collectProblems } from './collect-problems.ts'
import { hasHooks } from './hooks.ts'
import type { RunContext } from './run-context.ts'

/*
 * on-run-start and on-run-end: SQL of the project and its packages around a whole run. What comes at the end sees
 * what is published, also when that is nothing new. They run one after the other; where one fails, the rest of its
 * moment are skipped.
 */

/** What became of the hooks of a moment, and what is to be told of the one that failed. */
export interface HooksEnded {
  readonly results: readonly HookResult[]
  readonly problems: readonly Problem[]
}

/** Runs what comes before the first node; the schemas of the run's nodes are there for it and for all hooks. */
export async function runStartHooks(context: RunContext): Promise<HooksEnded> {
  const { renderer, warehouse, plan, manifest } = context
  const nodes = plan.steps.map(({ nodeId }) => manifest.nodes[nodeId]!)
  const isNeeded = renderer.hasProjectHooks('on_run_start') || nodes.some((node) => hasHooks(node))
  if (renderer.isOwnMacro('create_schema')) await createSchemasByMacro(context)
  else if (isNeeded)
    for (const schema of plannedSchemas(context)) await ensureSchema(warehouse.control, schema)
  return runProjectHooks('on_run_start', { results: [], schemas: plannedSchemas(context) }, context)
}

/** Makes schemas that are not there by the project's own macro, which may say whose they are. */
async function createSchemasByMacro(context: RunContext): Promise<void> {
  const { renderer, warehouse, renderScope } = context
  const { rows } = await warehouse.control.query<{ name: string }>(
    sql`select nspname as name from pg_catalog.pg_namespace`,
  )
  const there = new Set(rows.map(({ name }) => name))
  for (const schema of plannedSchemas(context)) {
    if (there.has(schema)) continue
    const place = `database=${JSON.stringify(renderer.target.database)}, schema=${JSON.stringify(schema)}`
    const call = `{% do create_schema(api.Relation.create(${place})) %}`
    await renderer.compileInline(call, { ...renderScope, ask: askAnywhere(warehouse) })
  }
}

/** Runs what comes after publishing; it is told how every node ended, and where those stand that went well. */
export function runEndHooks(results: readonly NodeResult[], context: RunContext): Promise<HooksEnded> {
  const { nodes } = context.manifest
  const fine = results.filter(({ status }) => !['error', 'fail', 'skipped'].includes(status))
  const told = {
    results: results.map((result) => toldResult(result, nodes[result.nodeId]!)),
    schemas: schemasOf(fine.map(({ nodeId }) => nodes[nodeId]!)),
  }
  return runProjectHooks('on_run_end', told, context)
}

async function runProjectHooks(
  moment: ProjectMoment,
  told: ProjectHookScope,
  context: RunContext,
): Promise<HooksEnded> {
  const { renderer, warehouse, renderScope, manifest } = context
  const hooks = manifest.hooks.filter((hook) => hook.moment === moment)
  const results: HookResult[] = []
  const problems: Problem[] = []
  if (hooks.length === 0) return { results, problems }
  await warehouse.withSession(async (session) => {
    const ask = askOn(commentedSession(session, context.commentOf(null)))
    const scope = { ...renderScope, relationOf: context.publishedRelation, ask }
    for (const [index, hook] of hooks.entries()) {
      const name = `${hook.package}.${hook.tag}.${index}`
      results.push(
        problems.length > 0
          ? skippedHook(hook, name)
          : await runHook(hook, name, problems, context, (rendered) =>
              renderer.runProjectHook(hook, scope, told, rendered),
            ),
      )
    }
  })
  return { results, problems }
}

async function runHook(
  { id, moment }: ProjectHook,
  name: string,
  problems: Problem[],
  { effects: { clock } }: RunContext,
  work: (rendered: (text: string) => void) => Promise<void>,
): Promise<HookResult> {
  let text: string | undefined
  const noteText = (rendered: string): void => {
    text = rendered
  }
  const startedAt = clock()
  const isFine = await collectProblems(problems, () => work(noteText))
  const finishedAt = clock()
  const failure = (): string => problems.map((problem) => formatProblem(problem)).join('\n')
  return {
    hookId: id,
    moment,
    status: isFine ? 'success' : 'error',
    startedAt: startedAt.toISOString(),
    finishedAt: finishedAt.toISOString(),
    durationMs: finishedAt.getTime() - startedAt.getTime(),
    message: isFine ? `${name} passed` : `${name} failed, error:\n ${failure()}`,
    ...(text !== undefined && { compiledCode: text }),
  }
}

function skippedHook({ id, moment }: ProjectHook, name: string): HookResult {
  const message = `${name} skipped`
  return {
    ...{ hookId: id, moment, status: 'skipped', message },
    ...{ startedAt: null, finishedAt: null, durationMs: 0 },
  }
}

function plannedSchemas({ plan, manifest }: RunContext): string[] {
  return schemasOf(plan.steps.map(({ nodeId }) => manifest.nodes[nodeId]!))
}

function schemasOf(nodes: readonly Node[]): string[] {
  const relations = nodes.filter(({ resourceType }) => resourceType !== 'test').flatMap(relationsOf)
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
    message: resultMessage(result, node),
    failures: status === 'pass' ? 0 : isTest ? rows : null,
    compiled: compiledCode !== undefined,
    compiled_code: compiledCode ?? null,
  }
}
