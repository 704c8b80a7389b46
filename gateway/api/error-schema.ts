import { z } from 'zod';

/** Body of every refusal. */
export const errorBody = z
  .strictObject({
    error: z.strictObject({
      code: z.string().describe('For programs; does not change.'),
      message: z.string().describe('For the person who wrote the client.'),
      field: z.string().exactOptional().describe('What to change, where it is one thing.'),
    }),
  })
  .meta({ id: 'Error' });
