import { connect as connectSocket } from 'node:net';
import { type Draft, fails, holds, type Observed } from '../attack.ts';
import { HttpProbe, told } from '../http-probe.ts';
import type { Stage } from '../stage.ts';

/** What RabbitMQ could speak besides, and where it then listens. */
const OTHER_PROTOCOLS: readonly (readonly [string, number])[] = [
  ['STOMP', 61613],
  ['STOMP over TLS', 61614],
  ['STOMP by WebSocket', 15674],
  ['MQTT', 1883],
  ['MQTT over TLS', 8883],
  ['MQTT by WebSocket', 15675],
  ['streams', 5552],
  ['streams over TLS', 5551],
  ['AMQP 1.0 by WebSocket', 15678],
  ['Prometheus', 15692],
  ['Erlang’s debugger (observer, by WebSocket)', 15693],
];

const PLUGINS: readonly string[] = [
  'rabbitmq_stomp',
  'rabbitmq_web_stomp',
  'rabbitmq_mqtt',
  'rabbitmq_web_mqtt',
  'rabbitmq_stream',
  'rabbitmq_stream_management',
  'rabbitmq_shovel',
  'rabbitmq_shovel_management',
  'rabbitmq_federation',
  'rabbitmq_tracing',
  'rabbitmq_event_exchange',
  'rabbitmq_consistent_hash_exchange',
  'rabbitmq_recent_history_exchange',
  'rabbitmq_delayed_message_exchange',
  'rabbitmq_jms_topic_exchange',
  'rabbitmq_amqp1_0',
];

const MANAGEMENT_PATHS: readonly string[] = [
  '/api/overview',
  '/api/queues',
  '/api/bindings',
  '/api/connections',
  '/api/definitions',
  '/api/users',
];

const NO_TAG = 'the token’s scopes, which hold no tag:… of the management plugin';

export const DOOR_DRAFTS: readonly Draft[] = [
  ...OTHER_PROTOCOLS.map(
    ([protocol, port]): Draft => ({
      attempt: `${protocol} at port ${port} of the broker’s host`,
      expected: 'closed, or not the broker’s',
      line: 'the broker’s list of enabled plugins (rabbitmq-plugins list -e)',
      run: (stage) => isClosed(stage, port),
    }),
  ),
  {
    attempt: 'A plugin that opens another way to the messages is enabled',
    expected: 'none is',
    line: 'the broker’s list of enabled plugins (rabbitmq-plugins list -e)',
    needs: 'administrator',
    run: async (stage) => {
      if (stage.administrator === null) return fails('there is no administrator');
      const overview = await stage.administrator.listenersAndPlugins();
      const open = overview.plugins.filter((plugin) => PLUGINS.includes(plugin));
      return open.length === 0 ? holds('none is') : fails(`enabled: ${open.join(', ')}`);
    },
  },
  ...MANAGEMENT_PATHS.map(
    (path): Draft => ({
      attempt: `The management API’s ${path} with the token as password`,
      expected: '401',
      line: NO_TAG,
      needs: 'administrator',
      run: async (stage) => {
        const pair = `${stage.own.terminalId}:${await stage.own.token()}`;
        return asked(stage, path, `Basic ${Buffer.from(pair).toString('base64')}`);
      },
    }),
  ),
  {
    attempt: 'The management API with the token as bearer',
    expected: '401',
    line: NO_TAG,
    needs: 'administrator',
    run: async (stage) => asked(stage, '/api/queues', `Bearer ${await stage.own.token()}`),
  },
  {
    attempt: 'The management API without credentials',
    expected: '401',
    line: 'the management plugin’s login',
    needs: 'administrator',
    run: (stage) => asked(stage, '/api/queues', null),
  },
  {
    attempt: 'The management API as guest:guest',
    expected: '401',
    line: 'guest being removed (tillcast broker provision)',
    needs: 'administrator',
    run: (stage) => asked(stage, '/api/queues', `Basic ${Buffer.from('guest:guest').toString('base64')}`),
  },
];

/** Something may listen there that is not the broker’s: it counts only if it lets a till in. */
async function isClosed(stage: Stage, port: number): Promise<Observed> {
  const host = new URL(stage.broker.url).hostname.replace(/^\[|\]$/g, '');
  const own = stage.administrator === null ? null : await stage.administrator.listenersAndPlugins();
  if (own !== null) {
    const listener = own.listeners.find((each) => each.port === port);
    return listener === undefined ? holds('closed') : fails(`the broker speaks ${listener.protocol} there`);
  }
  const open = await new Promise<boolean>((resolve) => {
    const socket = connectSocket({ host, port, timeout: 3_000 });
    const end = (isOpen: boolean): void => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
    socket.once('timeout', () => end(false));
  });
  return open ? fails('something listens there') : holds('closed');
}

async function asked(stage: Stage, path: string, authorization: string | null): Promise<Observed> {
  if (stage.administrator === null) return fails('there is no administrator');
  const probe = new HttpProbe(stage.administrator.url, stage.administrator.caPem);
  const answer = await probe.send({ path, headers: authorization === null ? {} : { authorization } });
  return answer.status === 401 || answer.status === 403 ? holds(told(answer)) : fails(told(answer));
}
