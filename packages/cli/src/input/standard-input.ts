import { createInterface } from 'node:readline/promises';
import type { TillcastError } from '@tillcast/protocol/errors';
import type { Output } from '../context.ts';
import { usageError } from './parse.ts';

/** A secret fits in a line of this length. */
const LINE_MAX_BYTES = 4_096;

/**
 * One secret line: from a person, to whom nothing of it is shown, or from a pipe.
 * @param question what a person is asked
 * @throws TillcastError `usage` where there is no line, or the person gave up
 */
export async function readSecretLine(question: string, err: Output): Promise<string> {
  const { stdin } = process;
  const line = stdin.isTTY ? await readHidden(question, stdin, err) : await readLine(stdin);
  if (line.trim() !== '') return line.trim();
  throw usageError('Nothing was given on standard input.');
}

/**
 * Several secret lines: from a person, one question after the other, or from a pipe, a line each.
 * @throws TillcastError `usage` where one is missing
 */
export async function readSecretLines(questions: readonly string[], err: Output): Promise<readonly string[]> {
  if (process.stdin.isTTY) {
    const lines: string[] = [];
    for (const question of questions) lines.push(await readSecretLine(question, err));
    return lines;
  }
  let text = '';
  for await (const piece of process.stdin) {
    text += String(piece);
    if (text.length > LINE_MAX_BYTES) throw usageError('What came on standard input is too long.');
  }
  const lines = text.split(/\r?\n/).slice(0, questions.length);
  if (lines.length === questions.length && lines.every((line) => line.trim() !== '')) return lines;
  throw usageError(`Standard input must have ${questions.length} lines: ${questions.join(' ')}`);
}

/** Asks a person for a yes; false without one to ask. */
export async function confirm(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) return false;
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await asking.question(`${question} [y/N] `)).trim());
  } finally {
    asking.close();
  }
}

async function readLine(stdin: AsyncIterable<unknown>): Promise<string> {
  let text = '';
  for await (const piece of stdin) {
    text += String(piece);
    const end = text.indexOf('\n');
    if (end >= 0) return text.slice(0, end);
    if (text.length > LINE_MAX_BYTES) throw usageError('The line on standard input is too long.');
  }
  return text;
}

function readHidden(question: string, stdin: NodeJS.ReadStream, err: Output): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let text = '';
  const onData = (piece: Buffer): void => {
    for (const character of piece.toString('utf8')) {
      if (character === '\r' || character === '\n') return resolve(text);
      if (character === '\u0003' || character === '\u0004') return reject(givenUp());
      if (character === '\u007f' || character === '\b') text = text.slice(0, -1);
      else if (character >= ' ' && text.length < LINE_MAX_BYTES) text += character;
    }
  };
  err.write(question);
  stdin.setRawMode(true);
  stdin.on('data', onData);
  stdin.resume();
  return promise.finally(() => {
    stdin.off('data', onData);
    stdin.setRawMode(false);
    stdin.pause();
    err.write('\n');
  });
}

function givenUp(): TillcastError {
  return usageError('Given up.');
}
