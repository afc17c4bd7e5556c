import type { NodeBase, Relation } from './node-base.ts'
import type { NodeId } from './node-id.ts'
import type { FixtureRows, UnitTestInput, UnitTestOverrides } from './unit-test-spec.ts'

/** How a generic test calls its macro. */
export interface GenericTest {
  /** The macro's short name, with its package where one was written: `not_null`, `dbt_utils.at_least_one`. */
  readonly macro: string
  /** The relation it looks at, as an expression: `ref('orders')`. */
  readonly model: string
  readonly args: Readonly<Record<string, unknown>>
  readonly column?: string
}

export interface TestNode extends NodeBase {
  readonly resourceType: 'test'
  readonly testKind: 'generic' | 'singular'
  /** The SELECT of the failing rows, as a template. */
  readonly rawCode: string
  readonly generic?: GenericTest
  /** The node that a generic test is declared on. */
  readonly attachedTo?: NodeId
  readonly severity: 'error' | 'warn'
  readonly errorIf: string
  readonly warnIf: string
  /** The aggregate over the failing rows that the thresholds compare. */
  readonly failCalc: string
  readonly limit?: number
  readonly where?: string
  /** Whether the failing rows are kept, and as what; undefined where only the command line says. */
  readonly storeFailures?: 'table' | 'view' | 'ephemeral'
  /** Whether what it reads is switched off, or not there: then it is only told of. */
  readonly isLost?: boolean
  /** Where failing rows are kept when they are. */
  readonly relation: Relation
  readonly group?: string
}

export interface UnitTestNode extends NodeBase {
  readonly resourceType: 'unit_test'
  /** The tested model; it is also all that the test depends on. */
  readonly modelId: NodeId
  /** The model as YAML names it. */
  readonly model: string
  readonly given: readonly UnitTestInput[]
  readonly expect: FixtureRows
  readonly overrides: UnitTestOverrides
  /** The version of the model that is tested, where it has versions. */
  readonly version?: string | number
  /** The versions for which it is declared, where it says so. */
  readonly versions?: {
    readonly include?: readonly (string | number)[]
    readonly exclude?: readonly (string | number)[]
  }
  readonly checksum: string
}
