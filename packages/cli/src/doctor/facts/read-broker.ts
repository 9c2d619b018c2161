import {
  type DesiredBrokerOptions,
  desiredBroker,
  EnvironmentReader,
  entriesOf,
  findingsByArea,
  ManagementClient,
  type ManagementOptions,
  PlaintextRule,
  readBrokerConfig,
  readCaFile,
  readSettledState,
  virtualHostOf,
} from '@tillcast/broker';
import { asTillcastError, TillcastError } from '@tillcast/protocol/errors';
import type { Place } from '../place.ts';
import { type BrokerFacts, type Known, known, unknown } from './facts.ts';

/** What the operator says that the broker should be, beyond what is said everywhere. */
export interface BrokerWishes {
  readonly vhost: string | undefined;
  readonly maxConnections: number | undefined;
  readonly nodes: number | null;
  readonly knownUsers: readonly string[];
}

/**
 * The variables that lead to the management API: the administrator's first; on the backend's machine its own user,
 * who is an administrator too, tells as much.
 */
const VARIABLES = ['RABBITMQ_ADMIN_URL', 'RABBITMQ_MANAGEMENT_URL'];

/** Where the management API is, of the first node and of the others, and who asks; null where nobody says. */
export function managementOf(place: Place): ManagementOptions | null {
  const reader = new EnvironmentReader(place.env);
  const text = VARIABLES.map((name) => reader.secret(name)).find((each) => each !== null) ?? null;
  const [first, ...others] = entriesOf(text).flatMap((entry) => {
    const url = URL.parse(entry);
    return url !== null && /^https?:$/.test(url.protocol) && url.username !== '' ? [url] : [];
  });
  if (first === undefined) return null;
  return {
    url: first.origin,
    otherUrls: others.map(({ origin }) => origin),
    username: decodeURIComponent(first.username),
    password: decodeURIComponent(first.password),
    caPem: readCaFile(reader, 'AMQP_CA_FILE'),
  };
}

/** The broker as it is, compared with what provisioning makes of it. */
export async function readBroker(place: Place, wishes: BrokerWishes): Promise<Known<BrokerFacts>> {
  const options = managementOf(place);
  if (options === null) {
    return unknown(`neither ${VARIABLES.join(' nor ')} leads to the broker's management API here`);
  }
  const reader = new EnvironmentReader(place.env);
  const desired = desiredBroker(desiredOptions(reader, options, wishes));
  const { vhost, exchange } = desired;
  const management = new ManagementClient(options);
  const address = new URL(options.url).host;
  try {
    const [overview, state] = await Promise.all([management.overview(), readSettledState(management, vhost)]);
    const findings = findingsByArea(state, desired, {
      knownUsers: wishes.knownUsers,
      allowPlaintext: new PlaintextRule(reader).allowed,
    });
    const { nodes } = state;
    const there = { address, overview, vhost, exchange: exchange.name, nodes, findings };
    return known({ reached: true, ...there, nodesExpected: wishes.nodes });
  } catch (error) {
    if (!(error instanceof TillcastError)) throw error;
    const { code, message } = asTillcastError(error);
    return known({ reached: false, address, why: message, refused: code === 'broker_access_refused' });
  }
}

/** The users have the names under which backend and guardian sign in. */
function desiredOptions(
  reader: EnvironmentReader,
  { username }: ManagementOptions,
  { vhost, maxConnections }: BrokerWishes,
): DesiredBrokerOptions {
  const named = reader.hasSecret('AMQP_URL') || reader.text('RABBITMQ_HOST') !== null;
  const [url] = named ? readBrokerConfig(reader).urls : [];
  const publisher = url === undefined ? '' : decodeURIComponent(new URL(url).username);
  const isGuardian = reader.secret('RABBITMQ_ADMIN_URL') === null;
  const guardian = isGuardian ? username : guardianOf(reader);
  return {
    vhost: vhost ?? (url === undefined ? '/' : virtualHostOf(url)),
    ...(publisher === '' || publisher === 'guest' ? {} : { publisher }),
    ...(guardian === null ? {} : { guardian }),
    ...(maxConnections === undefined ? {} : { maxConnections }),
  };
}

function guardianOf(reader: EnvironmentReader): string | null {
  const [entry = ''] = entriesOf(reader.secret('RABBITMQ_MANAGEMENT_URL'));
  const url = URL.parse(entry);
  return url === null || url.username === '' ? null : decodeURIComponent(url.username);
}
