/**
 * Makes shader templates shorter for the build: no comments, little white space, short names. Names get the same short form
 * in every file, so that shaders and the pieces they include still fit together. What the wrappers or WGSL itself know by
 * name (bindings, fields of Params, template values, builtins) keeps its name.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const IDENTIFIER = /(?<![\w$@.])[A-Za-z_]\w*(?![\w$])/g;
const LEAST_LENGTH = 4;

/** Names that a shader may declare although WGSL has a function, type, builtin value or keyword of that name. */
const WGSL_NAMES = new Set(
  `abs acos acosh all any asin asinh atan atan2 atanh bitcast ceil clamp cos cosh countLeadingZeros countOneBits
  countTrailingZeros cross degrees determinant distance dot dot4I8Packed dot4U8Packed exp exp2 extractBits faceForward
  firstLeadingBit firstTrailingBit floor fma fract frexp insertBits inverseSqrt ldexp length log log2 max min mix modf
  normalize pack2x16float pack4x8snorm pow quantizeToF16 radians reflect refract reverseBits round saturate select sign sin
  sinh smoothstep sqrt step tan tanh transpose trunc unpack2x16float unpack4x8snorm unpack4xI8 unpack4xU8 arrayLength
  atomicAdd atomicLoad atomicStore atomicMax atomicMin atomicOr atomicAnd atomicXor atomicSub atomicExchange
  workgroupBarrier storageBarrier workgroupUniformLoad subgroupAdd subgroupMax subgroupMin subgroupBroadcast
  subgroupBroadcastFirst subgroupShuffle subgroupShuffleXor subgroupShuffleUp subgroupShuffleDown subgroupElect
  subgroupInclusiveAdd subgroupExclusiveAdd subgroupAny subgroupAll subgroupBallot
  alias break case const const_assert continue continuing default diagnostic discard else enable false fn for if let loop
  override requires return struct switch true var while bool f16 f32 i32 u32 vec2 vec3 vec4 vec2f vec3f vec4f vec2u vec3u
  vec4u vec2i vec3i vec4i vec2h vec3h vec4h mat2x2 mat3x3 mat4x4 array atomic ptr function private workgroup uniform
  storage read write read_write builtin compute workgroup_size group binding main Params params xyzw rgba
  local_invocation_index local_invocation_id global_invocation_id workgroup_id num_workgroups subgroup_size
  subgroup_invocation_id subgroups shader_f16`.split(/\s+/),
);

/**
 * @param {string} folder with all shaders that are used together
 * @returns {(source: string) => string}
 */
export function createWgslMinifier(folder) {
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.wgsl'))
    .map((file) => withoutComments(readFileSync(join(folder, file), 'utf8')));
  const names = shortNames(sources);
  return (source) =>
    withoutComments(source)
      .split('\n')
      .map((line) => (isAlone(line) ? line : shorten(line, names)))
      .reduce((text, line, at) => text + (at === 0 ? '' : separator(text, line)) + line, '');
}

/**
 * Directives of the template and `enable` lines are recognised by standing alone.
 * @param {string} line
 */
function isAlone(line) {
  return /^(#|enable\s)/.test(line);
}

/** @param {string} text @param {string} line */
function separator(text, line) {
  const last = text.slice(text.lastIndexOf('\n') + 1);
  if (isAlone(line) || isAlone(last)) return '\n';
  return /[\w$+-]$/.test(text) && /^[\w$+-]/.test(line) ? ' ' : '';
}

/** @param {string} source */
function withoutComments(source) {
  return source
    .replace(/\/\/.*$/gm, '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join('\n');
}

/**
 * @param {string} line
 * @param {ReadonlyMap<string, string>} names
 */
function shorten(line, names) {
  // Signs keep their spaces: `a - -b` must not become a decrement.
  return line
    .replace(/\s*([{}();,:=*/<>&|^!%?[\]])\s*/g, '$1')
    .replace(/(?<![\w$])(?<!@)[A-Za-z_]\w*(?![\w$])/g, (name) => names.get(name) ?? name);
}

/**
 * Declared names, the most frequent ones first, and what they become.
 * @param {readonly string[]} sources
 */
function shortNames(sources) {
  const kept = new Set(WGSL_NAMES);
  /** @type {Set<string>} */
  const declared = new Set();
  /** @type {Map<string, number>} */
  const uses = new Map();
  /** @param {string} text @param {RegExp} pattern @param {Set<string>} into */
  const collect = (text, pattern, into) => {
    for (const [, name] of text.matchAll(pattern)) if (name) into.add(name);
  };
  for (const source of sources) {
    for (const line of source.split('\n')) if (line.startsWith('#')) collect(line, /([A-Za-z_]\w*)/g, kept);
    collect(source, /@binding\(\d+\)\s*var<[^>]+>\s*(\w+)/g, kept);
    for (const [, body = ''] of source.matchAll(/struct\s+Params\s*\{([^}]*)\}/g))
      collect(body, /(\w+)\s*:/g, kept);
    // Parts of names that #repeat puts together.
    collect(source, /(\w+)\$/g, kept);
    collect(source, /\$\w*?([A-Za-z_]\w*)/g, kept);
    collect(source, /\b(?:let|const|fn|struct|alias)\s+(\w+)(?![\w$])/g, declared);
    collect(source, /\bvar(?:<[^>]*>)?\s+(\w+)(?![\w$])/g, declared);
    collect(source, /[(,]\s*(\w+)\s*:/g, declared);
    for (const [, body = ''] of source.matchAll(/struct\s+\w+\s*\{([^}]*)\}/g))
      collect(body, /(\w+)\s*:/g, declared);
    for (const [name] of source.matchAll(IDENTIFIER)) uses.set(name, (uses.get(name) ?? 0) + 1);
  }
  const renamed = [...declared].filter((name) => name.length >= LEAST_LENGTH && !kept.has(name));
  renamed.sort((a, b) => (uses.get(b) ?? 0) - (uses.get(a) ?? 0) || (a < b ? -1 : 1));
  const taken = new Set([...kept, ...uses.keys()]);
  const free = shortForms().filter((form) => !taken.has(form));
  if (renamed.length > free.length)
    throw new Error(`${renamed.length} names in the shaders, ${free.length} short forms`);
  return new Map(renamed.map((name, at) => [name, free[at] ?? name]));
}

/** A capital and a letter: no word of WGSL looks like that. */
function shortForms() {
  const letters = Array.from('abcdefghijklmnopqrstuvwxyz');
  const capitals = letters.map((letter) => letter.toUpperCase());
  return capitals.flatMap((first) => [...letters, ...capitals].map((second) => first + second));
}
