import { desiredBroker, ManagementClient, provisionBroker } from '@tillcast/broker';
import { freshVirtualHost } from '@tillcast/testkit';
import { expect, test } from 'vitest';

test('[B1] provisioning makes an empty virtual host what it should be, and a second time changes nothing', async () => {
  await using host = await freshVirtualHost();
  const { desired } = await host.provision();
  expect(await provisionBroker(host.management, desired)).toEqual({ changed: [], passwordsSet: [] });
});

test('[B1] what is there and wrong is put right, and the passwords stay', async () => {
  await using host = await freshVirtualHost();
  const { desired, guardian } = await host.provision();
  const publisher = desired.users[0]?.name ?? '';
  await host.management.setPermissions({
    vhost: host.name,
    user: publisher,
    configure: '.*',
    write: '.*',
    read: '.*',
  });
  await host.management.setPermissions({
    vhost: host.name,
    user: guardian.username,
    configure: '^$',
    write: '^$',
    read: '.*',
  });
  await host.management.putUserTags(publisher, ['administrator']);
  await host.management.deletePolicy(host.name, 'tillcast-terminals');
  const { changed } = await provisionBroker(host.management, desired);
  expect(changed.map(({ what }) => what)).toEqual([
    'policy tillcast-terminals',
    `user ${publisher}`,
    `permission of ${publisher} in ${host.name}`,
    `permission of ${guardian.username} in ${host.name}`,
  ]);
  expect((await provisionBroker(host.management, desired)).changed).toEqual([]);
  const asGuardian = new ManagementClient({ url: host.managementUrl, ...guardian });
  expect(await asGuardian.whoami()).toBe(guardian.username);
});

test('[B1] a line that cannot be mended stops before any password is set', async () => {
  await using host = await freshVirtualHost();
  const publisher = `${host.name}-publisher`;
  const guardian = `${host.name}-guardian`;
  const desired = desiredBroker({ vhost: host.name, publisher, guardian });
  const wrong = { ...desired.exchange, type: 'fanout', vhost: host.name };
  await host.management.importDefinitions({ exchanges: [wrong] });
  const provisioning = provisionBroker(host.management, desired, { [publisher]: 'secret' });
  try {
    await expect(provisioning).rejects.toMatchObject({
      code: 'broker_unsafe',
      message: expect.stringContaining('exchange pos_license_events is fanout, durable, not topic, durable'),
    });
    const users = await host.management.listUsers();
    expect(users.find(({ name }) => name === publisher)?.passwordHash).toBe('');
  } finally {
    await host.management.deleteUsers([publisher, guardian]);
  }
});
