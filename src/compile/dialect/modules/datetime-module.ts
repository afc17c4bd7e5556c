// The module `datetime`: its classes and what they make.
import { bind } from '../values/arguments.ts'
import { maybeNumeric, toDouble } from '../values/numbers.ts'
import { HostObject, type Kwargs, raise, type Value } from '../values/value.ts'
import {
  day,
  daysSinceEpoch,
  floorDivide,
  fromMicros,
  microsOfOrdinal,
  type Parts,
  second,
  toMicros,
} from './calendar.ts'
import {
  asMethods,
  dateFields,
  dateTime,
  type Method,
  PyDate,
  PyDateTime,
  PyTime,
  textArgument,
  timeFields,
  wholeNumber,
} from './datetime.ts'
import { readDate, readOffset } from './strftime.ts'
import { fixedZone, type TimeZone, timeZoneClass, zoneArgument } from './time-zone.ts'
import { makeTimeDelta } from './timedelta.ts'

/** Where the current time comes from; templates have none of their own. */
export type Clock = () => Date

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
