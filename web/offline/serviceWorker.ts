// Keeps the built files by their hashes, so that the page works without a network. Bundled by itself.

/** A file that was built. */
interface BuiltFile {
  /** From the page. */
  path: string;
  hash: string;
  /** Kept at once; others when they are first asked for. */
  early: boolean;
}

/** What is used of the events of a service worker. */
interface WorkerEvent {
  request: Request;
  waitUntil(work: Promise<unknown>): void;
  respondWith(response: Promise<Response>): void;
}

interface WorkerGlobal {
  addEventListener(type: 'install' | 'activate' | 'fetch', listener: (event: WorkerEvent) => void): void;
  clients: { claim(): Promise<void> };
  registration: { scope: string };
}

declare const FILES: readonly BuiltFile[];

const here = globalThis as unknown as WorkerGlobal;
const CACHE = 'rfclip-playground';
const scope = here.registration.scope;
const keys = new Map(
  FILES.map(({ path, hash }) => [new URL(path, scope).href, `${new URL(path, scope).href}?${hash}`]),
);

here.addEventListener('install', (event) => event.waitUntil(keepAll()));
here.addEventListener('activate', (event) => event.waitUntil(forgetOld().then(() => here.clients.claim())));
here.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = pageOf(new URL(request.url));
  if (request.method === 'GET' && keys.has(url)) event.respondWith(answer(url, request));
});

/** Fetches what is new; a file whose hash is known is there already. */
async function keepAll(): Promise<void> {
  const cache = await caches.open(CACHE);
  for (const { path, early } of FILES) {
    const url = new URL(path, scope).href;
    if (early && (await cache.match(keys.get(url)!)) === undefined) await keep(url);
  }
}

async function keep(url: string): Promise<Response> {
  // Asks the server whether what the browser has is still right, so that nothing is sent twice.
  const response = await fetch(url, { cache: 'no-cache' });
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  const cache = await caches.open(CACHE);
  await cache.put(keys.get(url)!, response.clone());
  return response;
}

async function forgetOld(): Promise<void> {
  const cache = await caches.open(CACHE);
  const wanted = new Set(keys.values());
  for (const { url } of await cache.keys()) if (!wanted.has(url)) await cache.delete(url);
}

async function answer(url: string, request: Request): Promise<Response> {
  // The page names its files by their hashes; only a fresh one knows of new ones.
  if (request.mode === 'navigate') {
    const fresh = await fetch(request).catch(() => undefined);
    if (fresh?.ok === true) return fresh;
  }
  const cache = await caches.open(CACHE);
  return (await cache.match(keys.get(url)!)) ?? keep(url);
}

/** The file that an address stands for: without what is behind `?` and `#`, and index.html for the folder. */
function pageOf({ origin, pathname }: URL): string {
  return origin + pathname === scope ? new URL('index.html', scope).href : origin + pathname;
}
