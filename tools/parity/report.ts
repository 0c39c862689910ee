import type { TensorResult } from './compare.ts';
import type { Format } from './options.ts';
import type { CaseResult, FormatResult } from './result.ts';

/** One line per case, and one per tensor that is off. */
export function printCase(format: Format, result: CaseResult): void {
  const { name, reference, oracle, idAgreement, quality, passed } = result;
  const parts = [
    `${passed ? 'pass' : 'FAIL'} ${format} ${name}`,
    `ids ${idAgreement.agreed}/${idAgreement.total}`,
    `worst against reference ${describeWorst(reference)}`,
    `against oracle ${describeWorst(oracle)}`,
  ];
  if (quality) {
    parts.push(
      `logit error ${quality.logitError.toExponential(1)}, KL ${quality.klDivergence.toExponential(1)}, top-1 ${(100 * quality.top1Agreement).toFixed(0)} %`,
    );
  }
  console.log(parts.join(' | '));
  for (const tensor of [...reference, ...oracle])
    if (!tensor.passed) console.log(`       off: ${describe(tensor)}`);
}

/** Worst relative error of each kind of tensor, per format. */
export function printSummary(variant: string, results: readonly FormatResult[]): void {
  const names = new Set(
    results.flatMap(({ cases }) => cases.flatMap((one) => one.reference.map(({ name }) => kind(name)))),
  );
  console.log(`\n${variant}: worst relative error over all cases (largest difference in brackets)`);
  for (const name of names) {
    const cells = results.flatMap(({ format, cases }) => {
      const tensors = cases.flatMap((one) => one.reference.filter((tensor) => kind(tensor.name) === name));
      if (tensors.length === 0) return [];
      const relative = Math.max(...tensors.map((tensor) => tensor.relative));
      const absolute = Math.max(...tensors.map((tensor) => tensor.maxAbsolute));
      return `${format} ${relative.toExponential(1)} (${absolute.toExponential(1)})`;
    });
    console.log(`  ${name.padEnd(24)} ${cells.join('   ')}`);
  }
  for (const { format, cases } of results) {
    const agreed = cases.reduce((sum, one) => sum + one.idAgreement.agreed, 0);
    const total = cases.reduce((sum, one) => sum + one.idAgreement.total, 0);
    const failed = cases.filter(({ passed }) => !passed).length;
    console.log(
      `  ${format}: ${cases.length - failed} of ${cases.length} cases pass, ${agreed} of ${total} ids agree`,
    );
  }
}

function kind(name: string): string {
  return name.replace(/^layers\.\d+\./, 'layers.*.');
}

function describeWorst(tensors: readonly TensorResult[]): string {
  const [first, ...rest] = tensors;
  if (!first) return 'not compared';
  const worst = rest.reduce((a, b) => (b.relative > a.relative ? b : a), first);
  return `${worst.relative.toExponential(1)} (${worst.name})`;
}

function describe({ name, relative, maxAbsolute, bound }: TensorResult): string {
  return `${name}: relative ${relative.toExponential(2)}, largest difference ${maxAbsolute.toExponential(2)}, bound ${bound}`;
}
