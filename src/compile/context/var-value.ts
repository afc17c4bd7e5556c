import { fromJs, type HostObject, hostFunction, hostObject, str, type Value } from '../dialect/index.ts'
import { ContextError } from '../template-problem.ts'

/**
 * `var` in a template. One without value is none while the project is parsed, and an error when something is run.
 * A var that is text with a template in it is rendered.
 */
export function varValue(
  vars: Readonly<Record<string, unknown>>,
  isRequired: boolean,
  render: (text: string) => string,
): HostObject {
  const has = (name: Value | undefined): boolean => Object.hasOwn(vars, str(name ?? null))
  const hasVar = hostFunction('has_var', ([name]) => has(name))
  return hostObject({
    type: 'var',
    call: (args, kwargs) => {
      const name = str(args[0] ?? kwargs['var_name'] ?? null)
      if (has(name)) {
        const value = vars[name]
        return typeof value === 'string' && value.includes('{') ? render(value) : fromJs(value)
      }
      // A default may be none.
      const fallback = args.length > 1 ? args[1] : kwargs['default']
      if (fallback !== undefined) return fallback
      if (!isRequired) return null
      throw new ContextError(
        'var-unknown',
        `var '${name}' has no value`,
        'set it under vars: in the project file or with --vars, or give var() a default',
      )
    },
    attribute: (name) => (name === 'has_var' ? hasVar : undefined),
  })
}
