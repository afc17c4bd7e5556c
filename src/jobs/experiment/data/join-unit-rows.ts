import type { UnitRows } from './unit-rows.ts'

/**
 * The units of two sets of metrics as one: those of the first, with the variables of both. Sets that measure one
 * experiment hold the same units; where the second one does not know a unit, its outcomes are missing there.
 */
export function joinUnitRows(first: UnitRows, second: UnitRows): UnitRows {
  const places = new Map<number, number>()
  for (let row = 0; row < second.n; row++) places.set(second.keys[row]!, row)
  const source = Int32Array.from(first.keys, (key) => places.get(key) ?? -1)
  const arranged = new Map<Float64Array, Float64Array>()
  // Covariates are among the variables: the same column stays the same.
  const arrange = (values: Float64Array): Float64Array => {
    const known = arranged.get(values)
    if (known) return known
    const own = Float64Array.from(source, (row) => (row < 0 ? Number.NaN : values[row]!))
    arranged.set(values, own)
    return own
  }
  return {
    ...first,
    variables: new Map([
      ...first.variables,
      ...[...second.variables].map(([name, values]) => [name, values.map(arrange)] as const),
    ]),
    covariates: [...first.covariates, ...second.covariates.map(arrange)],
  }
}
