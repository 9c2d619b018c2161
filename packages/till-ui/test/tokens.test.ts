import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const css = readFileSync(new URL('../src/styles/tokens.css', import.meta.url), 'utf8');
const [lightCss = '', darkCss = ''] = css.split('@media (prefers-color-scheme: dark)');
const light = colorsIn(lightCss);
const dark = new Map([...light, ...colorsIn(darkCss)]);

function colorsIn(text: string): Map<string, string> {
  return new Map(
    [...text.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6})/gi)].map(([, name = '', hex = '']) => [name, hex]),
  );
}

function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(colors: Map<string, string>, ink: string, ground: string): number {
  const of = (name: string): number => luminance(colors.get(name) ?? '');
  const [low = 0, high = 0] = [of(ink), of(ground)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

const TEXT_ON_GROUND = [
  ['ink', 'ground'],
  ['ink', 'surface'],
  ['ink', 'raised'],
  ['ink', 'accent-ground'],
  ['ink', 'live-ground'],
  ['ink', 'catching-up-ground'],
  ['ink', 'offline-ground'],
  ['ink', 'attention-ground'],
  ['muted', 'ground'],
  ['muted', 'surface'],
  ['muted', 'raised'],
  ['muted', 'accent-ground'],
  ['on-accent', 'accent'],
] as const;

test.each(TEXT_ON_GROUND)('%s on %s has a contrast of at least 4.5, light and dark', (ink, ground) => {
  expect(contrast(light, ink, ground)).toBeGreaterThanOrEqual(4.5);
  expect(contrast(dark, ink, ground)).toBeGreaterThanOrEqual(4.5);
});

test.each(['ground', 'surface'])('the focus ring is seen on %s, light and dark', (ground) => {
  expect(contrast(light, 'accent', ground)).toBeGreaterThanOrEqual(3);
  expect(contrast(dark, 'accent', ground)).toBeGreaterThanOrEqual(3);
});
