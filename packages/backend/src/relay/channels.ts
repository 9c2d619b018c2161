/** Notified when a change is committed. */
export const CHANGES_CHANNEL = 'tillcast_changes';

/** Notified when a broadcast waits. */
export const BROADCASTS_CHANNEL = 'tillcast_broadcasts';

/** Whose change it was; the shard is there so that only the relay that publishes for it asks for more. */
export interface ChangeNotice {
  readonly licenseId: number;
  readonly shard: number;
}

/** A notice as the notification's payload. */
export function encodeNotice(notice: ChangeNotice): string {
  return `${notice.licenseId}/${notice.shard}`;
}

/** The notice of a payload; null for what is none. */
export function decodeNotice(payload: string): ChangeNotice | null {
  const match = /^(\d+)\/(\d+)$/.exec(payload);
  return match === null ? null : { licenseId: Number(match[1]), shard: Number(match[2]) };
}
