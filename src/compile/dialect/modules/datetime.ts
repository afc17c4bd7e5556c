import { type HostObject, hostObject } from '../values/value.ts'
/** A JavaScript date as a datetime in UTC. */
export function dateTime(date: Date): HostObject {
  return hostObject({ type: 'datetime.datetime', str: () => date.toISOString() })
}
