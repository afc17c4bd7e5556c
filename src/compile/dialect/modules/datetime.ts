// Python's datetime module: date, datetime, time, timedelta, timezone.
import { bind } from '../values/arguments.ts'
import { str } from '../values/repr.ts'
import {
  Float,
  HostObject,
  hostFunction,
  type Kwargs,
  raise,
  Tuple,
  typeName,
  type Value,
} from '../values/value.ts'
import {
  checkParts,
  day,
  floorDivide,
  fromMicros,
  isoWeek,
  ordinal,
  type Parts,
  padded,
  toMicros,
  weekday,
} from './calendar.ts'
import { offsetText, writeDate } from './strftime.ts'
import { fixedZone, type TimeZone, zoneArgument } from './time-zone.ts'
import { TimeDelta } from './timedelta.ts'

/** A method of a class or value. */
export type Method = (args: readonly Value[], kwargs: Kwargs) => Value

/** The fields of a date. */
export const dateFields = ['year', 'month', 'day'] as const
/** The fields of a time of day. */
export const timeFields = ['hour', 'minute', 'second', 'microsecond'] as const

/** A str argument. */
export function textArgument(value: Value | undefined, missing = ''): string {
  return value === undefined
    ? missing
    : typeof value === 'string'
      ? value
      : raise('TypeError', `must be str, not ${typeName(value)}`)
}

function isoDate(parts: Parts): string {
  return `${padded(parts.year, 4)}-${padded(parts.month)}-${padded(parts.day)}`
}

function isoTime(parts: Parts, timespec = 'auto'): string {
  const clock = `${padded(parts.hour)}:${padded(parts.minute)}`
  if (timespec === 'hours') return padded(parts.hour)
  if (timespec === 'minutes') return clock
  const full = `${clock}:${padded(parts.second)}`
  if (timespec === 'milliseconds') return `${full}.${padded(Math.floor(parts.microsecond / 1000), 3)}`
  const shown = timespec === 'microseconds' || (timespec === 'auto' && parts.microsecond !== 0)
  return shown ? `${full}.${padded(parts.microsecond, 6)}` : full
}

function codeOf(name: string, parts: Parts, fields: readonly (keyof Parts)[], zone: TimeZone | null): string {
  const values = fields.map((field) => parts[field])
  const shortest = fields.includes('day') ? (fields.length > 3 ? 5 : 3) : 2
  while (values.length > shortest && values.at(-1) === 0) values.pop()
  return `datetime.${name}(${values.join(', ')}${zone ? `, tzinfo=${str(zone) && zone.protocol.repr!()}` : ''})`
}

function replaced(
  parts: Parts,
  fields: readonly (keyof Parts)[],
  kwargs: Kwargs,
  args: readonly Value[],
): Parts {
  const given = bind('replace', [...fields, 'tzinfo', 'fold'], 0, args, kwargs)
  const changes = fields.map((field, at) => [
    field,
    given[at] === undefined ? parts[field] : wholeNumber(given[at]!),
  ])
  return { ...parts, ...Object.fromEntries(changes) } as Parts
}

/** An int argument. */
export function wholeNumber(value: Value): number {
  return typeof value === 'number'
    ? value
    : raise('TypeError', `'${typeName(value)}' object cannot be interpreted as an integer`)
}

/** Finds methods by name. */
export function asMethods(methods: Record<string, Method>): (name: string) => Value | undefined {
  return (name) =>
    Object.hasOwn(methods, name)
      ? hostFunction(name, methods[name]!, 'builtin_function_or_method')
      : undefined
}

/** Methods that a date and a datetime share. */
function calendarMethods(micros: bigint, parts: Parts): Record<string, Method> {
  return {
    weekday: () => weekday(micros),
    isoweekday: () => weekday(micros) + 1,
    toordinal: () => ordinal(parts),
    isocalendar: () => new Tuple([...isoWeek(micros)], ['year', 'week', 'weekday']),
  }
}

