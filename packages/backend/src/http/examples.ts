import type {
  AuditPage,
  CommitResult,
  ImportResult,
  License,
  SigningKey,
  TerminalStatus,
} from '@tillcast/protocol/http/admin-api';
import type { Activation, TerminalPublicKey, TokenAnswer } from '@tillcast/protocol/http/identity-api';
import type { StatusAnswer, StatusReport } from '@tillcast/protocol/http/status-api';
import type { SyncHead } from '@tillcast/protocol/http/sync-api';
import { scopesOf } from '@tillcast/protocol/identity/scopes';
import type { Item } from '@tillcast/protocol/items/item';
import type { ItemPlural } from '@tillcast/protocol/items/kind';
import { parseLicenseKey } from '@tillcast/protocol/license-key';
import type { WireItem } from '@tillcast/protocol/messages/payload';

// What the API's description shows. A test checks each against its schema.

const LICENSE_KEY = parseLicenseKey('EXTRO-LIFE-ABC123');
const TERMINAL_ID = '0192f0c1-7a52-7c3e-9d3a-3f1c6f1d2a10';
const CURSOR = { epoch: 'k3v9m2x7q1b8c4d6', version: 42, digest: '9f86d081884c7d65' };

export const HEAD_EXAMPLE: SyncHead = {
  license_key: LICENSE_KEY,
  ...CURSOR,
  synced_at: '2026-11-23T14:03:22.118Z',
};

export const ITEM_EXAMPLES: Readonly<Record<ItemPlural, readonly WireItem[]>> = {
  categories: [{ id: 'hot', name: 'Hot drinks', color: '#8A4B2D', sort_order: 1 }],
  modifiers: [
    {
      id: 'milk',
      name: 'Milk',
      currency: 'GBP',
      min_choices: 0,
      max_choices: 1,
      options: [{ id: 'oat', name: 'Oat milk', price_delta: 0.4 }],
      sort_order: 0,
    },
  ],
  products: [
    {
      id: 'PROD-001',
      name: 'Cappuccino',
      price: 3.6,
      currency: 'GBP',
      category_id: 'hot',
      barcode: null,
      tax_percent: 20,
      modifier_ids: ['milk'],
      available: true,
      sort_order: 0,
    },
  ],
  tables: [{ id: 'T1', name: 'Table 1', area: 'Terrace', seats: 4, sort_order: 0 }],
  users: [{ id: 'U1', name: 'Ada', role: 'cashier', pin_hash: null, active: true }],
} satisfies Record<ItemPlural, readonly (WireItem & Omit<Item, 'currency'>)[]>;

export const REPORT_EXAMPLE: StatusReport = {
  cursor: CURSOR,
  unsent_sales: 0,
  clock: '2026-11-23T14:03:30.000Z',
  instance: {
    id: '5f1c2c7e-6f0a-4d3b-9a51-0d3b1f2a4c01',
    starts: 17,
    run: 'a81bc81b-dead-4e5d-abff-90865d1e13b1',
  },
  state: 'live',
  applied: [[42, 9]],
  caught_up: [{ first: 38, last: 41, age_ms: 8_200 }],
  syncs: [['delta', 31]],
  events: { gap: 1 },
  notices: [],
};

export const STATUS_ANSWER_EXAMPLE: StatusAnswer = {
  ...HEAD_EXAMPLE,
  valid: true,
  code: 'license_active',
  detail: 'License EXTRO-LIFE-ABC123 is active.',
  notices: [
    {
      type: 'system_notice',
      message:
        '{"id":"0192f0c1-7a52-7c3e-9d3a-3f1c6f1d2a11","type":"broadcast.system_notice","license_key":"*","timestamp":"2026-11-23T14:03:22.118Z","expires_at":"2026-11-24T14:03:22.118Z","payload":{"message":"Card payments are back.","severity":"info"}}',
      signature:
        'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k.Nn3pCkYI0b3lqJ4c7pQ1tq0mJ0u4m1u8WgJX2w0x9m3q6l5v2yq8hT1sK7dR4zE0nB5fG9cL3aV6jP2oU8iXwA',
    },
  ],
  cloned: false,
  next_report_s: 15,
};

export const LICENSE_EXAMPLE: License = {
  key: LICENSE_KEY,
  name: 'Corner Shop',
  term: 'LIFE',
  status: 'active',
  valid_until: null,
  created_at: '2026-11-23T14:00:00.000Z',
  ...CURSOR,
  published_version: 42,
  items: 3630,
  terminals_max: 10,
  terminals_active: 2,
};

export const ACTIVATION_CODE_EXAMPLE = '4T3ZK-9QH2M-7XVD0-B1CRE-8SWPA-6';

export const PUBLIC_KEY_EXAMPLE: TerminalPublicKey = {
  kty: 'EC',
  crv: 'P-256',
  x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
  y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
};

const TOLD: Pick<Activation, 'message_keys' | 'broker'> = {
  message_keys: [
    {
      kid: 'm-2f8Kx91QzT',
      kty: 'OKP',
      crv: 'Ed25519',
      x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
    },
  ],
  broker: { urls: ['amqps://rabbit.example.com:5671/tillcast'] },
};

export const ACTIVATION_EXAMPLE: Activation = {
  terminal_id: TERMINAL_ID,
  license_key: LICENSE_KEY,
  name: 'Counter 1',
  issuer: 'https://tillcast.example.com',
  ...TOLD,
};

export const TOKEN_EXAMPLE: TokenAnswer = {
  access_token: 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIwMTkyZjBjMS03YTUyIn0.c2lnbmF0dXJl',
  token_type: 'Bearer',
  expires_in: 600,
  scope: scopesOf(LICENSE_KEY, TERMINAL_ID).join(' '),
  ...TOLD,
};

export const COMMIT_EXAMPLE: CommitResult = {
  ...CURSOR,
  type: 'price_update',
  changed: 1,
  unchanged: 0,
  committed_at: '2026-11-23T14:03:22.118Z',
};

export const IMPORT_EXAMPLE: ImportResult = {
  ...CURSOR,
  type: 'catalog_update',
  changed: 3628,
  unchanged: 0,
  committed_at: '2026-11-23T14:03:22.118Z',
  read: 3630,
  rejected: 2,
  errors: [{ pointer: 'line 12', detail: '/item/price: must not be negative' }],
};

export const SIGNING_KEY_EXAMPLE: SigningKey = {
  kid: 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k',
  purpose: 'message',
  state: 'current',
  created_at: '2026-11-20T08:00:00.000Z',
};

export const TERMINAL_EXAMPLE: TerminalStatus = {
  terminal_id: TERMINAL_ID,
  license_key: LICENSE_KEY,
  name: 'Counter 1',
  standing: 'active',
  activated_at: '2026-11-20T08:00:00.000Z',
  last_seen_at: '2026-11-23T14:03:30.000Z',
  epoch: CURSOR.epoch,
  version: CURSOR.version,
  behind: 0,
  digest_matches: true,
  unsent_sales: 0,
  clock_offset_ms: 12,
};

export const AUDIT_EXAMPLE: AuditPage = {
  entries: [
    {
      number: 1,
      at: '2026-11-23T14:00:00.000Z',
      actor: 'operator',
      act: 'license.created',
      subject: LICENSE_KEY,
      detail: '{"name":"Corner Shop","terminals_max":10,"valid_until":null}',
      hash: '1caa11dcf9014c73cfe8276aaafbf78640a0b15695de4cf10950d3e175f699d8',
    },
  ],
  head: { number: 1, hash: '1caa11dcf9014c73cfe8276aaafbf78640a0b15695de4cf10950d3e175f699d8' },
};
