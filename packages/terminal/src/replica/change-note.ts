import type { ChangeType } from '@tillcast/protocol/message-type';
import type { ChangeMessage } from '@tillcast/protocol/messages/envelope';

/** What the activity log wants to know of a message, beyond what it changes. A class, so that it is known again. */
export class ChangeNote {
  readonly type: ChangeType;
  /** ISO 8601, by the server's clock. */
  readonly committedAt: string;
  readonly receivedAtMs: number;
  /** Of a license_update; null otherwise. */
  readonly licenseStatus: 'active' | 'suspended' | 'revoked' | null;

  constructor(message: ChangeMessage, receivedAtMs: number) {
    this.type = message.type;
    this.committedAt = message.timestamp;
    this.receivedAtMs = receivedAtMs;
    this.licenseStatus = message.type === 'license_update' ? message.payload.status : null;
  }
}
