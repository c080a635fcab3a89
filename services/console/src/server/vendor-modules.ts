/** The packages that the pages load, each as one file that browsers take as it is. */
export interface VendorModule {
  /** As modules import it. */
  readonly name: string;
  /** Within the package. */
  readonly file: string;
  /** Appended to it. */
  readonly end?: string;
}

export const vendorModules: readonly VendorModule[] = [
  { name: 'preact', file: 'dist/preact.mjs' },
  { name: 'preact/hooks', file: 'hooks/dist/hooks.mjs' },
  { name: '@preact/signals-core', file: 'dist/signals-core.mjs' },
  { name: '@preact/signals', file: 'dist/signals.mjs' },
  { name: 'htm', file: 'dist/htm.mjs' },
  // Its module is not minified, and twice as large as this script, which makes a variable.
  { name: 'uplot', file: 'dist/uPlot.iife.min.js', end: '\nexport default uPlot;\n' },
];
