import {
  isWaiting,
  primaryLanguage,
  type DialogTree,
  type PromptTemplate,
  type Rendition,
} from '../../dialog/tree.js';

/** Every text that the bot may say on the phone in one language, as written in the tree, each once. */
export function promptTexts(tree: DialogTree, language: string = tree.language): string[] {
  const texts = new Set<string>();
  const add = (prompt: PromptTemplate | null): void => {
    for (const { voice } of renditionsIn(prompt, language)) texts.add(voice.source);
  };
  const { confirmBranch, chooseBranch, resume, corrected, help } = tree.texts;
  [confirmBranch, chooseBranch, corrected, help].forEach(add);
  if (tree.globals.some(({ effect }) => effect.type === 'visit')) add(resume);
  for (const node of tree.nodes.values()) {
    add(node.say);
    if (node.kind === 'call') add(node.filler);
    if (node.kind === 'ask') [...node.prompts, node.confirm, node.validate?.prompt ?? null].forEach(add);
    if (isWaiting(node)) [...node.noInput.prompts, ...node.noMatch.prompts, node.help].forEach(add);
  }
  return [...texts].filter((text) => text !== '');
}

function renditionsIn(prompt: PromptTemplate | null, language: string): Rendition[] {
  const wanted = primaryLanguage(language);
  return [...(prompt?.renditions ?? [])]
    .filter(([tag]) => primaryLanguage(tag) === wanted)
    .map(([, rendition]) => rendition);
}
