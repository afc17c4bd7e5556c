import type { ModelNode, Node, NodeId, TestNode } from '../../core/node.ts'
import { asStrings } from '../config-tree.ts'
import { genericTestNames, testHash } from '../nodes/test-name.ts'
import type { ColumnRef } from './column-lineage.ts'
import { copiedFrom } from './inherit-descriptions.ts'
import type { LineageOf } from './node-lineage.ts'

/*
 * A model with `inherit_tests: [not_null, accepted_values]` is tested by those tests of the columns that it copies.
 * Which tests hold for a copy is for the project to say: `unique` need not survive a join, `not_null` no left join.
 */

/** The nodes with the tests that models inherit; the same nodes when there are none. */
export function inheritTests(
  nodes: Readonly<Record<NodeId, Node>>,
  lineageOf: LineageOf,
): Readonly<Record<NodeId, Node>> {
  const heirs = Object.values(nodes).filter(inheritsTests)
  if (heirs.length === 0) return nodes
  const tests = testsByColumn(nodes)
  const inherited = heirs.flatMap((heir) => inheritedBy(heir, tests, lineageOf))
  return { ...nodes, ...Object.fromEntries(inherited.map((test) => [test.id, test])) }
}

/** Whether a model asks for tests along lineage. */
export function inheritsTests(node: Node): node is ModelNode {
  return node.resourceType === 'model' && asStrings(node.config['inherit_tests']).length > 0
}

type ColumnTest = TestNode & Required<Pick<TestNode, 'generic' | 'attachedTo'>>

/** Generic tests by the column that they are declared on. */
function testsByColumn(nodes: Readonly<Record<NodeId, Node>>): (column: ColumnRef) => readonly ColumnTest[] {
  const tests = new Map<string, ColumnTest[]>()
  for (const node of Object.values(nodes)) {
    if (node.resourceType !== 'test' || !node.generic?.column || node.attachedTo === undefined) continue
    const key = `${node.attachedTo} ${plainName(node.generic.column)}`
    tests.set(key, [...(tests.get(key) ?? []), node as ColumnTest])
  }
  return ({ relation, column }) => tests.get(`${relation} ${plainName(column)}`) ?? []
}

/** A quoted name of YAML without its quotes; case is not what tells columns apart here. */
function plainName(column: string): string {
  return column.replace(/^"(.*)"$/, '$1').toLowerCase()
}

function inheritedBy(
  heir: ModelNode,
  testsOf: (column: ColumnRef) => readonly ColumnTest[],
  lineageOf: LineageOf,
): TestNode[] {
  const wanted = asStrings(heir.config['inherit_tests'])
  return (lineageOf(heir.id)?.columns ?? []).flatMap(({ name }) => {
    const column = { relation: heir.id, column: name }
    const taken = new Set(testsOf(column).map(({ generic }) => generic.macro))
    return copiedFrom(column, lineageOf)
      .flatMap(testsOf)
      .filter(({ generic: { macro } }) => {
        // The nearest test of a kind counts.
        const isNew = wanted.includes(macro) && !taken.has(macro)
        taken.add(macro)
        return isNew
      })
      .map((test) => testOfHeir(test, heir, name))
  })
}

/** A test of the column that was copied, on the copy. */
function testOfHeir(test: ColumnTest, heir: ModelNode, column: string): TestNode {
  const { macro } = test.generic
  const written = column === column.toLowerCase() ? column : `"${column}"`
  const args = { ...test.generic.args, column_name: written }
  const version = heir.version === undefined ? '' : `, v='${heir.version}'`
  const model = `ref('${heir.package}', '${heir.name}'${version})`
  const names = genericTestNames({ test: macro, subject: heir.name, isSource: false, args })
  return {
    ...test,
    id: `test.${heir.package}.${names.full}.${testHash(names.full, macro, { ...args, model })}`,
    name: names.full,
    package: heir.package,
    fqn: [...test.fqn.slice(0, -1), names.full],
    generic: { macro, args, model, column: written },
    relation: { ...test.relation, identifier: names.short },
    attachedTo: heir.id,
    dependsOn: [heir.id, ...test.dependsOn.filter((id) => id !== test.attachedTo)],
  }
}
