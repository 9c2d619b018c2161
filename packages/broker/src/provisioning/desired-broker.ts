import { LICENSE_KEY_PATTERN } from '@tillcast/protocol/license-key';
import { EVENTS_EXCHANGE, TERMINAL_QUEUE_MAX_LENGTH } from '@tillcast/protocol/topology';
import type { Policy, UserLimits } from '../management.ts';
import type { Permissions, TopicPermissions } from '../management-schemas.ts';
import { OAUTH_PLUGIN } from './oauth-node-config.ts';

/** A user that the broker keeps itself, as it should be. */
export interface DesiredUser {
  readonly name: string;
  readonly tags: readonly string[];
  /** In the virtual host; null for none there, nor in any other. */
  readonly permissions: Permissions | null;
  /** An exchange without a row here is open to the user as far as the permissions go. */
  readonly topicPermissions: readonly TopicPermissions[];
  readonly limits: UserLimits;
}

/** What a broker should be, as data. */
export interface DesiredBroker {
  readonly vhost: string;
  readonly exchange: { readonly name: string; readonly type: string; readonly durable: boolean };
  readonly vhostLimits: { readonly 'max-connections': number; readonly 'max-queues': number };
  readonly policies: readonly Policy[];
  readonly users: readonly DesiredUser[];
  /** Users that must not be. */
  readonly absentUsers: readonly string[];
  /** Those that must run. */
  readonly plugins: readonly string[];
}

/** What may differ from one deployment to another. */
export interface DesiredBrokerOptions {
  /** Default `/`. */
  readonly vhost?: string;
  /** The user that the backend publishes as. Default `tillcast-publisher`. */
  readonly publisher?: string;
  /** The user that the backend closes connections as. Default `tillcast-guardian`. */
  readonly guardian?: string;
  /** Connections in the virtual host; one for each till and each backend. Default 10,000. */
  readonly maxConnections?: number;
  /** Connections that all backends together may have. Default 100. */
  readonly maxPublisherConnections?: number;
}

export const PUBLISHER_USER = 'tillcast-publisher';
export const GUARDIAN_USER = 'tillcast-guardian';
/** The tag of a user that is there to keep a token of its name out: no password, no permission, no connections. */
export const BLOCK_TAG = 'tillcast-block';

export const TERMINAL_POLICY = 'tillcast-terminals';

/** The queues of terminals, and all else that a terminal may declare. */
export const TERMINAL_NAMES = '^terminal\\.';

/** A terminal consumes at once; a queue left without a consumer is left over. */
const UNUSED_QUEUE_EXPIRES_MS = 60_000;

/** What a terminal's queue may hold; what is dropped the version gap repairs. */
const QUEUE_MAX_BYTES = 4 * 1_048_576;

/**
 * The routing keys that may be published: a license's change, or a broadcast to all. Nothing that another
 * license's binding matches. `\z` and not `$`, before which RabbitMQ would let a newline stand.
 */
export const PUBLISHABLE_KEYS: string = `^license\\.(\\*\\.broadcast\\.[a-z_]+|${LICENSE_KEY_PATTERN.slice(1, -1)}\\.[a-z_]+)\\z`;

const NOTHING: Permissions = { configure: '^$', write: '^$', read: '^$' };

/**
 * The broker as it should be.
 *
 * The guardian is an administrator since nobody less may close another's connections. In the virtual host it may
 * delete what terminals left behind and nothing else, and it may not open a connection over AMQP.
 */
export function desiredBroker(options: DesiredBrokerOptions = {}): DesiredBroker {
  const { vhost = '/', publisher = PUBLISHER_USER, guardian = GUARDIAN_USER } = options;
  const { maxConnections = 10_000, maxPublisherConnections = 100 } = options;
  return {
    vhost,
    exchange: EVENTS_EXCHANGE,
    // A till that reconnects has its old queue for a moment beside its new one.
    vhostLimits: { 'max-connections': maxConnections, 'max-queues': 2 * maxConnections },
    policies: [
      {
        vhost,
        name: TERMINAL_POLICY,
        pattern: TERMINAL_NAMES,
        applyTo: 'queues',
        priority: 100,
        definition: {
          'max-length': TERMINAL_QUEUE_MAX_LENGTH,
          'max-length-bytes': QUEUE_MAX_BYTES,
          overflow: 'drop-head',
          expires: UNUSED_QUEUE_EXPIRES_MS,
        },
      },
    ],
    users: [
      {
        name: publisher,
        tags: [],
        permissions: { ...NOTHING, write: `^${EVENTS_EXCHANGE.name}\\z` },
        topicPermissions: [{ exchange: EVENTS_EXCHANGE.name, write: PUBLISHABLE_KEYS, read: '^$' }],
        limits: { 'max-connections': maxPublisherConnections },
      },
      {
        name: guardian,
        tags: ['administrator'],
        permissions: { ...NOTHING, configure: TERMINAL_NAMES },
        topicPermissions: [],
        limits: { 'max-connections': 0, 'max-channels': 0 },
      },
    ],
    absentUsers: ['guest'],
    plugins: ['rabbitmq_management', OAUTH_PLUGIN],
  };
}
