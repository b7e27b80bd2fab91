"""The jobs of docs/performance.md, one module each: ours and what people do today, side by side, with equal answers."""
