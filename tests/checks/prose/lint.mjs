// Copyright (c) 2026 the postmaster.odoo contributors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// Reads texts from standard input, and prints each sentence that breaks a rule of rules.yml.
// Input: JSON, a list of {path, lines: [[line in the file, text], ...]}. Each text is Markdown.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

// The packages are in the environment of this Node, and not beside this file.
const require = createRequire(`${process.env.POSTMASTER_NODE}/`);
const { TextlintKernel } = require('@textlint/kernel');
const markdown = require('@textlint/textlint-plugin-markdown').default;
const { split } = require('sentence-splitter');
const { StringSource } = require('textlint-util-to-string');
const yaml = require('js-yaml');

const { max_words: maxWords, rules } = yaml.load(readFileSync(new URL('rules.yml', import.meta.url), 'utf8'));
for (const rule of rules) {
  rule.matches = new RegExp(rule.patterns.join('|'), 'i');
  rule.accepts = rule.unless ? new RegExp(rule.unless.join('|'), 'i') : undefined;
}

/** Return the part of a sentence that a rule matched, with some words before and after it. */
function around(sentence, found) {
  return sentence.slice(Math.max(0, found.index - 25), found.index + found[0].length + 25).trim();
}

/** Return the problems of one sentence. */
function problemsOf(sentence) {
  const problems = [];
  for (const rule of rules) {
    const found = rule.matches.exec(sentence);
    if (found && !rule.accepts?.test(sentence)) problems.push(`${rule.name}: "${around(sentence, found)}": ${rule.instead}`);
  }
  const words = sentence.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length;
  if (words > maxWords) problems.push(`length: ${words} words, at most ${maxWords}: split the sentence`);
  return problems;
}

/** Throw an error if a rule does not treat its own examples as it says. */
function checkExamples() {
  for (const rule of rules) {
    const finds = (sentence) => problemsOf(sentence).some((problem) => problem.startsWith(`${rule.name}:`));
    for (const sentence of rule.bad) if (!finds(sentence)) throw new Error(`${rule.name} accepts: ${sentence}`);
    for (const sentence of rule.good) if (finds(sentence)) throw new Error(`${rule.name} rejects: ${sentence}`);
  }
}

/** The rule of textlint that examines each paragraph, heading and cell of a table. */
function plainEnglish({ Syntax, RuleError, report, locator }) {
  const examine = (node) => {
    const source = new StringSource(node, { replacer: ({ node: part, maskValue }) => (part.type === Syntax.Code ? maskValue('x') : undefined) });
    for (const sentence of split(source.toString())) {
      if (sentence.type !== 'Sentence') continue;
      const start = source.originalIndexFromIndex(sentence.range[0]) ?? 0;
      for (const problem of problemsOf(sentence.raw.replaceAll(/\s+/g, ' ').trim())) {
        report(node, new RuleError(problem, { padding: locator.at(start) }));
      }
    }
  };
  return { [Syntax.Paragraph]: examine, [Syntax.Header]: examine, TableCell: examine };
}

/** Return the problems of the texts of one file, as lines to print. */
async function lint(kernel, { path, lines }) {
  const lineOf = [];
  for (const [line, text] of lines) {
    text.split('\n').forEach((_line, offset) => lineOf.push(line + offset));
    lineOf.push(line); // the empty line between two texts
  }
  const result = await kernel.lintText(lines.map(([, text]) => text).join('\n\n'), {
    ext: '.md',
    filePath: path,
    plugins: [{ pluginId: 'markdown', plugin: markdown }],
    rules: [{ ruleId: 'plain-english', rule: plainEnglish }],
  });
  return result.messages.map(({ line, message }) => `${path}:${lineOf[line - 1]}: ${message}`);
}

checkExamples();
const kernel = new TextlintKernel();
const found = (await Promise.all(JSON.parse(readFileSync(0, 'utf8')).map((file) => lint(kernel, file)))).flat();
for (const line of found) console.log(line);
process.exitCode = found.length ? 1 : 0;
