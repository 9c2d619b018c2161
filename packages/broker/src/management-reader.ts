import { TillcastError } from '@tillcast/protocol/errors';
import type { ManagementHttp } from './management-http.ts';
import {
  type BrokerOverview,
  bindingsSchema,
  type ConnectionUser,
  connectionPageSchema,
  connectionsSchema,
  connectionUsersSchema,
  exchangeSchema,
  exchangesSchema,
  type ListedBinding,
  type ListedConnection,
  type ListedExchange,
  type ListedParameter,
  type ListedPolicy,
  type ListedQueue,
  type ListedUser,
  type Listener,
  listenersSchema,
  type NamedLimits,
  namePageSchema,
  nodesSchema,
  overviewSchema,
  type Permissions,
  parametersSchema,
  permissionsSchema,
  policiesSchema,
  type QueueName,
  queueNamesSchema,
  queuesSchema,
  type TopicPermissions,
  topicPermissionsSchema,
  userLimitsSchema,
  usersSchema,
  type VirtualHost,
  vhostLimitsSchema,
  vhostSchema,
  vhostsSchema,
  whoamiSchema,
} from './management-schemas.ts';

import { type BrokerNode, brokerNodesSchema } from './node-schemas.ts';

/** Alarms under which the broker takes no messages. */
export interface BrokerAlarms {
  readonly inForce: boolean;
  /** `memory alarm on rabbit@host`, or null. */
  readonly reason: string | null;
}

/** What the management API tells: looking changes nothing. Errors are those of {@link ManagementHttp}. */
export class ManagementReader {
  protected readonly http: ManagementHttp;

  constructor(http: ManagementHttp) {
    this.http = http;
  }

  /** The user that asks. */
  async whoami(): Promise<string> {
    return (await this.http.read({ method: 'GET', path: ['whoami'] }, whoamiSchema)).name;
  }

  overview(): Promise<BrokerOverview> {
    return this.http.read({ method: 'GET', path: ['overview'] }, overviewSchema);
  }

  /** Where all nodes listen, and for what. */
  async listListeners(): Promise<readonly Listener[]> {
    return (await this.http.read({ method: 'GET', path: ['overview'] }, listenersSchema)).listeners;
  }

  /** The nodes with their plugins and authentication mechanisms. */
  listNodes(): Promise<readonly BrokerNode[]> {
    return this.http.read({ method: 'GET', path: ['nodes'] }, brokerNodesSchema);
  }

  async alarms(): Promise<BrokerAlarms> {
    const nodes = await this.http.read({ method: 'GET', path: ['nodes'] }, nodesSchema);
    const reasons = nodes.flatMap((node) => [
      ...(node.mem_alarm ? [`memory alarm on ${node.name}`] : []),
      ...(node.disk_free_alarm ? [`disk alarm on ${node.name}`] : []),
    ]);
    return { inForce: reasons.length > 0, reason: reasons.length > 0 ? reasons.join(', ') : null };
  }

  listConnections(vhost: string): Promise<ListedConnection[]> {
    return this.http.read({ method: 'GET', path: ['vhosts', vhost, 'connections'] }, connectionsSchema);
  }

  /** A user's connections in all virtual hosts, also those too young to be in the other lists; name, user and virtual host alone are told of them. */
  listConnectionsOfUser(username: string): Promise<ListedConnection[]> {
    return this.http.read({ method: 'GET', path: ['connections', 'username', username] }, connectionsSchema);
  }

  /**
   * All connections of all virtual hosts, page by page, with only what {@link ListedConnection} holds: for a
   * broker with thousands of them. One that was opened while the pages are read may be missing, or be told twice.
   */
  async *connectionPages(pageSize: number = 500): AsyncGenerator<readonly ListedConnection[]> {
    const columns = 'name,user,vhost,user_provided_name,connected_at';
    for (let page = 1; ; page += 1) {
      const query = { page: String(page), page_size: String(pageSize), columns, sort: 'name' };
      const answer = await this.#connectionPage(query);
      if (answer === null) return;
      yield answer.items;
      if (page >= answer.pageCount) return;
    }
  }

