/**
 * Child process of the set-up: asks Dawn for an adapter and lets it compute something. Dawn may be created only once
 * per process, and a broken driver can crash the process that asks it, hence the child.
 *
 *   node probe.mjs RECIPE-MODULE CHOICE
 *
 * RECIPE-MODULE is the built engine/vulkanFallback.js; CHOICE is the VulkanChoice to try as JSON, or "recorded" for
 * what every later process will do. Prints one line of JSON: { adapter } or { problem: 'module' | 'none' | 'compute',
 * detail }.
 */
import { pathToFileURL } from 'node:url';

/** @param {object} result */
function finish(result) {
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

/**
 * Doubles eight numbers on the device.
 * @param {GPUDevice} device
 * @returns {Promise<boolean>} whether the result is right
 */
async function computes(device) {
  const code =
    '@group(0) @binding(0) var<storage, read_write> x: array<f32>; @compute @workgroup_size(8) fn ' +
    'main(@builtin(global_invocation_id) id: vec3u) { x[id.x] = x[id.x] * 2.0; }';
  const values = Float32Array.from([0, 1, 2, 3, 4, 5, 6, 7]);
  const pipeline = await device.createComputePipelineAsync({
    layout: 'auto',
    compute: { module: device.createShaderModule({ code }), entryPoint: 'main' },
  });
  const storage = device.createBuffer({
    size: values.byteLength,
    usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
  });
  const result = device.createBuffer({
    size: values.byteLength,
    usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
  });
  device.queue.writeBuffer(storage, 0, values);
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(
    0,
    device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: [{ binding: 0, resource: { buffer: storage } }],
    }),
  );
  pass.dispatchWorkgroups(1);
  pass.end();
  encoder.copyBufferToBuffer(storage, 0, result, 0, values.byteLength);
  device.queue.submit([encoder.finish()]);
  await result.mapAsync(GPUMapMode.READ);
  const doubled = new Float32Array(result.getMappedRange());
  const right = values.every((value, i) => doubled[i] === value * 2);
  result.unmap();
  return right;
}

const [recipeModule, choice] = process.argv.slice(2);
const recipe = await import(pathToFileURL(recipeModule).href);
if (choice === 'recorded') recipe.prepareVulkan();
else recipe.applyVulkanChoice(JSON.parse(choice));

let dawn;
/** Kept to the end of the process: when it is garbage collected, Dawn crashes in whatever it is doing. */
let gpu;
try {
  dawn = await import('webgpu');
} catch (error) {
  finish({ problem: 'module', detail: /** @type {Error} */ (error).message });
}
if (dawn !== undefined) {
  try {
    Object.assign(globalThis, dawn.globals);
    gpu = dawn.create([]);
    const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
    if (adapter === null) finish({ problem: 'none', detail: 'Dawn offers none' });
    else {
      const device = await adapter.requestDevice();
      const { description, device: name, vendor } = adapter.info;
      if (await computes(device)) finish({ adapter: description || name || vendor || 'unnamed adapter' });
      else finish({ problem: 'compute', detail: `${description || name} computed wrong numbers` });
      device.destroy();
    }
  } catch (error) {
    finish({ problem: 'compute', detail: /** @type {Error} */ (error).message });
  }
}
