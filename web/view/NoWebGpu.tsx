import type { Problem } from '../state/appState.ts';

/** What to do where there is no WebGPU. */
export function NoWebGpu({ problem }: { problem: Problem }) {
  return (
    <section class="absent" role="alert" aria-label="No WebGPU">
      <h2>{problem.message}</h2>
      <p>The network runs on your GPU by WebGPU, and there is no other way to run it here. These browsers have it:</p>
      <ul>
        <li>Chrome and Edge from version 116 on Windows, macOS and ChromeOS, 121 on Android</li>
        <li>Safari from version 26 on macOS, iOS and iPadOS</li>
        <li>Firefox from version 141 on Windows, and 145 on Macs with Apple silicon</li>
        <li>
          Chromium on Linux with <code>chrome://flags/#enable-unsafe-webgpu</code> and{' '}
          <code>chrome://flags/#enable-vulkan</code> enabled, or Firefox with <code>dom.webgpu.enabled</code> and{' '}
          <code>gfx.webgpu.ignore-blocklist</code> set in <code>about:config</code>
        </li>
      </ul>
      <p>
        In one of these, see that graphics acceleration is on in its settings; <code>chrome://gpu</code> says what it
        has. The command line needs no browser.
      </p>
    </section>
  );
}
