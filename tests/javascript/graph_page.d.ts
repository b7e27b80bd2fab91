// What the exported page defines before page.js runs: pyvis's network, and FACTS from Python.
interface Member {
  id: string | number;
  x: number;
  y: number;
  color: { color: string };
  group_name: string;
  sentence: string;
  words: string;
  frame_spells?: [number, number][];
}
interface DataSet {
  get(): Member[];
  update(changes: object[]): void;
}
declare const nodes: DataSet;
declare const edges: DataSet;
declare const network: { fit(options: object): void; on(event: string, does: () => void): void };
declare const FACTS: { frames: number[]; frame_labels: string[]; all: string; letters: Record<string, string> };
