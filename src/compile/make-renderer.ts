import { extended } from '../core/extended.ts'
import type { Manifest } from '../core/manifest.ts'
import type {
  AnalysisNode,
  FunctionNode,
  ModelNode,
  Node,
  NodeId,
  SeedNode,
  SnapshotNode,
  TestNode,
} from '../core/node.ts'
import { makeProblem, type Place, ProblemError } from '../core/problem.ts'
import { type CompiledSql, type EphemeralCte, injectCtes } from './compiled-sql.ts'
import { asList, isMap } from './config-tree.ts'
import type { ContextScope } from './context/context.ts'
import { answerQuestion, type Database, databaseOf, noDatabase, saidOnce } from './context/database.ts'
import { notedGraph } from './context/graph-notes.ts'
import { graphValue, nodeData } from './context/node-value.ts'
import { cteName, queryValue, relationParts } from './context/relation-value.ts'
import { resultValue } from './context/run-result-value.ts'
import { type SeedRows, seedTable } from './context/seed-table.ts'
import {
  type Context,
  Dict,
  fromJs,
  type HostObject,
  hostFunction,
  str,
  toJs,
  type Value,
} from './dialect/index.ts'
import { makeReaders, type NodeScopeRequest, nodeScope } from './node-scope.ts'
import { takesOwnSnapshot } from './own-snapshot.ts'
import { makePlainTests, testMarks } from './plain-tests.ts'
import { makeQueryComments } from './query-comment.ts'
import type { HookMoment, MadeRelation, Renderer, RenderScope } from './renderer.ts'
import type { Resolver } from './resolve.ts'
import { ContextError, withTemplateProblems } from './template-problem.ts'
import { inlineFile, renderArguments, type Templates } from './templates.ts'

/** The nodes that are templates. */
type TemplateNode = ModelNode | SnapshotNode | TestNode | AnalysisNode | FunctionNode

/** What one attempt at a rendering reaches outside. */
interface Attempt {
  readonly database: Database
  readonly log: RenderScope['log']
}

