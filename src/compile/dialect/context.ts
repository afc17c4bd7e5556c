// One rendering: the names a template finds, and what is kept while it runs.
import { MacroReturn } from './failure.ts'
import type { WrittenTexts } from './output-buffer.ts'
import { Runtime } from './runtime.ts'
import type { NameSource, Session, SessionSettings } from './session.ts'
import type { TemplateBlock } from './template.ts'
import {
  HostObject,
  type HostProtocol,
  hostFunction,
  type Kwargs,
  raise,
  Tuple,
  type Value,
} from './values/value.ts'

/** One rendering. Macros and callers that values hold are bound to it. */
export class Context implements Session {
  readonly settings: SessionSettings
  readonly written: WrittenTexts = new Map()
  readonly lenient: boolean
  native = false
  private readonly source: NameSource
  private readonly macros = new Map<TemplateBlock, HostObject>()
  private depth = 0

  constructor(source: NameSource, settings: SessionSettings) {
    this.source = source
    this.settings = settings
    this.lenient = source.lenient ?? false
  }

  /** What its source has under a name; so a source can be made that has more names than another. */
  lookup(name: string, from: TemplateBlock | null = null): Value | TemplateBlock | undefined {
    return this.source.lookup(name, from)
  }

  /** The value of a name for the code of a block, or undefined. */
  find(name: string, from: TemplateBlock | null): Value | undefined {
    const found = this.source.lookup(name, from)
    if (found === undefined) return this.settings.globals.get(name)
    return isBlock(found) ? this.macro(found) : found
  }

  /** The value of a macro: callable, in this rendering. */
  macro(block: TemplateBlock): HostObject {
    const known = this.macros.get(block)
    if (known) return known
    const call: HostProtocol['call'] = (args, kwargs) => this.callBlock(block, args, kwargs)
    const name = `dbt_macro__${block.name}`
    const inner = new HostObject({
      type: 'Macro',
      call,
      attribute: (attribute) => {
        if (attribute === 'name') return name
        return attribute === 'arguments'
          ? new Tuple(block.parameters.map((parameter) => parameter.name))
          : undefined
      },
    })
    const macro = new HostObject({
      type: 'MacroGenerator',
      call,
      repr: () => `<MacroGenerator '${block.name}'>`,
      // What packages read of dbt's own macro objects: the names of a macro's parameters.
      attribute: (attribute) => {
        if (attribute === 'get_macro') return hostFunction('get_macro', () => inner)
        return attribute === 'get_name' ? hostFunction('get_name', () => block.name) : undefined
      },
    })
    this.macros.set(block, macro)
    return macro
  }

  /** Runs a block's code; what it returns with `return()` comes as it is. */
  callBlock(block: TemplateBlock, args: readonly Value[], kwargs: Kwargs): Value {
    if (this.depth >= this.settings.maxDepth) raise('RecursionError', 'maximum recursion depth exceeded')
    this.depth += 1
    try {
      return block.code()(new Runtime(this, block.template, block), args, kwargs)
    } catch (error) {
      if (error instanceof MacroReturn) return error.value
      throw error
    } finally {
      this.depth -= 1
    }
  }
}

function isBlock(found: Value | TemplateBlock): found is TemplateBlock {
  return typeof found === 'object' && found !== null && 'bodyStart' in found
}
