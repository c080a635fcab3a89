/** Step 7: the audit has every change that was made, with who made it. */
import { openPage, see, takePicture, type TourContext } from '../tour-context.ts';

/** Newest first. */
const CHANGES = ['start-replay', 'redrive', 'rotate-key'] as const;

export async function auditTells(context: TourContext): Promise<void> {
  const { page, report } = context;
  await openPage(context, 'Audit');
  for (const change of CHANGES) {
    const entry = page.getByRole('listitem').filter({ has: page.getByText(change, { exact: true }) });
    await see(context, `the change "${change}", which is done`, entry.filter({ hasText: 'done' }));
  }
  report.fact(
    'browser',
    `the audit tells of ${CHANGES.join(', ')}: when, by whom and from where, and with which result`,
  );
  await takePicture(context, 'audit');
}
