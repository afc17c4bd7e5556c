import { type CausalSpec, exactColumns } from '../../../core/causal-spec.ts'
import { type JointMoments, jointMomentsOf } from '../../../stats/index.ts'
import { type Session, sql } from '../../../warehouse/index.ts'
import {
  type BinaryColumnKind,
  type FloatColumn,
  type KeyColumn,
  readBinaryRows,
  type TextColumn,
} from '../../experiment/data/binary-rows.ts'
import { asNumber } from '../../experiment/data/cells-query.ts'
import type { CausalMoments } from './causal-moments.ts'
import type { CausalSource } from './causal-source.ts'
import type { CausalColumns } from './causal-variables.ts'
import type { DesignColumn } from './design-columns.ts'

/** The units one by one, in the order of their keys. */
export interface CausalRows {
  readonly n: number
  readonly keys: readonly string[]
  /** 1 for treated; all 0 where the treatment is continuous. */
  readonly treatment: Uint8Array
  /** How much of a continuous treatment each unit had; null of one that units have or have not. */
  readonly amounts: Float64Array | null
  /** Outcomes, negative controls and columns of the design by their labels. */
  readonly values: ReadonlyMap<string, Float64Array>
  /** Columns that pairs must agree in. */
  readonly texts: ReadonlyMap<string, TextColumn>
}

/** Fetches the units as one binary stream. */
export async function fetchRows(
  session: Session,
  spec: CausalSpec,
  { types, variables, controls }: CausalColumns,
  design: readonly DesignColumn[],
  source: CausalSource,
): Promise<CausalRows> {
  const outcomes = [
    ...spec.outcomes.map(({ name, column }) => ({ label: name, column })),
    ...controls.map((column) => ({ label: column, column })),
  ]
  const numeric = variables.filter(({ kind }) => kind === 'numeric')
  const categorical = variables.filter(({ kind }) => kind === 'categorical').map(({ column }) => column)
  const exact = exactColumns(spec)
  const texts = [...new Set([...categorical, ...exact])]
  const numbers = [
    ...new Set([...outcomes.map(({ column }) => column), ...numeric.map(({ column }) => column)]),
  ]
  const kinds: BinaryColumnKind[] = [
    'key',
    'float8',
    ...numbers.map(() => 'float8' as const),
    ...texts.map(() => 'text' as const),
  ]
  const key = sql`unit.${sql.ident(spec.data.unit)}`
  const query = sql`select ${sql.join(
    [
      sql`${key}::text`,
      source.treatment,
      ...numbers.map((column) => asNumber(column, types)),
      ...texts.map((column) => sql`unit.${sql.ident(column)}::text`),
    ],
    sql`, `,
  )} from ${source.from} as unit order by ${key}`
  const { n, columns } = await readBinaryRows(session.copyOut(query, 'binary'), kinds)
  const [keys, treated, ...rest] = columns as [KeyColumn, FloatColumn, ...(FloatColumn | TextColumn)[]]
  const isContinuous = spec.treatment.kind === 'continuous'
  const number = new Map(numbers.map((column, index) => [column, (rest[index] as FloatColumn).values]))
  const text = new Map(texts.map((column, index) => [column, rest[numbers.length + index] as TextColumn]))
  return {
    n,
    keys: keys.keys,
    treatment: isContinuous ? new Uint8Array(n) : Uint8Array.from(treated.values),
    amounts: isContinuous ? treated.values : null,
    values: new Map([
      ...outcomes.map(({ label, column }) => [label, number.get(column)!] as const),
      ...design.map((column) => [column.label, designValues(column, number, text)] as const),
    ]),
    texts: new Map(exact.map((column) => [column, text.get(column)!])),
  }
}

function designValues(
  { column, level }: DesignColumn,
  numbers: ReadonlyMap<string, Float64Array>,
  texts: ReadonlyMap<string, TextColumn>,
): Float64Array {
  if (level === null) return numbers.get(column)!
  const { codes, texts: levels } = texts.get(column)!
  const code = levels.indexOf(level)
  return Float64Array.from(codes, (own) => (own === code ? 1 : 0))
}

/** What each unit had of the treatment: 0 or 1, or any amount. */
export function amountsOf({ treatment, amounts }: CausalRows): Float64Array {
  return amounts ?? Float64Array.from(treatment)
}

/** The same moments as SQL gives, from units that are at hand. */
export function momentsOfRows({ n, treatment, values }: CausalRows): CausalMoments {
  const labels = [...values.keys()]
  const groups = [0, 1].map((arm): JointMoments => {
    let size = 0
    for (let unit = 0; unit < n; unit++) if (treatment[unit] === arm) size++
    const own = labels.map((label) => {
      const all = values.get(label)!
      const picked = new Float64Array(size)
      let place = 0
      for (let unit = 0; unit < n; unit++) if (treatment[unit] === arm) picked[place++] = all[unit]!
      return picked
    })
    return jointMomentsOf(...own)
  })
  return { labels, groups }
}
