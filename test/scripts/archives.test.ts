import { brotliCompressSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { hasSuite, isDebianLike, mesaInstalled, parseOsRelease, planApt } from '../../scripts/setup/debian.mjs';
import { extractSwiftshader } from '../../scripts/setup/swiftshader.mjs';
import { readTar } from '../../scripts/setup/tar.mjs';

interface Entry {
  name: string;
  content?: string | Uint8Array;
  type?: string;
  prefix?: string;
}

/** A ustar archive of the given entries. */
function makeTar(entries: Entry[]): Buffer {
  const blocks: Buffer[] = [];
  for (const { name, content = '', type = '0', prefix = '' } of entries) {
    const body = Buffer.from(content as string);
    const header = Buffer.alloc(512);
    header.write(name, 0, 100);
    header.write('0000644\0', 100);
    header.write(`${body.length.toString(8).padStart(11, '0')}\0`, 124);
    header.write(type, 156);
    header.write('ustar\0' + '00', 257);
    header.write(prefix, 345);
    header.fill(' ', 148, 156);
    header.write(
      `${header
        .reduce((sum, byte) => sum + byte, 0)
        .toString(8)
        .padStart(6, '0')}\0 `,
      148,
    );
    blocks.push(header, body, Buffer.alloc((512 - (body.length % 512)) % 512));
  }
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

/** The archive's files as text. */
function texts(archive: Uint8Array): Record<string, string> {
  return Object.fromEntries(
    [...(readTar(archive) as Map<string, Uint8Array>)].map(([name, content]) => [
      name,
      Buffer.from(content).toString(),
    ]),
  );
}

describe('tar', () => {
  it('gives regular files of every size around a block', () => {
    const sizes = [0, 1, 511, 512, 513, 1500];
    const files = texts(makeTar(sizes.map((size) => ({ name: `f${size}`, content: 'x'.repeat(size) }))));
    expect(Object.entries(files).map(([name, text]) => [name, text.length])).toEqual(
      sizes.map((size) => [`f${size}`, size]),
    );
  });
  it('leaves out folders and links, and a leading ./', () => {
    expect(
      texts(
        makeTar([
          { name: './d/', type: '5' },
          { name: './d/a', content: 'A' },
          { name: 'l', type: '2' },
          { name: 'b', content: 'B', type: '\0' },
        ]),
      ),
    ).toEqual({ 'd/a': 'A', b: 'B' });
  });
  it('reads long names in all three ways', () => {
    const long = 'n'.repeat(120);
    const record = `path=${long}-pax\n`;
    const archive = makeTar([
      { name: 'file', prefix: 'some/folder', content: '1' },
      { name: '././@LongLink', type: 'L', content: `${long}\0` },
      { name: 'cut', content: '2' },
      { name: 'PaxHeader', type: 'x', content: `${record.length + 4} ${record}` },
      { name: 'cut', content: '3' },
      { name: 'short', content: '4' },
    ]);
    expect(texts(archive)).toEqual({ 'some/folder/file': '1', [long]: '2', [`${long}-pax`]: '3', short: '4' });
  });
  it('refuses what is damaged or cut off', () => {
    const archive = makeTar([{ name: 'a', content: 'x'.repeat(600) }]);
    expect(() => readTar(archive.subarray(0, 1024))).toThrow(/ends inside/);
    expect(() => readTar(Buffer.alloc(512, 'a'))).toThrow(/wrong checksum/);
    expect(readTar(Buffer.alloc(0)).size).toBe(0);
  });
});

describe('SwiftShader package', () => {
  const icd = JSON.stringify({
    file_format_version: '1.0.0',
    ICD: { library_path: './libvk_swiftshader.so', api_version: '1.0.5' },
  });
  const pack = (files: Entry[]) =>
    gzipSync(makeTar([{ name: 'package/bin/swiftshader.tar.br', content: brotliCompressSync(makeTar(files)) }]));

  it('gives loader, driver and a manifest with an absolute path', () => {
    const files = extractSwiftshader(
      pack([
        { name: 'libEGL.so' },
        { name: 'libvk_swiftshader.so', content: 'driver' },
        { name: 'libvulkan.so.1', content: 'loader' },
        { name: 'vk_swiftshader_icd.json', content: icd },
      ]),
      '/c',
    );
    expect([...files.keys()].sort()).toEqual(['libvk_swiftshader.so', 'libvulkan.so.1', 'vk_swiftshader_icd.json']);
    expect(Buffer.from(files.get('libvulkan.so.1')!).toString()).toBe('loader');
    expect(JSON.parse(String(files.get('vk_swiftshader_icd.json'))).ICD).toEqual({
      library_path: '/c/libvk_swiftshader.so',
      api_version: '1.0.5',
    });
  });
  it('names the file that is missing', () => {
    expect(() => extractSwiftshader(pack([{ name: 'vk_swiftshader_icd.json', content: icd }]), '/c')).toThrow(
      /no file libvulkan\.so\.1/,
    );
    expect(() => extractSwiftshader(gzipSync(makeTar([])), '/c')).toThrow(/no file package\/bin\/swiftshader/);
  });
});

describe('Debian', () => {
  const bookworm = parseOsRelease(
    'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\nID=debian\n',
  );
  const ubuntu = parseOsRelease('ID=ubuntu\nID_LIKE=\'debian\'\nVERSION_ID="24.04"\n# ID=other\n');
  const deb822 =
    'Types: deb deb-src\nURIs: http://deb.debian.org/debian\nSuites: bookworm bookworm-updates\n  ' +
    'bookworm-backports\nComponents: main\n';

  it('is told from /etc/os-release', () => {
    expect(bookworm).toEqual({ id: 'debian', like: [], versionId: '12', codename: 'bookworm' });
    expect(ubuntu).toEqual({ id: 'ubuntu', like: ['debian'], versionId: '24.04', codename: '' });
    expect(parseOsRelease('nonsense\n')).toEqual({ id: '', like: [], versionId: '', codename: '' });
    expect(
      [bookworm, ubuntu, parseOsRelease('ID=linuxmint\nID_LIKE="ubuntu debian"'), parseOsRelease('ID=fedora')].map(
        isDebianLike,
      ),
    ).toEqual([true, true, true, false]);
  });
  it.each([
    ['one line', 'deb http://deb.debian.org/debian bookworm-backports main', true],
    ['one line with options', 'deb [arch=amd64] http://deb.debian.org/debian bookworm-backports main', true],
    ['sources only', 'deb-src http://deb.debian.org/debian bookworm-backports main', false],
    ['commented out', '# deb http://deb.debian.org/debian bookworm-backports main', false],
    ['another suite', 'deb http://deb.debian.org/debian bookworm-backports-sloppy main', false],
    ['deb822', deb822, true],
    ['deb822 switched off', `${deb822}Enabled: no\n`, false],
    ['deb822 in the second stanza', `Types: deb\nSuites: bookworm\n\n${deb822}`, true],
    ['deb822 for sources', deb822.replace('deb deb-src', 'deb-src'), false],
    ['nothing', '', false],
  ])('backports in apt sources: %s', (_, text, expected) => {
    expect(hasSuite(['', text], 'bookworm-backports')).toBe(expected);
  });
  it('12 installs from backports, adding them if need be', () => {
    const plan = planApt(bookworm, ['deb http://deb.debian.org/debian bookworm main']);
    expect(plan.sourcesFile!.text).toBe(
      'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian ' +
        'bookworm-backports main\n',
    );
    expect(planApt(bookworm, [], false).sourcesFile!.text).toBe(
      'deb http://deb.debian.org/debian bookworm-backports main\n',
    );
    expect(planApt(bookworm, [deb822]).sourcesFile).toBeNull();
    expect(plan.packages).toEqual(['-t', 'bookworm-backports', 'mesa-vulkan-drivers', 'libvulkan1']);
  });
  it('13 and Ubuntu install from the standard sources', () => {
    for (const release of [ubuntu, { ...bookworm, versionId: '13' }]) {
      const plan = planApt(release, []);
      expect(plan.sourcesFile).toBeNull();
      expect(plan.packages).toEqual(['mesa-vulkan-drivers', 'libvulkan1']);
    }
  });
  it.each([
    ['libvulkan1 install ok installed 1.3.239.0-1\nmesa-vulkan-drivers install ok installed 25.0.7-2~bpo12+1\n', true],
    ['libvulkan1 install ok installed 1.3.239.0-1\nmesa-vulkan-drivers install ok installed 22.3.6-1+deb12u1\n', false],
    ['libvulkan1 install ok installed 1.3.239.0-1\nmesa-vulkan-drivers deinstall ok config-files 25.0.7-2\n', false],
    ['mesa-vulkan-drivers install ok installed 1:25.0.7-2\n', false],
    ['', false],
  ])('packages installed already: %j -> %s', (output, expected) => {
    expect(mesaInstalled(output)).toBe(expected);
  });
});
