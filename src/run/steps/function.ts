import type { CompiledSql } from '../../compile/compiled-sql.ts'
import type { RenderScope } from '../../compile/renderer.ts'
import type { FunctionNode } from '../../core/node.ts'
import { ProblemError } from '../../core/problem.ts'
import {
  createFunction,
  rehearseFunctions,
  type SQLQuery,
  sqlText,
  unsafeSql,
} from '../../warehouse/index.ts'
import { runPreHooks } from '../hooks.ts'
import { buildRelation } from '../relations.ts'
import type { RunContext, StepRunner } from '../run-context.ts'

/*
 * A function is made twice: in the dark, over what the run has built, for what else the run builds; and when the run
 * is published, over what readers get, in place of the one that stood there. What would hinder the second is found
 * while it is made for the first time.
 */

/** Makes a function and its overloads in the dark. */
export const runFunction: StepRunner<FunctionNode> = async (node, _step, context) => {
  if (node.refusal) throw new ProblemError(node.refusal)
  const { renderScope, publishedRelation, publishedFunction, functions, warehouse } = context
  const build = buildRelation(context.plan.buildSchema, node.relation)
  const bodies = await bodiesOf(node, renderScope, context)
  const published = await bodiesOf(
    node,
    { ...renderScope, relationOf: publishedRelation, functionOf: publishedFunction },
    context,
  )
  const definitions = statementsOf(node, node.relation, published)
  await warehouse.withSession(async (session) => {
    await runPreHooks(session, node, false, context)
    for (const statement of statementsOf(node, build, bodies)) await session.query(statement)
    await rehearseFunctions(session, node.relation, definitions)
  })
  functions.add(node.relation, build)
  return {
    rows: null,
    message: 'CREATE FUNCTION',
    compiledCode: published[0]!.text,
    publish: [
      {
        kind: 'function',
        published: node.relation,
        definitions: definitions.map((one) => sqlText(one).text),
      },
    ],
  }
}

async function bodiesOf(
  { id, overloads }: FunctionNode,
  scope: RenderScope,
  { renderer }: RunContext,
): Promise<readonly CompiledSql[]> {
  const body = await renderer.compile(id, scope)
  return overloads.length === 0 ? [body] : [body, ...(await renderer.compileOverloads(id, scope))]
}

const words = { deterministic: 'immutable', stable: 'stable', 'non-deterministic': 'volatile' } as const

/** The statements that make a function and its overloads. */
function statementsOf(
  { arguments: given, returns, volatility, overloads }: FunctionNode,
  relation: FunctionNode['relation'],
  bodies: readonly CompiledSql[],
): readonly SQLQuery[] {
  const signatures = [
    { given, returns },
    ...overloads.map((overload) => ({ given: overload.arguments, returns: overload.returns ?? returns })),
  ]
  return signatures.map((signature, index) =>
    createFunction(relation, {
      arguments: signature.given.map(({ name, dataType, defaultValue }) =>
        [name, dataType, ...(defaultValue === undefined ? [] : ['default', String(defaultValue)])].join(' '),
      ),
      returns: signature.returns.dataType,
      body: unsafeSql(bodies[index]!.text),
      ...(volatility && { volatility: words[volatility] }),
    }),
  )
}
