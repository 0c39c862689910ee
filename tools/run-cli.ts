import { messageOf } from './message-of.ts';

/**
 * Runs a command and ends the process, with the status that `main` returns (0 for none) or 1 after an error. Errors of all kinds come
 * with the usage: most are about what was typed. Prints the usage alone for `--help`.
 */
export async function runCli(
  name: string,
  usage: string,
  main: (args: string[]) => Promise<number | void>,
): Promise<never> {
  // What package managers put before the arguments is not one.
  const args = process.argv.slice(process.argv[2] === '--' ? 3 : 2);
  if (args.includes('--help') || args.includes('-h')) {
    console.log(usage);
    process.exit(0);
  }
  try {
    // Without an explicit end the threads of Dawn would keep the process.
    process.exit((await main(args)) ?? 0);
  } catch (error) {
    const shown = process.env['DEBUG'] && error instanceof Error ? error.stack : undefined;
    console.error(`${name}: ${shown ?? messageOf(error)}\n\n${usage}`);
    process.exit(1);
  }
}
