import { create, globals } from 'webgpu';
import { softwareVulkanDrivers } from '../../../tools/vulkan.mjs';

// A machine with a GPU can name its own driver in VK_ICD_FILENAMES; otherwise tests take the same path everywhere.
const { lavapipe, swiftshader } = softwareVulkanDrivers();
const driver = lavapipe ?? swiftshader;
if (driver) process.env['VK_ICD_FILENAMES'] ??= driver;
Object.assign(globalThis, globals);
Object.defineProperty(globalThis, 'navigator', { value: { gpu: create([]) }, configurable: true });
