import { existsSync } from 'node:fs';
import { create, globals } from 'webgpu';

/** Vulkan drivers that run on a CPU, best first; a machine with a GPU names its own in VK_ICD_FILENAMES. */
const SOFTWARE_DRIVERS = [
  '/usr/share/vulkan/icd.d/lvp_icd.json',
  '/usr/share/vulkan/icd.d/lvp_icd.x86_64.json',
  '/usr/lib/chromium/vk_swiftshader_icd.json',
];

const driver = SOFTWARE_DRIVERS.find(existsSync);
if (driver) process.env['VK_ICD_FILENAMES'] ??= driver;
Object.assign(globalThis, globals);
Object.defineProperty(globalThis, 'navigator', { value: { gpu: create([]) }, configurable: true });
