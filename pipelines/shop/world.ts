import { defineGenerator, type GeneratorContext, makeRandom } from 'estimand'
import { offsetsByDay } from '../daylight-saving.ts'
import { microsPerDay, planUnits } from '../parameters.ts'
import type { SpoiledPlace } from '../spoiled-place.ts'
import { writeDrifts } from '../write-drifts.ts'
import { categories, makeCatalogue, type Product } from './catalogue.ts'
import { conversionLaw } from './conversion.ts'
import { type Customer, countries, devices, drawCustomer, makeCustomer } from './customer.ts'
import {
  badTime,
  impossibleAges,
  localText,
  misspelledCategory,
  type Problem,
  spoils,
  timeText,
} from './dirt.ts'
import { checkParams, eventsPerSession, type ShopParams, sessionsPerCustomer, startMicros } from './params.ts'
import { channels, drawSession, type Session, type ShopEvent } from './session.ts'

/*
 * The shop world: customers of a web shop, what they look at, what they buy and what makes them buy, with a record
 * that needs cleaning. A customer is one random stream, so the plan of partitions does not matter to what comes out.
 */

const customersPerPartition = 500

type Tables = GeneratorContext<ShopParams>['tables']

interface Place extends SpoiledPlace<ShopParams> {
  readonly startMicros: number
  /** By country and day, what local clocks are ahead of UTC. */
  readonly offsets: readonly Float64Array[]
}

export default defineGenerator<ShopParams, { readonly first: number; readonly count: number }>({
  // Seven sessions of seven events a customer in four months, with a row of truth for each session.
  expectedRows: ({ shop_customers, shop_days }) => Math.round(shop_customers * (1 + 0.56 * shop_days)) + 400,
  partitions(params) {
    checkParams(params)
    return planUnits(params.shop_customers, customersPerPartition)
  },
  *generate({ first, count }, { params, tables }) {
    const start = startMicros(params)
    const place: Place = {
      params,
      tables,
      random: makeRandom(params.shop_seed),
      dirt: makeRandom(params.shop_seed + 1),
      startMicros: start,
      offsets: countries.map(({ utcOffsetMinutes, daylightSaving }) =>
        offsetsByDay({ startMicros: start, days: params.shop_days }, utcOffsetMinutes, daylightSaving),
      ),
    }
    const catalogue = makeCatalogue(params.shop_seed)
    if (first === 1) writeCatalogue(catalogue, place)
    const world = { catalogue, driftDay: params.shop_drift_day, thresholdCents: params.shop_price_threshold }
    const customer = makeCustomer()
    for (let customerId = first; customerId < first + count; customerId++) {
      place.random.reseed(customerId)
      place.dirt.reseed(customerId)
      drawCustomer(place.random, params.shop_days, customer)
      writeCustomer(customerId, customer, place)
      let clock = Math.max(0, customer.signupDay)
      for (let visit = 1; visit < sessionsPerCustomer; visit++) {
        clock += place.random.exponential() / customer.sessionsPerDay
        if (clock >= params.shop_days || clock > customer.lastDay) break
        const session = drawSession(place.random, customer, Math.floor(clock), world)
        writeSession(customerId * sessionsPerCustomer + visit, customerId, customer, session, place)
        yield
      }
    }
  },
})

function writeCatalogue(
  catalogue: readonly Product[],
  { params, tables, dirt, startMicros: start }: Place,
): void {
  dirt.reseed(0)
  const out = tables['shop.products']!
  for (const { id, name, category, priceCents } of catalogue) {
    const right = categories[category]!.name
    const misspelled = spoils(dirt, 'category_spelling', params.shop_dirt)
    const priceMissing = spoils(dirt, 'missing_price', params.shop_dirt)
    out.startRow()
    out.int8(id)
    out.text(name)
    out.text(misspelled ? misspelledCategory(dirt, right) : right)
    if (priceMissing) out.null()
    else out.int4(priceCents)
    if (misspelled) writeDirt(tables, ['products', id, 'category'], 'category_spelling', right)
    if (priceMissing) writeDirt(tables, ['products', id, 'price_cents'], 'missing_price', String(priceCents))
  }
  const law = tables['truth.shop_law']!
  const rows = { ...conversionLaw, threshold_cents: params.shop_price_threshold }
  for (const [term, value] of Object.entries(rows)) writeLaw(term, value)
  for (const { code, logOdds } of countries) writeLaw(`country_${code}`, logOdds)
  const description = 'a new channel brings sessions that look at little'
  writeDrifts(tables['truth.shop_drifts']!, start, { day: params.shop_drift_day, days: params.shop_days }, [
    { column: 'channel', category: 'social_video', description },
    { column: 'page_views', description },
    { column: 'duration_seconds', description },
  ])
  function writeLaw(term: string, value: number): void {
    law.startRow()
    law.text(term)
    law.float8(value)
  }
}

function writeCustomer(customerId: number, customer: Customer, place: Place): void {
  const { params, tables, dirt } = place
  const country = countries[customer.country]!.code
  const ageMissing = spoils(dirt, 'missing_age', params.shop_dirt)
  const ageImpossible = !ageMissing && spoils(dirt, 'impossible_age', params.shop_dirt)
  const countryMissing = spoils(dirt, 'missing_country', params.shop_dirt)
  const out = tables['shop.customers']!
  out.startRow()
  out.int8(customerId)
  out.date(place.startMicros / microsPerDay + customer.signupDay)
  if (countryMissing) out.null()
  else out.text(country)
  if (ageMissing) out.null()
  else out.int4(ageImpossible ? impossibleAges[dirt.int(impossibleAges.length)]! : customer.age)
  const age = String(customer.age)
  if (ageMissing) writeDirt(tables, ['customers', customerId, 'age'], 'missing_age', age)
  if (ageImpossible) writeDirt(tables, ['customers', customerId, 'age'], 'impossible_age', age)
  if (countryMissing) writeDirt(tables, ['customers', customerId, 'country'], 'missing_country', country)
}

