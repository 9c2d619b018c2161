import type { CliCommand } from './command.ts';

/** A command's place in the tree, and where it lives: modules are loaded only when their words are used. */
export interface CommandEntry {
  readonly path: readonly string[];
  readonly summary: string;
  readonly load: () => Promise<CliCommand>;
}

/** What a group's first word says of itself in the list of commands. */
export const GROUPS: Readonly<Record<string, string>> = {
  publish: 'Change one license’s catalog, and its tills at once',
  broadcast: 'Tell all tills something',
  license: 'Create, look at, change, suspend and revoke licenses',
  terminals: 'Look at the terminals of licenses, rename, revoke and move them',
  broker: 'Make a RabbitMQ what Tillcast needs, and check that it is',
  tls: 'Certificates for development',
  sync: 'See how current the tills are',
  fleet: 'See how many tills have what, and how fast it reached them',
  keys: 'See the signing keys, rotate and revoke them',
  backup: 'Back everything up, check a backup, and restore it',
  audit: 'See who did what, and check that nobody changed the log',
};

export const COMMANDS: readonly CommandEntry[] = [
  {
    path: ['up'],
    summary: 'Run the whole demo: RabbitMQ, backend and two tills',
    load: async () => (await import('./commands/up.ts')).up,
  },
  {
    path: ['server'],
    summary: 'Run a backend',
    load: async () => (await import('./commands/server.ts')).server,
  },
  {
    path: ['terminal'],
    summary: 'Run a till',
    load: async () => (await import('./commands/terminal.ts')).terminal,
  },
  {
    path: ['terminal', 'activate'],
    summary: 'Make this machine’s till a terminal of a license',
    load: async () => (await import('./commands/terminal-activate.ts')).terminalActivate,
  },
  {
    path: ['terminal', 'status'],
    summary: 'Show who this machine’s till is, and whether the server lets it in',
    load: async () => (await import('./commands/terminal-status.ts')).terminalStatus,
  },
  {
    path: ['terminal', 'reset'],
    summary: 'Make this machine’s till forget who it is',
    load: async () => (await import('./commands/terminal-reset.ts')).terminalReset,
  },
  {
    path: ['terminal', 'update-check'],
    summary: 'Tell whether this machine’s till may be updated now',
    load: async () => (await import('./commands/terminal-update-check.ts')).terminalUpdateCheck,
  },
  {
    path: ['terminal', 'token'],
    summary: 'Print an access token of this machine’s till',
    load: async () => (await import('./commands/terminal-token.ts')).terminalToken,
  },
  {
    path: ['publish', 'price'],
    summary: 'Change a product’s price',
    load: async () => (await import('./commands/publish-price.ts')).publishPrice,
  },
  {
    path: ['publish', 'product'],
    summary: 'Write a product',
    load: async () => (await import('./commands/publish-item.ts')).publishItem('product'),
  },
  {
    path: ['publish', 'category'],
    summary: 'Write a category',
    load: async () => (await import('./commands/publish-item.ts')).publishItem('category'),
  },
  {
    path: ['publish', 'modifier'],
    summary: 'Write a modifier, a group of choices',
    load: async () => (await import('./commands/publish-item.ts')).publishItem('modifier'),
  },
  {
    path: ['publish', 'table'],
    summary: 'Write a table',
    load: async () => (await import('./commands/publish-item.ts')).publishItem('table'),
  },
  {
    path: ['publish', 'user'],
    summary: 'Write a member of staff',
    load: async () => (await import('./commands/publish-item.ts')).publishItem('user'),
  },
  {
    path: ['publish', 'delete'],
    summary: 'Delete an item of any kind',
    load: async () => (await import('./commands/publish-delete.ts')).publishDelete,
  },
  {
    path: ['broadcast', 'system_notice'],
    summary: 'Show a notice on every till of every license',
    load: async () => (await import('./commands/broadcast-system-notice.ts')).broadcastSystemNotice,
  },
  {
    path: ['license', 'create'],
    summary: 'Create a license',
    load: async () => (await import('./commands/license-create.ts')).licenseCreate,
  },
  {
    path: ['license', 'list'],
    summary: 'List all licenses',
    load: async () => (await import('./commands/license-list.ts')).licenseList,
  },
  {
    path: ['license', 'show'],
    summary: 'Show one license',
    load: async () => (await import('./commands/license-show.ts')).licenseShow,
  },
  {
    path: ['license', 'suspend'],
    summary: 'Suspend a license: its tills stop syncing',
    load: async () => (await import('./commands/license-standing.ts')).licenseSuspend,
  },
  {
    path: ['license', 'resume'],
    summary: 'Resume a suspended license',
    load: async () => (await import('./commands/license-standing.ts')).licenseResume,
  },
  {
    path: ['license', 'revoke'],
    summary: 'Revoke a license, for good',
    load: async () => (await import('./commands/license-standing.ts')).licenseRevoke,
  },
  {
    path: ['license', 'update'],
    summary: 'Change a license’s name, end or number of terminals',
    load: async () => (await import('./commands/license-update.ts')).licenseUpdate,
  },
  {
    path: ['license', 'renew-code'],
    summary: 'Give a license another activation code',
    load: async () => (await import('./commands/license-renew-code.ts')).licenseRenewCode,
  },
  {
    path: ['terminals', 'list'],
    summary: 'List terminals',
    load: async () => (await import('./commands/terminals-list.ts')).terminalsList,
  },
  {
    path: ['terminals', 'rename'],
    summary: 'Give a terminal another name',
    load: async () => (await import('./commands/terminals-rename.ts')).terminalsRename,
  },
  {
    path: ['terminals', 'revoke'],
    summary: 'Revoke a terminal, for good',
    load: async () => (await import('./commands/terminals-revoke.ts')).terminalsRevoke,
  },
  {
    path: ['terminals', 'move'],
    summary: 'Move a terminal’s place to another machine',
    load: async () => (await import('./commands/terminals-move.ts')).terminalsMove,
  },
  {
    path: ['import'],
    summary: 'Import a CSV or JSON lines file into a license’s catalog',
    load: async () => (await import('./commands/import.ts')).importFile,
  },
  {
    path: ['replay'],
    summary: 'Replay recorded price changes in their own rhythm, faster',
    load: async () => (await import('./commands/replay.ts')).replay,
  },
  {
    path: ['simulate'],
    summary: 'Run many tills that sell, and check that every sale arrives once',
    load: async () => (await import('./commands/simulate.ts')).simulate,
  },
  {
    path: ['sync', 'status'],
    summary: 'Show each license’s version and each till’s',
    load: async () => (await import('./commands/sync-status.ts')).syncStatus,
  },
  {
    path: ['fleet', 'status'],
    summary: 'Show how many tills are current, and how fast changes reach them',
    load: async () => (await import('./commands/fleet-status.ts')).fleetStatus,
  },
  {
    path: ['fleet', 'behind'],
    summary: 'List the tills that are not current, the worst first',
    load: async () => (await import('./commands/fleet-behind.ts')).fleetBehind,
  },
  {
    path: ['fleet', 'change'],
    summary: 'Show which tills have a change, and how long it took',
    load: async () => (await import('./commands/fleet-change.ts')).fleetChange,
  },
  {
    path: ['broker', 'config'],
    summary: 'Write the configuration with which RabbitMQ checks access tokens',
    load: async () => (await import('./commands/broker-config.ts')).brokerConfig,
  },
  {
    path: ['broker', 'provision'],
    summary: 'Make a RabbitMQ what Tillcast needs',
    load: async () => (await import('./commands/broker-provision.ts')).brokerProvision,
  },
  {
    path: ['broker', 'audit'],
    summary: 'Check that a RabbitMQ is what Tillcast needs, and nothing more',
    load: async () => (await import('./commands/broker-audit.ts')).brokerAudit,
  },
  {
    path: ['tls', 'init'],
    summary: 'Make an authority and certificates for development',
    load: async () => (await import('./commands/tls-init.ts')).tlsInit,
  },
  {
    path: ['keys', 'list'],
    summary: 'List the signing keys',
    load: async () => (await import('./commands/keys-list.ts')).keysList,
  },
  {
    path: ['keys', 'rotate'],
    summary: 'Let the next signing key sign',
    load: async () => (await import('./commands/keys-rotate.ts')).keysRotate,
  },
  {
    path: ['keys', 'revoke'],
    summary: 'Take a signing key that leaked',
    load: async () => (await import('./commands/keys-revoke.ts')).keysRevoke,
  },
  {
    path: ['audit', 'list'],
    summary: 'List what was done, by whom and when',
    load: async () => (await import('./commands/audit-list.ts')).auditList,
  },
  {
    path: ['audit', 'verify'],
    summary: 'Check that no entry of the audit log was changed or left out',
    load: async () => (await import('./commands/audit-verify.ts')).auditVerify,
  },
  {
    path: ['backup', 'create'],
    summary: 'Make a backup of everything',
    load: async () => (await import('./commands/backup-create.ts')).backupCreate,
  },
  {
    path: ['backup', 'check'],
    summary: 'Check that a backup is whole',
    load: async () => (await import('./commands/backup-check.ts')).backupCheck,
  },
  {
    path: ['backup', 'restore'],
    summary: 'Restore a backup into an empty database',
    load: async () => (await import('./commands/backup-restore.ts')).backupRestore,
  },
  {
    path: ['doctor'],
    summary: 'Name what is wrong with a deployment, and how to mend it; or attack it',
    load: async () => (await import('./commands/doctor.ts')).doctor,
  },
  {
    path: ['completion'],
    summary: 'Print the completion script of a shell',
    load: async () => (await import('./commands/completion.ts')).completion,
  },
];
