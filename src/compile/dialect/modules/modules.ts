// `modules`: the parts of Python's library that dbt lets templates use.
import { Dict } from '../values/dict.ts'
import { hostObject, type Value } from '../values/value.ts'
import { type Clock, datetimeModule } from './datetime-module.ts'
import { itertoolsModule } from './itertools.ts'
import { pytzModule } from './pytz.ts'
import { reModule } from './re.ts'

/** A module whose members are made when one is asked for: few templates do. */
function module(name: string, make: () => Record<string, Value>): Value {
  let made: Record<string, Value> | undefined
  return hostObject({
    type: 'module',
    attribute: (member) => {
      made ??= make()
      return Object.hasOwn(made, member) ? made[member] : undefined
    },
    repr: () => `<module '${name}'>`,
  })
}

/** The dict `modules`. */
export function makeModules(clock: Clock): Dict {
  return Dict.of([
    ['datetime', module('datetime', () => datetimeModule(clock))],
    ['re', module('re', reModule)],
    ['pytz', module('pytz', pytzModule)],
    ['itertools', module('itertools', itertoolsModule)],
  ])
}
