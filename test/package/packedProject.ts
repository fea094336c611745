import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, sep } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { runNpm } from '../../scripts/setup/commands.mjs';
import { readTar } from '../../scripts/setup/tar.mjs';
import { root } from '../support/house.ts';

/** What these tests read of a package.json. */
export interface PackageManifest {
  version: string;
  bin: Record<string, string>;
  exports: Record<string, string | { types: string; default: string }>;
  dependencies?: Record<string, string>;
}

/** A stranger's project that has this package installed from its tarball, and nothing of the checkout. */
export interface PackedProject {
  /** Holds `node_modules/` and a copy of the tarball's `examples/`. */
  folder: string;
  /** Size of the tarball. */
  packedBytes: number;
  /** Content by path inside the package. */
  files: ReadonlyMap<string, Uint8Array>;
  manifest: PackageManifest;
}

/** Packs dist/ as it stands, without the build that npm would do first, and installs the tarball in a new folder. */
export async function makePackedProject(): Promise<PackedProject> {
  const folder = mkdtempSync(join(tmpdir(), 'rfclip-package-'));
  const packed = await runNpm(['pack', '--ignore-scripts', '--pack-destination', folder], { cwd: root });
  const archive = readdirSync(folder).find((name) => name.endsWith('.tgz'));
  if (archive === undefined) throw new Error(`npm packed nothing:\n${packed.output}`);
  const tarball = readFileSync(join(folder, archive));
  const files = new Map(
    [...readTar(gunzipSync(tarball))].map(([path, content]) => [path.replace(/^package\//, ''), content]),
  );
  for (const [path, content] of files) {
    put(join(folder, 'node_modules', 'rfclip', path), content);
    if (path.startsWith('examples/')) put(join(folder, path), content);
  }
  const manifest = readManifest(join(folder, 'node_modules', 'rfclip'));
  installPackages(folder, Object.keys(manifest.dependencies ?? {}));
  put(join(folder, 'package.json'), '{ "type": "module" }');
  mkdirSync(join(folder, 'node_modules', '.bin'));
  symlinkSync(join('..', 'rfclip', manifest.bin.rfclip), join(folder, 'node_modules', '.bin', 'rfclip'));
  return { folder, packedBytes: tarball.length, files, manifest };
}

/**
 * Copies packages of the checkout, and what they depend on, into a project's `node_modules/`. Copies, because a link
 * would find everything else that the checkout has installed. Programs of the GPU driver are linked: they are large.
 */
export function installPackages(folder: string, names: readonly string[]): void {
  const ahead = [...names];
  const seen = new Set<string>();
  for (let name = ahead.pop(); name !== undefined; name = ahead.pop()) {
    if (seen.has(name)) continue;
    seen.add(name);
    const source = join(root, 'node_modules', name);
    const target = join(folder, 'node_modules', name);
    const binaries = join(source, 'dist');
    const linksBinaries = name === 'webgpu';
    cpSync(source, target, {
      recursive: true,
      dereference: true,
      filter: (path) => !(linksBinaries && (path === binaries || path.startsWith(binaries + sep))),
    });
    if (linksBinaries) symlinkSync(binaries, join(target, 'dist'), 'junction');
    ahead.push(...Object.keys(readManifest(source).dependencies ?? {}));
  }
}

function readManifest(folder: string): PackageManifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}

/** Writes a file, making its folders. */
export function put(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}
