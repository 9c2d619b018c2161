import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { freePort } from '@tillcast/testkit';
import { type RawQuestion, type RawTillLogin, rawAnswerSchema } from './raw-storm-messages.ts';

/** Raw tills in a few processes. */
export interface RawStorm extends AsyncDisposable {
  /** How often each was done, in order. */
  readonly done: () => Promise<readonly number[]>;
  readonly pids: readonly number[];
}

/** @param options.delta what each till gets for its one question */
export async function startRawStorm(options: {
  readonly tills: readonly RawTillLogin[];
  readonly amqpUrl: string;
  readonly delta: string;
  readonly folder: string;
  readonly processes: number;
}): Promise<RawStorm> {
  await using stack = new AsyncDisposableStack();
  const { tills, amqpUrl, folder, processes } = options;
  const body = Buffer.from(options.delta);
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(body);
  });
  const port = await freePort();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  stack.defer(() => {
    server.close();
    server.closeAllConnections();
  });
  const deltaUrl = `http://127.0.0.1:${port}/`;
  const share = Math.ceil(tills.length / processes);
  const children: ChildProcess[] = [];
  for (let from = 0; from < tills.length; from += share) {
    const child = stack.adopt(
      fork(new URL('./raw-storm-process.ts', import.meta.url), {
        execArgv: [],
        env: { PATH: process.env['PATH'] },
      }),
      endProcess,
    );
    children.push(child);
    await ask(child, { ask: 'open', tills: tills.slice(from, from + share), amqpUrl, deltaUrl, folder });
  }
  const kept = stack.move();
  return {
    done: async () => (await Promise.all(children.map((child) => ask(child, { ask: 'done' })))).flat(),
    pids: children.map(({ pid }) => pid ?? 0),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function ask(child: ChildProcess, question: RawQuestion): Promise<readonly number[]> {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  child.once('message', resolve);
  child.send(question);
  return rawAnswerSchema.parse(await promise);
}

async function endProcess(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.disconnect();
  await ended;
}
