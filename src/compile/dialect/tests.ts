// Jinja's tests: `x is none`, `x is divisibleby 3` …
import type { Session } from './session.ts'
import { bind } from './values/arguments.ts'
import { equals, ordered } from './values/compare.ts'
import { Dict } from './values/dict.ts'
import { maybeNumeric } from './values/numbers.ts'
import { modulo } from './values/operators.ts'
import { str } from './values/repr.ts'
import { contains, maybeIterate } from './values/sequences.ts'
import { isCased } from './values/text.ts'
import {
  Float,
  HostObject,
  isCallable,
  isInt,
  isText,
  type Kwargs,
  Markup,
  Range,
  Tuple,
  Undefined,
  type Value,
} from './values/value.ts'

/** A test of the dialect. */
export type Test = (session: Session, args: readonly Value[], kwargs: Kwargs) => boolean

/** Which filters and tests there are, for the tests `filter` and `test`. */
export interface KnownFiltersAndTests {
  hasFilter(name: string): boolean
  hasTest(name: string): boolean
}

function one(name: string, holds: (value: Value) => boolean): Test {
  return (_session, args, kwargs) => holds(bind(name, ['value'], 1, args, kwargs)[0]!)
}

function two(name: string, holds: (value: Value, other: Value) => boolean): Test {
  return (_session, args, kwargs) => {
    const [value, other] = bind(name, ['value', 'other'], 2, args, kwargs)
    return holds(value!, other!)
  }
}

function isMapping(value: Value): boolean {
  return value instanceof Dict || (value instanceof HostObject && value.protocol.like === 'mapping')
}

function isSequence(value: Value): boolean {
  if (value instanceof HostObject) {
    const { length, item, like } = value.protocol
    return like !== undefined || (length !== undefined && item !== undefined)
  }
  return (
    Array.isArray(value) ||
    isText(value) ||
    value instanceof Tuple ||
    value instanceof Dict ||
    value instanceof Range ||
    value instanceof Undefined
  )
}

function isSame(a: Value, b: Value): boolean {
  return a === b || (a instanceof Float && b instanceof Float && a.value === b.value)
}

function isInteger(value: Value): boolean {
  return isInt(value) && typeof value !== 'boolean'
}

const comparisons: readonly (readonly [string, (a: Value, b: Value) => boolean])[] = [
  ['eq', equals],
  ['equalto', equals],
  ['==', equals],
  ['ne', (a, b) => !equals(a, b)],
  ['!=', (a, b) => !equals(a, b)],
  ['lt', (a, b) => ordered('<', a, b)],
  ['lessthan', (a, b) => ordered('<', a, b)],
  ['<', (a, b) => ordered('<', a, b)],
  ['le', (a, b) => ordered('<=', a, b)],
  ['<=', (a, b) => ordered('<=', a, b)],
  ['gt', (a, b) => ordered('>', a, b)],
  ['greaterthan', (a, b) => ordered('>', a, b)],
  ['>', (a, b) => ordered('>', a, b)],
  ['ge', (a, b) => ordered('>=', a, b)],
  ['>=', (a, b) => ordered('>=', a, b)],
  ['sameas', isSame],
  ['in', (item, container) => contains(container, item)],
  ['divisibleby', (a, b) => equals(modulo(a, b), 0)],
]

const kinds: readonly (readonly [string, (value: Value) => boolean])[] = [
  ['defined', (value) => !(value instanceof Undefined)],
  ['undefined', (value) => value instanceof Undefined],
  ['none', (value) => value === null],
  ['boolean', (value) => typeof value === 'boolean'],
  ['true', (value) => value === true],
  ['false', (value) => value === false],
  ['integer', isInteger],
  ['float', (value) => value instanceof Float],
  ['number', (value) => maybeNumeric(value) !== undefined],
  ['string', isText],
  ['mapping', isMapping],
  ['sequence', isSequence],
  ['iterable', (value) => maybeIterate(value) !== undefined],
  ['callable', isCallable],
  ['escaped', (value) => value instanceof Markup],
  ['lower', (value) => isCased(str(value)) && str(value) === str(value).toLowerCase()],
  ['upper', (value) => isCased(str(value)) && str(value) === str(value).toUpperCase()],
  ['odd', (value) => equals(modulo(value, 2), 1)],
  ['even', (value) => equals(modulo(value, 2), 0)],
]

/** All tests by name. */
export function makeTests(known: KnownFiltersAndTests): Map<string, Test> {
  const tests = new Map<string, Test>()
  for (const [name, holds] of kinds) tests.set(name, one(name, holds))
  for (const [name, holds] of comparisons) tests.set(name, two(name, holds))
  tests.set(
    'filter',
    one('filter', (value) => known.hasFilter(str(value))),
  )
  tests.set(
    'test',
    one('test', (value) => known.hasTest(str(value))),
  )
  return tests
}
