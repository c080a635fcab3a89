/**
 * Preloaded into a process under test: on SIGUSR2 it collects its garbage and says what is left. See `held-heap.ts`.
 */
process.on('SIGUSR2', () => {
  globalThis.gc?.();
  console.log(JSON.stringify({ msg: 'garbage collected', heapBytes: process.memoryUsage().heapUsed }));
});
