// Renders icons to raw RGBA. Usage: node render-icons.mjs MODULES JOBS.json OUT.rgba SIDE. JOBS is a list of {svg} or {set, key};
// the output holds SIDE x SIDE x 4 bytes per job, zeros where there is no such icon.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [modules, jobsFile, outFile, sideText] = process.argv.slice(2);
const side = Number(sideText);
const { Resvg } = createRequire(join(modules, 'x.js'))('@resvg/resvg-js');
const jobs = JSON.parse(readFileSync(jobsFile, 'utf8'));
const sets = new Map();
const loadSet = (name) => {
  if (!sets.has(name))
    sets.set(name, JSON.parse(readFileSync(join(modules, `@iconify-json/${name}/icons.json`), 'utf8')));
  return sets.get(name);
};

/** Name without hyphens -> the set's own name: sets spell `t-rex` and `trex`. */
const squash = (name) => name.replaceAll('-', '');
const squashed = new Map();
function findIcon(set, key) {
  const { icons, aliases = {} } = loadSet(set);
  if (!squashed.has(set))
    squashed.set(
      set,
      new Map([...Object.keys(aliases), ...Object.keys(icons)].map((name) => [squash(name), name])),
    );
  const name = squashed.get(set).get(squash(key));
  return icons[name] ?? icons[aliases[name]?.parent];
}

/** Icons whose geometry aborts the renderer. */
const ABORTS = new Set(['noto:package']);

function svgOf({ set, key }) {
  if (ABORTS.has(`${set}:${key}`)) return undefined;
  if (set.startsWith('fluentui/')) {
    const file = join(modules, 'fluentui-emoji/icons', set.slice(9), `${key}.svg`);
    return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  }
  const { width = 16, height = 16 } = loadSet(set);
  const icon = findIcon(set, key);
  if (!icon) return undefined;
  const box = `${icon.left ?? 0} ${icon.top ?? 0} ${icon.width ?? width} ${icon.height ?? height}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="${box}">${icon.body}</svg>`;
}

const out = Buffer.alloc(jobs.length * side * side * 4);
let missing = 0;
jobs.forEach((job, i) => {
  const svg = svgOf(job);
  if (svg === undefined) return void missing++;
  const { pixels, width, height } = new Resvg(svg, { fitTo: { mode: 'width', value: side } }).render();
  for (let y = 0; y < Math.min(height, side); y++)
    Buffer.from(pixels).copy(
      out,
      (i * side + y) * side * 4,
      y * width * 4,
      (y * width + Math.min(width, side)) * 4,
    );
  if (i % 500 === 0) console.log(`icons ${i}/${jobs.length}`);
});
writeFileSync(outFile, out);
console.log(`icons ${jobs.length}, ${missing} missing`);
