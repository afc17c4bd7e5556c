// Calling a value.
import { noKwargs } from './arguments.ts'
import { HostObject, type Kwargs, raise, typeName, Undefined, type Value } from './value.ts'

/** Calls a value with positional and keyword arguments. */
export function callValue(callee: Value, args: readonly Value[], kwargs: Kwargs = noKwargs): Value {
  if (callee instanceof HostObject) {
    if (callee.protocol.call) return callee.protocol.call(args, kwargs)
    return raise('TypeError', `'${callee.protocol.type}' object is not callable`)
  }
  if (callee instanceof Undefined) return callee.lenient ? callee : callee.fail()
  return raise('TypeError', `'${typeName(callee)}' object is not callable`)
}

/** A value that can be called, made of a method and what it is bound to. */
export function boundMethod(
  owner: string,
  name: string,
  call: (args: readonly Value[], kwargs: Kwargs) => Value,
): HostObject {
  return new HostObject({
    type: 'builtin_function_or_method',
    call,
    repr: () => `<built-in method ${name} of ${owner} object>`,
  })
}

/** A method of a built-in type. */
export type Method<Self> = (self: Self, args: readonly Value[], kwargs: Kwargs) => Value

/** The methods of a built-in type by name. */
export type Methods<Self> = ReadonlyMap<string, Method<Self>>

/** Makes a method table of a plain record. */
export function methodTable<Self>(methods: Record<string, Method<Self>>): Methods<Self> {
  return new Map(Object.entries(methods))
}
