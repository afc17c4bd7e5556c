import type { Manifest } from '../core/manifest.ts'
import type { ModelNode, TestNode } from '../core/node.ts'

/*
 * The primary key of a model as far as its constraints or tests tell it, by dbt's rules: a primary key that is
 * declared, else columns that are tested to be unique and not null, else columns that are tested to be unique.
 */

/** The columns of a model's key; none where nothing tells it. `own` are its tests, where somebody knows them. */
export function primaryKey(
  node: ModelNode,
  { nodes, disabled }: Pick<Manifest, 'nodes' | 'disabled'>,
  own?: readonly TestNode[],
): readonly string[] {
  const declared = declaredKey(node)
  if (declared) return declared
  const tests = own ?? testsOf(nodes).get(node.id) ?? []
  if (tests.length === 0 && disabled.length === 0) return []
  const off = disabled.filter(
    (test): test is TestNode => test.resourceType === 'test' && test.attachedTo === node.id,
  )
  const unique = testedColumns(tests, isUnique)
  const uniqueOff = testedColumns(off, isUnique)
  const notNull = testedColumns([...tests, ...off], (name) => name === 'not_null')
  const both = notNull.filter((column) => unique.includes(column) || uniqueOff.includes(column))
  return [both, unique, uniqueOff].find((columns) => columns.length > 0) ?? []
}

function declaredKey({ constraints, columns }: ModelNode): readonly string[] | null {
  const ofTable = constraints.find(({ type }) => type === 'primary_key')
  if (ofTable && Array.isArray(ofTable['columns'])) return ofTable['columns'].map(String)
  const column = columns.find(({ constraints: own = [] }) => own.some(({ type }) => type === 'primary_key'))
  return column ? [column.name] : null
}

const isUnique = (name: string): boolean => name === 'unique' || name === 'unique_combination_of_columns'

function testedColumns(tests: readonly TestNode[], isMeant: (name: string) => boolean): string[] {
  if (tests.length === 0) return []
  const columns = tests.flatMap(({ generic }) => {
    if (!generic || !isMeant(generic.macro.slice(generic.macro.lastIndexOf('.') + 1))) return []
    const several = generic.args['combination_of_columns']
    const named = generic.column ?? generic.args['column_name']
    if (typeof named === 'string') return [named]
    return Array.isArray(several) ? several.filter((one): one is string => typeof one === 'string') : []
  })
  return columns.length < 2 ? columns : [...new Set(columns)].sort()
}

const byNodes = new WeakMap<Manifest['nodes'], ReadonlyMap<string, readonly TestNode[]>>()

/** The generic tests of each node; looked for once in a manifest's nodes, which never change. */
function testsOf(nodes: Manifest['nodes']): ReadonlyMap<string, readonly TestNode[]> {
  const known = byNodes.get(nodes)
  if (known) return known
  const tests = new Map<string, TestNode[]>()
  for (const node of Object.values(nodes)) {
    if (node.resourceType !== 'test' || node.attachedTo === undefined) continue
    const list = tests.get(node.attachedTo)
    if (list) list.push(node)
    else tests.set(node.attachedTo, [node])
  }
  byNodes.set(nodes, tests)
  return tests
}
