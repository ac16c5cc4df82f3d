/** A grammar names commands (with subcommand, where there is one) and says what follows; with a weight if not 1. */
export type Grammar = Readonly<Record<string, string | readonly [weight: number, template: string]>>;
