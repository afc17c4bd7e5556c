// The `loop` object of a for loop.
import { equals } from './values/compare.ts'
import { HostObject, hostFunction, type Kwargs, raise, Tuple, Undefined, type Value } from './values/value.ts'

/** Steps through the values of a loop one ahead, so that it knows its last one. */
export class LoopContext extends HostObject {
  item: Value = null
  private index0 = -1
  private previous: Value | undefined
  private readonly iterator: Iterator<Value>
  private ahead: Value[] = []
  private exhausted = false
  private lastChanged: readonly Value[] | undefined

  constructor(values: Iterable<Value>, depth0: number, again: ((values: Value) => Value) | null) {
    super({
      type: 'LoopContext',
      attribute: (name) => this.read(name, depth0),
      call: (args: readonly Value[], _kwargs: Kwargs) => {
        if (!again)
          return raise('TypeError', "The loop must have the 'recursive' marker to be called recursively.")
        return again(args[0] ?? [])
      },
      length: () => this.length(),
      repr: () => `<LoopContext ${this.index0 + 1}/${this.length()}>`,
    })
    this.iterator = values[Symbol.iterator]()
  }

  /** Goes to the next value; false after the last one. */
  advance(): boolean {
    if (this.index0 >= 0) this.previous = this.item
    if (!this.peek()) return false
    this.item = this.ahead.shift()!
    this.index0 += 1
    return true
  }

  private peek(): boolean {
    if (this.ahead.length === 0) this.pull()
    return this.ahead.length > 0
  }

  private pull(): void {
    if (this.exhausted) return
    const { done, value } = this.iterator.next()
    if (done) this.exhausted = true
    else this.ahead.push(value)
  }

  private length(): number {
    while (!this.exhausted) this.pull()
    return this.index0 + 1 + this.ahead.length
  }

  private read(name: string, depth0: number): Value | undefined {
    switch (name) {
      case 'index':
        return this.index0 + 1
      case 'index0':
        return this.index0
      case 'revindex':
        return this.length() - this.index0
      case 'revindex0':
        return this.length() - this.index0 - 1
      case 'first':
        return this.index0 === 0
      case 'last':
        return !this.peek()
      case 'length':
        return this.length()
      case 'depth':
        return depth0 + 1
      case 'depth0':
        return depth0
      case 'previtem':
        return this.previous ?? (this.index0 === 0 ? new Undefined('there is no previous item') : null)
      case 'nextitem':
        return this.peek() ? this.ahead[0]! : new Undefined('there is no next item')
      case 'cycle':
        return hostFunction('cycle', (args) => {
          if (args.length === 0) raise('TypeError', 'no items for cycling given')
          return args[this.index0 % args.length]!
        })
      case 'changed':
        return hostFunction('changed', (args) => this.changed(args))
      default:
        return undefined
    }
  }

  private changed(values: readonly Value[]): boolean {
    const same = this.lastChanged !== undefined && equals(new Tuple(this.lastChanged), new Tuple(values))
    if (!same) this.lastChanged = values
    return !same
  }
}
