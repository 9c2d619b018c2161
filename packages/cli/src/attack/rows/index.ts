import { type Attack, numbered } from '../attack.ts';
import { BINDING_DRAFTS } from './a1-bindings.ts';
import { PUBLISHING_DRAFTS } from './a1-publishing.ts';
import { QUEUE_DRAFTS } from './a1-queues.ts';

/** Every attack, in the order in which it is tried. */
export const ATTACKS: readonly Attack[] = [
  ...numbered('A1', [...BINDING_DRAFTS, ...QUEUE_DRAFTS, ...PUBLISHING_DRAFTS]),
];
