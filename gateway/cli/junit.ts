import { escapeXml } from '../../config/xml.js';
import type { FileResult } from './test.js';

/** Results of stories in the XML that CI servers read (the format of Apache Ant's JUnit task). */
export function junitReport(results: readonly FileResult[]): string {
  const suites = results.map(({ file, stories }) => {
    const failures = stories.filter((story) => story.failures.length > 0).length;
    const cases = stories.map(({ name, failures: found, line, transcript }) => {
      const open = `    <testcase classname="${escapeXml(file)}" name="${escapeXml(name)}"`;
      if (found.length === 0) return `${open}/>`;
      const message = found.map((failure) => `line ${failure.line}: ${failure.message}`).join('; ');
      const text = escapeXml([`${file}:${line}`, ...transcript].join('\n'));
      return `${open}>\n      <failure message="${escapeXml(message)}">${text}</failure>\n    </testcase>`;
    });
    const open = `  <testsuite name="${escapeXml(file)}" tests="${stories.length}" failures="${failures}">`;
    return [open, ...cases, '  </testsuite>'].join('\n');
  });
  return ['<?xml version="1.0" encoding="UTF-8"?>', '<testsuites>', ...suites, '</testsuites>', ''].join(
    '\n',
  );
}
