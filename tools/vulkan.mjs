import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findChrome } from './chrome.mjs';

const DRIVER_FOLDERS = ['/usr/share/vulkan/icd.d', '/usr/local/share/vulkan/icd.d', '/etc/vulkan/icd.d'];

/**
 * Vulkan driver files that run on a CPU. Mesa's lavapipe has shader-f16; Chrome's SwiftShader has not.
 * @returns {{ lavapipe: string | undefined, swiftshader: string | undefined }}
 */
export function softwareVulkanDrivers() {
  const lavapipe = DRIVER_FOLDERS.filter(existsSync)
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
    .find((path) => /\/lvp_icd.*\.json$/.test(path));
  const chrome = findChrome();
  const swiftshader = [chrome && dirname(chrome), '/usr/lib/chromium']
    .flatMap((folder) => (folder ? [join(folder, 'vk_swiftshader_icd.json')] : []))
    .find(existsSync);
  return { lavapipe, swiftshader };
}

/** Whether Linux knows a GPU: a render node, or NVIDIA's own device file. */
export function hasRenderNode() {
  const folder = '/dev/dri';
  const nodes = existsSync(folder) ? readdirSync(folder) : [];
  return nodes.some((name) => name.startsWith('renderD')) || existsSync('/dev/nvidiactl');
}

/** @returns {'lavapipe' | 'swiftshader' | undefined} */
export function findSoftwareVulkan() {
  const { lavapipe, swiftshader } = softwareVulkanDrivers();
  return lavapipe ? 'lavapipe' : swiftshader ? 'swiftshader' : undefined;
}
