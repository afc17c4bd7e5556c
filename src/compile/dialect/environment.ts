// The dialect's filters, tests, globals and extensions in a nunjucks Environment, so that `addFilter`,
// `addTest`, `addGlobal` and `addExtension` work as nunjucks users know them, on plain JavaScript values.
import nunjucks from 'nunjucks'
import { fromJs, toJs } from './convert.ts'
import type { Filter } from './filters/filter.ts'
import { randomFilter, textMarkFilters } from './filters/other-filters.ts'
import { sequenceFilters } from './filters/sequence-filters.ts'
import { textFilters } from './filters/text-filters.ts'
import { valueFilters } from './filters/value-filters.ts'
import type { Extension } from './parser.ts'
import { makeTests, type Test } from './tests.ts'
import { hostFunction, type Kwargs, type Value } from './values/value.ts'

type Plain = (...args: unknown[]) => unknown

/** Keyword arguments come last, in an object that says so, as in nunjucks. */
function plainArguments(args: readonly Value[], kwargs: Kwargs): unknown[] {
  const names = Object.keys(kwargs)
  const plain = args.map(toJs)
  if (names.length === 0) return plain
  return [
    ...plain,
    { __keywords: true, ...Object.fromEntries(names.map((name) => [name, toJs(kwargs[name]!)])) },
  ]
}

/** What is built in. */
function builtInFilters(random: () => number): Map<string, Filter> {
  const makers = {
    ...textFilters,
    ...sequenceFilters,
    ...valueFilters,
    ...textMarkFilters,
    random: randomFilter(random),
  }
  return new Map(Object.entries(makers).map(([name, make]) => [name, make(name)]))
}

const Base = nunjucks.Environment as unknown as new (
  loaders: unknown[],
  options: object,
) => {
  extensionsList: Extension[]
  getExtension(name: string): Extension
  addExtension(name: string, extension: Extension): unknown
}

/** A nunjucks Environment whose filters, tests and globals are the dialect's. */
export class DialectEnvironment extends Base {
  readonly dialectFilters: Map<string, Filter>
  readonly dialectTests: Map<string, Test>
  readonly dialectGlobals: Map<string, Value>

  constructor(globals: Map<string, Value>, random: () => number) {
    super([], { autoescape: false })
    this.dialectFilters = builtInFilters(random)
    this.dialectTests = makeTests(this)
    this.dialectGlobals = globals
  }

  hasFilter(name: string): boolean {
    return this.dialectFilters.has(name)
  }

  hasTest(name: string): boolean {
    return this.dialectTests.has(name)
  }

  /** Adds a filter on plain JavaScript values. nunjucks' own, added by its constructor, are passed over. */
  addFilter(name: string, apply: Plain): this {
    this.dialectFilters?.set(name, (_session, args, kwargs) => fromJs(apply(...plainArguments(args, kwargs))))
    return this
  }

  /** Adds a test on plain JavaScript values. */
  addTest(name: string, holds: Plain): this {
    this.dialectTests?.set(name, (_session, args, kwargs) => holds(...plainArguments(args, kwargs)) === true)
    return this
  }

  /** Adds a global: plain data, a function on plain JavaScript values, or a value of the dialect. */
  addGlobal(name: string, value: unknown): this {
    const made =
      typeof value === 'function'
        ? hostFunction(name, (args, kwargs) => fromJs((value as Plain)(...plainArguments(args, kwargs))))
        : fromJs(value)
    this.dialectGlobals?.set(name, made)
    return this
  }

  /** Runs a method of an extension: its tag's arguments, then functions that render the tag's bodies. */
  callExtension(
    name: string,
    method: string,
    args: readonly Value[],
    bodies: readonly (() => Value)[],
  ): Value {
    const extension = this.getExtension(name) as unknown as Record<string, Plain>
    const run = extension[method]!
    return fromJs(run.call(extension, {}, ...args.map(toJs), ...bodies.map((body) => () => toJs(body()))))
  }
}