/** A date. */
export class PyDate extends HostObject {
  readonly micros: bigint
  constructor(parts: Parts) {
    const micros = toMicros(parts)
    const methods = asMethods({
      ...calendarMethods(micros, parts),
      isoformat: () => isoDate(parts),
      strftime: (args) => writeDate({ parts, offset: null, zone: '' }, textArgument(args[0])),
      replace: (args, kwargs) => new PyDate(replaced(parts, dateFields, kwargs, args)),
      ctime: () => writeDate({ parts, offset: null, zone: '' }, '%a %b %e 00:00:00 %Y'),
    })
    super({
      type: 'datetime.date',
      attribute: (name) => (dateFields.includes(name as 'day') ? parts[name as 'day'] : methods(name)),
      str: () => isoDate(parts),
      repr: () => codeOf('date', parts, dateFields, null),
      format: (spec) => (spec === '' ? isoDate(parts) : writeDate({ parts, offset: null, zone: '' }, spec)),
      equals: (other) => other instanceof PyDate && other.micros === micros,
      compare: (other) => (other instanceof PyDate ? Number(micros - other.micros) : undefined),
      hashKey: () => `\0date ${micros}`,
      binary: (operator, other, reflected) => {
        if (other instanceof PyDate && operator === '-' && !reflected)
          return new TimeDelta(micros - other.micros)
        if (!(other instanceof TimeDelta) || (operator !== '+' && (operator !== '-' || reflected)))
          return undefined
        const days = floorDivide(other.micros, day) * day
        return new PyDate(fromMicros(operator === '+' ? micros + days : micros - days))
      },
      toJs: () => isoDate(parts),
    })
    this.micros = micros
  }
}

/** A time of day. */
export class PyTime extends HostObject {
  readonly parts: Parts
  readonly zone: TimeZone | null
  constructor(parts: Parts, zone: TimeZone | null) {
    const iso = (timespec?: string) => isoTime(parts, timespec) + (zone ? offsetText(zone.offset, ':') : '')
    const moment = { parts, offset: zone?.offset ?? null, zone: zone?.abbreviation ?? '' }
    const methods = asMethods({
      isoformat: (args, kwargs) => iso(textArgument(args[0] ?? kwargs['timespec'], 'auto')),
      strftime: (args) => writeDate(moment, textArgument(args[0])),
      replace: (args, kwargs) => new PyTime(replaced(parts, timeFields, kwargs, args), zone),
    })
    super({
      type: 'datetime.time',
      attribute: (name) =>
        name === 'tzinfo'
          ? zone
          : timeFields.includes(name as 'hour')
            ? parts[name as 'hour']
            : methods(name),
      str: () => iso(),
      repr: () => codeOf('time', parts, timeFields, zone),
      format: (spec) => (spec === '' ? iso() : writeDate(moment, spec)),
      equals: (other) => other instanceof PyTime && iso() === other.protocol.str!(),
      compare: (other) =>
        other instanceof PyTime ? Number(toMicros(parts) - toMicros(other.parts)) : undefined,
      hashKey: () => `\0time ${iso()}`,
    })
    checkParts(parts)
    this.parts = parts
    this.zone = zone
  }
}

/** A date with a time of day, and perhaps a time zone. */
export class PyDateTime extends HostObject {
  /** Microseconds since 1970 of the wall clock. */
  readonly wall: bigint
  readonly zone: TimeZone | null

  constructor(wall: bigint, zone: TimeZone | null) {
    const parts = fromMicros(wall)
    super({
      type: 'datetime.datetime',
      attribute: (name) => this.read(name, parts),
      str: () => this.iso(parts, ' '),
      repr: () => codeOf('datetime', parts, [...dateFields, ...timeFields], zone),
      format: (spec) => (spec === '' ? this.iso(parts, ' ') : writeDate(this.moment(parts), spec)),
      equals: (other) => other instanceof PyDateTime && !other.zone === !zone && other.utc() === this.utc(),
      compare: (other) => this.compareTo(other),
      hashKey: () => `\0datetime ${this.utc()} ${zone !== null}`,
      binary: (operator, other, reflected) => this.combine(operator, other, reflected),
      toJs: () => new Date(Number(floorDivide(this.utc(), 1000n))),
    })
    this.wall = wall
    this.zone = zone
  }