function writeSession(
  sessionId: number,
  customerId: number,
  customer: Customer,
  session: Session,
  place: Place,
): void {
  const { params, tables, dirt } = place
  const offset = place.offsets[customer.country]![session.day]!
  const start = place.startMicros + session.day * microsPerDay + session.localSecond * 1e6 - offset
  const durationMissing = spoils(dirt, 'missing_duration', params.shop_dirt)
  const durationImpossible = !durationMissing && spoils(dirt, 'impossible_duration', params.shop_dirt)
  const out = tables['shop.sessions']!
  out.startRow()
  out.int8(sessionId)
  out.int8(customerId)
  out.text(timeText(start, offset, session.device))
  out.text(channels[session.channel]!)
  out.text(devices[session.device]!)
  out.text(countries[customer.country]!.code)
  out.int4(session.pageViews)
  if (durationMissing) out.null()
  else out.int4(durationImpossible ? -session.durationSeconds : session.durationSeconds)
  const seconds = String(session.durationSeconds)
  const durationKey = ['sessions', sessionId, 'duration_seconds'] as const
  if (durationMissing) writeDirt(tables, durationKey, 'missing_duration', seconds)
  if (durationImpossible) writeDirt(tables, durationKey, 'impossible_duration', seconds)
  const truth = tables['truth.shop_sessions']!
  truth.startRow()
  truth.int8(sessionId)
  truth.float8(session.probability)
  truth.timestamptz(start)
  session.events.forEach((event, index) => {
    const eventId = sessionId * eventsPerSession + index + 1
    writeEvent(eventId, { sessionId, customerId, start, offset, device: session.device }, event, place)
  })
  if (session.events.some(({ name }) => name === 'purchase'))
    writeOrder(sessionId, { sessionId, customerId, start, offset, device: session.device }, session, place)
}

interface Visit {
  readonly sessionId: number
  readonly customerId: number
  readonly start: number
  readonly offset: number
  readonly device: number
}

function writeEvent(eventId: number, visit: Visit, { name, second, product }: ShopEvent, place: Place): void {
  const { params, tables, dirt } = place
  const time = visit.start + second * 1e6
  const text = spoiledTime(['events', eventId, 'event_time'], time, visit, place)
  const productMissing = product !== undefined && spoils(dirt, 'missing_product', params.shop_dirt)
  const out = tables['shop.events']!
  writeOnceOrTwice(['events', eventId, 'event_id'], place, () => {
    out.startRow()
    out.int8(eventId)
    out.int8(visit.sessionId)
    out.int8(visit.customerId)
    out.text(text)
    out.text(name)
    if (product === undefined || productMissing) out.null()
    else out.int8(product.id)
  })
  if (productMissing)
    writeDirt(tables, ['events', eventId, 'product_id'], 'missing_product', String(product.id))
}

function writeOrder(orderId: number, visit: Visit, session: Session, place: Place): void {
  const { params, tables, dirt } = place
  const time = visit.start + session.durationSeconds * 1e6
  const text = spoiledTime(['orders', orderId, 'ordered_at'], time, visit, place)
  const cents = session.focus.priceCents * session.quantity
  const inDollars = cents >= 10_000 && spoils(dirt, 'amount_in_dollars', params.shop_dirt)
  const out = tables['shop.orders']!
  writeOnceOrTwice(['orders', orderId, 'order_id'], place, () => {
    out.startRow()
    out.int8(orderId)
    out.int8(visit.sessionId)
    out.int8(visit.customerId)
    out.text(text)
    out.int8(session.focus.id)
    out.int4(session.quantity)
    out.int4(inDollars ? Math.round(cents / 100) : cents)
  })
  if (inDollars) writeDirt(tables, ['orders', orderId, 'amount_cents'], 'amount_in_dollars', String(cents))
}

/** Writes a row, and now and then the same row again. */
function writeOnceOrTwice(key: DirtKey, { params, tables, dirt }: Place, write: () => void): void {
  const isDouble = spoils(dirt, 'duplicate', params.shop_dirt)
  write()
  if (!isDouble) return
  write()
  writeDirt(tables, key, 'duplicate', String(key[1]))
}

/** The time as recorded: as the source writes it, by a clock on the wall that says no zone, or not at all. */
function spoiledTime(
  key: DirtKey,
  time: number,
  { offset, device }: Visit,
  { params, tables, dirt }: Place,
): string {
  const truth = new Date(time / 1000).toISOString()
  if (spoils(dirt, 'bad_time', params.shop_dirt)) {
    writeDirt(tables, key, 'bad_time', truth)
    return badTime(dirt)
  }
  if (spoils(dirt, 'local_time', params.shop_dirt)) {
    writeDirt(tables, key, 'local_time', truth)
    return localText(time, offset)
  }
  return timeText(time, offset, device)
}

type DirtKey = readonly [table: string, row: number, column: string]

function writeDirt(tables: Tables, [table, row, column]: DirtKey, problem: Problem, truth: string): void {
  const out = tables['truth.shop_dirt']!
  out.startRow()
  out.text(table)
  out.int8(row)
  out.text(column)
  out.text(problem)
  out.text(truth)
}
