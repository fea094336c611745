/** Keeps the built files in the browser, so that the page works without a network once it was loaded. */
export function keepOffline(): void {
  // Absent where the page did not come by https or from localhost.
  const container = navigator.serviceWorker as ServiceWorkerContainer | undefined;
  // Later, because it must not take the network from the first picture.
  const register = () => void container?.register(new URL('sw.js', document.baseURI)).catch(() => undefined);
  if (document.readyState === 'complete') register();
  else addEventListener('load', register, { once: true });
}