  /** Microseconds since 1970 in UTC; without a zone the wall clock is taken for UTC. */
  utc(): bigint {
    return this.wall - (this.zone?.offset ?? 0n)
  }

  private moment(parts: Parts) {
    return { parts, offset: this.zone?.offset ?? null, zone: this.zone?.abbreviation ?? '' }
  }

  private iso(parts: Parts, separator: string, timespec?: string): string {
    const offset = this.zone ? offsetText(this.zone.offset, ':') : ''
    return isoDate(parts) + separator + isoTime(parts, timespec) + offset
  }

  private compareTo(other: Value): number | undefined {
    if (!(other instanceof PyDateTime)) return undefined
    if (!other.zone !== !this.zone)
      raise('TypeError', "can't compare offset-naive and offset-aware datetimes")
    return Number(this.utc() - other.utc())
  }

  private combine(operator: string, other: Value, reflected: boolean): Value | undefined {
    if (other instanceof PyDateTime && operator === '-' && !reflected) {
      if (!other.zone !== !this.zone)
        raise('TypeError', "can't subtract offset-naive and offset-aware datetimes")
      return new TimeDelta(this.utc() - other.utc())
    }
    if (!(other instanceof TimeDelta) || (operator !== '+' && (operator !== '-' || reflected)))
      return undefined
    return new PyDateTime(operator === '+' ? this.wall + other.micros : this.wall - other.micros, this.zone)
  }

  private read(name: string, parts: Parts): Value | undefined {
    if (name === 'tzinfo') return this.zone
    if (Object.hasOwn(parts, name)) return parts[name as keyof Parts]
    return asMethods(this.methods(parts))(name)
  }

  private methods(parts: Parts): Record<string, Method> {
    return {
      ...calendarMethods(this.wall, parts),
      date: () => new PyDate({ ...parts, hour: 0, minute: 0, second: 0, microsecond: 0 }),
      time: () => new PyTime({ ...parts, year: 1970, month: 1, day: 1 }, null),
      timetz: () => new PyTime({ ...parts, year: 1970, month: 1, day: 1 }, this.zone),
      timestamp: () => new Float(Number(this.utc()) / 1_000_000),
      isoformat: (args, kwargs) => {
        const [separator, timespec] = bind('isoformat', ['sep', 'timespec'], 0, args, kwargs)
        return this.iso(parts, textArgument(separator, 'T'), textArgument(timespec, 'auto'))
      },
      strftime: (args) => writeDate(this.moment(parts), textArgument(args[0])),
      ctime: () => writeDate(this.moment(parts), '%a %b %e %H:%M:%S %Y'),
      replace: (args, kwargs) => {
        const zone = kwargs['tzinfo'] === undefined ? this.zone : zoneArgument(kwargs['tzinfo'])
        return new PyDateTime(toMicros(replaced(parts, [...dateFields, ...timeFields], kwargs, args)), zone)
      },
      utcoffset: () => (this.zone ? new TimeDelta(this.zone.offset) : null),
      tzname: () => this.zone?.abbreviation ?? null,
      astimezone: (args, kwargs) => {
        const zone = zoneArgument(args[0] ?? kwargs['tz']) ?? fixedZone(0n)
        const fromUtc = zone.protocol.attribute?.('fromutc')
        if (fromUtc instanceof HostObject)
          return fromUtc.protocol.call!([new PyDateTime(this.utc(), zone)], {})
        return new PyDateTime(this.utc() + zone.offset, zone)
      },
    }
  }
}

/** A JavaScript date as a datetime in UTC. */
export function dateTime(date: Date): PyDateTime {
  return new PyDateTime(BigInt(date.getTime()) * 1000n, fixedZone(0n))
}
