interface Closable {
  close(): Promise<void>;
}

/** Starts two parts side by side. When one fails, the other is awaited and closed before the failure is thrown. */
export async function startTogether<A extends Closable, B extends Closable>(
  startFirst: () => Promise<A>,
  startSecond: () => Promise<B>,
): Promise<[A, B]> {
  const [first, second] = await Promise.allSettled([startFirst(), startSecond()]);
  if (first.status === 'fulfilled' && second.status === 'fulfilled') return [first.value, second.value];
  for (const part of [first, second]) {
    if (part.status === 'fulfilled') await part.value.close();
  }
  throw (first.status === 'rejected' ? first : (second as PromiseRejectedResult)).reason;
}
