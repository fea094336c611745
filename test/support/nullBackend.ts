/**
 * Run in a process of its own: compiles WGSL on Dawn's null backend, which has no driver and offers every feature.
 * Reads a JSON list of texts from standard input and writes a list of messages, null where there was nothing to say.
 */
import { create, globals } from 'webgpu';

Object.assign(globalThis, globals);
let input = '';
for await (const chunk of process.stdin) input += String(chunk);
// Without a driver no size of matrices is known, so Dawn would refuse all.
const gpu = create(['enable-dawn-features=allow_unsafe_apis,skip_validation', 'backend=null']);
const adapter = (await gpu.requestAdapter())!;
const features = ['shader-f16', 'subgroups', 'chromium-experimental-subgroup-matrix'] as GPUFeatureName[];
const device = await adapter.requestDevice({ requiredFeatures: features });
const messages: (string | null)[] = [];
for (const code of JSON.parse(input) as string[]) {
  device.pushErrorScope('validation');
  const module = device.createShaderModule({ code });
  const refusal = await device.createComputePipelineAsync({ layout: 'auto', compute: { module } }).then(
    () => null,
    (error: Error) => error.message,
  );
  const invalid = await device.popErrorScope();
  messages.push(invalid?.message ?? refusal);
}
console.log(JSON.stringify(messages));
process.exit(0);
