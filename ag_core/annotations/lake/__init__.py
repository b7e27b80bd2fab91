"""The store as partitioned Parquet under a manifest: written, known, fetched."""
