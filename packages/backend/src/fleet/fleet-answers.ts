import { TillcastError } from '@tillcast/protocol/errors';
import type {
  ChangeDelivery,
  DeliveryTimes,
  FleetBehind,
  FleetStatus,
} from '@tillcast/protocol/http/fleet-api';
import type { LicenseKey } from '@tillcast/protocol/license-key';
import type { Session } from '../database/database.ts';
import { getLicense } from '../licenses/find-license.ts';
import {
  countFleet,
  countLicenseFleets,
  countTillsHaving,
  listTillsBehind,
  listTillsLacking,
} from './fleet-statements.ts';
import { quantileOf } from './latency-buckets.ts';
import { findRecordedChange, sumUpDeliveries } from './read-deliveries.ts';

const DAY_MS = 86_400_000;

/** How the fleet stands. @throws TillcastError `license_not_found` */
export async function fleetStatus(
  session: Session,
  at: Date,
  license: LicenseKey | null,
): Promise<FleetStatus> {
  if (license !== null) await getLicense(session, license);
  const totals = await countFleet(session, at, license);
  const licenses = await countLicenseFleets(session, at, license);
  const { changes, buckets, lastMs } = await sumUpDeliveries(
    session,
    new Date(at.getTime() - DAY_MS),
    license,
  );
  const times = timesOf(buckets, lastMs);
  const delivery = times === null ? null : { changes, ...times };
  return { at: at.toISOString(), ...totals, licenses, delivery };
}

/** Who is not current. @throws TillcastError `license_not_found` */
export async function fleetBehind(
  session: Session,
  at: Date,
  { license, limit }: { readonly license: LicenseKey | null; readonly limit: number },
): Promise<FleetBehind> {
  if (license !== null) await getLicense(session, license);
  const { terminals: all, current } = await countFleet(session, at, license);
  const terminals = await listTillsBehind(session, at, license, limit);
  // Read one after the other: a till that came to lag meanwhile is among those that are listed.
  const total = Math.max(all - current, terminals.length);
  return { at: at.toISOString(), total, terminals };
}

/** How far a change has come. @throws TillcastError `license_not_found`, `change_not_found` */
export async function changeDelivery(
  session: Session,
  at: Date,
  license: LicenseKey,
  version: number,
): Promise<ChangeDelivery> {
  const { version: head } = await getLicense(session, license);
  const change = await findRecordedChange(session, license, version);
  if (change === null) {
    throw new TillcastError(
      'change_not_found',
      `License ${license} has no change of version ${version}: it is at version ${head}.`,
    );
  }
  const { epoch, type, committedAt, published, buckets, lastMs } = change;
  const { terminals, haveIt } = await countTillsHaving(session, at, license, version);
  return {
    at: at.toISOString(),
    license_key: license,
    epoch,
    version,
    type,
    committed_at: committedAt.toISOString(),
    published,
    terminals,
    have_it: haveIt,
    pending: await listTillsLacking(session, at, license, version),
    delivery: timesOf(buckets, lastMs),
  };
}

function timesOf(
  buckets: readonly number[] | null,
  lastMs: number | null,
): Omit<DeliveryTimes, 'changes'> | null {
  if (buckets === null || lastMs === null) return null;
  const applied = buckets.reduce((sum, count) => sum + count, 0);
  const quantile = (share: number): number => roundedMs(Math.min(quantileOf(buckets, share) ?? 0, lastMs));
  return { applied, p50_ms: quantile(0.5), p99_ms: quantile(0.99), last_ms: lastMs };
}

/** With no more digits than mean something. */
function roundedMs(ms: number): number {
  return Number(ms.toPrecision(2));
}
