import { setTimeout as sleep } from 'node:timers/promises';
import { ManagementClient } from '@tillcast/broker';
import { TillcastError } from '@tillcast/protocol/errors';
import { z } from 'zod';
import { HttpProbe } from './http-probe.ts';
import type { Administrator } from './stage.ts';

/** A node tells its plugins some 5 s after its start. */
const SETTLING_MS = 15_000;
const SETTLING_POLL_MS = 500;

const overviewSchema = z.object({ listeners: z.array(z.object({ protocol: z.string(), port: z.number() })) });
const nodesSchema = z.array(z.object({ enabled_plugins: z.array(z.string()) }));
const publishedSchema = z.object({ routed: z.boolean() });

/** The broker’s administrator, by the management API alone. @param url `http(s)://user:password@host:port` */
export function administratorAt(url: string, vhost: string, caPem: string | null): Administrator {
  const { username, password, origin } = new URL(url);
  const login = { username: decodeURIComponent(username), password: decodeURIComponent(password) };
  const http = new HttpProbe(origin, caPem);
  const authorization = `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}`;
  return {
    management: new ManagementClient({ url: origin, ...login, caPem }),
    url: origin,
    caPem,
    vhost,
    listenersAndPlugins: async () => {
      for (const until = performance.now() + SETTLING_MS; ; await sleep(SETTLING_POLL_MS)) {
        const [overview, nodes] = await Promise.all([
          http.send({ path: '/api/overview', headers: { authorization } }),
          http.send({ path: '/api/nodes', headers: { authorization } }),
        ]);
        const seen = nodesSchema.safeParse(nodes.json());
        if (!seen.success && performance.now() < until) continue;
        const { listeners } = overviewSchema.parse(overview.json());
        const plugins = nodesSchema.parse(nodes.json()).flatMap((node) => node.enabled_plugins);
        return { listeners, plugins };
      }
    },
    publish: async ({ exchange, routingKey, body, properties }) => {
      // The default exchange goes by this name in the management API.
      const name = encodeURIComponent(exchange === '' ? 'amq.default' : exchange);
      const answer = await http.send({
        method: 'POST',
        path: `/api/exchanges/${encodeURIComponent(vhost)}/${name}/publish`,
        headers: { authorization, 'content-type': 'application/json' },
        body: JSON.stringify({
          properties,
          routing_key: routingKey,
          payload: body.toString('base64'),
          payload_encoding: 'base64',
        }),
      });
      const published = publishedSchema.safeParse(answer.json());
      if (!published.success || !published.data.routed) {
        const said = `${answer.status} ${answer.text.slice(0, 200)}`;
        throw new TillcastError('broker_access_refused', `The administrator could not publish: ${said}.`);
      }
    },
  };
}
