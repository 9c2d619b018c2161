import { type Attack, numbered } from '../attack.ts';
import { BINDING_DRAFTS } from './a1-bindings.ts';
import { PUBLISHER_DRAFTS } from './a1-publisher.ts';
import { PUBLISHING_DRAFTS } from './a1-publishing.ts';
import { QUEUE_DRAFTS } from './a1-queues.ts';
import { DOOR_DRAFTS } from './a2-doors.ts';
import { KEY_DRAFTS } from './a3-keys.ts';
import { API_DRAFTS } from './a4-api.ts';
import { SQL_DRAFTS } from './a4-sql.ts';
import { BODY_DRAFTS } from './a5-bodies.ts';
import { TOKEN_DRAFTS } from './a6-tokens.ts';
import { GUESSING_DRAFTS } from './a7-guessing.ts';
import { SIZE_DRAFTS } from './a8-sizes.ts';
import { FLOOD_DRAFTS } from './a10-floods.ts';
import { OPERATOR_DRAFTS, POISON_DRAFTS } from './a13-operator.ts';
import { LOG_DRAFTS } from './log-refusals.ts';

/** Every attack, in the order in which it is tried. */
export const ATTACKS: readonly Attack[] = [
  ...numbered('A1', [...BINDING_DRAFTS, ...QUEUE_DRAFTS, ...PUBLISHING_DRAFTS, ...PUBLISHER_DRAFTS]),
  ...numbered('A2', DOOR_DRAFTS),
  ...numbered('A3', KEY_DRAFTS),
  ...numbered('A4', [...API_DRAFTS, ...SQL_DRAFTS]),
  ...numbered('A5', BODY_DRAFTS),
  ...numbered('A6', TOKEN_DRAFTS),
  ...numbered('A9', POISON_DRAFTS),
  ...numbered('A13', OPERATOR_DRAFTS),
  ...numbered('A10', FLOOD_DRAFTS),
  // They use up the address's limit of activations.
  ...numbered('A8', SIZE_DRAFTS),
  ...numbered('A7', GUESSING_DRAFTS),
  // Last: of all that was refused before.
  ...numbered('LOG', LOG_DRAFTS),
];
