import type { ChangeDelivery, FleetBehind, FleetStatus, TillBehind } from '@tillcast/protocol/http/fleet-api';
import { parseLicenseKey } from '@tillcast/protocol/license-key';

// What the API's description shows of the fleet. A test checks each against its schema.

const LICENSE_KEY = parseLicenseKey('EXTRO-LIFE-ABC123');
const COUNTS = { terminals: 1_000, current: 998, behind: 1, differs: 0, silent: 1, cloned: 0 };
const TIMES = { p50_ms: 11, p99_ms: 62, last_ms: 3_180 };

const TILL: TillBehind = {
  terminal_id: '0192f0c1-7a52-7c3e-9d3a-3f1c6f1d2a10',
  license_key: LICENSE_KEY,
  name: 'Counter 1',
  standing: 'behind',
  version: 41,
  license_version: 42,
  behind: 1,
  last_seen_at: '2026-11-23T14:03:30.000Z',
  cloned: false,
};

export const FLEET_STATUS_EXAMPLE: FleetStatus = {
  at: '2026-11-23T14:03:31.000Z',
  ...COUNTS,
  unsent_sales: 0,
  licenses: [{ license_key: LICENSE_KEY, version: 42, ...COUNTS }],
  delivery: { changes: 17, applied: 16_996, ...TIMES },
};

export const FLEET_BEHIND_EXAMPLE: FleetBehind = {
  at: '2026-11-23T14:03:31.000Z',
  total: 2,
  terminals: [TILL],
};

export const CHANGE_DELIVERY_EXAMPLE: ChangeDelivery = {
  at: '2026-11-23T14:03:31.000Z',
  license_key: LICENSE_KEY,
  epoch: 'k3v9m2x7q1b8c4d6',
  version: 42,
  type: 'price_update',
  committed_at: '2026-11-23T14:03:22.118Z',
  published: true,
  terminals: 1_000,
  have_it: 998,
  pending: [TILL],
  delivery: { applied: 998, ...TIMES },
};
