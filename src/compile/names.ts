import type { ProjectConfig } from '../core/project.ts'
import { type ContextEngine, type ContextScope, makeContext, namesValue } from './context/context.ts'
import {
  type Context,
  type Dialect,
  Dict,
  hostFunction,
  str,
  type TemplateBlock,
  type Value,
} from './dialect/index.ts'
import { builtinPackage, type Macros } from './macros.ts'
import { ContextError } from './template-problem.ts'

/*
 * How a template finds a name: a macro of the package that is rendered, of the project, a package, a macro that
 * every project has, and last the context. So a project replaces whatever it defines a macro for.
 */

/** The names of one rendering. */
export function makeNames(
  dialect: Dialect,
  macros: Macros,
  dispatchOrder: ProjectConfig['dispatch'],
  scope: ContextScope,
): Context {
  const { packageName, projectName } = scope
  const macroValue = (block: TemplateBlock | undefined): Value | undefined => block && context.macro(block)

  const findMacro = (name: string): Value | TemplateBlock | undefined =>
    macros.inPackage(packageName, name) ??
    macros.inPackage(projectName, name) ??
    (macros.isPackage(name) ? packageValue(name) : macros.find(name, packageName))

  const packageValue = (name: string): Value =>
    namesValue(
      'dict',
      (macro) =>
        scope.overrides[`${name}.${macro}`] ??
        macroValue(macros.inPackage(name, macro)) ??
        nativeMacro(name, macro),
      () => macros.namesIn(name),
    )

  /** `dbt.is_incremental`: what dbt has as a macro and we as a name of the context. */
  const nativeMacro = (packageOfMacro: string, name: string): Value | undefined =>
    packageOfMacro === builtinPackage && name === 'is_incremental' ? own.find(name) : undefined

  const dispatch: ContextEngine['dispatch'] = (name, namespace) => {
    const tried: string[] = []
    for (const where of searchOrder(namespace))
      for (const prefix of scope.isCitus ? ['citus', 'postgres', 'default'] : ['postgres', 'default']) {
        const wanted = `${prefix}__${name}`
        const block = where === null ? macros.find(wanted, packageName) : macros.inPackage(where, wanted)
        if (block) return context.macro(block)
        tried.push(where === null ? wanted : `${where}.${wanted}`)
      }
    const place = namespace === null ? '' : ` for '${namespace}'`
    throw new ContextError(
      'macro-unknown',
      `no macro '${name}' can be dispatched to${place}`,
      `looked for ${tried.join(', ')}`,
    )
  }

  const searchOrder = (namespace: string | null): readonly (string | null)[] => {
    if (namespace === null) return [null]
    const configured = dispatchOrder.find(({ macroNamespace }) => macroNamespace === namespace)
    if (configured) return configured.searchOrder
    return macros.isPackage(namespace) ? [projectName, namespace] : [null]
  }

  const found = new Map<string, Value | TemplateBlock | undefined>()
  const find = (name: string): Value | TemplateBlock | undefined => {
    if (!found.has(name)) found.set(name, lookUp(name))
    return found.get(name)
  }
  const lookUp = (name: string): Value | TemplateBlock | undefined => {
    if (Object.hasOwn(scope.overrides, name)) return scope.overrides[name]
    return findMacro(name) ?? moreNames(name) ?? own.find(name)
  }
  const findValue = (name: string): Value | undefined => {
    const value = find(name)
    return value !== undefined && isBlock(value) ? context.macro(value) : value
  }
  const moreNames = (name: string): Value | undefined => {
    if (name === 'builtins') return namesValue('dict', own.find, () => own.list)
    return name === 'context'
      ? namesValue('dict', findValue, () => [...own.list, ...macros.namesIn(projectName)], { update })
      : undefined
  }
  /** `context.update`: packages keep things there that later macros of the same rendering find. */
  const update = hostFunction('context.update', ([given = null], kwargs) => {
    const more = given instanceof Dict ? [...given.entries.values()] : []
    for (const [name, value] of [...more, ...Object.entries(kwargs)]) found.set(str(name), value)
    return null
  })
  const own = makeContext(scope, {
    find: findValue,
    dispatch,
    render: (text) =>
      text.includes('{') ? dialect.render(dialect.parse(text, '<text>'), context).text : text,
  })
  const context: Context = dialect.context({
    lookup: (name, from) => find(name) ?? neighbour(name, from),
    // A template's own code may do with unknown names what it likes until something is run.
    lenient: !scope.execute,
  })
  /** A macro of a package that a test of another package runs finds its neighbours. */
  const neighbour = (name: string, from: TemplateBlock | null): TemplateBlock | undefined => {
    const home = from && macros.packageOf(from)
    return home ? macros.inPackage(home, name) : undefined
  }
  return context
}

function isBlock(found: Value | TemplateBlock): found is TemplateBlock {
  return typeof found === 'object' && found !== null && 'bodyStart' in found
}
