import type { Node, TestNode } from '../core/node.ts'
import type { RenderScope } from './renderer.ts'
import type { Templates } from './templates.ts'

/*
 * Nearly all generic tests are `unique` and `not_null` of a column of a model, and their SQL differs in the relation
 * and the column alone. Such a macro is rendered once, with marks in the place of both; each test then puts its own
 * there. Whatever a project does to these macros, it gets its tests rendered one by one.
 */

/** What stands for the relation and the column: characters that nobody's name has, being nobody's. */
export const testMarks = { model: '\u{f5a5e}', column: '\u{f5a5f}' } as const

export interface PlainTestsRequest {
  readonly templates: Pick<Templates, 'macros' | 'ownMacros'>
  /** Whether the macro by which tests read their model gives it back as it is. */
  readonly isUnfiltered: (node: TestNode) => boolean
  /** A test's SQL with the marks in it. */
  readonly renderMarked: (node: TestNode, scope: RenderScope) => string
  /** How the relation of a model is written in a test, or null where it has to be rendered. */
  readonly relationText: (node: TestNode, model: string, scope: RenderScope) => string | null
}

const macroNames: ReadonlySet<string> = new Set(['unique', 'not_null'])
/** What these macros look up that is no macro of ours. */
const names = ['adapter', 'config', 'flags', 'return']
const plainRef = /^ref\('([\w-]+)'\)$/

/** Makes the function that gives the SQL of such a test, and null for every other node. */
export function makePlainTests({
  templates: { macros, ownMacros },
  isUnfiltered,
  renderMarked,
  relationText,
}: PlainTestsRequest): (node: Node, scope: RenderScope) => string | null {
  const isOurs = new Map<string, boolean>()
  const findOurs = (macro: string, packageName: string): boolean => {
    const key = `${packageName} ${macro}`
    const known = isOurs.get(key)
    if (known !== undefined) return known
    const block = macros.findTest(macro, packageName)
    const found =
      block !== undefined &&
      macros.packageOf(block) === undefined &&
      !ownMacros.isOwn(`test_${macro}`, packageName) &&
      !names.some((name) => macros.find(name, packageName) !== undefined || macros.isPackage(name))
    isOurs.set(key, found)
    return found
  }
  const isPlain = ({ generic, config, package: packageName }: TestNode): boolean =>
    generic !== undefined &&
    macroNames.has(generic.macro) &&
    Object.keys(generic.args).length === 1 &&
    typeof generic.args['column_name'] === 'string' &&
    (config['store_failures'] ?? null) === null &&
    findOurs(generic.macro, packageName)
  // What they say depends on a flag besides.
  const noFlags = {}
  const pieces = new WeakMap<object, Map<string, readonly string[]>>()
  const piecesOf = (node: TestNode, scope: RenderScope): readonly string[] => {
    const flags = scope.flags ?? noFlags
    const known = pieces.get(flags) ?? new Map<string, readonly string[]>()
    pieces.set(flags, known)
    const key = `${node.package} ${node.generic!.macro}`
    const found = known.get(key) ?? renderMarked(node, scope).split(/([\u{f5a5e}\u{f5a5f}])/u)
    known.set(key, found)
    return found
  }
  return (node, scope) => {
    if (node.resourceType !== 'test' || scope.overrides || scope.standIns || scope.isCitus) return null
    if (!isPlain(node) || !isUnfiltered(node)) return null
    const { model, args } = node.generic!
    const [, name] = plainRef.exec(model) ?? []
    const relation = name === undefined ? null : relationText(node, name, scope)
    if (relation === null) return null
    const column = args['column_name'] as string
    return piecesOf(node, scope)
      .map((piece) => (piece === testMarks.model ? relation : piece === testMarks.column ? column : piece))
      .join('')
  }
}
