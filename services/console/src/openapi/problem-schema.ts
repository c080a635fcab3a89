import { z } from 'zod';
import type { Problem } from '../core/http/problem.ts';

export const problemSchema: z.ZodType<Problem> = z
  .strictObject({
    type: z.literal('about:blank'),
    title: z.string().describe("the status in HTTP's words"),
    status: z.int().min(400).max(599),
    code: z.string().describe('of docs/errors.md'),
    detail: z.string().describe('what happened, why, and what to do'),
    requestId: z.string().describe('under which the log of the console has more'),
  })
  .meta({ id: 'Problem' });
