/** Notified when a change is committed. */
export const CHANGES_CHANNEL = 'tillcast_changes';

/** Notified when a broadcast waits. */
export const BROADCASTS_CHANNEL = 'tillcast_broadcasts';

/** Whose change it was; the shard is there so that only the relay that publishes for it asks for more. */
export interface ChangeNotice {
  readonly licenseId: number;
  readonly shard: number;
  /** Null where it is not said: whoever hears of it looks. */
  readonly version: number | null;
}

/** A notice as the notification's payload. */
export function encodeNotice(notice: ChangeNotice): string {
  const { licenseId, shard, version } = notice;
  return version === null ? `${licenseId}/${shard}` : `${licenseId}/${shard}/${version}`;
}

/** The notice of a payload; null for what is none. */
export function decodeNotice(payload: string): ChangeNotice | null {
  const match = /^(\d+)\/(\d+)(?:\/(\d+))?$/.exec(payload);
  if (match === null) return null;
  const [, licenseId, shard, version] = match;
  return {
    licenseId: Number(licenseId),
    shard: Number(shard),
    version: version === undefined ? null : Number(version),
  };
}