  async #connectionPage(
    query: Readonly<Record<string, string>>,
  ): Promise<{ readonly items: readonly ListedConnection[]; readonly pageCount: number } | null> {
    try {
      return await this.http.read({ method: 'GET', path: ['connections'], query }, connectionPageSchema);
    } catch (error) {
      // 400: a page beyond the last, since connections were closed meanwhile.
      if (query['page'] !== '1' && error instanceof TillcastError && error.code === 'answer_invalid')
        return null;
      throw error;
    }
  }

  listQueues(vhost: string): Promise<ListedQueue[]> {
    return this.http.read({ method: 'GET', path: ['queues', vhost] }, queuesSchema);
  }

  /**
   * The names of a virtual host's queues, without their statistics: 0.1 s for 5,000 of them, against 0.9 s in
   * pages. How many there can be, its limit `max-queues` bounds.
   */
  listQueueNames(vhost: string): Promise<readonly QueueName[]> {
    const query = { columns: 'name,exclusive', disable_stats: 'true' };
    return this.http.read({ method: 'GET', path: ['queues', vhost], query }, queueNamesSchema);
  }

  /** Whose the connections of all virtual hosts are, without their statistics; some seconds behind. */
  listConnectionUsers(): Promise<readonly ConnectionUser[]> {
    const query = { columns: 'user,vhost', disable_stats: 'true' };
    return this.http.read({ method: 'GET', path: ['connections'], query }, connectionUsersSchema);
  }

  /** Names of exchanges that a regular expression matches, `limit` at most, in steps of 500. Nothing bounds how many there are. */
  async listExchangeNames(vhost: string, pattern: string, limit: number): Promise<readonly string[]> {
    const names: string[] = [];
    for (let page = 1; names.length < limit; page += 1) {
      const query = {
        page: String(page),
        page_size: '500',
        columns: 'name',
        name: pattern,
        use_regex: 'true',
      };
      const answer = await this.#exchangePage(vhost, query);
      names.push(...(answer?.names ?? []));
      if (answer === null || page >= answer.pageCount) break;
    }
    return names.slice(0, limit);
  }

  async #exchangePage(
    vhost: string,
    query: Readonly<Record<string, string>>,
  ): Promise<{ readonly names: readonly string[]; readonly pageCount: number } | null> {
    try {
      return await this.http.read({ method: 'GET', path: ['exchanges', vhost], query }, namePageSchema);
    } catch (error) {
      // 400: a page beyond the last, since some were deleted meanwhile.
      const isGone = error instanceof TillcastError && error.code === 'answer_invalid';
      if (query['page'] !== '1' && isGone) return null;
      throw error;
    }
  }

  /** The limits of all users that the broker keeps itself. */
  listUserLimits(): Promise<readonly NamedLimits[]> {
    return this.http.read(
      { method: 'GET', path: ['users'], query: { columns: 'name,limits' } },
      userLimitsSchema,
    );
  }

  listBindings(vhost: string): Promise<ListedBinding[]> {
    return this.http.read({ method: 'GET', path: ['bindings', vhost] }, bindingsSchema);
  }

  listExchanges(vhost: string): Promise<ListedExchange[]> {
    return this.http.read({ method: 'GET', path: ['exchanges', vhost] }, exchangesSchema);
  }

  /** One exchange, or null where there is none. */
  findExchange(vhost: string, name: string): Promise<ListedExchange | null> {
    return this.#orNull(this.http.read({ method: 'GET', path: ['exchanges', vhost, name] }, exchangeSchema));
  }

  /** A virtual host, or null where there is none. */
  findVhost(name: string): Promise<VirtualHost | null> {
    return this.#orNull(this.http.read({ method: 'GET', path: ['vhosts', name] }, vhostSchema));
  }

  async listVhosts(): Promise<readonly string[]> {
    return (await this.http.read({ method: 'GET', path: ['vhosts'] }, vhostsSchema)).map(({ name }) => name);
  }

  /** All users that the broker keeps itself. */
  listUsers(): Promise<readonly ListedUser[]> {
    return this.http.read({ method: 'GET', path: ['users'] }, usersSchema);
  }

  /** All users' permissions in all virtual hosts. */
  listPermissions(): Promise<readonly (Permissions & { readonly user: string; readonly vhost: string })[]> {
    return this.http.read({ method: 'GET', path: ['permissions'] }, permissionsSchema);
  }

  /** The topic permissions of all users in a virtual host: for audits. */
  listTopicPermissions(
    vhost: string,
  ): Promise<(TopicPermissions & { readonly user: string; readonly vhost: string })[]> {
    return this.http.read(
      { method: 'GET', path: ['vhosts', vhost, 'topic-permissions'] },
      topicPermissionsSchema,
    );
  }

  listPolicies(vhost: string): Promise<readonly ListedPolicy[]> {
    return this.http.read({ method: 'GET', path: ['policies', vhost] }, policiesSchema);
  }

  listOperatorPolicies(vhost: string): Promise<readonly ListedPolicy[]> {
    return this.http.read({ method: 'GET', path: ['operator-policies', vhost] }, policiesSchema);
  }

  /** Runtime parameters of all virtual hosts: shovels, federation and what other plugins keep there. */
  listParameters(): Promise<readonly ListedParameter[]> {
    return this.http.read({ method: 'GET', path: ['parameters'] }, parametersSchema);
  }

  /** A virtual host's limits: `max-connections`, `max-queues`. */
  async vhostLimits(vhost: string): Promise<Readonly<Record<string, number>>> {
    const limits = await this.http.read({ method: 'GET', path: ['vhost-limits', vhost] }, vhostLimitsSchema);
    return limits.find((each) => each.vhost === vhost)?.value ?? {};
  }

  async #orNull<T>(reading: Promise<T>): Promise<T | null> {
    try {
      return await reading;
    } catch (error) {
      if (error instanceof TillcastError && error.code === 'not_found') return null;
      throw error;
    }
  }
}
