import { TillcastError } from '@tillcast/protocol/errors';
import { ManagementHttp, type ManagementOptions } from './management-http.ts';
import { ManagementReader } from './management-reader.ts';
import type { ListedUser, Permissions, TopicPermissions } from './management-schemas.ts';

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

/** What a user may have open at most; 0 keeps it out, and so it does a token of that name. */
export interface UserLimits {
  readonly 'max-connections'?: number;
  readonly 'max-channels'?: number;
}

/** A user as definitions hold it; without a password nobody can log in as it. */
export interface UserDefinition {
  readonly name: string;
  readonly tags?: readonly string[];
  readonly limits?: UserLimits;
}

/** What {@link ManagementClient.importDefinitions} adds: nothing is deleted by it. */
export interface Definitions {
  readonly users?: readonly UserDefinition[];
  readonly exchanges?: readonly {
    readonly vhost: string;
    readonly name: string;
    readonly type: string;
    readonly durable: boolean;
  }[];
}

/** How a user without a password stands in the API. */
const NO_PASSWORD = { password_hash: '', hashing_algorithm: 'rabbit_password_hashing_sha256' } as const;

/**
 * A client of RabbitMQ's management HTTP API, for what AMQP cannot do: users, permissions, virtual hosts,
 * closing others' connections, and looking. Creating what exists, and deleting what does not, succeed.
 * Errors are those of {@link ManagementHttp}.
 */
export class ManagementClient extends ManagementReader {
  constructor(options: ManagementOptions) {
    super(new ManagementHttp(options));
  }

  async createVhost(name: string): Promise<void> {
    await this.http.send({ method: 'PUT', path: ['vhosts', name], body: {} });
  }

  async deleteVhost(name: string): Promise<void> {
    await this.http.send({ method: 'DELETE', path: ['vhosts', name], missingIsFine: true });
  }

  /** Creates a user, or gives an existing one this password and these tags. A user without permissions can do nothing. */
  async createUser(user: {
    readonly name: string;
    readonly password: string;
    readonly tags?: readonly string[];
  }): Promise<void> {
    const body = { password: user.password, tags: (user.tags ?? []).join(',') };
    await this.http.send({ method: 'PUT', path: ['users', user.name], body });
  }

  /** Creates a user that nobody can log in as, or, of one that exists, changes its tags and nothing else. */
  async putUserTags(name: string, tags: readonly string[]): Promise<void> {
    const existing = (await this.listUsers()).find((user) => user.name === name);
    await this.http.send({ method: 'PUT', path: ['users', name], body: userBody({ name, tags }, existing) });
  }

  /** Deletes a user, which closes its connections. */
  async deleteUser(name: string): Promise<void> {
    await this.http.send({ method: 'DELETE', path: ['users', name], missingIsFine: true });
  }

  /** Deletes users, those that do not exist excepted; a token's user of such a name loses its connections too. */
  async deleteUsers(names: readonly string[]): Promise<void> {
    if (names.length === 0) return;
    try {
      await this.http.send({ method: 'POST', path: ['users', 'bulk-delete'], body: { users: names } });
    } catch (error) {
      // 3.10 stops at the first that does not exist.
      if (!(error instanceof TillcastError && error.code === 'answer_invalid')) throw error;
      for (const name of names) await this.deleteUser(name);
    }
  }

  /** Limits a user, or the tokens of that name: the user must exist. */
  async setUserLimit(user: string, limit: keyof UserLimits, value: number): Promise<void> {
    await this.http.send({ method: 'PUT', path: ['user-limits', user, limit], body: { value } });
  }

  async setVhostLimit(vhost: string, limit: 'max-connections' | 'max-queues', value: number): Promise<void> {
    await this.http.send({ method: 'PUT', path: ['vhost-limits', vhost, limit], body: { value } });
  }

  /** Adds users (without a password) and exchanges in one request; what exists is changed, its password taken. */
  async importDefinitions(definitions: Definitions): Promise<void> {
    const users = definitions.users?.map((user) => userBody(user, undefined));
    const exchanges = definitions.exchanges?.map((exchange) => ({
      ...exchange,
      auto_delete: false,
      internal: false,
      arguments: {},
    }));
    await this.http.send({
      method: 'POST',
      path: ['definitions'],
      body: { ...(users === undefined ? {} : { users }), ...(exchanges === undefined ? {} : { exchanges }) },
    });
  }

  async setPermissions(of: { readonly vhost: string; readonly user: string } & Permissions): Promise<void> {
    const { configure, write, read } = of;
    await this.http.send({
      method: 'PUT',
      path: ['permissions', of.vhost, of.user],
      body: { configure, write, read },
    });
  }

  /** Takes all of a user's permissions in a virtual host. */
  async clearPermissions(vhost: string, user: string): Promise<void> {
    await this.http.send({ method: 'DELETE', path: ['permissions', vhost, user], missingIsFine: true });
  }

  /** Set them before the user's credentials are given out: a user without topic permissions may use any routing key. */
  async setTopicPermissions(
    of: { readonly vhost: string; readonly user: string } & TopicPermissions,
  ): Promise<void> {
    const { exchange, write, read } = of;
    await this.http.send({
      method: 'PUT',
      path: ['topic-permissions', of.vhost, of.user],
      body: { exchange, write, read },
    });
  }

  /** Takes a user's topic permissions on all exchanges of a virtual host: every routing key is open to it then. */
  async clearTopicPermissions(vhost: string, user: string): Promise<void> {
    await this.http.send({ method: 'DELETE', path: ['topic-permissions', vhost, user], missingIsFine: true });
  }

  async setPolicy(policy: Policy): Promise<void> {
    const body = {
      pattern: policy.pattern,
      definition: policy.definition,
      'apply-to': policy.applyTo,
      priority: policy.priority ?? 0,
    };
    await this.http.send({ method: 'PUT', path: ['policies', policy.vhost, policy.name], body });
  }

  async deletePolicy(vhost: string, name: string): Promise<void> {
    await this.http.send({ method: 'DELETE', path: ['policies', vhost, name], missingIsFine: true });
  }

  /** Closes one connection, by the name it is listed under; its client is told the reason. */
  async closeConnection(name: string, reason: string): Promise<void> {
    await this.http.send({
      method: 'DELETE',
      path: ['connections', name],
      headers: { 'x-reason': reason },
      missingIsFine: true,
    });
  }

  /** Closes all connections of a user (a token's `sub` where tokens are used), also those too young to be listed. */
  async closeConnectionsOfUser(
    username: string,
    reason: string,
    options: { readonly timeoutMs?: number } = {},
  ): Promise<void> {
    await this.http.send({
      method: 'DELETE',
      path: ['connections', 'username', username],
      headers: { 'x-reason': reason },
      missingIsFine: true,
      ...options,
    });
  }

  /** Needs the permission to configure it; an exclusive one goes by closing its connection alone. */
  async deleteQueue(vhost: string, name: string): Promise<void> {
    await this.http.send({ method: 'DELETE', path: ['queues', vhost, name], missingIsFine: true });
  }

  /** Needs the permission to configure it. */
  async deleteExchange(vhost: string, name: string): Promise<void> {
    await this.http.send({ method: 'DELETE', path: ['exchanges', vhost, name], missingIsFine: true });
  }
}

function userBody(user: UserDefinition, existing: ListedUser | undefined): object {
  const password =
    existing === undefined
      ? NO_PASSWORD
      : { password_hash: existing.passwordHash, hashing_algorithm: existing.hashingAlgorithm };
  const { name, tags = [], limits } = user;
  return { name, tags: tags.join(','), ...password, ...(limits === undefined ? {} : { limits }) };
}
