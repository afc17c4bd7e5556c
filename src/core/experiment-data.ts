/** Where units, arms and outcomes come from. */
export type ExperimentData =
  /** One row per exposed unit, with its arm, outcomes and what was measured before. */
  | {
      readonly kind: 'units'
      readonly ref: string
      readonly unit: string
      readonly arm: string
      readonly time?: string
    }
  /** One row per exposure; the outcomes come from the metrics' own sources. */
  | {
      readonly kind: 'exposures'
      readonly ref: string
      readonly unit: string
      readonly arm: string
      readonly time: string
      /** Which rows are this experiment's, where a relation holds those of several. */
      readonly experiment?: { readonly column: string; readonly value: string }
      /** First instant and first instant after; ISO. */
      readonly start: string
      readonly end: string
      /** Units seen in more than one arm. */
      readonly crossovers: 'exclude' | 'first_arm' | 'fail'
      /** With a daily source: whether the day of the exposure counts, though a part of it was before. */
      readonly exposureDay: 'include' | 'exclude'
    }
