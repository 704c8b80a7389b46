import { isWaiting, type DialogTree, type PromptTemplate } from '../../dialog/tree.js';

/** Every text that the bot may say on the phone, as written in the tree, each once. */
export function promptTexts(tree: DialogTree): string[] {
  const texts = new Set<string>();
  const add = (prompt: PromptTemplate | null): void => void (prompt && texts.add(prompt.voice));
  add(tree.confirmBranch);
  for (const node of tree.nodes.values()) {
    add(node.say);
    if (node.kind === 'ask') [...node.prompts, node.confirm].forEach(add);
    if (isWaiting(node)) [...node.noInput.prompts, ...node.noMatch.prompts].forEach(add);
  }
  return [...texts].filter((text) => text !== '');
}