/** Makes the renderer of a compiled project. */
export function makeRenderer(manifest: Manifest, templates: Templates, resolver: Resolver): Renderer {
  const { dialect, options, macros, projectName } = templates
  const noted = notedGraph(() => graphValue(manifest, options.target))
  const graph = noted.value

  /** Runs a rendering, again and again until all that it asks is answered; what it says is said once. */
  const answered = <T>(scope: RenderScope, render: (attempt: Attempt) => T): Promise<T> => {
    const { ask } = scope
    const said = saidOnce(scope.log)
    const now = options.clock()
    const attempt = (database: Database): T => {
      const log = said.begin()
      return withTemplateProblems(options.textOf, () =>
        templates.atOneTime(
          now,
          () => noted.attempt(() => render({ database, log }), ask !== undefined),
          scope.seen && (() => scope.seen!('now')),
        ),
      )
    }
    if (!ask) return promised(() => attempt(noDatabase))
    return dialect.withAnswers(
      (answers) => attempt(databaseOf(answers)),
      (question) => answerQuestion(ask, question),
    )
  }

  const namesFor = (
    request: Omit<NodeScopeRequest, 'manifest' | 'templates' | 'resolver' | 'graph'>,
  ): Context => templates.names(nodeScope(extended({ manifest, templates, resolver, graph }, request)))

  /** Renders one node; ephemeral models that it reads are collected, not yet written in. */
  const renderNode = (
    node: TemplateNode,
    scope: RenderScope,
    ephemeral: Set<NodeId>,
    attempt: Attempt,
  ): CompiledSql => {
    const names = namesFor(extended({ node, scope, ephemeral }, attempt))
    return node.resourceType === 'test' && node.generic
      ? renderGeneric(node, names)
      : renderText(node.rawCode, node.place.file, names)
  }

  const renderText = (text: string, file: string, names: Context): CompiledSql => {
    const { text: rendered, map } = dialect.render(templates.parse(text, file), names)
    const placeAt = (offset: number): Place => {
      const { line, column } = map.placeAt(offset)
      return { file, line, column }
    }
    return { text: rendered, placeAt }
  }

  /** Calls a macro on behalf of a node. */
  const callFor = ({ place }: Node, macro: string, args: readonly Value[], names: Context): Value =>
    dialect.callNamed(macro, args, names, { file: place.file, text: '' })

  const filterIsOurs = once(() => !definesFilter(templates))
  /** Whether that macro would give the relation back as it is, as for nearly all tests. */
  const isUnfiltered = ({ config }: TestNode): boolean => {
    const { where } = config
    return (where === undefined || where === null || where === '') && filterIsOurs()
  }

  const renderGeneric = (node: TestNode, names: Context): CompiledSql => {
    const { macro, model, args } = node.generic!
    const { model: relation, ...values } = renderArguments(
      dialect,
      { model, ...args },
      names,
      node.place.file,
    )
    const filtered = isUnfiltered(node) ? relation! : callFor(node, 'get_where_subquery', [relation!], names)
    const block = macros.findTest(macro, node.package)
    if (!block) throw new ProblemError(unknownTest(node))
    const text = dialect.callMacro(block, [], { ...values, model: filtered }, names)
    return { text: str(text).trim(), placeAt: () => node.place }
  }

  const textOfPlainTest = makePlainTests({
    templates,
    isUnfiltered,
    renderMarked(node, { seen: _, ask: __, ...scope }) {
      const names = namesFor({ node, scope, ephemeral: new Set(), database: noDatabase, log: () => {} })
      const block = macros.findTest(node.generic!.macro, node.package)!
      const marked = { model: queryValue(testMarks.model), column_name: testMarks.column }
      return str(dialect.callMacro(block, [], marked, names)).trim()
    },
    relationText(node, model, scope) {
      const ephemeral = new Set<NodeId>()
      try {
        const relation = makeReaders({ manifest, templates, resolver, node, scope, ephemeral }).ref({
          name: model,
        })
        return ephemeral.size === 0 ? str(relation) : null
      } catch (error) {
        // What is wrong is told by rendering it.
        if (error instanceof ContextError) return null
        throw error
      }
    },
  })

  /** The CTEs of ephemeral models, each after those that it reads itself. */
  const ctesOf = (ids: ReadonlySet<NodeId>, scope: RenderScope, attempt: Attempt): EphemeralCte[] => {
    const ctes = new Map<NodeId, EphemeralCte>()
    const visit = (id: NodeId): void => {
      if (ctes.has(id)) return
      const node = manifest.nodes[id] as ModelNode
      const inner = new Set<NodeId>()
      const sql = renderNode(node, { ...scope, isIncremental: false }, inner, attempt)
      for (const read of inner) visit(read)
      ctes.set(id, { name: cteName(node.relation.identifier), sql })
    }
    for (const id of ids) visit(id)
    return [...ctes.values()]
  }

  /** Renders hooks one by one, each sent before the next is rendered. */
  const sendHooks = (
    hooks: readonly RunnableHook[],
    scope: RenderScope,
    rendered: (text: string) => void = () => {},
  ): Promise<readonly string[]> =>
    answered(scope, (attempt) =>
      hooks.flatMap(({ sql, file, ...request }) => {
        const names = namesFor({ scope, ephemeral: new Set(), ...attempt, ...request })
        const whole = dialect.render(dialect.parse(sql, file), names).text
        rendered(whole)
        const text = whole.trim()
        if (text === '') return []
        attempt.database.query(text)
        return [text]
      }),
    )

  /** A result of a run with the node that it is about. */
  const withNode = (result: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => {
    const node = manifest.nodes[String(result['unique_id'])]
    return node ? { ...result, node: nodeData(node, manifest, options.target) } : result
  }

  return {
    target: options.target,
    queryComment: makeQueryComments(templates, manifest),
    compile(nodeId, scope) {
      const node = manifest.nodes[nodeId]
      if (!node || !('rawCode' in node)) throw new Error(`${nodeId} is no template`)
      const plainTest = textOfPlainTest(node, scope)
      if (plainTest !== null) return Promise.resolve({ text: plainTest, placeAt: () => node.place })
      return answered(scope, (attempt) => {
        const ephemeral = new Set<NodeId>()
        const own = renderNode(node, scope, ephemeral, attempt)
        return injectCtes(own, ctesOf(ephemeral, scope, attempt))
      })
    },
    compileOverloads(nodeId, scope) {
      const node = manifest.nodes[nodeId] as FunctionNode
      return answered(scope, (attempt) =>
        node.overloads.map(({ rawCode, place }) => {
          const ephemeral = new Set<NodeId>()
          const own = renderText(rawCode, place.file, namesFor({ node, scope, ephemeral, ...attempt }))
          return injectCtes(own, ctesOf(ephemeral, scope, attempt))
        }),
      )
    },
    compileInline(text, scope, nodeId) {
      const node = nodeId === undefined ? null : manifest.nodes[nodeId]!
      return withInlineText(text, () =>
        answered(scope, (attempt) => {
          const ephemeral = new Set<NodeId>()
          const own = renderText(text, inlineFile, namesFor({ node, scope, ephemeral, ...attempt }))
          return injectCtes(own, ctesOf(ephemeral, scope, attempt))
        }),
      )
    },
    runHooks(nodeId, moment, scope) {
      const node = manifest.nodes[nodeId]!
      const hooks = hooksOf(node, moment).map(({ sql }) => ({ sql, node, file: node.place.file }))
      return hooks.length === 0 ? Promise.resolve([]) : sendHooks(hooks, scope)
    },
    hasProjectHooks: (moment) => manifest.hooks.some((hook) => hook.moment === moment),
    async runProjectHook({ sql, file, package: packageName }, scope, { results, schemas }, rendered) {
      const more: ContextScope['more'] = {
        results: () => results.map(withNode).map(resultValue),
        schemas: () => [...schemas],
        database_schemas: () => schemas.map((schema) => fromJs([options.target.database, schema])),
      }
      await sendHooks([{ sql, file, node: null, packageName, more }], scope, rendered)
    },
    async runOperation(macro, args, scope) {
      const [name = '', packageName] = macro.split('.').reverse()
      const block = packageName === undefined ? macros.find(name) : macros.inPackage(packageName, name)
      if (!block) throw new ProblemError(unknownMacro(macro, macros.closest(name)))
      const kwargs = Object.fromEntries(Object.entries(args).map(([key, value]) => [key, fromJs(value)]))
      return answered(scope, (attempt) => {
        const home = packageName ?? projectName
        const names = namesFor({ node: null, packageName: home, scope, ephemeral: new Set(), ...attempt })
        return toJs(dialect.callMacro(block, [], kwargs, names))
      })
    },
    isOwnSnapshot: (nodeId) => takesOwnSnapshot(templates, manifest.nodes[nodeId] as SnapshotNode),
    ownSeed: (nodeId) => templates.ownMacros.seedOf(manifest.nodes[nodeId]!.package),
    isOwnMacro: (macro) => templates.ownMacros.isOwn(macro, projectName),
    async countOfFailures(nodeId, failing, scope) {
      const node = manifest.nodes[nodeId] as TestNode
      if (!templates.ownMacros.isOwn('get_test_sql', node.package)) return null
      const { failCalc, warnIf, errorIf, limit = null } = node
      return answered(scope, (attempt) => {
        const names = namesFor({ node, scope, ephemeral: new Set(), ...attempt })
        const args = [failing, failCalc, warnIf, errorIf, limit]
        return str(callFor(node, 'get_test_sql', args, names))
      })
    },
    async runOwnTest(nodeId, { compiled, failing }, scope) {
      const node = manifest.nodes[nodeId] as TestNode
      const block = macros.findMaterialization('test', node.package)
      if (!block) return null
      const more: ContextScope['more'] = {
        sql: () => compiled,
        compiled_code: () => compiled,
        failing_rows: () => failing,
      }
      return answered(scope, (attempt) => {
        const names = namesFor({
          node,
          scope,
          ephemeral: new Set(),
          more,
          materializes: compiled,
          ...attempt,
        })
        dialect.callMacro(block, [], {}, names)
        return toJs(callFor(node, 'rows_of_main', [], names)) as Readonly<Record<string, unknown>>[]
      })
    },
    materialize(nodeId, compiled, scope, { hooks = true, seed } = {}) {
      const node = manifest.nodes[nodeId] as ModelNode | SnapshotNode | SeedNode
      const name = materializationOf(node)
      const block =
        macros.findMaterialization(name, node.package) ?? macros.find(`materialization_${name}_default`)
      if (!block) throw new Error(`${node.id} has no materialization of its own`)
      const more: ContextScope['more'] = {
        sql: () => compiled,
        compiled_code: () => compiled,
        pre_hooks: () => fromJs(hooks ? hooksOf(node, 'pre_hook') : []),
        post_hooks: () => fromJs(hooks ? hooksOf(node, 'post_hook') : []),
        ...(seed && { load_agate_table: () => tableOfSeed(seed, scope.log) }),
      }
      return answered(scope, (attempt) => {
        const names = namesFor({
          node,
          scope,
          ephemeral: new Set(),
          more,
          materializes: compiled,
          ...attempt,
        })
        return madeRelations(dialect.callMacro(block, [], {}, names))
      })
    },
    renderValue: (text) => renderValue(templates, text),
    problem(code, message, place, hint, severity) {
      const source = options.textOf(place.file)
      return makeProblem(code, message, {
        place,
        ...(source !== undefined && { source }),
        ...(hint && { hint }),
        ...(severity && { severity }),
      })
    },
  }
}

/** Whether the project or a package has a macro of its own for what a generic test reads of its model. */
function definesFilter({ packages, macros }: Templates): boolean {
  return packages.some(({ name }) => macros.namesIn(name).some((one) => one.endsWith('get_where_subquery')))
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

/** A hook with what its template sees. */
type RunnableHook = Pick<NodeScopeRequest, 'node' | 'packageName' | 'more'> & {
  readonly sql: string
  readonly file: string
}

/** The hooks of a node as its config has them. */
function hooksOf(node: Node, moment: HookMoment): { readonly sql: string; readonly transaction: boolean }[] {
  return asList(node.config[moment]).map((hook) =>
    isMap(hook)
      ? { sql: String(hook['sql'] ?? ''), transaction: hook['transaction'] !== false }
      : { sql: String(hook), transaction: true },
  )
}

function tableOfSeed(seed: SeedRows, log: RenderScope['log']): HostObject {
  const table = seedTable(seed, (text) => log(text, 'print'))
  return hostFunction('load_agate_table', () => table)
}

function materializationOf(node: ModelNode | SnapshotNode | SeedNode): string {
  if (node.resourceType !== 'model') return node.resourceType
  return node.materialized === 'custom' ? String(node.config['materialized']) : node.materialized
}

/** What a materialization returns: `{'relations': [target_relation]}`. */
function madeRelations(returned: Value): MadeRelation[] {
  const relations = returned instanceof Dict ? returned.get('relations') : undefined
  const list = Array.isArray(relations) ? relations : []
  return list.flatMap((value) => {
    const parts = relationParts(value)
    return parts ? [{ schema: parts.schema, identifier: parts.identifier, type: parts.type ?? null }] : []
  })
}

function unknownTest({ generic, place }: TestNode) {
  const hint = 'is its name spelled as it is defined, and the package that has it installed?'
  return makeProblem('macro-unknown', `there is no test '${generic!.macro}'`, { place, hint })
}

function unknownMacro(macro: string, near: string | undefined) {
  const hint = near ? `did you mean '${near}'?` : 'define it in a file below macros/'
  return makeProblem('macro-unknown', `there is no macro '${macro}'`, { hint })
}

/** Problems of a text that is no file show its lines. */
async function withInlineText<T>(text: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    const problems = error.problems.map((problem) => {
      if (problem.place?.file !== inlineFile) return problem
      const { place, sourceLine: _, ...rest } = problem
      const sourceLine = text.split(/\r?\n/)[place.line - 1]
      return { ...rest, place, ...(sourceLine !== undefined && { sourceLine }) }
    })
    throw new ProblemError(problems, { cause: error })
  }
}

/** A value of YAML that may be a template; only env_var and var mean something there. */
export function renderValue({ dialect, plainNames }: Templates, text: string): unknown {
  if (!text.includes('{')) return text
  return withTemplateProblems(
    () => text,
    () => toJs(dialect.renderNative(dialect.parse(text, '<value>'), plainNames())),
  )
}

/** What fails at once fails as a promise too. */
async function promised<T>(work: () => T): Promise<T> {
  return work()
}
