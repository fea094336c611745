import { isIP } from 'node:net';
import { DownloadError } from './downloadError.ts';

/** The server through which an address is to be fetched, and who says so. */
export interface Proxy {
  /** Environment variable that names it. */
  variable: string;
  url: URL;
  /** `http://HOST:PORT`, without the password. */
  name: string;
  /** Value of Proxy-Authorization, where the address has a name and a password. */
  authorization: string | undefined;
}

/**
 * The proxy for an address: that of HTTPS_PROXY or HTTP_PROXY, by the scheme of the address, unless NO_PROXY excepts
 * its host. Of each variable, the name in lower case counts first, as for curl; an empty one counts as absent.
 * @throws DownloadError when the variable holds no address of a proxy
 */
export function proxyFor(url: URL, environment: NodeJS.ProcessEnv = process.env): Proxy | undefined {
  const scheme = url.protocol === 'https:' ? 'https' : 'http';
  const variable = [`${scheme}_proxy`, `${scheme}_proxy`.toUpperCase()].find((name) => environment[name]?.trim());
  if (variable === undefined || isExcepted(url, environment.no_proxy?.trim() || environment.NO_PROXY)) return undefined;
  const text = environment[variable]!.trim();
  const address = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  const parsed = URL.canParse(address) ? new URL(address) : undefined;
  if (parsed === undefined || !['http:', 'https:'].includes(parsed.protocol) || parsed.hostname === '') {
    const shown = text.replace(/\/\/[^/@]*@/, '//...@');
    throw new DownloadError(url.href, `${variable} is "${shown}", expected a proxy as http://HOST:PORT`, {
      fix: `correct or unset ${variable}`,
    });
  }
  const { username, password } = parsed;
  // Else Node would send them to the server.
  [parsed.username, parsed.password] = ['', ''];
  const secret = `${plainText(username)}:${plainText(password)}`;
  return {
    variable,
    url: parsed,
    name: `${parsed.protocol}//${parsed.host}`,
    authorization: username === '' ? undefined : `Basic ${Buffer.from(secret).toString('base64')}`,
  };
}

/** Without percent signs; a text that is no such encoding is meant as it stands. */
function plainText(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return encoded;
  }
}

/**
 * Whether NO_PROXY names the host: separated by commas or spaces, a host means itself and all below it (with or without
 * a dot or `*.` before it), a port may follow, and `*` means every host.
 */
function isExcepted(url: URL, list: string | undefined): boolean {
  const host = url.hostname.toLowerCase();
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  return (list ?? '')
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => {
      if (entry === '*') return true;
      const [, name, wantedPort] = /^(\[.*\]|[^:]*)(?::(\d+))?$/.exec(entry) ?? [undefined, `[${entry}]`];
      if (wantedPort !== undefined && wantedPort !== port) return false;
      const plain = name!.replace(/^\*?\./, '');
      return host === plain || (isIP(host) === 0 && host.endsWith(`.${plain}`));
    });
}
