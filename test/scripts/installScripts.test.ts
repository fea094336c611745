import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readHouse, root } from '../support/house.ts';

interface Lock {
  packages: Record<string, { hasInstallScript?: boolean; resolved?: string; os?: string[] }>;
}

const readLock = (...path: string[]) => JSON.parse(readFileSync(join(root, ...path), 'utf8')) as Lock;
const nameOf = (path: string) => path.split('node_modules/').at(-1);

it('npm ci fetches from the registry alone: no install script downloads anything', () => {
  const { packages } = readLock('package-lock.json');
  const scripted = Object.entries(packages).filter(([, entry]) => entry.hasInstallScript);
  // That of webgpu takes the quarantine off on macOS; that of esbuild runs its program once, which a package brings.
  expect([...new Set(scripted.map(([path]) => nameOf(path)))].sort()).toEqual(['esbuild', 'webgpu']);
  const elsewhere = Object.values(packages).filter(({ resolved }) => resolved !== undefined);
  expect(elsewhere.filter(({ resolved }) => !resolved!.startsWith('https://registry.npmjs.org/'))).toEqual([]);
});

it('what the benchmarks compare with is installed apart, and no source counts on it', () => {
  const peers = JSON.parse(readFileSync(join(root, 'bench', 'peers', 'package.json'), 'utf8'));
  const locked = readLock('bench', 'peers', 'package-lock.json').packages;
  for (const [name, version] of Object.entries(peers.dependencies)) {
    expect(locked[`node_modules/${name}`]).toMatchObject({ version });
    expect(readLock('package-lock.json').packages).not.toHaveProperty([`node_modules/${name}`]);
    const importing = [...readHouse(['bench'], /\.ts$/)].filter(([, text]) => text.includes(`import('${name}')`));
    expect(importing.map(([path]) => path)).toEqual([]);
  }
});
