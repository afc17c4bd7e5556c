import type { ScalarTag, Tags } from 'yaml'
import { WholeFloat } from './whole-float.ts'

/*
 * What a word of YAML means that stands without quotes, as dbt's parser has it: `08` and `1e3` are text, `1_000` and
 * `1:30` are numbers, `yes` is true, and `y` is a name. A date stays the text that was written. A float that is whole
 * is a WholeFloat, an int that JavaScript cannot hold a bigint.
 */

const replaced = /:(?:timestamp|bool|int|float)$/

/** The tags of a schema, with those for plain words replaced. */
export function withYamlScalars(tags: Tags): Tags {
  return [
    ...tags.filter((tag) => typeof tag === 'string' || !replaced.test(tag.tag)),
    ...booleans,
    ...numbers,
  ]
}

const booleans: readonly ScalarTag[] = [
  { value: true, test: /^(?:yes|Yes|YES|true|True|TRUE|on|On|ON)$/ },
  { value: false, test: /^(?:no|No|NO|false|False|FALSE|off|Off|OFF)$/ },
].map(({ value, test }) => ({
  tag: 'tag:yaml.org,2002:bool',
  default: true,
  identify: (found) => found === value,
  test,
  resolve: () => value,
}))

const isWhole = (value: unknown): boolean => typeof value === 'bigint' || Number.isInteger(value)
const isBroken = (value: unknown): boolean =>
  value instanceof WholeFloat || (typeof value === 'number' && !Number.isInteger(value))

function numberTag(name: 'int' | 'float', test: RegExp, read: (digits: string) => number): ScalarTag {
  return {
    tag: `tag:yaml.org,2002:${name}`,
    default: true,
    identify: name === 'int' ? isWhole : isBroken,
    test,
    resolve: (text) => {
      const plain = text.replaceAll('_', '').replace(/^[-+]/, '')
      const sign = text.startsWith('-') ? -1 : 1
      const value = sign * read(plain)
      if (name === 'float') return Number.isInteger(value) ? new WholeFloat(value) : value
      if (Number.isSafeInteger(value) || !/^[1-9][0-9]*$/.test(plain)) return value + 0
      return BigInt(sign) * BigInt(plain)
    },
    stringify: ({ value }) => String(value),
  }
}

/** Digits in groups of sixty: `1:30` is ninety. */
const sexagesimal = (text: string): number =>
  text.split(':').reduce((sum, digits) => sum * 60 + Number(digits), 0)

const infinite = /^[-+]?\.(?:inf|Inf|INF)$/

const numbers: readonly ScalarTag[] = [
  numberTag('int', /^[-+]?0b[01_]+$/, (digits) => Number.parseInt(digits.slice(2) || '0', 2)),
  numberTag('int', /^[-+]?0[0-7_]+$/, (digits) => Number.parseInt(digits, 8)),
  numberTag('int', /^[-+]?0x[0-9a-fA-F_]+$/, (digits) => Number.parseInt(digits, 16)),
  numberTag('int', /^[-+]?(?:0|[1-9][0-9_]*)$/, Number),
  numberTag('int', /^[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+$/, sexagesimal),
  numberTag('float', /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*$/, sexagesimal),
  numberTag('float', infinite, () => Number.POSITIVE_INFINITY),
  numberTag('float', /^\.(?:nan|NaN|NAN)$/, () => Number.NaN),
  numberTag('float', /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)(?:[eE][-+][0-9]+)?$/, Number),
]
