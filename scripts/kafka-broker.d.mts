/** Why no broker can be started here; null when one can. */
export function whyNoBroker(): string | null
/** Fetches the jars and checks each against its hash. */
export function fetchJars(): void

export interface Broker {
  readonly address: string
  readonly folder: string
  readonly start: () => Promise<void>
  readonly stop: () => Promise<void>
  readonly kill: () => Promise<void>
  readonly remove: () => Promise<void>
}

/** A broker in a folder of its own; started again in the same folder on the same ports, it goes on. */
export function makeBroker(folder?: string): Promise<Broker>
