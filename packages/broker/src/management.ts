import { ManagementHttp, type ManagementOptions } from './management-http.ts';
import {
  type BrokerOverview,
  bindingsSchema,
  connectionsSchema,
  exchangesSchema,
  type ListedBinding,
  type ListedConnection,
  type ListedExchange,
  type ListedQueue,
  nodesSchema,
  overviewSchema,
  type Permissions,
  queuesSchema,
  type TopicPermissions,
  topicPermissionsSchema,
} from './management-schemas.ts';

/** Alarms under which the broker takes no messages. */
export interface BrokerAlarms {
  readonly inForce: boolean;
  /** `memory alarm on rabbit@host`, or null. */
  readonly reason: string | null;
}

/** A policy: settings for the queues or exchanges whose names match. */
export interface Policy {
  readonly vhost: string;
  readonly name: string;
  /** A regular expression over names. */
  readonly pattern: string;
  readonly definition: Readonly<Record<string, string | number | boolean>>;
  readonly applyTo: 'queues' | 'exchanges' | 'all';
  readonly priority?: number;
}

/**
 * A client of RabbitMQ's management HTTP API, for what AMQP cannot do: users, permissions, virtual hosts,
 * closing others' connections, and looking. Creating what exists, and deleting what does not, succeed.
 * Errors are those of {@link ManagementHttp}.
 */
export class ManagementClient {
  readonly #http: ManagementHttp;

  constructor(options: ManagementOptions) {
    this.#http = new ManagementHttp(options);
  }

  overview(): Promise<BrokerOverview> {
    return this.#http.read({ method: 'GET', path: ['overview'] }, overviewSchema);
  }

  async alarms(): Promise<BrokerAlarms> {
    const nodes = await this.#http.read({ method: 'GET', path: ['nodes'] }, nodesSchema);
    const reasons = nodes.flatMap((node) => [
      ...(node.mem_alarm ? [`memory alarm on ${node.name}`] : []),
      ...(node.disk_free_alarm ? [`disk alarm on ${node.name}`] : []),
    ]);
    return { inForce: reasons.length > 0, reason: reasons.length > 0 ? reasons.join(', ') : null };
  }

  listConnections(vhost: string): Promise<ListedConnection[]> {
    return this.#http.read({ method: 'GET', path: ['vhosts', vhost, 'connections'] }, connectionsSchema);
  }

  listQueues(vhost: string): Promise<ListedQueue[]> {
    return this.#http.read({ method: 'GET', path: ['queues', vhost] }, queuesSchema);
  }

  listBindings(vhost: string): Promise<ListedBinding[]> {
    return this.#http.read({ method: 'GET', path: ['bindings', vhost] }, bindingsSchema);
  }

  listExchanges(vhost: string): Promise<ListedExchange[]> {
    return this.#http.read({ method: 'GET', path: ['exchanges', vhost] }, exchangesSchema);
  }

  async createVhost(name: string): Promise<void> {
    await this.#http.send({ method: 'PUT', path: ['vhosts', name], body: {} });
  }

  async deleteVhost(name: string): Promise<void> {
    await this.#http.send({ method: 'DELETE', path: ['vhosts', name], missingIsFine: true });
  }

  /** Creates a user, or gives an existing one this password and these tags. A user without permissions can do nothing. */
  async createUser(user: {
    readonly name: string;
    readonly password: string;
    readonly tags?: readonly string[];
  }): Promise<void> {
    const body = { password: user.password, tags: (user.tags ?? []).join(',') };
    await this.#http.send({ method: 'PUT', path: ['users', user.name], body });
  }

  /** Deletes a user, which closes its connections. */
  async deleteUser(name: string): Promise<void> {
    await this.#http.send({ method: 'DELETE', path: ['users', name], missingIsFine: true });
  }

  async setPermissions(of: { readonly vhost: string; readonly user: string } & Permissions): Promise<void> {
    const { configure, write, read } = of;
    await this.#http.send({
      method: 'PUT',
      path: ['permissions', of.vhost, of.user],
      body: { configure, write, read },
    });
  }

  /** Set them before the user's credentials are given out: a user without topic permissions may use any routing key. */
  async setTopicPermissions(
    of: { readonly vhost: string; readonly user: string } & TopicPermissions,
  ): Promise<void> {
    const { exchange, write, read } = of;
    await this.#http.send({
      method: 'PUT',
      path: ['topic-permissions', of.vhost, of.user],
      body: { exchange, write, read },
    });
  }

  /** The topic permissions of all users in a virtual host: for audits. */
  listTopicPermissions(
    vhost: string,
  ): Promise<(TopicPermissions & { readonly user: string; readonly vhost: string })[]> {
    return this.#http.read(
      { method: 'GET', path: ['vhosts', vhost, 'topic-permissions'] },
      topicPermissionsSchema,
    );
  }

  async setPolicy(policy: Policy): Promise<void> {
    const body = {
      pattern: policy.pattern,
      definition: policy.definition,
      'apply-to': policy.applyTo,
      priority: policy.priority ?? 0,
    };
    await this.#http.send({ method: 'PUT', path: ['policies', policy.vhost, policy.name], body });
  }

  async deletePolicy(vhost: string, name: string): Promise<void> {
    await this.#http.send({ method: 'DELETE', path: ['policies', vhost, name], missingIsFine: true });
  }

  /** Closes one connection, by the name it is listed under; its client is told the reason. */
  async closeConnection(name: string, reason: string): Promise<void> {
    await this.#http.send({
      method: 'DELETE',
      path: ['connections', name],
      headers: { 'x-reason': reason },
      missingIsFine: true,
    });
  }

  /** Closes all connections of a user (a token's `sub` where tokens are used), also those too young to be listed. */
  async closeConnectionsOfUser(username: string, reason: string): Promise<void> {
    await this.#http.send({
      method: 'DELETE',
      path: ['connections', 'username', username],
      headers: { 'x-reason': reason },
      missingIsFine: true,
    });
  }

  async deleteQueue(vhost: string, name: string): Promise<void> {
    await this.#http.send({ method: 'DELETE', path: ['queues', vhost, name], missingIsFine: true });
  }
}
