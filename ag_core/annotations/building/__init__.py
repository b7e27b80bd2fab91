"""The store made from what was read: inputs, parts, assembly."""
