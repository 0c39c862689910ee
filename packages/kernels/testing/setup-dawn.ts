import { create, globals } from 'webgpu';
import { softwareVulkanDrivers } from '../../../tools/vulkan.mjs';

// A machine with a GPU can name its own driver in VK_ICD_FILENAMES; otherwise tests take the same path everywhere.
const { lavapipe, swiftshader } = softwareVulkanDrivers();
const driver = lavapipe ?? swiftshader;
if (driver) process.env['VK_ICD_FILENAMES'] ??= driver;
Object.assign(globalThis, globals);
// Experimental features are offered as to Chrome in its tests.
const FLAGS = ['enable-dawn-features=allow_unsafe_apis'];
// Test files share one process: a second instance would let the first be collected under the devices it made.
const { gpu = create(FLAGS) } = (globalThis.navigator ?? {}) as { gpu?: GPU };
Object.defineProperty(globalThis, 'navigator', { value: { gpu }, configurable: true });
