import { Float, type HostObject, hostFunction, hostObject, str, type Value } from '../dialect/index.ts'

/*
 * The type of a column of a result, as packages know it from agate: what it is called, and how it writes a value as
 * JSON or CSV.
 */

/** The type of a name: `Integer`, `Number`, `Text` … */
export function agateType(name: string): HostObject {
  const csvify = (value: Value): Value => (value === null ? null : str(value))
  const jsonify = jsonifiers[name] ?? csvify
  const methods: Readonly<Record<string, HostObject>> = {
    csvify: hostFunction('csvify', ([value = null]) => csvify(value)),
    jsonify: hostFunction('jsonify', ([value = null]) => jsonify(value)),
  }
  return hostObject({
    type: name,
    repr: () => `<agate.data_types.${name}>`,
    attribute: (attribute) => methods[attribute],
    equals: (other) =>
      typeof other === 'object' && other !== null && 'protocol' in other && other.protocol.type === name,
  })
}

const jsonifiers: Readonly<Record<string, (value: Value) => Value>> = {
  Integer: (value) => value,
  Boolean: (value) => value,
  Number: (value) => (value === null ? null : new Float(Number(str(value)))),
}
