import { parseActivationCode } from '@tillcast/protocol/identity/activation-code';

/** What was typed into the set-up page. */
export interface SetupFields {
  readonly key: string;
  readonly code: string;
  readonly name: string;
  readonly server: string;
}

export type SetupField = keyof SetupFields;

/** Whether a field is still untouched, could not be right yet, or looks right. */
export type Check = 'empty' | 'wrong' | 'right';

// The protocol's own check comes with its schemas, which no page needs; a test holds the two together.
const LICENSE_KEY = /^[A-Z0-9]+(-[A-Z0-9]+)*$/;

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

/** A license key as it was meant: capitals, without the spaces around it. */
export function tidyKey(text: string): string {
  return text.trim().toUpperCase();
}

/** Checks what can be checked without asking anybody. */
export function checkField(field: SetupField, fields: SetupFields): Check {
  const text = fields[field].trim();
  if (text === '') return 'empty';
  return isRight(field, text) ? 'right' : 'wrong';
}

export function allRight(fields: SetupFields): boolean {
  const names: readonly SetupField[] = ['key', 'code', 'name', 'server'];
  return names.every((field) => checkField(field, fields) === 'right');
}

function isRight(field: SetupField, text: string): boolean {
  switch (field) {
    case 'key': {
      const key = tidyKey(text);
      return key.length >= 6 && key.length <= 64 && LICENSE_KEY.test(key);
    }
    case 'code':
      return parseActivationCode(text) !== null;
    case 'name':
      return text.length <= 100;
    case 'server':
      return isServer(text);
  }
}

function isServer(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocol === 'https:' || (protocol === 'http:' && LOOPBACK.has(hostname));
}
