/** What of a broker a finding is about. */
export const AUDIT_AREAS = ['host', 'policies', 'exchange', 'users', 'routing', 'node'] as const;
export type AuditArea = (typeof AUDIT_AREAS)[number];

/** One thing about a broker that is not as it should be. */
export interface Finding {
  /** `topic permission of tillcast-publisher on pos_license_events in /` */
  readonly what: string;
  readonly expected: string;
  readonly observed: string;
  /** A line to type that puts it right, or what to do where there is none. */
  readonly mend: string;
}

/** A word as a shell takes it. */
export function shellWord(text: string): string {
  return /^[\w./@:-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Some of a list, and how many more there are. */
export function someOf(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(', ');
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}
