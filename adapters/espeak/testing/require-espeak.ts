import { findEspeak, type EspeakInstallation } from '../espeak-process.js';

/** The installed eSpeak NG; a test that needs it fails with the way to get it. */
export async function requireEspeak(): Promise<EspeakInstallation> {
  const installation = await findEspeak();
  if (!installation)
    throw new Error('this test runs espeak-ng: apt-get install espeak-ng, or run `npm test`');
  return installation;
}
