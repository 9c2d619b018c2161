import { randomUUID } from 'node:crypto';
import type { DesiredBroker, Finding, ManagementClient } from '@tillcast/broker';
import { type FreshVirtualHost, freshVirtualHost } from '@tillcast/testkit';
import { type Channel, connect } from 'amqplib';
import { onTestFinished } from 'vitest';
import { type AuditOptions, findingsIn, readSettledState } from '../../src/provisioning/audit-broker.ts';
import type { BrokerState } from '../../src/provisioning/broker-state.ts';

export const EXCHANGE = 'pos_license_events';

/** A provisioned virtual host that is audited. */
export interface Audited {
  readonly host: FreshVirtualHost;
  readonly management: ManagementClient;
  readonly desired: DesiredBroker;
  readonly publisher: string;
  readonly guardian: string;
  /** What the audit finds, with the state changed first; of the shared node's other tests nothing. */
  readonly audit: (
    change?: (state: BrokerState) => Partial<BrokerState>,
    options?: AuditOptions,
  ) => Promise<readonly Finding[]>;
}

/** Provisions a virtual host that goes with the test. */
export async function provisioned(): Promise<Audited> {
  const host = await freshVirtualHost();
  onTestFinished(() => host.drop());
  const { desired, guardian } = await host.provision();
  const { management, name } = host;
  return {
    host,
    management,
    desired,
    publisher: `${name}-publisher`,
    guardian: guardian.username,
    audit: async (change = () => ({}), options = {}) => {
      const read = await readSettledState(management, name);
      const isOurs = (user: { readonly name: string }): boolean =>
        !user.name.startsWith('test-') || user.name.startsWith(name);
      const state = { ...read, users: read.users.filter(isOurs) };
      return findingsIn({ ...state, ...change(state) }, desired, options);
    },
  };
}

/** A channel of the node's administrator. */
export async function channelOf(host: FreshVirtualHost): Promise<Channel> {
  const connection = await connect(host.amqpUrl);
  onTestFinished(() => connection.close());
  return connection.createChannel();
}

/** Declares a queue as a terminal does; resolves to its name. */
export async function terminalQueue(
  channel: Channel,
  name: string = `terminal.${randomUUID()}.r`,
): Promise<string> {
  await channel.assertQueue(name, { exclusive: true, durable: false, autoDelete: true });
  return name;
}
