import { randomBytes } from 'node:crypto';
import { connect as connectSocket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TlsOptions } from '@tillcast/broker';
import { type ChannelModel, type ConfirmChannel, connect, credentials, type Options } from 'amqplib';
import { fails, holds, type Observed } from './attack.ts';
import type { AttackTill } from './stage.ts';

/** Where the broker is: `amqp(s)://host:port/vhost`, without user and password. */
export interface BrokerTarget {
  readonly url: string;
  readonly tls: TlsOptions;
}

/** What the broker said to an attempt. */
export type BrokerAnswer =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly code: number; readonly text: string };

const ANSWER_TIMEOUT_MS = 20_000;

/** Connects as whoever has these credentials. */
export async function login(target: BrokerTarget, username: string, password: string): Promise<ChannelModel> {
  const url = new URL(target.url);
  url.searchParams.set('heartbeat', '10');
  const secure = url.protocol === 'amqps:';
  const port = Number(url.port === '' ? (secure ? 5671 : 5672) : url.port);
  const options = {
    ...target.tls,
    noDelay: true,
    timeout: ANSWER_TIMEOUT_MS,
    clientProperties: { connection_name: 'tillcast attack' },
    credentials: credentials.plain(username, password),
  };
  const model = secure
    ? await connect(url.href, {
        ...options,
        socket: connectSocket({ host: url.hostname, port, noDelay: true }),
      })
    : await connect(url.href, options);
  // Without a listener the process would end; what was said is read where it matters.
  model.on('error', () => undefined);
  return model;
}

/** Does something on a connection with a till’s token, and closes it. */
export async function withTill<T>(
  target: BrokerTarget,
  till: AttackTill,
  act: (model: ChannelModel) => Promise<T>,
): Promise<T> {
  const model = await login(target, till.terminalId, await till.token());
  try {
    return await act(model);
  } finally {
    await closeQuietly(model);
    await removeExchanges(target, till);
  }
}

/** Exchanges that a till declared. RabbitMQ removes one by itself only when its last binding goes. */
const madeBy = new WeakMap<AttackTill, Set<string>>();

/** An exchange of the till’s own; it is removed when the attempt is over. */
export async function declareOwnExchange(
  channel: ConfirmChannel,
  till: AttackTill,
  type: 'topic' | 'direct' | 'fanout',
  options: Options.AssertExchange = {},
): Promise<string> {
  const name = ownName(till);
  await channel.assertExchange(name, type, { durable: false, autoDelete: true, ...options });
  madeBy.set(till, (madeBy.get(till) ?? new Set()).add(name));
  return name;
}

async function removeExchanges(target: BrokerTarget, till: AttackTill): Promise<void> {
  const names = madeBy.get(till);
  if (names === undefined) return;
  madeBy.delete(till);
  const model = await login(target, till.terminalId, await till.token());
  try {
    const channel = await model.createChannel();
    for (const name of names) await channel.deleteExchange(name);
  } finally {
    await closeQuietly(model);
  }
}

/** Tries something on a channel of its own and waits until the broker has really taken or refused it. */
export async function attempt(
  model: ChannelModel,
  act: (channel: ConfirmChannel) => unknown,
): Promise<BrokerAnswer> {
  const channel = await model.createConfirmChannel();
  const closed = Promise.withResolvers<never>();
  // Whoever waits for it is told; without a listener the process would end.
  closed.promise.catch(() => undefined);
  let said: unknown = null;
  const onError = (error: unknown): void => {
    said ??= error;
    closed.reject(error instanceof Error ? error : new Error(String(error)));
  };
  channel.on('error', onError);
  model.on('error', onError);
  const giveUp = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
  giveUp.addEventListener('abort', () => onError(new Error('the broker did not answer')), { once: true });
  try {
    const work = (async (): Promise<void> => {
      await act(channel);
      await channel.waitForConfirms();
    })();
    await Promise.race([work, closed.promise]);
    return { allowed: true };
  } catch (error) {
    // What the broker said comes as the channel’s error; what waits for an answer hears only that it is gone.
    await sleep(5);
    return answerOf(said ?? error);
  } finally {
    model.off('error', onError);
    await closeQuietly(channel);
  }
}

/** What the broker says to a login. */
export async function tryLogin(
  target: BrokerTarget,
  username: string,
  password: string,
): Promise<BrokerAnswer> {
  try {
    await closeQuietly(await login(target, username, password));
    return { allowed: true };
  } catch (error) {
    return answerOf(error);
  }
}

/** A till’s queue as a real one declares it, empty and not bound. */
export async function declareOwnQueue(
  channel: ConfirmChannel,
  till: AttackTill,
  args: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const name = ownName(till);
  await channel.assertQueue(name, { exclusive: true, autoDelete: true, durable: false, arguments: args });
  return name;
}

/** A name that the till may use. */
export function ownName(till: AttackTill): string {
  return `terminal.${till.terminalId}.${randomBytes(9).toString('base64url')}`;
}

/** An answer as it is told: refused with one of the codes is what must be. */
export function refusedWith(answer: BrokerAnswer, codes: readonly number[] = [403]): Observed {
  if (answer.allowed) return fails('allowed');
  const said = `${answer.code === 0 ? 'no answer' : answer.code} ${answer.text}`.trim();
  return codes.includes(answer.code) ? holds(said) : fails(`${said}, which is not a refusal`);
}

function answerOf(error: unknown): BrokerAnswer {
  const text = error instanceof Error ? error.message : String(error);
  // amqplib: `Operation failed: QueueBind; 403 (ACCESS-REFUSED) with message "…"`, `Channel closed by server: 403 …`
  // A login that ends after the password was taken: amqplib then speaks of frames.
  if (text.includes('got <ConnectionClose')) return { allowed: false, code: 530, text: 'NOT-ALLOWED' };
  const told = /\b(\d{3}) \(([A-Z_-]+)\)/.exec(text);
  const code = told === null ? codeOf(error) : Number(told[1]);
  const word = told?.[2] ?? text.slice(0, 80);
  return { allowed: false, code, text: word };
}

function codeOf(error: unknown): number {
  if (error instanceof Error && 'code' in error && typeof error.code === 'number') return error.code;
  return 0;
}

async function closeQuietly(closable: { close(): Promise<void> }): Promise<void> {
  try {
    await closable.close();
  } catch (error) {
    // It is closed: the broker did that, which is what most attempts are for.
    if (!(error instanceof Error)) throw error;
  }
}
