import { TillcastError } from '@tillcast/protocol/errors';
import { itemIdSchema } from '@tillcast/protocol/items/fields';
import { type ItemKind, isItemKind } from '@tillcast/protocol/items/kind';

/** The last row of a delta's page: the next one begins after it. */
export interface PagePosition {
  readonly version: number;
  readonly kind: ItemKind;
  readonly id: string;
}

/** A position as the opaque token that a reader hands back. */
export function pageToken(position: PagePosition): string {
  const { version, kind, id } = position;
  return Buffer.from(`${version}.${kind}.${id}`).toString('base64url');
}

/** @throws TillcastError `request_invalid` for a token that is not one of ours */
export function parsePageToken(token: string): PagePosition {
  const match = /^(\d{1,15})\.([a-z]+)\.(.+)$/s.exec(Buffer.from(token, 'base64url').toString());
  const [, version, kind, id] = match ?? [];
  if (isItemKind(kind) && itemIdSchema.safeParse(id).success && id !== undefined) {
    return { version: Number(version), kind, id };
  }
  const detail = 'must be the `next` of the page before';
  throw new TillcastError('request_invalid', `The parameter page ${detail}.`, {
    details: [{ pointer: '/page', detail }],
  });
}
