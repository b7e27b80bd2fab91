"""What is counted over a whole store: functions that take a store and a source, and return tables."""
