// Python's datetime module: date, datetime, time, timedelta, timezone.
import { bind } from '../values/arguments.ts'
import { maybeNumeric, toDouble } from '../values/numbers.ts'
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
  daysSinceEpoch,
  floorDivide,
  fromMicros,
  isoWeek,
  microsOfOrdinal,
  ordinal,
  type Parts,
  padded,
  second,
  toMicros,
  weekday,
} from './calendar.ts'
import { offsetText, readDate, readOffset, writeDate } from './strftime.ts'
import { fixedZone, type TimeZone, timeZoneClass, zoneArgument } from './time-zone.ts'
import { makeTimeDelta, TimeDelta } from './timedelta.ts'

type Method = (args: readonly Value[], kwargs: Kwargs) => Value

const dateFields = ['year', 'month', 'day'] as const
const timeFields = ['hour', 'minute', 'second', 'microsecond'] as const

/** Where the current time comes from; templates have none of their own. */
export type Clock = () => Date

function textArgument(value: Value | undefined, missing = ''): string {
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

function wholeNumber(value: Value): number {
  return typeof value === 'number'
    ? value
    : raise('TypeError', `'${typeName(value)}' object cannot be interpreted as an integer`)
}

function asMethods(methods: Record<string, Method>): (name: string) => Value | undefined {
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
class PyTime extends HostObject {
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

function fieldsOf(
  name: string,
  fields: readonly string[],
  required: number,
  args: readonly Value[],
  kwargs: Kwargs,
): [Parts, TimeZone | null] {
  const given = bind(name, [...fields, 'tzinfo', 'fold'], required, args, kwargs)
  const defaults: Parts = { year: 1970, month: 1, day: 1, hour: 0, minute: 0, second: 0, microsecond: 0 }
  const entries = fields.flatMap((field, at) =>
    given[at] === undefined ? [] : [[field, wholeNumber(given[at]!)] as const],
  )
  return [{ ...defaults, ...Object.fromEntries(entries) }, zoneArgument(given[fields.length])]
}

function wallOf(date: Date): bigint {
  const days = BigInt(daysSinceEpoch(date.getFullYear(), date.getMonth() + 1, date.getDate()))
  const seconds = BigInt((date.getHours() * 60 + date.getMinutes()) * 60 + date.getSeconds())
  return days * day + seconds * second + BigInt(date.getMilliseconds()) * 1000n
}

function fromIso(text: string): PyDateTime {
  const match =
    /^(\d{4})-?(\d\d)-?(\d\d)(?:.(\d\d)(?::?(\d\d)(?::?(\d\d)(?:[.,](\d{1,9}))?)?)?(Z|[+-]\d\d:?\d\d(?::?\d\d)?)?)?$/s.exec(
      text,
    )
  if (!match) return raise('ValueError', `Invalid isoformat string: '${text}'`)
  const [year, month, dayOfMonth, hour, minute, seconds] = match.slice(1, 7).map((part) => Number(part ?? 0))
  const parts = {
    year: year!,
    month: month!,
    day: dayOfMonth!,
    hour: hour!,
    minute: minute!,
    second: seconds!,
  }
  const offset = readOffset(match[8])
  const microsecond = Number((match[7] ?? '').padEnd(6, '0').slice(0, 6))
  return new PyDateTime(toMicros({ ...parts, microsecond }), offset === null ? null : fixedZone(offset))
}

function classValue(
  name: string,
  call: Method,
  methods: Record<string, Method>,
  constants: Record<string, () => Value> = {},
): HostObject {
  const bound = asMethods(methods)
  return new HostObject({
    type: 'type',
    call,
    repr: () => `<class 'datetime.${name}'>`,
    attribute: (attribute) =>
      Object.hasOwn(constants, attribute) ? constants[attribute]!() : bound(attribute),
  })
}

function dateOf(value: PyDateTime): PyDate {
  const parts = fromMicros(value.wall)
  return new PyDate({ ...parts, hour: 0, minute: 0, second: 0, microsecond: 0 })
}

function fromTimestamp(value: Value | undefined, zone: TimeZone | null): PyDateTime {
  const numeric = value === undefined ? undefined : maybeNumeric(value)
  if (numeric === undefined) return raise('TypeError', 'a timestamp must be a number')
  const utc = BigInt(Math.round(toDouble(numeric) * 1_000_000))
  if (zone) return new PyDateTime(utc + zone.offset, zone)
  const millis = Number(floorDivide(utc, 1000n))
  return new PyDateTime(wallOf(new Date(millis)) + (utc - BigInt(millis) * 1000n), null)
}

function dateTimeClass(clock: Clock): HostObject {
  const strptime: Method = ([text, format]) => {
    const { parts, offset } = readDate(textArgument(text), textArgument(format))
    return new PyDateTime(toMicros(parts), offset === null ? null : fixedZone(offset))
  }
  const now: Method = (args, kwargs) => {
    const zone = args[0] ?? kwargs['tz'] ?? null
    if (zone === null) return new PyDateTime(wallOf(clock()), null)
    const astimezone = dateTime(clock()).protocol.attribute!('astimezone') as HostObject
    return astimezone.protocol.call!([zone], {})
  }
  const methods: Record<string, Method> = {
    now,
    today: () => now([], {}),
    utcnow: () => new PyDateTime(dateTime(clock()).wall, null),
    strptime,
    fromisoformat: ([text]) => fromIso(textArgument(text)),
    fromtimestamp: ([value, zone], kwargs) => fromTimestamp(value, zoneArgument(zone ?? kwargs['tz'])),
    utcfromtimestamp: ([value]) => new PyDateTime(fromTimestamp(value, fixedZone(0n)).wall, null),
    fromordinal: ([number]) => new PyDateTime(microsOfOrdinal(wholeNumber(number ?? null)), null),
    combine: ([date, time]) => {
      if (!(date instanceof PyDate) || !(time instanceof PyTime))
        return raise('TypeError', 'combine() takes a date and a time')
      return new PyDateTime(date.micros + toMicros(time.parts), time.zone)
    },
  }
  const call: Method = (args, kwargs) => {
    const [parts, zone] = fieldsOf('datetime', [...dateFields, ...timeFields], 3, args, kwargs)
    return new PyDateTime(toMicros(parts), zone)
  }
  return classValue('datetime', call, methods, {
    min: () => fromIso('0001-01-01T00:00:00'),
    max: () => fromIso('9999-12-31T23:59:59.999999'),
  })
}

function dateClass(clock: Clock): HostObject {
  const methods: Record<string, Method> = {
    today: () => dateOf(new PyDateTime(wallOf(clock()), null)),
    fromisoformat: ([text]) => dateOf(fromIso(textArgument(text))),
    fromtimestamp: ([value]) => dateOf(fromTimestamp(value, null)),
    fromordinal: ([number]) => dateOf(new PyDateTime(microsOfOrdinal(wholeNumber(number ?? null)), null)),
  }
  return classValue(
    'date',
    (args, kwargs) => new PyDate(fieldsOf('date', dateFields, 3, args, kwargs)[0]),
    methods,
    {
      min: () => dateOf(fromIso('0001-01-01')),
      max: () => dateOf(fromIso('9999-12-31')),
    },
  )
}

/** The module `datetime`. */
export function datetimeModule(clock: Clock): Record<string, Value> {
  return {
    datetime: dateTimeClass(clock),
    date: dateClass(clock),
    time: classValue(
      'time',
      (args, kwargs) => {
        const [parts, zone] = fieldsOf('time', timeFields, 0, args, kwargs)
        return new PyTime(parts, zone)
      },
      {},
    ),
    timedelta: classValue('timedelta', makeTimeDelta, {}),
    timezone: timeZoneClass(),
    MINYEAR: 1,
    MAXYEAR: 9999,
  }
}
