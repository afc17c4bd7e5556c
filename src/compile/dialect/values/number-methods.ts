// The methods of Python's int and float, and the attributes of its range.
import { bind } from './arguments.ts'
import { type Methods, methodTable } from './calls.ts'
import { normalInt } from './numbers.ts'
import { Float, raise, Tuple, type Value } from './value.ts'

function bitsOf(value: number | bigint): string {
  const big = BigInt(value)
  return (big < 0n ? -big : big).toString(2)
}

/** The methods of int by name. */
export const intMethods: Methods<number | bigint> = methodTable<number | bigint>({
  bit_length: (self) => (self === 0 ? 0 : bitsOf(self).length),
  bit_count: (self) => bitsOf(self).replaceAll('0', '').length,
  conjugate: (self) => self,
  is_integer: () => true,
  as_integer_ratio: (self) => new Tuple([self, 1]),
})

function integerRatio(value: number): Tuple {
  if (!Number.isFinite(value)) return raise('ValueError', 'cannot convert NaN or infinity to integer ratio')
  let numerator = value
  let denominator = 1n
  while (!Number.isInteger(numerator)) {
    numerator *= 2
    denominator *= 2n
  }
  return new Tuple([normalInt(BigInt(numerator)), normalInt(denominator)])
}

/** The methods of float by name. */
export const floatMethods: Methods<Float> = methodTable<Float>({
  is_integer: (self, args, kwargs): Value => {
    bind('float.is_integer', [], 0, args, kwargs)
    return Number.isInteger(self.value)
  },
  conjugate: (self) => self,
  as_integer_ratio: (self) => integerRatio(self.value),
})

/** The data attributes of an int. */
export function intAttribute(self: number | bigint, name: string): Value | undefined {
  if (name === 'real' || name === 'numerator') return self
  if (name === 'imag') return 0
  return name === 'denominator' ? 1 : undefined
}

/** The data attributes of a float. */
export function floatAttribute(self: Float, name: string): Value | undefined {
  if (name === 'real') return self
  return name === 'imag' ? new Float(0) : undefined
}
