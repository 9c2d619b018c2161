import { defineConfig, type UserConfig } from 'vite';

const config: UserConfig = defineConfig({
  build: {
    target: 'es2024',
    // Browsers that know :dir() and color-mix(), so that neither is rewritten.
    cssTarget: ['chrome123', 'firefox121', 'safari17.4'],
    // The till's server sends `default-src 'self'`: nothing may become a data: address or an inline script.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    license: { fileName: 'licenses.md' },
  },
  // For `vite` alone, against a terminal that runs on this machine.
  server: { proxy: { '/api': 'http://127.0.0.1:8101' } },
});

export default config;
